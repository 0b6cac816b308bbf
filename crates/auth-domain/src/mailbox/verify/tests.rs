//! Verifying addresses, over a store in memory; and what must not be asked at all, mocked.

mod registrations;

use std::{sync::Arc, time::Duration};

use super::{Claim, VerifyEmail, VerifyEmailError};
use crate::{
    audit::event::{Actor, Target},
    identity::port_error::PortError,
    mail::message::Mail,
    mailbox::{
        ports::{Completed, MockMailboxStore},
        present::Presented,
    },
    passwords::{policy::ChosenPassword, ports::MockPasswordHasher},
    testing::{
        admitting, down, full, held, is_told_to_come_back,
        mail::{ANN, NEW, World, by_code, by_token, templates},
        unheard,
    },
    testkit::samples::{OTHER_PASSWORD, PASSWORD, attempt, context, email, start, user},
};

fn password(text: &str) -> Claim {
    Claim::Password(attempt(text))
}

fn chosen(text: &str) -> Claim {
    Claim::NewPassword(ChosenPassword::new(text.to_owned()))
}

impl World {
    async fn verifies(&self, presented: &Presented, claim: Claim) -> Result<(), VerifyEmailError> {
        self.verify().execute(presented, claim, &context()).await
    }

    async fn is_verified(&self) -> bool {
        self.user(ANN).await.is_some_and(|user| user.email_verified_at.is_some())
    }

    /// The proof is as good as before, for whoever knows the password.
    async fn still_verifies(&self, mail: &Mail) {
        self.verifies(&by_token(mail), password(PASSWORD)).await.unwrap();
        assert!(self.is_verified().await);
    }
}

/// One that must not be asked for anything.
fn idle() -> MockPasswordHasher {
    MockPasswordHasher::new()
}

fn hashing_with(world: &World, hasher: MockPasswordHasher) -> VerifyEmail {
    let verify = world.verify();
    VerifyEmail { verifier: crate::passwords::verify::PasswordVerifier { hasher: Arc::new(hasher), ..verify.verifier }, ..verify }
}

#[tokio::test]
async fn a_proof_and_the_password_verify_an_address_once() {
    for by in [by_token, by_code] {
        let (world, ann) = World::with_ann().await;
        let mail = world.asked_to_verify(ANN).await;
        world.verifies(&by(&mail), password(PASSWORD)).await.unwrap();
        let now = world.user(ANN).await.unwrap();
        assert_eq!((now.email_verified_at, &now.password), (Some(start()), &ann.password));
        let event = world.events().pop().unwrap();
        assert_eq!((event.kind.name(), event.actor), ("email_verified", Actor::User(ann.id)));
        assert_eq!(event.target, Target::account(&ann));
        assert!(matches!(world.verifies(&by_token(&mail), password(PASSWORD)).await, Err(VerifyEmailError::Proof)));
        assert_eq!(world.last_told(), Some(("proof_refused", Some("spent"))));
    }
}

#[tokio::test]
async fn a_proof_and_a_session_of_the_account_verify_it() {
    let (world, _) = World::with_ann().await;
    let mail = world.asked_to_verify(ANN).await;
    let caller = world.sign_in(ANN).await;
    world.verifies(&by_token(&mail), Claim::Bearer(Box::new(caller.clone()))).await.unwrap();
    assert!(world.is_verified().await && world.is_alive(caller.session.id).await);
}

#[tokio::test]
async fn a_session_of_another_account_does_not() {
    let (world, _) = World::with_ann().await;
    world.keep(user("eve@example.org")).await;
    let (mail, eve) = (world.asked_to_verify(ANN).await, world.sign_in("eve@example.org").await);
    let outcome = world.verifies(&by_token(&mail), Claim::Bearer(Box::new(eve))).await;
    assert!(matches!(outcome, Err(VerifyEmailError::Proof)));
    assert_eq!(world.last_told(), Some(("proof_refused", Some("other_account"))));
    world.still_verifies(&mail).await;
}

