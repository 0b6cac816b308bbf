//! What every [`SessionStore`](crate::sessions::ports::SessionStore) keeps when something else happens at the same time.
#![expect(clippy::unwrap_used, reason = "a clause is a test: an outage fails it")]

use chrono::TimeDelta;

use crate::testkit::{
    fixtures::{Stores, against, together},
    samples::{OTHER_PASSWORD, after, hash, refreshed, session_from, user},
};
use crate::{
    identity::user::User,
    sessions::{
        ports::Begun,
        session::{RevocationCursor, Session},
    },
};

const ROUNDS: usize = 16;

/// Races a rotation against a revocation, which must find the session alive and leave it dead, whatever came first.
async fn race_a_rotation<F: Future<Output = bool> + Send + 'static>(
    stores: &Stores,
    revoke: impl Fn(&Stores, User, &Session) -> F,
    kept: bool,
) {
    for round in 0..ROUNDS {
        let ann = stores.keep_new(&format!("ann{round}@example.org")).await;
        let session = stores.begin_at(&ann, 1).await;
        let successor = refreshed(&session, 2);
        let rotate = {
            let sessions = stores.sessions.clone();
            async move { sessions.rotate(&successor).await.unwrap() }
        };
        let (_, revoked) = against(round, rotate, revoke(stores, ann.clone(), &session)).await;
        assert!(revoked, "a rotation hid the session");
        assert_eq!(stores.live(&ann).await, []);
        let end = stores.sessions.find(session.id).await.unwrap().map(|(session, _)| session.ended_at);
        assert_eq!(end, kept.then_some(Some(after(3))));
    }
}

pub async fn an_end_wins_over_a_rotation(stores: &Stores) {
    let end = |stores: &Stores, _: User, session: &Session| {
        let (sessions, id) = (stores.sessions.clone(), session.id);
        async move { sessions.end(id, after(3)).await.unwrap() }
    };
    race_a_rotation(stores, end, true).await;
}

pub async fn ending_all_wins_over_a_rotation(stores: &Stores) {
    let end_all = |stores: &Stores, ann: User, session: &Session| {
        let (sessions, id) = (stores.sessions.clone(), session.id);
        async move { sessions.end_all(ann.id, None, after(3)).await.unwrap() == [id] }
    };
    race_a_rotation(stores, end_all, true).await;
}

pub async fn a_change_of_password_wins_over_a_rotation(stores: &Stores) {
    let change = |stores: &Stores, ann: User, session: &Session| {
        let (users, id) = (stores.users.clone(), session.id);
        async move {
            let ended = users.change_password(ann.id, ann.version(), &hash("new"), None, after(3), None).await.unwrap();
            ended == Some(vec![id])
        }
    };
    race_a_rotation(stores, change, true).await;
}

pub async fn disabling_wins_over_a_rotation(stores: &Stores) {
    let disable = |stores: &Stores, ann: User, session: &Session| {
        let (stores, id) = (stores.clone(), session.id);
        async move { stores.disable(ann.id, after(3)).await == Some(vec![id]) }
    };
    race_a_rotation(stores, disable, true).await;
}

pub async fn deleting_wins_over_a_rotation(stores: &Stores) {
    let delete = |stores: &Stores, ann: User, _: &Session| {
        let stores = stores.clone();
        async move { stores.delete(ann.id, Some(ann.version()), after(9)).await }
    };
    race_a_rotation(stores, delete, false).await;
}

/// A refresh that was asked for in the session's last moment, and reaches the row only later.
fn last_moment(session: &Session) -> Session {
    let last_used_at = session.expires_at - TimeDelta::microseconds(1);
    Session { last_used_at, expires_at: last_used_at + TimeDelta::days(7), ..refreshed(session, 2) }
}

pub async fn an_end_wins_over_a_rotation_that_began_before_the_session_expired(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let session = stores.begin_at(&ann, 1).await;
    assert!(!stores.sessions.end(session.id, session.expires_at).await.unwrap(), "it has expired");
    assert!(!stores.sessions.rotate(&last_moment(&session)).await.unwrap(), "it revived");
    let other = stores.begin_at(&ann, 1).await;
    let next = last_moment(&other);
    assert!(stores.sessions.rotate(&next).await.unwrap());
    assert!(stores.sessions.end(other.id, other.expires_at).await.unwrap(), "it was refreshed in time");
    assert_eq!(stores.sessions.live(ann.id, other.expires_at, 9).await.unwrap(), []);
}

