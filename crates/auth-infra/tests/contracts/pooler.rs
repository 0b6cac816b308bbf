//! PgBouncer before PostgreSQL: with sessions of the clients' own, and without.

use std::thread;

use auth_domain::{
    accounts::ports::{Inserted, UserStore},
    admin::ports::TransferStore,
    identity::port_error::PortError,
    sessions::ports::SessionStore,
    testkit::{
        Stores,
        samples::{session_of, user},
    },
};
use auth_infra::db::{Database, DatabaseUrl, DieselSessions, DieselTransfers, DieselUsers, OpenError};
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, sql_query, sql_types::Text};
use futures_util::future::join_all;

use crate::{
    pgbouncer::PgBouncer,
    scratch::{Engine, Scratch, over},
};

/// Each transaction of a client is in the session after the one before, and there are fewer sessions than clients.
const TRANSACTIONS: &str = "pool_mode = transaction\ndefault_pool_size = 2\nmin_pool_size = 2\nserver_round_robin = 1";

fn before(scratch: &Scratch, settings: &str) -> PgBouncer {
    let server = Engine::Postgres.server();
    let (host, _database) = server.rsplit_once('/').unwrap();
    PgBouncer::before(&format!("{host}/{}", scratch.name()), settings)
}

fn plain(bouncer: &PgBouncer) -> DatabaseUrl {
    bouncer.url().parse().unwrap()
}

fn told(bouncer: &PgBouncer) -> DatabaseUrl {
    format!("{}?pgbouncer=true", bouncer.url()).parse().unwrap()
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    text: String,
}

/// The settings, locks and statements of the session that PgBouncer gives to the next client.
fn next_session(bouncer: &PgBouncer) -> String {
    let query = sql_query(
        "SELECT concat_ws(', ', current_setting('statement_timeout'), current_setting('lock_timeout'), \
         current_setting('idle_in_transaction_session_timeout'), current_setting('default_transaction_isolation'), \
         current_setting('synchronous_commit'), current_setting('client_min_messages'), \
         (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()), \
         (SELECT count(*) FROM pg_prepared_statements)) AS text",
    );
    query.get_result::<Line>(&mut PgConnection::establish(&bouncer.url()).unwrap()).unwrap().text
}

fn is_refused(scratch: &Scratch, settings: &str) {
    let bouncer = before(scratch, settings);
    let session = next_session(&bouncer);
    let refused = Database::open(&plain(&bouncer), 4).err().unwrap();
    assert!(matches!(refused, OpenError::Pooled { .. }), "{settings}: {refused}");
    for word in ["PostgreSQL at 127.0.0.1", "PgBouncer", "pgbouncer=true", "pool_mode = session", "DATABASE_URL"] {
        assert!(refused.to_string().contains(word), "{word}: {refused}");
    }
    assert_eq!(next_session(&bouncer), session, "nothing stays in the sessions of others");
}

#[test]
#[ignore = "needs PostgreSQL and PgBouncer: just test-all"]
fn shared_sessions_that_nobody_spoke_of_are_told_and_left_as_they_were() {
    let scratch = Scratch::new(Engine::Postgres);
    is_refused(&scratch, "pool_mode = transaction");
    is_refused(&scratch, "pool_mode = transaction\nmin_pool_size = 4\nserver_round_robin = 1");
    is_refused(&scratch, "pool_mode = statement");
    let bouncer = before(&scratch, "pool_mode = statement");
    let refused = Database::open(&told(&bouncer), 4).err().unwrap().to_string();
    // PgBouncer says why and hangs up; of the two, libpq may keep only the second.
    let is_told = ["transaction blocks not allowed", "server closed the connection"].iter().any(|words| refused.contains(words));
    assert!(refused.contains("through PgBouncer") && is_told, "{refused}");
    assert_eq!(scratch.texts("SELECT count(*)::text AS text FROM pg_tables WHERE schemaname = 'public'"), ["0"]);
}

