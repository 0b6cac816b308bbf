//! What every [`SessionStore`](crate::ports::SessionStore) keeps when something else happens at the same time.
#![expect(clippy::unwrap_used, reason = "a clause is a test: an outage fails it")]

use super::{
    fixtures::{Stores, against, together},
    samples::{OTHER_PASSWORD, after, hash, refreshed, session_from, user},
};
use crate::{ports::Begun, session::Session, user::User};

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
            let ended = users.change_password(ann.id, &ann.password, &hash("new"), None, after(3)).await.unwrap();
            ended == Some(vec![id])
        }
    };
    race_a_rotation(stores, change, true).await;
}

pub async fn disabling_wins_over_a_rotation(stores: &Stores) {
    let disable = |stores: &Stores, ann: User, session: &Session| {
        let (directory, id) = (stores.directory.clone(), session.id);
        async move { directory.disable(ann.id, after(3)).await.unwrap() == Some(vec![id]) }
    };
    race_a_rotation(stores, disable, true).await;
}

pub async fn deleting_wins_over_a_rotation(stores: &Stores) {
    let delete = |stores: &Stores, ann: User, _: &Session| {
        let users = stores.users.clone();
        async move { users.delete(ann.id, Some(&ann.password), after(9)).await.unwrap() }
    };
    race_a_rotation(stores, delete, false).await;
}

pub async fn a_change_of_password_leaves_no_session_on_the_old_one(stores: &Stores) {
    for round in 0..ROUNDS {
        let ann = stores.keep_new(&format!("ann{round}@example.org")).await;
        let session = session_from(&ann, 1);
        let begin = {
            let (sessions, ann, session) = (stores.sessions.clone(), ann.clone(), session.clone());
            async move { sessions.begin(&session, &ann.password, 5).await.unwrap() }
        };
        let change = {
            let (users, ann) = (stores.users.clone(), ann.clone());
            async move { users.change_password(ann.id, &ann.password, &hash(OTHER_PASSWORD), None, after(3)).await.unwrap() }
        };
        let (begun, changed) = against(round, begin, change).await;
        let ended = changed.unwrap();
        assert_eq!(ended.contains(&session.id), begun != Begun::No);
        assert_eq!(stores.live(&ann).await, []);
        assert_eq!(stores.user(&ann).await.password, hash(OTHER_PASSWORD));
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
                    async move { sessions.begin(&session, &ann.password, 9).await.unwrap() }
                };
                together(racers.into_iter().map(begin)).await.len()
            }
        };
        let change = {
            let (users, ann, own) = (stores.users.clone(), ann.clone(), own.id);
            async move { users.change_password(ann.id, &ann.password, &hash("new"), Some(own), after(6)).await.unwrap() }
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
            assert_eq!(sessions.begin(&first, &user.password, 5).await.unwrap(), Begun::Yes { displaced: vec![] });
            assert_eq!(sessions.begin(&second, &user.password, 1).await.unwrap(), Begun::Yes { displaced: vec![first.id] });
            assert!(sessions.rotate(&refreshed(&second, 3)).await.unwrap());
        }
    }))
    .await;
    for user in crowd {
        assert_eq!(stores.live(&user).await.len(), 1);
    }
}
