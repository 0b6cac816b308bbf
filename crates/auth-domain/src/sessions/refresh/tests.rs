//! Refreshing: what a refresh token of any age does to a session, its ports mocked.

use std::sync::Arc;

use chrono::TimeDelta;
use mockall::predicate::eq;

use super::{Refresh, RefreshError};
use crate::{
    audit::event::{Actor, AuditEvent},
    identity::{
        clock::Clock,
        port_error::PortError,
        user::{AccountState, User},
    },
    sessions::{
        authenticate::SignedIn,
        issue::Issuer,
        ports::{MockSessionStore, MockTokenCodec},
        session::{Generation, Session},
        token::{InvalidToken, TokenKind, TokenPair},
    },
    testing::{caller, down, issuer, refresh_token, told, unheard},
    testkit::{
        FakeCodec, MemoryAudit, MovableClock,
        samples::{after, claims, id, origin_from, refreshed, start, user},
    },
};

/// A session, two refreshes on: generation 3, used last 20 seconds after the start.
fn third() -> (SignedIn, Session) {
    let caller = caller();
    let session = refreshed(&refreshed(&caller.session, 10), 20);
    (caller, session)
}

/// The token of another generation of the session.
fn token_of(caller: &SignedIn, session: &Session, generation: i64) -> String {
    refresh_token(caller, &Session { generation: Generation(generation), ..session.clone() })
}

struct Scene {
    sessions: MockSessionStore,
    issuer: Issuer,
    now: i64,
    window: i64,
}

impl Scene {
    fn at(now: i64) -> Self {
        Self { sessions: MockSessionStore::new(), issuer: issuer(), now, window: 10 }
    }

    fn finding(mut self, session: &Session, user: &User) -> Self {
        let found = (session.clone(), user.clone());
        self.sessions.expect_find().with(eq(session.id)).once().returning(move |_| Ok(Some(found.clone())));
        self
    }

    fn rotating(mut self, outcome: fn() -> Result<bool, PortError>) -> Self {
        self.sessions.expect_rotate().once().returning(move |_| outcome());
        self
    }

    async fn refresh(self, token: &str) -> (Result<TokenPair, RefreshError>, Vec<AuditEvent>) {
        let (audit, clock) = (MemoryAudit::default(), MovableClock::default());
        clock.advance(TimeDelta::seconds(self.now));
        assert_eq!(clock.now(), after(self.now));
        let refresh = Refresh {
            sessions: Arc::new(self.sessions),
            issuer: self.issuer,
            audit: Arc::new(audit.clone()),
            clock: Arc::new(clock),
            reuse_window: TimeDelta::seconds(self.window),
        };
        let outcome = refresh.execute(token, &origin_from("198.51.100.77")).await;
        (outcome, audit.events())
    }

    async fn ends_refused(self, token: &str) -> AuditEvent {
        let (outcome, events) = self.refresh(token).await;
        assert!(matches!(outcome, Err(RefreshError::Token(InvalidToken::Invalid))));
        assert_eq!(told(&events), [("refresh_refused", None)]);
        events.into_iter().next().unwrap()
    }

    async fn ends_in_an_outage(self, token: &str) {
        let (outcome, events) = self.refresh(token).await;
        assert!(matches!(outcome, Err(RefreshError::Port(PortError::Unavailable(_)))));
        assert_eq!(events, []);
    }
}

#[tokio::test]
async fn the_current_token_moves_the_session_on() {
    let (caller, session) = third();
    let mut scene = Scene::at(60).finding(&session, &caller.user);
    let successor = session.successor(origin_from("198.51.100.77"), after(60), &scene.issuer.lifetimes);
    scene.sessions.expect_rotate().with(eq(successor.clone())).once().returning(|_| Ok(true));
    let (outcome, events) = scene.refresh(&token_of(&caller, &session, 3)).await;
    let pair = outcome.unwrap();
    assert_eq!(pair.refresh_expires_in, successor.expires_at - after(60));
    let (access, refresh) = opened_at(&pair, 60);
    assert_eq!((access, refresh), (caller.session.id, Generation(4)));
    assert_eq!(told(&events), [("token_refreshed", None)]);
    assert!(events.iter().all(|event| event.actor == Actor::User(caller.user.id)));
    assert_eq!(events.first().map(|event| (event.user(), event.session())), Some((Some(caller.user.id), Some(session.id))));
}

