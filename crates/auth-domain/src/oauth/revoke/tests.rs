//! Revocation: its ports mocked.

use std::sync::Arc;

use chrono::TimeDelta;
use mockall::predicate::{always, eq};

use super::{Revocation, Revoke};
use crate::{
    identity::port_error::PortError,
    oauth::ports::MockClientStore,
    sessions::{
        authenticate::SignedIn,
        ports::MockSessionStore,
        session::{Generation, Session},
    },
    testing::{access_token, caller, client_tokens, down, finding, orders_and_token, refresh_token, told},
    testkit::{
        FakeCodec, MemoryAudit, MovableClock,
        samples::{after, context, user},
    },
};

/// With a token of a person: no client is looked up.
async fn revoke(sessions: MockSessionStore, token: &str, seconds: i64) -> (Result<(), PortError>, MemoryAudit) {
    let (outcome, audit) = revoke_any(sessions, MockClientStore::new(), token, seconds).await;
    (outcome.map(|outcome| assert_eq!(outcome, Revocation::Done)), audit)
}

async fn revoke_any(
    sessions: MockSessionStore,
    clients: MockClientStore,
    token: &str,
    seconds: i64,
) -> (Result<Revocation, PortError>, MemoryAudit) {
    let (audit, clock) = (MemoryAudit::default(), MovableClock::default());
    clock.advance(TimeDelta::seconds(seconds));
    let (codec, sessions, log) = (Arc::new(FakeCodec::default()), Arc::new(sessions), Arc::new(audit.clone()));
    let clients = client_tokens(clients);
    let outcome = Revoke { codec, sessions, audit: log, clock: Arc::new(clock), clients }.execute(token, &context()).await;
    (outcome, audit)
}

fn at_generation(caller: &SignedIn, generation: i64) -> SignedIn {
    SignedIn { session: Session { generation: Generation(generation), ..caller.session.clone() }, user: caller.user.clone() }
}

#[tokio::test]
async fn a_token_of_either_kind_ends_its_session() {
    let now = at_generation(&caller(), 3);
    let spent = at_generation(&now, 1);
    for token in [access_token(&now), refresh_token(&now, &now.session), refresh_token(&spent, &spent.session)] {
        let mut sessions = finding(&now.session, &now.user);
        sessions.expect_end().with(eq(now.session.id), always()).once().returning(|_, _| Ok(true));
        let (outcome, audit) = revoke(sessions, &token, 60).await;
        assert!(outcome.is_ok());
        assert_eq!(told(&audit.events()), [("session_ended", Some("token_revoked"))]);
        let events = audit.events();
        let event = events.first().unwrap();
        assert_eq!((event.user(), event.session(), event.at), (Some(now.user.id), Some(now.session.id), after(60)));
    }
}

#[tokio::test]
async fn what_is_no_token_of_a_live_session_ends_nothing_and_is_no_error() {
    let now = caller();
    let token = refresh_token(&now, &now.session);
    let ahead = at_generation(&now, 9);
    let ended = SignedIn { session: Session { ended_at: Some(after(1)), ..now.session.clone() }, user: now.user.clone() };
    let stranger = SignedIn { user: user("ben@example.org"), session: now.session.clone() };
    let cases = [
        (MockSessionStore::new(), String::new()),
        (MockSessionStore::new(), "garbage".to_owned()),
        (finding(&now.session, &now.user), refresh_token(&ahead, &ahead.session)),
        (finding(&ended.session, &ended.user), token.clone()),
        (finding(&stranger.session, &stranger.user), token.clone()),
    ];
    for (sessions, token) in cases {
        let (outcome, audit) = revoke(sessions, &token, 60).await;
        assert!(outcome.is_ok() && audit.events().is_empty(), "{token}");
    }
    let mut gone = MockSessionStore::new();
    gone.expect_find().once().returning(|_| Ok(None));
    assert!(revoke(gone, &token, 60).await.0.is_ok());
}

#[tokio::test]
async fn a_clients_own_token_that_counts_is_not_said_to_be_revoked() {
    let (orders, token) = orders_and_token();
    for (found, said) in [(Some(orders), Revocation::NotOffered), (None, Revocation::Done)] {
        let mut clients = MockClientStore::new();
        clients.expect_find().once().returning(move |_| Ok(found.clone()));
        let (outcome, audit) = revoke_any(MockSessionStore::new(), clients, &token, 60).await;
        assert!(outcome.is_ok_and(|outcome| outcome == said) && audit.events().is_empty());
    }
}

#[tokio::test]
async fn who_loses_the_race_to_end_it_reports_nothing() {
    let now = caller();
    let mut sessions = finding(&now.session, &now.user);
    sessions.expect_end().once().returning(|_, _| Ok(false));
    let (outcome, audit) = revoke(sessions, &access_token(&now), 60).await;
    assert!(outcome.is_ok() && audit.events().is_empty());
}

#[tokio::test]
async fn an_outage_stays_an_outage() {
    let now = caller();
    let mut away = MockSessionStore::new();
    away.expect_find().returning(|_| down());
    let mut breaking = finding(&now.session, &now.user);
    breaking.expect_end().returning(|_, _| down());
    for sessions in [away, breaking] {
        let (outcome, audit) = revoke(sessions, &access_token(&now), 60).await;
        assert!(matches!(outcome, Err(PortError::Unavailable(_))) && audit.events().is_empty());
    }
    let mut away = MockClientStore::new();
    away.expect_find().returning(|_| down());
    let (outcome, audit) = revoke_any(MockSessionStore::new(), away, &orders_and_token().1, 60).await;
    assert!(matches!(outcome, Err(PortError::Unavailable(_))) && audit.events().is_empty());
}