/// By all that ends several sessions of an account.
pub async fn a_session_that_expires_revives_for_nobody(stores: &Stores) {
    for how in 0..4 {
        let ann = stores.keep_new(&format!("ann{how}@example.org")).await;
        let session = stores.begin_at(&ann, 1).await;
        let now = session.expires_at;
        let ended = match how {
            0 => stores.sessions.end_all(ann.id, None, now).await.unwrap(),
            1 => stores
                .users
                .change_password(ann.id, ann.version(), &hash(OTHER_PASSWORD), None, now, None)
                .await
                .unwrap()
                .unwrap(),
            2 => stores.disable(ann.id, now).await.unwrap(),
            _ => {
                assert!(stores.delete(ann.id, None, now).await);
                let listed = stores.ended.ended(RevocationCursor::before(now), 9).await.unwrap();
                assert!(
                    listed.contains(&RevocationCursor { at: now, id: session.id }),
                    "what was refreshed meanwhile is known to have ended"
                );
                Vec::new()
            }
        };
        assert_eq!(ended, [], "it has expired");
        assert!(!stores.sessions.rotate(&last_moment(&session)).await.unwrap(), "it revived: {how}");
        assert_eq!(stores.sessions.live(ann.id, now, 9).await.unwrap(), []);
    }
}

pub async fn a_rotation_in_the_last_moment_keeps_to_the_limit(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let (first, second) = (stores.begin_at(&ann, 1).await, stores.begin_at(&ann, 1).await);
    let now = first.expires_at;
    let next = Session { created_at: now, last_used_at: now, expires_at: now + TimeDelta::days(7), ..session_from(&ann, 1) };
    assert_eq!(stores.sessions.begin(&next, ann.version(), 2, None).await.unwrap(), Begun::Yes { displaced: Vec::new() });
    for session in [first, second] {
        let _either = stores.sessions.rotate(&last_moment(&session)).await.unwrap();
    }
    assert_eq!(stores.sessions.live(ann.id, now, 9).await.unwrap().len(), 2);
}

pub async fn a_change_of_password_leaves_no_session_on_the_old_one(stores: &Stores) {
    for round in 0..ROUNDS {
        let ann = stores.keep_new(&format!("ann{round}@example.org")).await;
        let session = session_from(&ann, 1);
        let begin = {
            let (sessions, ann, session) = (stores.sessions.clone(), ann.clone(), session.clone());
            async move { sessions.begin(&session, ann.version(), 5, None).await.unwrap() }
        };
        let change = {
            let (users, ann) = (stores.users.clone(), ann.clone());
            async move { users.change_password(ann.id, ann.version(), &hash(OTHER_PASSWORD), None, after(3), None).await.unwrap() }
        };
        let (begun, changed) = against(round, begin, change).await;
        let ended = changed.unwrap();
        assert_eq!(ended.contains(&session.id), begun != Begun::No);
        assert_eq!(stores.live(&ann).await, []);
        assert_eq!(stores.user(&ann).await.password, Some(hash(OTHER_PASSWORD)));
    }
}

pub async fn a_change_of_password_keeps_the_one_it_should(stores: &Stores) {
    for round in 0..ROUNDS {
        let ann = stores.keep_new(&format!("ann{round}@example.org")).await;
        let own = stores.begin_at(&ann, 0).await;
        let racers: Vec<_> = (1..5).map(|seconds| session_from(&ann, seconds)).collect();
        let begin = {
            let (sessions, ann) = (stores.sessions.clone(), ann.clone());
            async move {
                let begin = |session: Session| {
                    let (sessions, ann) = (sessions.clone(), ann.clone());
                    async move { sessions.begin(&session, ann.version(), 9, None).await.unwrap() }
                };
                together(racers.into_iter().map(begin)).await.len()
            }
        };
        let change = {
            let (users, ann, own) = (stores.users.clone(), ann.clone(), own.id);
            async move { users.change_password(ann.id, ann.version(), &hash("new"), Some(own), after(6), None).await.unwrap() }
        };
        let (_, changed) = against(round, begin, change).await;
        assert!(changed.is_some());
        assert_eq!(stores.live(&ann).await, [own.id]);
    }
}

pub async fn ends_and_begins_of_many_accounts_do_not_mix(stores: &Stores) {
    let crowd: Vec<_> = (0..16).map(|number| user(&format!("ann{number}@example.org"))).collect();
    for user in &crowd {
        stores.keep(user).await;
    }
    together(crowd.clone().into_iter().map(|user| {
        let sessions = stores.sessions.clone();
        async move {
            let (first, second) = (session_from(&user, 1), session_from(&user, 2));
            assert_eq!(sessions.begin(&first, user.version(), 5, None).await.unwrap(), Begun::Yes { displaced: vec![] });
            assert_eq!(sessions.begin(&second, user.version(), 1, None).await.unwrap(), Begun::Yes { displaced: vec![first.id] });
            assert!(sessions.rotate(&refreshed(&second, 3)).await.unwrap());
        }
    }))
    .await;
    for user in crowd {
        assert_eq!(stores.live(&user).await.len(), 1);
    }
}