fn opened_at(pair: &TokenPair, seconds: i64) -> (crate::identity::ids::SessionId, Generation) {
    use crate::sessions::{ports::TokenCodec, token::TokenPurpose};
    let read = |kind, token: &str| FakeCodec::default().decode(kind, token, after(seconds)).unwrap();
    let (access, refresh) = (read(TokenKind::Access, &pair.access), read(TokenKind::Refresh, &pair.refresh));
    assert_eq!(access.session, refresh.session);
    let TokenPurpose::Refresh(generation) = refresh.purpose else { panic!("an access token was handed out as a refresh token") };
    (access.session, generation)
}

#[tokio::test]
async fn the_token_just_before_gets_the_same_successor_again() {
    let (caller, session) = third();
    let (outcome, events) = Scene::at(29).finding(&session, &caller.user).refresh(&token_of(&caller, &session, 2)).await;
    let pair = outcome.unwrap();
    assert_eq!(opened_at(&pair, 29).1, Generation(3));
    assert_eq!(after(29) + pair.refresh_expires_in, session.expires_at, "the chain cannot be drawn out by asking again");
    assert_eq!(told(&events), [("token_refreshed", None)]);
}

#[tokio::test]
async fn a_spent_token_ends_the_session() {
    let (caller, session) = third();
    for (generation, now) in [(2, 30), (1, 21), (1, 1000), (i64::MIN, 21)] {
        let mut scene = Scene::at(now).finding(&session, &caller.user);
        scene.sessions.expect_end().with(eq(session.id), eq(after(now))).once().returning(|_, _| Ok(true));
        let (outcome, events) = scene.refresh(&token_of(&caller, &session, generation)).await;
        assert!(matches!(outcome, Err(RefreshError::Reused)));
        assert_eq!(told(&events), [("token_reused", None)]);
        assert!(events.iter().all(|event| event.actor == Actor::Unknown), "owner and thief look alike");
        assert_eq!(events.first().map(|event| (event.user(), event.session())), Some((Some(caller.user.id), Some(session.id))));
    }
}

#[tokio::test]
async fn who_comes_second_to_a_theft_does_not_report_it_again() {
    let (caller, session) = third();
    let ended = Session { ended_at: Some(after(30)), ..session.clone() };
    let mut scene = Scene::at(30).finding(&session, &caller.user).finding(&ended, &caller.user);
    scene.sessions.expect_end().once().returning(|_, _| Ok(false));
    scene.ends_refused(&token_of(&caller, &session, 1)).await;
}

#[tokio::test]
async fn who_loses_one_race_after_the_other_is_refused() {
    let (caller, session) = third();
    let moved = refreshed(&session, 25);
    let ended = Session { ended_at: Some(after(25)), ..moved.clone() };
    let mut scene = Scene { window: 0, ..Scene::at(25) }.finding(&session, &caller.user).rotating(|| Ok(false));
    scene = scene.finding(&moved, &caller.user).finding(&ended, &caller.user);
    scene.sessions.expect_end().once().returning(|_, _| Ok(false));
    scene.ends_refused(&token_of(&caller, &session, 3)).await;
}