#[tokio::test]
async fn a_wrong_password_counts_as_a_failed_attempt_and_uses_nothing_up() {
    let (world, ann) = World::with_ann().await;
    let mail = world.asked_to_verify(ANN).await;
    for presented in [by_token(&mail), by_code(&mail), by_code(&mail), by_code(&mail), by_code(&mail), by_code(&mail)] {
        let outcome = world.verifies(&presented, password(OTHER_PASSWORD)).await;
        assert!(matches!(outcome, Err(VerifyEmailError::Mismatch)));
    }
    let event = world.events().pop().unwrap();
    assert_eq!((event.kind.name(), event.word()), ("login_failed", Some("wrong_current_password")));
    assert_eq!((event.target, event.actor), (Target::account(&ann), Actor::Unknown));
    let state = world.verifier().attempts.throttle_state(&ann.email, context().subscriber()).await.unwrap();
    assert_eq!(state.own.map(|failures| failures.count), Some(6));
    // Six right codes with a wrong password later, the code still has all its tries.
    world.verifies(&by_code(&mail), password(PASSWORD)).await.unwrap();
}

#[tokio::test]
async fn who_is_held_up_verifies_nothing_and_uses_nothing_up() {
    let (world, ann) = World::with_ann().await;
    let mail = world.asked_to_verify(ANN).await;
    held(&world.verifier(), &ann.email).await;
    let outcome = world.verifies(&by_token(&mail), password(PASSWORD)).await;
    assert!(matches!(outcome, Err(VerifyEmailError::TooManyAttempts { retry_after }) if retry_after == Duration::from_secs(30)));
    world.clock.advance(chrono::TimeDelta::seconds(30));
    world.still_verifies(&mail).await;
}

#[tokio::test]
async fn whoever_reads_the_mails_of_an_account_still_needs_its_password() {
    let (world, ann) = World::with_ann().await;
    let mail = world.asked_to_verify(ANN).await;
    let outcome = world.verifies(&by_token(&mail), chosen(OTHER_PASSWORD)).await;
    assert!(matches!(outcome, Err(VerifyEmailError::PasswordNeeded)));
    assert_eq!(world.user(ANN).await.unwrap(), ann);
    world.still_verifies(&mail).await;
}

#[tokio::test]
async fn a_bad_proof_is_told_before_any_password_is_looked_at() {
    let (world, _) = World::with_ann().await;
    let mail = world.asked_to_verify(ANN).await;
    let verify = hashing_with(&world, idle());
    let wrong = [
        Presented::Token("nonsense".to_owned()),
        crate::testing::mail::wrong_code(&mail),
        by_code(&Mail { to: email(NEW), ..mail }),
    ];
    for presented in wrong {
        for claim in [password(OTHER_PASSWORD), chosen("short")] {
            let outcome = verify.execute(&presented, claim, &context()).await;
            assert!(matches!(outcome, Err(VerifyEmailError::Proof)));
        }
    }
}

#[tokio::test]
async fn a_disabled_account_and_none_at_all_are_no_account_to_verify() {
    let (world, ann) = World::with_ann().await;
    let mail = world.asked_to_verify(ANN).await;
    // As if the proof had been asked for only afterwards: disabling voids those from before.
    world.store.disable(ann.id, start()).await.unwrap();
    assert!(matches!(world.verifies(&by_token(&mail), password(PASSWORD)).await, Err(VerifyEmailError::Proof)));
    assert_eq!(world.last_told(), Some(("proof_refused", Some("voided"))));
    for (minute, account) in [(1, Some(ann)), (2, None)] {
        world.clock.set(start() + chrono::TimeDelta::minutes(minute));
        if account.is_none() {
            world.store.drop_account(world.user(ANN).await.unwrap().id, start()).await.unwrap();
        }
        let mut before: Vec<_> = world.store.mails().iter().map(|entry| entry.mail.id).collect();
        world.ask().verification(&email(ANN), &context()).await.unwrap();
        before.sort();
        let asked = world.store.mails().into_iter().find(|entry| before.binary_search(&entry.mail.id).is_err()).unwrap();
        let proof = asked.mail.proof.unwrap().id;
        let token = crate::mail::ports::ProofCodec::token(&crate::testkit::FakeProofs::default(), proof);
        assert!(matches!(world.verifies(&Presented::Token(token), password(PASSWORD)).await, Err(VerifyEmailError::Proof)));
        assert_eq!(world.last_told(), Some(("proof_refused", Some("no_account"))));
        assert_eq!(templates(&world.post().await), [], "nobody would have got that one");
    }
}

