//! Changing a password: its ports mocked.

use std::sync::Arc;

use super::{ChangePassword, ChangePasswordError};
use crate::{
    accounts::ports::MockUserStore,
    audit::event::AuditEvent,
    identity::{ids::SessionId, password_hash::PasswordHash, port_error::PortError},
    passwords::ports::MockPasswordHasher,
    sessions::authenticate::SignedIn,
    testing::{admitting, caller, clock, down, full, hasher_that_says, held, is_told_to_come_back, no_mail, proof, told},
    testkit::{
        MemoryAudit,
        samples::{OTHER_PASSWORD, PASSWORD, attempt, context, id, new_password, start},
    },
};

struct Scene {
    users: MockUserStore,
    hasher: MockPasswordHasher,
    held: bool,
    /// What is given as the current password.
    current: &'static str,
}

type Change = Result<Option<Vec<SessionId>>, PortError>;

impl Scene {
    fn with(hasher: MockPasswordHasher) -> Self {
        Self { users: MockUserStore::new(), hasher, held: false, current: PASSWORD }
    }

    fn changing(outcome: fn() -> Change) -> Self {
        let mut scene = Self::with(hasher_that_says(true));
        scene.users.expect_change_password().once().returning(move |_, _, _, _, _, _| outcome());
        scene
    }

    async fn change(self, caller: &SignedIn, new: &str) -> (Result<(), ChangePasswordError>, Vec<AuditEvent>) {
        let audit = MemoryAudit::default();
        let hasher = Arc::new(self.hasher);
        let proof = proof(hasher.clone(), &audit);
        if self.held {
            held(&proof, &caller.user.email).await;
        }
        let change = ChangePassword {
            users: Arc::new(self.users),
            hasher,
            proof,
            writer: no_mail(),
            audit: Arc::new(audit.clone()),
            clock: clock(),
        };
        let outcome = change.execute(caller, attempt(self.current), new_password(new), &context()).await;
        let events = audit.events();
        assert!(events.iter().all(|event| event.user() == Some(caller.user.id) && event.context == context()));
        (outcome, events)
    }

    async fn ends_in_a_mismatch_because(self, new: &str, reason: &str) {
        let caller = caller();
        let (outcome, events) = self.change(&caller, new).await;
        assert!(matches!(outcome, Err(ChangePasswordError::Mismatch)));
        let mut expected = vec![("password_change_refused", Some(reason))];
        if reason == "wrong_password" {
            expected.insert(0, ("login_failed", Some("wrong_current_password")));
        }
        assert_eq!(told(&events), expected);
        assert_eq!(events.first().and_then(|event| event.session()), Some(caller.session.id));
    }

    async fn ends_in_an_outage(self) {
        let (outcome, events) = self.change(&caller(), OTHER_PASSWORD).await;
        assert!(matches!(outcome, Err(ChangePasswordError::Port(PortError::Unavailable(_)))));
        assert_eq!(events, []);
    }
}

#[tokio::test]
async fn a_change_keeps_the_callers_session_and_ends_the_others() {
    let (caller, ended) = (caller(), vec![SessionId(id()), SessionId(id())]);
    let mut hasher = admitting();
    let own = caller.user.password.clone();
    let right = move |text: &str, hash: Option<&PasswordHash>| text == PASSWORD && hash == own.as_ref();
    hasher.expect_verify().withf(move |_, attempt, hash| right(attempt.expose(), *hash)).once().returning(|_, _, _| Ok(true));
    let new = PasswordHash::new("new".into());
    let made = new.clone();
    hasher.expect_hash().withf(|_, new| new.expose() == OTHER_PASSWORD).once().returning(move |_, _| Ok(made.clone()));
    let mut scene = Scene::with(hasher);
    let answer = ended.clone();
    let (owner, before, kept) = (caller.user.id, caller.user.version(), caller.session.id);
    scene
        .users
        .expect_change_password()
        .withf(move |id, proven, hash, keep, now, notice| {
            (*id, *proven, hash, *keep, *now) == (owner, before, &new, Some(kept), start()) && notice.is_none()
        })
        .once()
        .returning(move |_, _, _, _, _, _| Ok(Some(answer.clone())));
    let (outcome, events) = scene.change(&caller, OTHER_PASSWORD).await;
    assert!(outcome.is_ok());
    let ending = ("session_ended", Some("password_changed"));
    assert_eq!(told(&events), [("password_changed", None), ending, ending]);
    let sessions: Vec<_> = events.iter().filter_map(|event| event.session()).collect();
    assert_eq!(sessions, [&[caller.session.id], ended.as_slice()].concat());
}

