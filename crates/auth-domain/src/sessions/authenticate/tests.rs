//! Telling who calls: its ports mocked.

use std::sync::Arc;

use super::{Authenticate, AuthenticateError, SignedIn};
use crate::{
    identity::{
        port_error::PortError,
        user::{AccountState, User},
    },
    sessions::{ports::MockSessionStore, session::Session, token::InvalidToken},
    testing::{access_token, caller, down, finding, refresh_token},
    testkit::{
        FakeCodec, MovableClock,
        samples::{after, user},
    },
};

async fn authenticate(sessions: MockSessionStore, token: &str, seconds: i64) -> Result<SignedIn, AuthenticateError> {
    let clock = MovableClock::default();
    clock.advance(chrono::TimeDelta::seconds(seconds));
    let codec = Arc::new(FakeCodec::default());
    Authenticate { codec, sessions: Arc::new(sessions), clock: Arc::new(clock) }.execute(token).await
}

#[tokio::test]
async fn an_access_token_stands_for_account_and_session_as_they_are_now() {
    let caller = caller();
    let now = SignedIn {
        user: User { email: "ann@new.example.org".parse().unwrap(), ..caller.user.clone() },
        session: Session { last_used_at: after(60), ..caller.session.clone() },
    };
    let outcome = authenticate(finding(&now.session, &now.user), &access_token(&caller), 60).await;
    assert_eq!(outcome.unwrap(), now);
}

#[tokio::test]
async fn what_has_ended_since_is_refused_at_once() {
    let SignedIn { user: ann, session } = caller();
    let token = access_token(&SignedIn { user: ann.clone(), session: session.clone() });
    let ben = user("ben@example.org");
    let ended = Session { ended_at: Some(after(59)), ..session.clone() };
    let expired = Session { expires_at: after(60), ..session.clone() };
    let disabled = User { state: AccountState::Disabled { since: after(1) }, ..ann.clone() };
    for (session, user) in [(&ended, &ann), (&expired, &ann), (&session, &disabled), (&session, &ben)] {
        let outcome = authenticate(finding(session, user), &token, 60).await;
        assert!(matches!(outcome, Err(AuthenticateError::Token(InvalidToken::Invalid))));
    }
    let mut gone = MockSessionStore::new();
    gone.expect_find().once().returning(|_| Ok(None));
    let outcome = authenticate(gone, &token, 60).await;
    assert!(matches!(outcome, Err(AuthenticateError::Token(InvalidToken::Invalid))));
}

#[tokio::test]
async fn nothing_is_looked_up_for_a_token_that_does_not_count() {
    let caller = caller();
    for token in ["", "garbage", &refresh_token(&caller, &caller.session)] {
        let outcome = authenticate(MockSessionStore::new(), token, 60).await;
        assert!(matches!(outcome, Err(AuthenticateError::Token(InvalidToken::Invalid))));
    }
    let outcome = authenticate(MockSessionStore::new(), &access_token(&caller), 15 * 60 + 11).await;
    assert!(matches!(outcome, Err(AuthenticateError::Token(InvalidToken::Expired))));
}

#[tokio::test]
async fn an_outage_stays_an_outage() {
    let mut sessions = MockSessionStore::new();
    sessions.expect_find().returning(|_| down());
    let outcome = authenticate(sessions, &access_token(&caller()), 60).await;
    assert!(matches!(outcome, Err(AuthenticateError::Port(PortError::Unavailable(_)))));
}