/// A registration and its proof, and a store that says what came of spending that.
async fn completing(outcome: Result<Completed, PortError>) -> (World, Result<(), VerifyEmailError>) {
    let world = World::default();
    let mail = world.registered(ANN, PASSWORD).await;
    let mut mailbox = MockMailboxStore::new();
    mailbox.expect_complete_registration().once().return_once(move |_, _| outcome);
    let verify = VerifyEmail { mailbox: Arc::new(mailbox), ..world.verify() };
    let outcome = verify.execute(&by_token(&mail), password(PASSWORD), &context()).await;
    (world, outcome)
}

#[tokio::test]
async fn who_loses_the_race_for_a_proof_or_an_address_has_no_proof_any_more() {
    for (completed, reason) in [(Completed::ProofGone, "spent"), (Completed::EmailTaken, "no_account")] {
        let (world, outcome) = completing(Ok(completed)).await;
        assert!(matches!(outcome, Err(VerifyEmailError::Proof)));
        assert_eq!(world.last_told(), Some(("proof_refused", Some(reason))));
    }
    let (world, _) = World::with_ann().await;
    let mail = world.asked_to_verify(ANN).await;
    let mut mailbox = MockMailboxStore::new();
    mailbox.expect_verify().once().returning(|_, _, _| Ok(false));
    let verify = VerifyEmail { mailbox: Arc::new(mailbox), ..world.verify() };
    let outcome = verify.execute(&by_token(&mail), password(PASSWORD), &context()).await;
    assert!(matches!(outcome, Err(VerifyEmailError::Proof)));
    assert_eq!(world.last_told(), Some(("proof_refused", Some("spent"))));
}

#[tokio::test]
async fn an_outage_stays_an_outage() {
    let (world, outcome) = completing(down()).await;
    assert!(matches!(outcome, Err(VerifyEmailError::Port(PortError::Unavailable(_)))));
    assert_eq!(world.told(), [("verification_sent", None)]);
    let (world, _) = World::with_ann().await;
    let mail = world.asked_to_verify(ANN).await;
    world.store.go_away();
    let outcome = world.verifies(&by_token(&mail), password(PASSWORD)).await;
    assert!(matches!(outcome, Err(VerifyEmailError::Port(PortError::Unavailable(_)))));
    world.store.come_back();
    let outcome = hashing_with(&world, full()).execute(&by_token(&mail), password(PASSWORD), &context()).await;
    assert!(matches!(outcome, Err(VerifyEmailError::Port(error)) if is_told_to_come_back(&error)));
    let mut hasher = admitting();
    hasher.expect_verify().returning(|_, _, _| down());
    let outcome = hashing_with(&world, hasher).execute(&by_token(&mail), password(PASSWORD), &context()).await;
    assert!(matches!(outcome, Err(VerifyEmailError::Port(PortError::Unavailable(_)))));
    assert_eq!(world.told(), [("verification_sent", None)]);
    world.still_verifies(&mail).await;
}

#[tokio::test]
async fn what_may_have_happened_is_audited() {
    let (world, outcome) = completing(unheard()).await;
    assert!(matches!(outcome, Err(VerifyEmailError::Port(PortError::Unknown(_)))));
    assert_eq!(world.last_told(), Some(("user_registered", Some("outcome_unknown"))));
    let (world, _) = World::with_ann().await;
    let mail = world.asked_to_verify(ANN).await;
    let mut mailbox = MockMailboxStore::new();
    mailbox.expect_verify().once().returning(|_, _, _| unheard());
    let verify = VerifyEmail { mailbox: Arc::new(mailbox), ..world.verify() };
    let outcome = verify.execute(&by_token(&mail), password(PASSWORD), &context()).await;
    assert!(matches!(outcome, Err(VerifyEmailError::Port(PortError::Unknown(_)))));
    assert_eq!(world.last_told(), Some(("email_verified", Some("outcome_unknown"))));
}
