//! Resetting passwords, over a store in memory; and what must not be asked at all, mocked.

use std::sync::Arc;

use chrono::TimeDelta;

use super::{ResetPassword, ResetPasswordError};
use crate::{
    audit::event::{Actor, Target},
    identity::{port_error::PortError, user::PendingEmail},
    mail::message::{Mail, Template},
    mailbox::{ports::MockMailboxStore, present::Presented},
    passwords::{
        policy::{ChosenPassword, PasswordFault},
        ports::{AttemptStore, MockPasswordHasher},
    },
    testing::{
        admitting, down, full, is_told_to_come_back,
        mail::{ANN, NEW, World, by_code, by_token, templates, token, wrong_code},
        unheard,
    },
    testkit::samples::{OTHER_PASSWORD, PASSWORD, attempt, context, email, hash, start, user},
};

fn chosen(text: &str) -> ChosenPassword {
    ChosenPassword::new(text.to_owned())
}

impl World {
    async fn resets(&self, presented: &Presented, new: &str) -> Result<(), ResetPasswordError> {
        self.reset().execute(presented, chosen(new), &context()).await
    }
}

#[tokio::test]
async fn a_proof_replaces_the_password_once_and_ends_every_session() {
    for by in [by_token, by_code] {
        let (world, ann) = World::with_ann().await;
        let (first, second) = (world.sign_in(ANN).await, world.sign_in(ANN).await);
        let mail = world.asked_to_reset(ANN).await;
        world.resets(&by(&mail), OTHER_PASSWORD).await.unwrap();
        let now = world.user(ANN).await.unwrap();
        assert_eq!(
            (now.password, now.email_verified_at),
            (Some(hash(OTHER_PASSWORD)), Some(start())),
            "the address counts as verified"
        );
        assert!(!world.is_alive(first.session.id).await && !world.is_alive(second.session.id).await);
        let ended = ("session_ended", Some("password_reset"));
        assert_eq!(world.told(), [("reset_requested", None), ("password_reset", None), ended, ended]);
        let events = world.events().split_off(1);
        assert!(events.iter().all(|event| event.actor == Actor::User(ann.id) && event.user() == Some(ann.id)));
        let notice = world.posted().await;
        assert_eq!((notice.template, &notice.to), (Template::PasswordChanged, &ann.email));
        assert!(matches!(world.resets(&by_token(&mail), PASSWORD).await, Err(ResetPasswordError::Proof)));
        assert_eq!(world.last_told(), Some(("proof_refused", Some("spent"))));
    }
}

#[tokio::test]
async fn a_refused_password_does_not_use_the_proof_up() {
    let (world, ann) = World::with_ann().await;
    let mail = world.asked_to_reset(ANN).await;
    let refused = [("short", PasswordFault::TooShort { min: 12 }), ("Ann@Example.org-1", PasswordFault::ContainsAddress)];
    for (text, fault) in refused.into_iter().cycle().take(6) {
        let outcome = world.resets(&by_code(&mail), text).await;
        assert!(matches!(outcome, Err(ResetPasswordError::Password(faults)) if faults.contains(&fault)), "{text}");
    }
    assert_eq!(world.user(ANN).await.unwrap(), ann);
    world.resets(&by_code(&mail), OTHER_PASSWORD).await.unwrap();
}

#[tokio::test]
async fn a_bad_proof_is_told_before_the_new_password_is_looked_at() {
    let (world, _) = World::with_ann().await;
    let mail = world.asked_to_reset(ANN).await;
    let other = Mail { to: email(NEW), ..mail.clone() };
    for presented in [Presented::Token(String::new()), wrong_code(&mail), by_code(&other)] {
        // `hash` would panic.
        let reset = ResetPassword { hasher: Arc::new(admitting()), ..world.reset() };
        let outcome = reset.execute(&presented, chosen("short"), &context()).await;
        assert!(matches!(outcome, Err(ResetPasswordError::Proof)));
    }
}

#[tokio::test]
async fn what_the_first_registrant_left_is_gone_if_the_address_was_never_verified() {
    for is_verified in [false, true] {
        let (world, ann) = World::with_ann().await;
        if is_verified {
            world.store.verify_address(ann.id, start()).await.unwrap();
        }
        let thief = world.sign_in(ANN).await;
        world.request_change().execute(&thief, email("thief@evil.example"), &context()).await.unwrap();
        let pending = PendingEmail { address: email("thief@evil.example"), until: start() + TimeDelta::hours(24) };
        assert_eq!(world.user(ANN).await.unwrap().pending_email, Some(pending));
        let mails = world.post().await;
        assert_eq!(templates(&mails), [(Template::Change, "thief@evil.example"), (Template::EmailChangeRequested, ANN)]);
        let mail = world.asked_to_reset(ANN).await;
        world.resets(&by_token(&mail), OTHER_PASSWORD).await.unwrap();
        assert_eq!(world.user(ANN).await.unwrap().pending_email, None);
        assert!(!world.is_alive(thief.session.id).await);
        // The proof of the change is void, by whatever it is presented.
        let confirmation = crate::mailbox::confirm_change::Confirmation::Token { token: token(&mails[0]), caller: None };
        assert!(world.confirm_change().execute(confirmation, &context()).await.is_err());
        assert_eq!(world.last_told(), Some(("proof_refused", Some("voided"))));
        let seen = world.store.network_seen_at(ann.id, context().network().unwrap()).await.unwrap();
        assert_eq!(seen.is_some(), is_verified, "a network that only the first registrant has used is a stranger's");
    }
}

