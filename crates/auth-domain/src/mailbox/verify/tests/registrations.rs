//! Registrations that become accounts, and what somebody gains who registers an address that is not theirs.

use super::{Claim, VerifyEmailError, chosen, password};
use crate::{
    audit::event::{Actor, Target},
    identity::{language::Language, request_context::RequestContext},
    mail::ports::Registration,
    passwords::policy::PasswordFault,
    testing::mail::{ANN, World, by_code, by_token},
    testkit::samples::{OTHER_PASSWORD, PASSWORD, attempt, context, email, hash, start, user},
};

#[tokio::test]
async fn a_registration_becomes_an_account_by_the_password_it_was_made_with() {
    let world = World::default();
    let mail = world.registered(ANN, PASSWORD).await;
    assert_eq!(world.user(ANN).await, None, "there is no account before the mailbox is proven");
    world.verifies(&by_token(&mail), password(PASSWORD)).await.unwrap();
    let ann = world.user(ANN).await.unwrap();
    assert_eq!((ann.password.clone(), ann.email_verified_at, ann.last_login_at), (Some(hash(PASSWORD)), Some(start()), None));
    let events = world.events().split_off(1);
    assert_eq!(events.iter().map(|event| event.kind.name()).collect::<Vec<_>>(), ["user_registered", "email_verified"]);
    assert!(events.iter().all(|event| event.actor == Actor::User(ann.id) && event.target == Target::account(&ann)));
    assert!(matches!(world.verifies(&by_token(&mail), password(PASSWORD)).await, Err(VerifyEmailError::Proof)));
}

#[tokio::test]
async fn whoever_proves_the_mailbox_may_choose_the_password() {
    let world = World::default();
    // Somebody else's idea.
    let mail = world.registered(ANN, PASSWORD).await;
    world.verifies(&by_code(&mail), chosen(OTHER_PASSWORD)).await.unwrap();
    assert_eq!(world.user(ANN).await.unwrap().password, Some(hash(OTHER_PASSWORD)));
    assert!(world.login().execute(&email(ANN), attempt(PASSWORD), &context()).await.is_err());
    assert!(world.login().execute(&email(ANN), attempt(OTHER_PASSWORD), &context()).await.is_ok());
}

#[tokio::test]
async fn a_chosen_password_meets_the_policy_or_leaves_the_proof_good() {
    let world = World::default();
    let mail = world.registered(ANN, PASSWORD).await;
    for (text, fault) in [("Sh0rt!", PasswordFault::TooShort { min: 12 }), ("Ann@example.org-1", PasswordFault::ContainsAddress)]
    {
        let outcome = world.verifies(&by_code(&mail), chosen(text)).await;
        assert!(matches!(outcome, Err(VerifyEmailError::Password(faults)) if faults.contains(&fault)), "{text}");
    }
    world.verifies(&by_code(&mail), chosen(OTHER_PASSWORD)).await.unwrap();
}

#[tokio::test]
async fn a_registration_is_not_completed_by_another_password_or_by_a_session() {
    let world = World::default();
    world.keep(user("eve@example.org")).await;
    let (mail, eve) = (world.registered(ANN, PASSWORD).await, world.sign_in("eve@example.org").await);
    let outcome = world.verifies(&by_token(&mail), password(OTHER_PASSWORD)).await;
    assert!(matches!(outcome, Err(VerifyEmailError::Mismatch)));
    let event = world.events().pop().unwrap();
    assert_eq!((event.kind.name(), event.target), ("login_failed", Target::Address(email(ANN))));
    let outcome = world.verifies(&by_token(&mail), Claim::Bearer(Box::new(eve))).await;
    assert!(matches!(outcome, Err(VerifyEmailError::Proof)));
    assert_eq!(world.user(ANN).await, None);
    world.still_verifies(&mail).await;
}

/// The three things a registrant who does not read the mails of an address might hope for.
#[tokio::test]
async fn who_registers_an_address_that_is_not_theirs_gains_nothing_and_keeps_nobody_from_it() {
    // Before its owner: the owner chooses a password of their own.
    let world = World::default();
    let mail = world.registered(ANN, "The-Thief-Knows-1").await;
    world.verifies(&by_token(&mail), chosen(PASSWORD)).await.unwrap();
    assert!(world.login().execute(&email(ANN), attempt("The-Thief-Knows-1"), &context()).await.is_err());
    // After its owner: the newest registration counts, and the mail for it goes to the owner as well.
    let world = World::default();
    let first = world.registered(ANN, PASSWORD).await;
    world.clock.advance(chrono::TimeDelta::minutes(1));
    let second = world.registered(ANN, "The-Thief-Knows-1").await;
    assert!(matches!(world.verifies(&by_token(&first), password(PASSWORD)).await, Err(VerifyEmailError::Proof)));
    assert!(matches!(world.verifies(&by_token(&second), password(PASSWORD)).await, Err(VerifyEmailError::Mismatch)));
    world.verifies(&by_token(&second), chosen(PASSWORD)).await.unwrap();
    // With an account already: its owner is told, and nothing comes of it.
    world.clock.advance(chrono::TimeDelta::minutes(1));
    let told = world.registered(ANN, "The-Thief-Knows-1").await;
    assert_eq!((told.template.name(), told.proof), ("account_exists", None));
    assert_eq!(world.user(ANN).await.unwrap().password, Some(hash(PASSWORD)));
}

#[tokio::test]
async fn a_registration_gives_its_account_the_language_it_was_made_in() {
    let world = World::default();
    let registration =
        Registration { address: email(ANN), password: hash(PASSWORD), language: Some(Language::Chinese), created_at: start() };
    let in_chinese = RequestContext { language: Some(Language::Chinese), ..context() };
    world.ask().registration(&registration, &in_chinese).await.unwrap();
    let mail = world.posted().await;
    assert_eq!(mail.language, Language::Chinese);
    world.verifies(&by_token(&mail), password(PASSWORD)).await.unwrap();
    assert_eq!(world.user(ANN).await.unwrap().language, Some(Language::Chinese));
}
