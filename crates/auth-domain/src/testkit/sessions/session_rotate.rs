//! What every [`SessionStore`](crate::sessions::ports::SessionStore) keeps when a session moves on.
#![expect(clippy::unwrap_used, reason = "a clause is a test: an outage fails it")]

use crate::sessions::session::{Generation, Session};
use crate::testkit::{
    fixtures::{Stores, together},
    samples::{after, as_kept, origin_from, refreshed, session_of},
};

pub async fn rotates_a_session_to_its_successor(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let session = stores.begin_at(&ann, 1).await;
    let owner = stores.user(&ann).await;
    let successor = refreshed(&session, 60);
    assert!(stores.sessions.rotate(&successor).await.unwrap());
    assert_eq!(stores.sessions.find(session.id).await.unwrap(), Some((as_kept(&successor), owner)));
    assert!(successor.expires_at > session.expires_at && successor.context != session.context);
}

pub async fn rotates_again_and_again(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let mut session = stores.begin_at(&ann, 1).await;
    for seconds in 2..6 {
        session = refreshed(&session, seconds);
        assert!(stores.sessions.rotate(&session).await.unwrap());
        assert_eq!(stores.session(&session).await, as_kept(&session));
    }
    assert_eq!(session.generation, Generation(5));
}

pub async fn rotates_only_from_the_generation_before(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let first = stores.begin_at(&ann, 1).await;
    let second = refreshed(&first, 2);
    assert!(stores.sessions.rotate(&second).await.unwrap());
    for generation in [i64::MIN, 0, 1, 2, 4, i64::MAX] {
        let stray = Session { generation: Generation(generation), ..refreshed(&second, 3) };
        assert!(!stores.sessions.rotate(&stray).await.unwrap(), "to generation {generation}");
    }
    assert_eq!(stores.session(&first).await, as_kept(&second));
}

pub async fn rotates_nothing_that_has_ended(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let session = stores.begin_at(&ann, 1).await;
    assert!(stores.sessions.end(session.id, after(2)).await.unwrap());
    assert!(!stores.sessions.rotate(&refreshed(&session, 3)).await.unwrap());
    assert_eq!(stores.session(&session).await, Session { ended_at: Some(after(2)), ..session });
}

pub async fn rotates_nothing_that_has_expired(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let session = stores.begin_at(&ann, 1).await;
    let last_used_at = session.expires_at;
    let late = Session { last_used_at, ..refreshed(&session, 2) };
    assert!(!stores.sessions.rotate(&late).await.unwrap());
    assert_eq!(stores.session(&session).await, session);
    let just = Session { last_used_at: last_used_at - chrono::TimeDelta::microseconds(1), ..late };
    assert!(stores.sessions.rotate(&just).await.unwrap());
}

pub async fn rotates_nothing_that_is_not_there(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let stray = refreshed(&session_of(&ann), 2);
    assert!(!stores.sessions.rotate(&stray).await.unwrap());
    assert_eq!(stores.sessions.find(stray.id).await.unwrap(), None);
}

pub async fn rotates_no_other_session(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let (session, other) = (stores.begin_at(&ann, 1).await, stores.begin_at(&ann, 1).await);
    assert!(stores.sessions.rotate(&refreshed(&session, 2)).await.unwrap());
    assert_eq!(stores.session(&other).await, other);
}

pub async fn rotates_a_contested_session_once(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let session = stores.begin_at(&ann, 1).await;
    let racers: Vec<_> =
        (0..32).map(|racer| Session { context: origin_from(&format!("192.0.2.{racer}")), ..refreshed(&session, 2) }).collect();
    let outcomes = together(racers.clone().into_iter().map(|successor| {
        let sessions = stores.sessions.clone();
        async move { sessions.rotate(&successor).await.unwrap() }
    }))
    .await;
    let winners: Vec<_> = racers.iter().zip(outcomes).filter(|(_, won)| *won).map(|(racer, _)| as_kept(racer)).collect();
    assert_eq!(winners, [stores.session(&session).await]);
}