#[tokio::test]
async fn what_nobody_heard_of_is_recorded_as_unknown() {
    let (caller, session) = third();
    let scene = Scene::at(25).finding(&session, &caller.user).rotating(unheard);
    let (outcome, events) = scene.refresh(&token_of(&caller, &session, 3)).await;
    assert!(matches!(outcome, Err(RefreshError::Port(PortError::Unknown(_)))));
    assert_eq!(told(&events), [("token_refreshed", Some("outcome_unknown"))]);
    let mut scene = Scene::at(25).finding(&session, &caller.user);
    scene.sessions.expect_end().once().returning(|_, _| unheard());
    let (outcome, events) = scene.refresh(&token_of(&caller, &session, 1)).await;
    assert!(matches!(outcome, Err(RefreshError::Port(PortError::Unknown(_)))));
    assert_eq!(told(&events), [("token_reused", Some("outcome_unknown"))], "once");
}

#[tokio::test]
async fn without_a_window_the_token_just_before_is_spent() {
    let (caller, session) = third();
    let mut scene = Scene { window: 0, ..Scene::at(20) }.finding(&session, &caller.user);
    scene.sessions.expect_end().once().returning(|_, _| Ok(true));
    let (outcome, _) = scene.refresh(&token_of(&caller, &session, 2)).await;
    assert!(matches!(outcome, Err(RefreshError::Reused)));
}

#[tokio::test]
async fn a_token_from_the_future_leaves_the_session_alone() {
    let (caller, session) = third();
    for generation in [4, i64::MAX] {
        let event = Scene::at(21).finding(&session, &caller.user).ends_refused(&token_of(&caller, &session, generation)).await;
        assert_eq!((event.user(), event.session()), (Some(caller.user.id), Some(session.id)));
    }
}

#[tokio::test]
async fn a_session_that_is_not_alive_is_refused() {
    let (caller, session) = third();
    let ended = Session { ended_at: Some(after(21)), ..session.clone() };
    let expired = Session { expires_at: after(22), ..session.clone() };
    for dead in [ended, expired] {
        for generation in 1..5 {
            Scene::at(22).finding(&dead, &caller.user).ends_refused(&token_of(&caller, &session, generation)).await;
        }
    }
}

#[tokio::test]
async fn a_disabled_account_is_refused() {
    let (caller, session) = third();
    let disabled = User { state: AccountState::Disabled { since: start() }, ..caller.user.clone() };
    Scene::at(21).finding(&session, &disabled).ends_refused(&token_of(&caller, &session, 3)).await;
}

#[tokio::test]
async fn a_session_that_is_gone_is_refused() {
    let (caller, session) = third();
    let mut scene = Scene::at(21);
    scene.sessions.expect_find().once().returning(|_| Ok(None));
    let event = scene.ends_refused(&token_of(&caller, &session, 3)).await;
    assert_eq!((event.user(), event.session()), (None, Some(session.id)));
}

#[tokio::test]
async fn a_session_of_somebody_else_is_refused() {
    let (caller, session) = third();
    let other = user("ben@example.org");
    let theirs = Session { user: other.id, ..session.clone() };
    Scene::at(21).finding(&theirs, &other).ends_refused(&token_of(&caller, &session, 3)).await;
}

#[tokio::test]
async fn an_access_token_does_not_refresh() {
    let (caller, session) = third();
    let access = issuer().pair(&session, &caller.user, start()).unwrap().access;
    Scene::at(21).ends_refused(&access).await;
    Scene::at(21).ends_refused("garbage").await;
}

#[tokio::test]
async fn claims_that_do_not_refresh_are_refused_whatever_the_codec_says() {
    let mut codec = MockTokenCodec::new();
    codec.expect_decode().returning(|_, _, _| Ok(claims(TokenKind::Access)));
    let mut scene = Scene::at(0);
    scene.issuer.codec = Arc::new(codec);
    scene.ends_refused("any").await;
}

#[tokio::test]
async fn a_token_that_is_too_old_is_told_so() {
    let (caller, session) = third();
    let late = (session.expires_at - start()).num_seconds() + 11;
    let (outcome, events) = Scene::at(late).refresh(&token_of(&caller, &session, 3)).await;
    assert!(matches!(outcome, Err(RefreshError::Token(InvalidToken::Expired))));
    assert_eq!(told(&events), [("refresh_refused", None)]);
}

