//! Logging out: its ports mocked.

use std::sync::Arc;

use mockall::predicate::eq;

use super::{Logout, LogoutScope};
use crate::{
    identity::{ids::SessionId, port_error::PortError},
    sessions::{authenticate::SignedIn, ports::MockSessionStore},
    testing::{caller, clock, down},
    testkit::{
        MemoryAudit,
        samples::{context, id, start},
    },
};

type Told = (&'static str, Option<SessionId>);

async fn logout(caller: &SignedIn, sessions: MockSessionStore, scope: LogoutScope) -> (Result<(), PortError>, Vec<Told>) {
    let audit = MemoryAudit::default();
    let logout = Logout { sessions: Arc::new(sessions), audit: Arc::new(audit.clone()), clock: clock() };
    let outcome = logout.execute(caller, scope, &context()).await;
    let events = audit.events();
    assert!(events.iter().all(|event| event.user() == Some(caller.user.id) && event.word() == Some("logout")));
    (outcome, events.iter().map(|event| (event.kind.name(), event.session())).collect())
}

#[tokio::test]
async fn a_plain_logout_ends_the_callers_session() {
    let caller = caller();
    let mut sessions = MockSessionStore::new();
    sessions.expect_end().with(eq(caller.session.id), eq(start())).once().returning(|_, _| Ok(true));
    let (outcome, events) = logout(&caller, sessions, LogoutScope::default()).await;
    assert!(outcome.is_ok());
    assert_eq!(events, [("logged_out", Some(caller.session.id))]);
}

#[tokio::test]
async fn logging_out_twice_is_not_an_error_and_not_an_event() {
    let mut sessions = MockSessionStore::new();
    sessions.expect_end().once().returning(|_, _| Ok(false));
    let (outcome, events) = logout(&caller(), sessions, LogoutScope::Local).await;
    assert!(outcome.is_ok());
    assert_eq!(events, []);
}

#[tokio::test]
async fn the_others_can_end_and_leave_the_callers_session() {
    let (caller, other) = (caller(), SessionId(id()));
    let mut sessions = MockSessionStore::new();
    let end_all = sessions.expect_end_all().with(eq(caller.user.id), eq(Some(caller.session.id)), eq(start()));
    end_all.once().returning(move |_, _, _| Ok(vec![other]));
    let (outcome, events) = logout(&caller, sessions, LogoutScope::Others).await;
    assert!(outcome.is_ok());
    assert_eq!(events, [("session_ended", Some(other))]);
}

#[tokio::test]
async fn all_can_end_at_once() {
    let (caller, other) = (caller(), SessionId(id()));
    let own = caller.session.id;
    let mut sessions = MockSessionStore::new();
    let end_all = sessions.expect_end_all().with(eq(caller.user.id), eq(None), eq(start()));
    end_all.once().returning(move |_, _, _| Ok(vec![other, own]));
    let (outcome, events) = logout(&caller, sessions, LogoutScope::All).await;
    assert!(outcome.is_ok());
    assert_eq!(events, [("session_ended", Some(other)), ("logged_out", Some(own))]);
}

#[tokio::test]
async fn an_outage_stays_an_outage() {
    for scope in [LogoutScope::Local, LogoutScope::Others, LogoutScope::All] {
        let mut sessions = MockSessionStore::new();
        sessions.expect_end().returning(|_, _| down());
        sessions.expect_end_all().returning(|_, _, _| down());
        let (outcome, events) = logout(&caller(), sessions, scope).await;
        assert!(matches!(outcome, Err(PortError::Unavailable(_))));
        assert_eq!(events, []);
    }
}
