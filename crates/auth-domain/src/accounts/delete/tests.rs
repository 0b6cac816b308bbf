//! Leaving: its ports mocked.

use std::sync::Arc;

use super::{DeleteAccount, DeleteAccountError};
use crate::accounts::ports::Deleted;
use crate::identity::administrator::LastAdministrator;
use crate::{
    accounts::ports::MockUserStore,
    identity::port_error::PortError,
    passwords::ports::MockPasswordHasher,
    sessions::authenticate::SignedIn,
    testing::{admitting, caller, clock, down, full, hasher_that_says, held, is_told_to_come_back, no_mail, proof, told},
    testkit::{
        MemoryAudit,
        samples::{PASSWORD, attempt, context},
    },
};

type Told = (&'static str, Option<crate::identity::ids::SessionId>);

async fn leave(
    caller: &SignedIn,
    users: MockUserStore,
    hasher: MockPasswordHasher,
) -> (Result<(), DeleteAccountError>, Vec<Told>) {
    let audit = MemoryAudit::default();
    let proof = proof(Arc::new(hasher), &audit);
    let delete = DeleteAccount {
        users: Arc::new(users),
        proof,
        writer: no_mail(),
        audit: Arc::new(audit.clone()),
        clock: clock(),
        with_factor: true,
    };
    let outcome = delete.execute(caller, attempt(PASSWORD), &context()).await;
    let events = audit.events();
    assert!(events.iter().all(|event| event.user() == Some(caller.user.id) && event.email() == Some(&caller.user.email)));
    (outcome, events.iter().map(|event| (event.kind.name(), event.session())).collect())
}

#[tokio::test]
async fn an_account_goes_once_its_password_is_proved() {
    let caller = caller();
    let mut users = MockUserStore::new();
    let (id, proof) = (caller.user.id, caller.user.version());
    users
        .expect_delete()
        .withf(move |user, given, keep, _, _| {
            let stays = LastAdministrator::Stays { with_factor: true };
            *user == id && *given == Some(proof) && *keep == stays
        })
        .once()
        .returning(|_, _, _, _, _| Ok(Deleted::Yes));
    let (outcome, events) = leave(&caller, users, hasher_that_says(true)).await;
    assert!(outcome.is_ok());
    assert_eq!(events, [("account_deleted", Some(caller.session.id))]);
}

#[tokio::test]
async fn a_wrong_password_deletes_nothing() {
    let caller = caller();
    let (outcome, events) = leave(&caller, MockUserStore::new(), hasher_that_says(false)).await;
    assert!(matches!(outcome, Err(DeleteAccountError::Mismatch)));
    let own = Some(caller.session.id);
    assert_eq!(events, [("login_failed", own), ("account_deletion_refused", own)]);
}

#[tokio::test]
async fn a_password_that_changed_meanwhile_deletes_nothing() {
    let caller = caller();
    let mut users = MockUserStore::new();
    users.expect_delete().once().returning(|_, _, _, _, _| Ok(Deleted::No));
    let (outcome, events) = leave(&caller, users, hasher_that_says(true)).await;
    assert!(matches!(outcome, Err(DeleteAccountError::Mismatch)));
    assert_eq!(events, [("account_deletion_refused", Some(caller.session.id))]);
}

#[tokio::test]
async fn the_last_administrator_stays() {
    let caller = caller();
    let mut users = MockUserStore::new();
    users.expect_delete().once().returning(|_, _, _, _, _| Ok(Deleted::LastAdministrator));
    let (outcome, events) = leave(&caller, users, hasher_that_says(true)).await;
    assert!(matches!(outcome, Err(DeleteAccountError::LastAdministrator)));
    assert_eq!(events, [("account_deletion_refused", Some(caller.session.id))]);
}

#[tokio::test]
async fn an_outage_stays_an_outage() {
    let mut hasher = admitting();
    hasher.expect_verify().returning(|_, _, _| down());
    let mut users = MockUserStore::new();
    users.expect_delete().once().returning(|_, _, _, _, _| down());
    for (users, hasher) in [(MockUserStore::new(), hasher), (users, hasher_that_says(true))] {
        let (outcome, events) = leave(&caller(), users, hasher).await;
        assert!(matches!(outcome, Err(DeleteAccountError::Port(PortError::Unavailable(_)))));
        assert_eq!(events, []);
    }
}

#[tokio::test]
async fn who_is_held_up_deletes_nothing() {
    let (audit, caller) = (MemoryAudit::default(), caller());
    let proof = proof(Arc::new(hasher_that_says(true)), &audit);
    held(&proof, &caller.user.email).await;
    let delete = DeleteAccount {
        users: Arc::new(MockUserStore::new()),
        proof,
        writer: no_mail(),
        audit: Arc::new(audit.clone()),
        clock: clock(),
        with_factor: true,
    };
    let outcome = delete.execute(&caller, attempt(PASSWORD), &context()).await;
    assert!(matches!(outcome, Err(DeleteAccountError::TooManyAttempts { .. })));
    assert_eq!(told(&audit.events()), [("login_throttled", None)]);
}

#[tokio::test]
async fn who_would_wait_too_long_for_a_hash_is_refused_before_anybody_is_asked() {
    let (outcome, events) = leave(&caller(), MockUserStore::new(), full()).await;
    assert!(matches!(outcome, Err(DeleteAccountError::Port(error)) if is_told_to_come_back(&error)));
    assert_eq!(events, []);
}

#[tokio::test]
async fn the_owner_is_told_and_has_no_way_back() {
    let caller = caller();
    let mut users = MockUserStore::new();
    let is_notice = |mail: &crate::mail::message::Outgoing| mail.to == caller_address() && mail.proof.is_none();
    users
        .expect_delete()
        .withf(move |_, _, _, _, notice| notice.is_some_and(is_notice))
        .once()
        .returning(|_, _, _, _, _| Ok(Deleted::Yes));
    let (audit, writer) = (MemoryAudit::default(), crate::testing::mail::writer());
    let proof = proof(Arc::new(hasher_that_says(true)), &audit);
    let delete =
        DeleteAccount { users: Arc::new(users), proof, writer, audit: Arc::new(audit), clock: clock(), with_factor: true };
    delete.execute(&caller, attempt(PASSWORD), &context()).await.unwrap();
}

fn caller_address() -> crate::identity::email::Email {
    caller().user.email
}