#[tokio::test]
async fn who_loses_the_race_looks_again_and_repeats() {
    let (caller, session) = third();
    let moved = refreshed(&session, 25);
    let scene = Scene::at(25).finding(&session, &caller.user).rotating(|| Ok(false)).finding(&moved, &caller.user);
    let (outcome, events) = scene.refresh(&token_of(&caller, &session, 3)).await;
    let pair = outcome.unwrap();
    assert_eq!(opened_at(&pair, 25).1, Generation(4));
    assert_eq!(after(25) + pair.refresh_expires_in, moved.expires_at);
    assert_eq!(told(&events), [("token_refreshed", None)]);
}

#[tokio::test]
async fn who_loses_the_race_to_a_logout_is_refused() {
    let (caller, session) = third();
    let ended = Session { ended_at: Some(after(25)), ..session.clone() };
    let scene = Scene::at(25).finding(&session, &caller.user).rotating(|| Ok(false)).finding(&ended, &caller.user);
    scene.ends_refused(&token_of(&caller, &session, 3)).await;
}

#[tokio::test]
async fn a_session_that_neither_moves_nor_ends_is_not_asked_for_ever() {
    let (caller, session) = third();
    let last = Session { generation: Generation(i64::MAX), ..session };
    let scene = Scene::at(25).finding(&last, &caller.user).finding(&last, &caller.user);
    let mut scene = scene.finding(&last, &caller.user);
    scene.sessions.expect_rotate().times(3).returning(|_| Ok(false));
    let (outcome, events) = scene.refresh(&token_of(&caller, &last, i64::MAX)).await;
    assert!(matches!(outcome, Err(RefreshError::Port(PortError::Corrupt(_)))));
    assert_eq!(events, []);
}

#[tokio::test]
async fn an_outage_stays_an_outage_while_looking() {
    let (caller, session) = third();
    let token = token_of(&caller, &session, 3);
    let mut scene = Scene::at(25);
    scene.sessions.expect_find().once().returning(|_| down());
    scene.ends_in_an_outage(&token).await;
    let mut scene = Scene::at(25).finding(&session, &caller.user).rotating(|| Ok(false));
    scene.sessions.expect_find().once().returning(|_| down());
    scene.ends_in_an_outage(&token).await;
}

#[tokio::test]
async fn an_outage_stays_an_outage_while_rotating() {
    let (caller, session) = third();
    let scene = Scene::at(25).finding(&session, &caller.user).rotating(down);
    scene.ends_in_an_outage(&token_of(&caller, &session, 3)).await;
}

#[tokio::test]
async fn an_outage_stays_an_outage_while_ending() {
    let (caller, session) = third();
    let mut scene = Scene::at(25).finding(&session, &caller.user);
    scene.sessions.expect_end().once().returning(|_, _| down());
    let (outcome, events) = scene.refresh(&token_of(&caller, &session, 1)).await;
    assert!(matches!(outcome, Err(RefreshError::Port(PortError::Unavailable(_)))));
    assert_eq!(told(&events), [("token_reused", None)], "the theft is a fact, whatever became of the ending");
}

#[tokio::test]
async fn a_session_does_not_move_where_nothing_can_be_signed() {
    let (caller, session) = third();
    let mut codec = MockTokenCodec::new();
    let decoded = crate::sessions::token::Claims::refresh(crate::sessions::token::TokenId(id()), &session, &caller.user);
    codec.expect_decode().returning(move |_, _, _| Ok(decoded.clone()));
    codec.expect_encode().returning(|_| down());
    let issuer = Issuer { codec: Arc::new(codec), ..issuer() };
    let scene = Scene { issuer, ..Scene::at(25) }.finding(&session, &caller.user);
    let (outcome, events) = scene.refresh("any").await;
    assert!(matches!(outcome, Err(RefreshError::Port(PortError::Unavailable(_)))));
    assert_eq!(told(&events), []);
}