#[tokio::test]
async fn nobody_is_sent_a_proof_for_a_disabled_account_or_none() {
    let (world, ann) = World::with_ann().await;
    world.store.disable(ann.id, start()).await.unwrap();
    for address in [ANN, "nobody@example.org"] {
        world.ask().reset(&email(address), &context()).await.unwrap();
        assert_eq!(templates(&world.post().await), []);
        let asked = world.store.mails().into_iter().find(|entry| entry.mail.to == email(address)).unwrap();
        let token = crate::mail::ports::ProofCodec::token(&crate::testkit::FakeProofs::default(), asked.mail.proof.unwrap().id);
        assert!(matches!(world.resets(&Presented::Token(token), OTHER_PASSWORD).await, Err(ResetPasswordError::Proof)));
        assert_eq!(world.last_told(), Some(("proof_refused", Some("no_account"))));
    }
    assert_eq!(world.told().iter().filter(|told| told.0 == "reset_requested").count(), 2, "asked for alike");
}

#[tokio::test]
async fn an_account_whose_password_is_void_gets_another() {
    let world = World::default();
    world.keep(crate::identity::user::User { password: None, ..user(ANN) }).await;
    let mail = world.asked_to_reset(ANN).await;
    world.resets(&by_token(&mail), OTHER_PASSWORD).await.unwrap();
    assert!(world.login().execute(&email(ANN), attempt(OTHER_PASSWORD), &context()).await.is_ok());
}

#[tokio::test]
async fn a_proof_does_not_outlive_what_it_must_not() {
    let (world, ann) = World::with_ann().await;
    let mail = world.asked_to_reset(ANN).await;
    world.clock.advance(TimeDelta::minutes(30));
    assert!(matches!(world.resets(&by_token(&mail), OTHER_PASSWORD).await, Err(ResetPasswordError::Proof)));
    assert_eq!(world.last_told(), Some(("proof_refused", Some("expired"))));
    let mail = world.asked_to_reset(ANN).await;
    world.store.disable(ann.id, start()).await.unwrap();
    world.store.enable(ann.id, start()).await.unwrap();
    assert!(matches!(world.resets(&by_token(&mail), OTHER_PASSWORD).await, Err(ResetPasswordError::Proof)));
    assert_eq!(world.last_told(), Some(("proof_refused", Some("voided"))));
}

async fn spending(
    hasher: Option<MockPasswordHasher>,
    mailbox: Option<MockMailboxStore>,
) -> (World, Result<(), ResetPasswordError>) {
    let (world, _) = World::with_ann().await;
    let mail = world.asked_to_reset(ANN).await;
    let mut reset = world.reset();
    if let Some(hasher) = hasher {
        reset.hasher = Arc::new(hasher);
    }
    if let Some(mailbox) = mailbox {
        reset.mailbox = Arc::new(mailbox);
    }
    let outcome = reset.execute(&by_token(&mail), chosen(OTHER_PASSWORD), &context()).await;
    (world, outcome)
}

fn answering(outcome: fn() -> Result<Option<Vec<crate::identity::ids::SessionId>>, PortError>) -> MockMailboxStore {
    let mut mailbox = MockMailboxStore::new();
    mailbox.expect_reset().once().returning(move |_, _, _, _, _, _| outcome());
    mailbox
}

#[tokio::test]
async fn who_loses_the_race_for_a_proof_has_none_any_more() {
    let (world, outcome) = spending(None, Some(answering(|| Ok(None)))).await;
    assert!(matches!(outcome, Err(ResetPasswordError::Proof)));
    let event = world.events().pop().unwrap();
    assert_eq!((event.kind.name(), event.why().as_deref()), ("proof_refused", Some("spent reset")));
    assert!(matches!(event.target, Target::Mailbox { email: Some(address), .. } if address == email(ANN)));
}

#[tokio::test]
async fn an_outage_stays_an_outage() {
    let mut hasher = admitting();
    hasher.expect_hash().returning(|_, _| down());
    for (hasher, mailbox) in [(Some(hasher), None), (None, Some(answering(down)))] {
        let (world, outcome) = spending(hasher, mailbox).await;
        assert!(matches!(outcome, Err(ResetPasswordError::Port(PortError::Unavailable(_)))));
        assert_eq!(world.told(), [("reset_requested", None)]);
    }
    let (world, _) = World::with_ann().await;
    let mail = world.asked_to_reset(ANN).await;
    world.store.go_away();
    let outcome = world.resets(&by_token(&mail), OTHER_PASSWORD).await;
    assert!(matches!(outcome, Err(ResetPasswordError::Port(PortError::Unavailable(_)))));
    world.store.come_back();
    world.resets(&by_token(&mail), OTHER_PASSWORD).await.unwrap();
}

#[tokio::test]
async fn what_may_have_happened_is_audited() {
    let (world, outcome) = spending(None, Some(answering(unheard))).await;
    assert!(matches!(outcome, Err(ResetPasswordError::Port(PortError::Unknown(_)))));
    assert_eq!(world.last_told(), Some(("password_reset", Some("outcome_unknown"))));
}

#[tokio::test]
async fn who_would_wait_too_long_for_a_hash_is_refused_before_anybody_is_asked() {
    let (world, outcome) = spending(Some(full()), None).await;
    assert!(matches!(outcome, Err(ResetPasswordError::Port(error)) if is_told_to_come_back(&error)));
    assert_eq!(world.told(), [("reset_requested", None)]);
}