#[tokio::test]
async fn a_wrong_password_changes_nothing() {
    Scene::with(hasher_that_says(false)).ends_in_a_mismatch_because(OTHER_PASSWORD, "wrong_password").await;
}

#[tokio::test]
async fn the_same_password_in_another_form_is_no_change() {
    let mut scene = Scene::with(hasher_that_says(true));
    scene.current = "Pa\u{308}sswo\u{308}rter-17";
    let (outcome, _) = scene.change(&caller(), "Pässwörter-17").await;
    assert!(matches!(outcome, Err(ChangePasswordError::Unchanged)));
}

#[tokio::test]
async fn the_same_password_again_is_no_change() {
    let (outcome, events) = Scene::with(hasher_that_says(true)).change(&caller(), PASSWORD).await;
    assert!(matches!(outcome, Err(ChangePasswordError::Unchanged)));
    assert_eq!(told(&events), [("password_change_refused", Some("unchanged"))]);
}

#[tokio::test]
async fn a_wrong_password_twice_is_a_wrong_password() {
    Scene::with(hasher_that_says(false)).ends_in_a_mismatch_because(PASSWORD, "wrong_password").await;
}

#[tokio::test]
async fn who_loses_the_race_to_another_change_no_longer_has_the_password() {
    Scene::changing(|| Ok(None)).ends_in_a_mismatch_because(OTHER_PASSWORD, "changed_meanwhile").await;
}

#[tokio::test]
async fn an_outage_stays_an_outage_while_verifying() {
    let mut hasher = admitting();
    hasher.expect_verify().returning(|_, _, _| down());
    Scene::with(hasher).ends_in_an_outage().await;
}

#[tokio::test]
async fn an_outage_stays_an_outage_while_hashing() {
    let mut hasher = admitting();
    hasher.expect_verify().returning(|_, _, _| Ok(true));
    hasher.expect_hash().returning(|_, _| down());
    let (outcome, events) = Scene::with(hasher).change(&caller(), OTHER_PASSWORD).await;
    assert!(matches!(outcome, Err(ChangePasswordError::Port(PortError::Unavailable(_)))));
    assert_eq!(told(&events), [("password_change_refused", Some("not_hashed"))], "a thief may have learnt the password");
}

#[tokio::test]
async fn an_outage_stays_an_outage_while_changing() {
    Scene::changing(down).ends_in_an_outage().await;
}

#[tokio::test]
async fn who_is_held_up_changes_nothing() {
    let scene = Scene { held: true, ..Scene::with(hasher_that_says(true)) };
    let (outcome, events) = scene.change(&caller(), OTHER_PASSWORD).await;
    assert!(matches!(outcome, Err(ChangePasswordError::TooManyAttempts { .. })));
    assert_eq!(told(&events), [("login_throttled", None)]);
}

#[tokio::test]
async fn who_would_wait_too_long_for_a_hash_is_refused_before_anybody_is_asked() {
    let scene = Scene { held: true, ..Scene::with(full()) };
    let (outcome, events) = scene.change(&caller(), OTHER_PASSWORD).await;
    assert!(matches!(outcome, Err(ChangePasswordError::Port(error)) if is_told_to_come_back(&error)));
    assert_eq!(events, []);
}