async fn is_all_it_needs(scratch: &Scratch, url: &DatabaseUrl) {
    // Several at once, as servers that start together.
    let migrated: Vec<_> = (0..3)
        .map(|_| {
            thread::spawn({
                let url = url.clone();
                move || Database::open(&url, 4).unwrap().migrate().unwrap().len()
            })
        })
        .collect();
    let migrated: Vec<_> = migrated.into_iter().map(|server| server.join().unwrap()).filter(|count| *count > 0).collect();
    assert_eq!(migrated.len(), 1, "one of them did it");
    let database = Database::open(url, 8).unwrap();
    assert!(database.pending().unwrap().is_empty());
    let (users, sessions) = (DieselUsers(database.clone()), DieselSessions(database.clone()));
    let all = (0..64).map(|number| {
        let (users, sessions) = (users.clone(), sessions.clone());
        tokio::spawn(async move {
            let ann = user(&format!("ann{number}@example.org"));
            let session = session_of(&ann);
            assert_eq!(users.insert(&ann, Some(&session), None).await.unwrap(), Inserted::Yes);
            assert!(SessionStore::find(&sessions, session.id).await.unwrap().is_some());
        })
    });
    join_all(all).await.into_iter().for_each(Result::unwrap);
    assert_eq!(DieselTransfers(database.clone()).page(None, 100).await.unwrap().len(), 64);
    assert_eq!(database.rewrite_addresses().unwrap().rewritable, 0);
    assert_eq!(scratch.texts("SELECT count(*)::text AS text FROM sessions"), ["64"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL and PgBouncer: just test-all"]
async fn sessions_of_its_own_are_all_it_needs() {
    let scratch = Scratch::new(Engine::Postgres);
    let bouncer = before(&scratch, "pool_mode = session");
    is_all_it_needs(&scratch, &plain(&bouncer)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL and PgBouncer: just test-all"]
async fn sessions_for_a_transaction_are_enough_and_are_left_as_they_were() {
    let scratch = Scratch::new(Engine::Postgres);
    let bouncer = before(&scratch, TRANSACTIONS);
    let sessions = [next_session(&bouncer), next_session(&bouncer)];
    is_all_it_needs(&scratch, &told(&bouncer)).await;
    for session in sessions {
        assert_eq!(next_session(&bouncer), session);
    }
}

/// Nor does PostgreSQL itself mind.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL and PgBouncer: just test-all"]
async fn a_pooler_that_is_not_there_does_no_harm() {
    let scratch = Scratch::new(Engine::Postgres);
    is_all_it_needs(&scratch, &format!("{}?pgbouncer=true", scratch.plain_url()).parse().unwrap()).await;
}

/// PgBouncer that is started anew, and PostgreSQL that ends the sessions behind it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL and PgBouncer: just test-all"]
async fn what_breaks_behind_or_in_a_pooler_is_an_outage_and_then_all_is_well() {
    let scratch = Scratch::new(Engine::Postgres);
    let mut bouncer = before(&scratch, TRANSACTIONS);
    let database = Database::open(&told(&bouncer), 4).unwrap();
    database.migrate().unwrap();
    let users = DieselUsers(database);
    for number in 0..3 {
        let ann = user(&format!("ann{number}@example.org"));
        let mut inserted = users.insert(&ann, None, None).await;
        while let Err(outage) = inserted {
            assert!(matches!(outage, PortError::Unavailable(_) | PortError::Unknown(_)), "{outage}");
            inserted = users.insert(&ann, None, None).await;
        }
        assert_eq!(inserted.unwrap(), Inserted::Yes);
        assert_eq!(users.find(ann.id).await.unwrap(), Some(ann.clone()));
        if number == 0 {
            scratch.texts(
                "SELECT pg_terminate_backend(pid)::text AS text FROM pg_stat_activity \
                 WHERE datname = current_database() AND pid <> pg_backend_pid()",
            );
        } else {
            bouncer.stop();
            assert!(matches!(users.find(ann.id).await, Err(PortError::Unavailable(_))));
            bouncer.start();
        }
    }
}

/// The stores behind a pooler, over a fresh database.
async fn stores() -> Stores {
    let made = tokio::task::spawn_blocking(|| {
        let scratch = Scratch::new(Engine::Postgres);
        let bouncer = before(&scratch, TRANSACTIONS);
        let database = Database::open(&told(&bouncer), 8).unwrap();
        database.migrate().unwrap();
        over(&database, (bouncer, scratch))
    });
    made.await.unwrap()
}

auth_domain::session_store_contract!(
    #[ignore = "needs PostgreSQL and PgBouncer: just test-all"]
    stores()
);
auth_domain::audit_store_contract!(
    #[ignore = "needs PostgreSQL and PgBouncer: just test-all"]
    stores()
);
auth_domain::transfer_store_contract!(
    #[ignore = "needs PostgreSQL and PgBouncer: just test-all"]
    stores()
);
auth_domain::second_step_store_contract!(
    #[ignore = "needs PostgreSQL and PgBouncer: just test-all"]
    stores()
);
