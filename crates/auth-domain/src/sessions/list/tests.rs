//! Seeing and ending sessions: their ports mocked.

use std::sync::Arc;

use mockall::predicate::eq;

use super::ListSessions;
use crate::sessions::end::{EndSession, EndSessionError};
use crate::{
    audit::event::AuditEvent,
    identity::port_error::PortError,
    sessions::{authenticate::SignedIn, ports::MockSessionStore, session::Session},
    testing::{caller, clock, down, told, unheard},
    testkit::{
        MemoryAudit,
        samples::{context, session_of, start, user},
    },
};

fn finding(found: Option<(Session, crate::identity::user::User)>) -> MockSessionStore {
    let mut sessions = MockSessionStore::new();
    sessions.expect_find().once().returning(move |_| Ok(found.clone()));
    sessions
}

async fn end(caller: &SignedIn, sessions: MockSessionStore, target: &Session) -> (Result<(), EndSessionError>, Vec<AuditEvent>) {
    let audit = MemoryAudit::default();
    let end = EndSession { sessions: Arc::new(sessions), audit: Arc::new(audit.clone()), clock: clock() };
    (end.execute(caller, target.id, &context()).await, audit.events())
}

#[tokio::test]
async fn one_sees_ones_live_sessions() {
    let caller = caller();
    let mut sessions = MockSessionStore::new();
    let own = vec![caller.session.clone()];
    let answer = own.clone();
    let live = sessions.expect_live().with(eq(caller.user.id), eq(start()), eq(7));
    live.once().returning(move |_, _, _| Ok(answer.clone()));
    let list = ListSessions { sessions: Arc::new(sessions), clock: clock() };
    assert_eq!(list.execute(&caller, 7).await.unwrap(), own);
}

#[tokio::test]
async fn an_outage_is_not_an_empty_list() {
    let mut sessions = MockSessionStore::new();
    sessions.expect_live().returning(|_, _, _| down());
    let list = ListSessions { sessions: Arc::new(sessions), clock: clock() };
    assert!(matches!(list.execute(&caller(), 7).await, Err(PortError::Unavailable(_))));
}

#[tokio::test]
async fn one_may_end_ones_own_session() {
    let caller = caller();
    let other = session_of(&caller.user);
    let mut sessions = finding(Some((other.clone(), caller.user.clone())));
    sessions.expect_end().with(eq(other.id), eq(start())).once().returning(|_, _| Ok(true));
    let (outcome, events) = end(&caller, sessions, &other).await;
    assert!(outcome.is_ok());
    assert_eq!(told(&events), [("session_ended", Some("ended_by_owner"))]);
    assert_eq!(events.first().map(|event| (event.user(), event.session())), Some((Some(caller.user.id), Some(other.id))));
}

#[tokio::test]
async fn what_is_not_ones_own_or_not_alive_is_not_there() {
    let caller = caller();
    let ben = user("ben@example.org");
    let own = session_of(&caller.user);
    let ended = Session { ended_at: Some(start()), ..own.clone() };
    for found in [None, Some((session_of(&ben), ben)), Some((ended, caller.user.clone()))] {
        let (outcome, events) = end(&caller, finding(found), &own).await;
        assert!(matches!(outcome, Err(EndSessionError::NotFound)));
        assert_eq!(events, []);
    }
}

#[tokio::test]
async fn what_has_expired_is_not_there_and_ends_all_the_same() {
    let caller = caller();
    let expired = Session { expires_at: start(), ..session_of(&caller.user) };
    let mut sessions = finding(Some((expired.clone(), caller.user.clone())));
    sessions.expect_end().with(eq(expired.id), eq(start())).once().returning(|_, _| Ok(false));
    let (outcome, events) = end(&caller, sessions, &expired).await;
    assert!(matches!(outcome, Err(EndSessionError::NotFound)));
    assert_eq!(events, []);
}

#[tokio::test]
async fn an_end_that_nobody_heard_of_is_recorded_as_unknown() {
    let caller = caller();
    let other = session_of(&caller.user);
    let mut sessions = finding(Some((other.clone(), caller.user.clone())));
    sessions.expect_end().once().returning(|_, _| unheard());
    let (outcome, events) = end(&caller, sessions, &other).await;
    assert!(matches!(outcome, Err(EndSessionError::Port(PortError::Unknown(_)))));
    assert_eq!(told(&events), [("session_ended", Some("outcome_unknown"))]);
    assert_eq!(events.first().map(|event| event.session()), Some(Some(other.id)));
}

#[tokio::test]
async fn who_comes_second_finds_it_gone() {
    let caller = caller();
    let mut sessions = finding(Some((caller.session.clone(), caller.user.clone())));
    sessions.expect_end().once().returning(|_, _| Ok(false));
    let (outcome, events) = end(&caller, sessions, &caller.session).await;
    assert!(matches!(outcome, Err(EndSessionError::NotFound)));
    assert_eq!(events, []);
}

#[tokio::test]
async fn an_outage_stays_an_outage() {
    let caller = caller();
    let mut looking = MockSessionStore::new();
    looking.expect_find().returning(|_| down());
    let mut ending = finding(Some((caller.session.clone(), caller.user.clone())));
    ending.expect_end().returning(|_, _| down());
    for sessions in [looking, ending] {
        let (outcome, events) = end(&caller, sessions, &caller.session).await;
        assert!(matches!(outcome, Err(EndSessionError::Port(PortError::Unavailable(_)))));
        assert_eq!(events, []);
    }
}
