//! Who calls: asked by many at once, on the spot or in company.

use auth_domain::{
    accounts::ports::{Inserted, UserStore},
    identity::{ids::SessionId, port_error::PortError, user::User},
    sessions::ports::SessionStore,
    testkit::samples::{session_of, user},
};
use auth_infra::db::{Database, DieselSessions, DieselUsers};
use futures_util::future::join_all;
use uuid::Uuid;

#[cfg(any(feature = "postgres", feature = "mysql"))]
use crate::scratch::{Engine, Scratch};

crate::on_each_engine! { in_company_each_hears_of_their_own, one_row_that_makes_no_sense_spoils_no_other }

/// So many accounts, with a session each.
async fn people(database: &Database, count: usize) -> Vec<(SessionId, User)> {
    let users = DieselUsers(database.clone());
    let mut people = Vec::new();
    for number in 0..count {
        let user = user(&format!("user{number}@example.org"));
        let session = session_of(&user);
        assert_eq!(users.insert(&user, Some(&session), None).await.unwrap(), Inserted::Yes);
        people.push((session.id, user));
    }
    people
}

/// All at the same time.
async fn find(
    sessions: &DieselSessions,
    ids: impl Iterator<Item = SessionId>,
) -> Vec<Result<Option<(SessionId, User)>, PortError>> {
    let asking = ids.map(|id| {
        let sessions = sessions.clone();
        tokio::spawn(async move { Ok(sessions.find(id).await?.map(|(session, user)| (session.id, user))) })
    });
    join_all(asking.collect::<Vec<_>>()).await.into_iter().map(Result::unwrap).collect()
}

async fn in_company_each_hears_of_their_own(engine: Engine) {
    let scratch = Scratch::new(engine);
    let database = scratch.migrated();
    let people = people(&database, 20).await;
    let sessions = DieselSessions(database);
    // Each several times, and strangers among them.
    let asked = || (0..400_usize).map(|turn| people.get(turn % 23));
    let found = find(&sessions, asked().map(|known| known.map_or(SessionId(Uuid::max()), |(id, _)| *id))).await;
    for (known, found) in asked().zip(found) {
        assert_eq!(found.unwrap().as_ref(), known);
    }
}

async fn one_row_that_makes_no_sense_spoils_no_other(engine: Engine) {
    let scratch = Scratch::new(engine);
    let database = scratch.migrated();
    let people = people(&database, 8).await;
    scratch.execute(
        "UPDATE sessions SET address = 'nowhere' WHERE user_id IN (SELECT id FROM users WHERE email = 'user3@example.org')",
    );
    let found = find(&DieselSessions(database), people.iter().map(|(id, _)| *id)).await;
    for (number, (known, found)) in people.iter().zip(found).enumerate() {
        match found {
            Err(PortError::Corrupt(_)) if number == 3 => {}
            found => assert_eq!(found.unwrap().as_ref(), Some(known), "{number}"),
        }
    }
}

#[cfg(any(feature = "postgres", feature = "mysql"))]
mod with_a_server {
    use super::*;

    crate::on_each_server! { a_connection_that_says_nothing_holds_up_nobody, a_connection_that_broke_is_replaced }

    async fn a_connection_that_says_nothing_holds_up_nobody(engine: Engine) {
        let scratch = Scratch::new(engine);
        let people = people(&scratch.migrated(), 8).await;
        let (proxy, url) = crate::scratch::by_proxy(engine, &scratch);
        let sessions = DieselSessions(Database::open(&url, 4).unwrap());
        let ids = || people.iter().map(|(id, _)| *id);
        assert!(find(&sessions, ids().take(1)).await.into_iter().all(|found| found.is_ok()));
        // The one that look-ups have, and no other was made yet.
        proxy.freeze_those_there_are();
        for _ in 0..2 {
            for (known, found) in people.iter().zip(find(&sessions, ids()).await) {
                assert_eq!(found.unwrap().as_ref(), Some(known));
            }
        }
        proxy.thaw();
    }

    async fn a_connection_that_broke_is_replaced(engine: Engine) {
        let scratch = Scratch::new(engine);
        let database = scratch.migrated();
        let people = people(&database, 2).await;
        let (sessions, users) = (DieselSessions(database.clone()), DieselUsers(database));
        for _ in 0..3 {
            let (_, ann) = people.first().unwrap();
            assert_eq!(
                UserStore::find(&users, ann.id).await.unwrap().as_ref(),
                Some(ann),
                "that a connection of the pool is there"
            );
            for (known, found) in people.iter().zip(find(&sessions, people.iter().map(|(id, _)| *id)).await) {
                assert_eq!(found.unwrap().as_ref(), Some(known));
            }
            crate::healing::cut(engine, &scratch);
        }
    }
}
