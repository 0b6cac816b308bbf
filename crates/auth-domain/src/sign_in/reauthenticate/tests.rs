//! Authenticating again: its ports mocked.

mod by_factor;

use std::sync::Arc;

use super::{Reauthenticate, ReauthenticateError};
use crate::{
    audit::event::AuditEvent,
    identity::{port_error::PortError, user::User},
    passwords::ports::MockPasswordHasher,
    sessions::{
        authenticate::SignedIn,
        authentication::Authentication,
        issue::Issuer,
        ports::MockSessionStore,
        session::Session,
        token::{AccessToken, TokenKind},
    },
    testing::{
        admitting, broken_issuer, caller, clock, demand_fresh, down, full, hasher_that_says, held, idle_judge,
        is_told_to_come_back, issuer, no_mail, proof, read, told,
    },
    testkit::{
        MemoryAudit,
        samples::{PASSWORD, after, attempt, context, lifetimes, start},
    },
};

struct Scene {
    sessions: MockSessionStore,
    hasher: MockPasswordHasher,
    issuer: Issuer,
    held: bool,
}

type Outcome = Result<AccessToken, ReauthenticateError>;

impl Scene {
    fn with(hasher: MockPasswordHasher) -> Self {
        Self { sessions: MockSessionStore::new(), hasher, issuer: issuer(), held: false }
    }

    fn storing(outcome: fn() -> Result<bool, PortError>) -> Self {
        let mut scene = Self::with(hasher_that_says(true));
        scene.sessions.expect_reauthenticate().once().returning(move |_, _| outcome());
        scene
    }

    async fn ask(self, caller: &SignedIn) -> (Outcome, Vec<AuditEvent>) {
        let audit = MemoryAudit::default();
        let proof = proof(Arc::new(self.hasher), &audit);
        if self.held {
            held(&proof, &caller.user.email).await;
        }
        let (sessions, issuer) = (Arc::new(self.sessions), self.issuer);
        let (judge, demand, writer, clock) = (idle_judge(), demand_fresh(), no_mail(), clock());
        let again = Reauthenticate { proof, judge, demand, sessions, issuer, writer, audit: Arc::new(audit.clone()), clock };
        let outcome = again.by_password(caller, attempt(PASSWORD), &context()).await;
        (outcome, audit.events())
    }

    async fn ends_in_an_outage(self) {
        let (outcome, events) = self.ask(&caller()).await;
        assert!(matches!(outcome, Err(ReauthenticateError::Port(PortError::Unavailable(_)))));
        assert_eq!(events, []);
    }
}

/// One who was authenticated an hour before the start.
fn stale() -> SignedIn {
    let caller = caller();
    SignedIn { session: Session { authentication: Authentication::by_password(after(-3600)), ..caller.session }, ..caller }
}

#[tokio::test]
async fn a_right_password_makes_the_session_fresh_and_gives_an_access_token_that_says_so() {
    let caller = stale();
    let mut scene = Scene::with(hasher_that_says(true));
    let expected = Session { authentication: Authentication::by_password(start()), ..caller.session.clone() };
    scene
        .sessions
        .expect_reauthenticate()
        .withf(move |session, now| *session == expected && *now == start())
        .once()
        .returning(|_, _| Ok(true));
    let (outcome, events) = scene.ask(&caller).await;
    let AccessToken { token, expires_in } = outcome.unwrap();
    let claims = read(TokenKind::Access, &token);
    assert_eq!((claims.session, claims.user, expires_in), (caller.session.id, caller.user.id, lifetimes().access));
    assert_eq!(claims.authentication.map(|how| how.at.timestamp()), Some(start().timestamp()));
    assert_eq!(told(&events), [("reauthenticated", None)]);
    assert_eq!(events.first().and_then(|event| event.session()), Some(caller.session.id));
}

#[tokio::test]
async fn a_wrong_password_counts_as_a_failed_attempt_and_changes_nothing() {
    let (outcome, events) = Scene::with(hasher_that_says(false)).ask(&caller()).await;
    assert!(matches!(outcome, Err(ReauthenticateError::Mismatch)));
    let expected = [("login_failed", Some("wrong_current_password")), ("reauthentication_refused", Some("wrong_password"))];
    assert_eq!(told(&events), expected);
}

#[tokio::test]
async fn an_account_without_a_password_is_refused_like_a_wrong_one() {
    let caller = caller();
    let caller = SignedIn { user: User { password: None, ..caller.user }, ..caller };
    let mut hasher = admitting();
    hasher.expect_verify().withf(|_, _, hash| hash.is_none()).once().returning(|_, _, _| Ok(false));
    let (outcome, _) = Scene::with(hasher).ask(&caller).await;
    assert!(matches!(outcome, Err(ReauthenticateError::Mismatch)));
}

#[tokio::test]
async fn a_session_that_ended_meanwhile_is_not_revived() {
    let (outcome, events) = Scene::storing(|| Ok(false)).ask(&caller()).await;
    assert!(matches!(outcome, Err(ReauthenticateError::Ended)));
    assert_eq!(told(&events), [("reauthentication_refused", Some("ended_meanwhile"))]);
}

#[tokio::test]
async fn an_outage_stays_an_outage() {
    let mut hasher = admitting();
    hasher.expect_verify().returning(|_, _, _| down());
    Scene::with(hasher).ends_in_an_outage().await;
    Scene::storing(down).ends_in_an_outage().await;
    // Signed first: nothing is stored that could not be handed out.
    Scene { issuer: broken_issuer(), ..Scene::with(hasher_that_says(true)) }.ends_in_an_outage().await;
}

#[tokio::test]
async fn who_is_held_up_is_not_authenticated_by_the_right_password_either() {
    let (outcome, events) = Scene { held: true, ..Scene::with(hasher_that_says(true)) }.ask(&caller()).await;
    assert!(matches!(outcome, Err(ReauthenticateError::TooManyAttempts { .. })));
    assert_eq!(told(&events), [("login_throttled", None)]);
}

#[tokio::test]
async fn who_would_wait_too_long_for_a_hash_is_refused_before_anybody_is_asked() {
    let (outcome, events) = Scene { held: true, ..Scene::with(full()) }.ask(&caller()).await;
    assert!(matches!(outcome, Err(ReauthenticateError::Port(error)) if is_told_to_come_back(&error)));
    assert_eq!(events, []);
}
