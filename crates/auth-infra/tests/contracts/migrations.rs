//! Migrations: applied once, whoever starts when, and never half.

use std::thread;

use auth_domain::{
    accounts::ports::{Inserted, UserStore},
    admin::{ports::UserSearchStore, search::UserSearch},
    audit::{entry::Filter, ports::AuditStore},
    identity::{
        method::SecondFactors,
        port_error::PortError,
        user::{User, WrongCodes},
    },
    mail::{
        ports::{ProofStore, Requested},
        proof::Purpose,
    },
    mailbox::ports::MailboxStore,
    maintenance::ports::Readiness,
    sessions::ports::SessionStore,
    testkit::{
        mail::samples::{asked, proof_id},
        samples::{after, as_kept, email, hash, session_of, user},
    },
};
use auth_infra::db::{DieselAudit, DieselMailbox, DieselProofs, DieselReadiness, DieselSessions, DieselUsers};
use chrono::DateTime;

use crate::scratch::{Engine, Scratch};

const ALL: [&str; 15] = [
    "0001_accounts_and_sessions",
    "0002_failed_attempts",
    "0003_audit_events",
    "0004_signing_keys",
    "0005_oauth_clients",
    "0006_ended_sessions",
    "0007_client_failures",
    "0008_canonical_addresses",
    "0009_account_versions",
    "0010_session_authentication",
    "0011_mail",
    "0012_second_factors",
    "0013_administration",
    "0014_role_lists",
    "0015_locks",
];

crate::on_each_engine! {
    applies_what_is_pending_once,
    several_servers_may_start_at_once,
    asking_what_is_pending_changes_nothing,
    a_migration_that_stopped_half_way_is_repeated,
    a_migration_that_fails_half_way_succeeds_once_the_obstacle_is_gone,
    is_ready_when_nothing_is_pending,
    keeps_what_the_previous_release_stored,
}

async fn applies_what_is_pending_once(engine: Engine) {
    let scratch = Scratch::new(engine);
    let database = scratch.open();
    assert_eq!(database.pending().unwrap(), ALL);
    assert_eq!(database.migrate().unwrap(), ALL);
    assert!(database.pending().unwrap().is_empty());
    assert!(database.migrate().unwrap().is_empty());
    assert!(scratch.open().migrate().unwrap().is_empty());
}

async fn several_servers_may_start_at_once(engine: Engine) {
    for _ in 0..8 {
        let scratch = Scratch::new(engine);
        let mut applied = Vec::new();
        thread::scope(|scope| {
            let start = || scratch.open().migrate().unwrap();
            let servers: Vec<_> = (0..6).map(|_| scope.spawn(start)).collect();
            for server in servers {
                applied.extend(server.join().unwrap());
            }
        });
        assert_eq!(applied, ALL, "each by one of them");
    }
}

async fn asking_what_is_pending_changes_nothing(engine: Engine) {
    let scratch = Scratch::new(engine);
    assert_eq!(scratch.open().pending().unwrap(), ALL);
    assert!(tables(engine, &scratch).is_empty());
}

fn tables(engine: Engine, scratch: &Scratch) -> Vec<String> {
    let query = match engine {
        #[cfg(feature = "sqlite")]
        Engine::Sqlite => "SELECT name AS text FROM sqlite_master".to_owned(),
        #[cfg(feature = "postgres")]
        Engine::Postgres => "SELECT tablename::text AS text FROM pg_tables WHERE schemaname = 'public'".to_owned(),
        #[cfg(feature = "mysql")]
        Engine::Mysql => "SELECT table_name AS text FROM information_schema.tables WHERE table_schema = DATABASE()".to_owned(),
    };
    scratch.texts(&query)
}

/// On MySQL each statement stands by itself, so the first table may be there without the others.
async fn a_migration_that_stopped_half_way_is_repeated(engine: Engine) {
    let scratch = Scratch::new(engine);
    scratch.migrated();
    scratch.execute("DROP TABLE sessions; DELETE FROM __diesel_schema_migrations;");
    match engine {
        // Knows no ADD COLUMN that could be repeated, and undoes one with its transaction.
        #[cfg(feature = "sqlite")]
        Engine::Sqlite => {
            scratch.execute(include_str!("../../../../migrations/sqlite/0013_administration/down.sql"));
            scratch.execute("ALTER TABLE audit_events DROP COLUMN methods");
            let of_users = "version email_verified_at pending_email pending_email_until language second_factors wrong_codes wrong_code_at locks";
            for column in of_users.split(' ') {
                scratch.execute(&format!("ALTER TABLE users DROP COLUMN {column}"));
            }
        }
        #[cfg(feature = "postgres")]
        Engine::Postgres => {}
        #[cfg(feature = "mysql")]
        Engine::Mysql => {}
    }
    assert_eq!(scratch.open().migrate().unwrap(), ALL);
    scratch.execute("DELETE FROM sessions;");
}

/// What lets the first table be made and not the second, and how it is cleared away.
fn obstacle(engine: Engine) -> (&'static str, &'static str) {
    match engine {
        // A view is taken for the table, and cannot have its index.
        #[cfg(feature = "sqlite")]
        Engine::Sqlite => ("CREATE VIEW sessions AS SELECT 1 AS id", "DROP VIEW sessions"),
        #[cfg(feature = "postgres")]
        Engine::Postgres => ("CREATE VIEW sessions AS SELECT 1 AS id", "DROP VIEW sessions"),
        // As a first try left it, but with accounts that no session can refer to.
        #[cfg(feature = "mysql")]
        Engine::Mysql => (
            "CREATE TABLE __diesel_schema_migrations (version VARCHAR(50) PRIMARY KEY NOT NULL, run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP); \
             CREATE TABLE users (id INT PRIMARY KEY);",
            "DROP TABLE users;",
        ),
    }
}

async fn a_migration_that_fails_half_way_succeeds_once_the_obstacle_is_gone(engine: Engine) {
    let scratch = Scratch::new(engine);
    let (put, clear) = obstacle(engine);
    scratch.execute(put);
    let database = scratch.open();
    let readiness = DieselReadiness(database.clone());
    // Twice, and by another server: a failure leaves no lock behind.
    for failing in [&database, &scratch.open()] {
        let Err(PortError::Unavailable(why)) = failing.migrate() else { panic!("migrated over an obstacle") };
        assert!(why.contains("cannot migrate") && why.contains("sessions"), "{why}");
        assert_eq!(database.pending().unwrap(), ALL);
        readiness.check().await.unwrap_err();
    }
    if has_transactional_ddl(engine) {
        assert!(!tables(engine, &scratch).contains(&"users".to_owned()), "nothing of it stays");
    }
    scratch.execute(clear);
    assert_eq!(database.migrate().unwrap(), ALL);
    readiness.check().await.unwrap();
    let (users, ann) = (DieselUsers(database), user("ann@example.org"));
    assert_eq!(users.insert(&ann, Some(&session_of(&ann)), None).await.unwrap(), Inserted::Yes);
}

fn has_transactional_ddl(engine: Engine) -> bool {
    match engine {
        #[cfg(feature = "sqlite")]
        Engine::Sqlite => true,
        #[cfg(feature = "postgres")]
        Engine::Postgres => true,
        #[cfg(feature = "mysql")]
        Engine::Mysql => false,
    }
}

async fn is_ready_when_nothing_is_pending(engine: Engine) {
    let scratch = Scratch::new(engine);
    let database = scratch.open();
    let readiness = DieselReadiness(database.clone());
    let Err(PortError::Unavailable(why)) = readiness.check().await else { panic!("ready without a schema") };
    assert!(why.contains("0001_accounts_and_sessions"), "{why}");
    database.migrate().unwrap();
    readiness.check().await.unwrap();
    scratch.execute("DELETE FROM __diesel_schema_migrations;");
    readiness.check().await.unwrap_err();
}

/// What undoes the newest migration: the schema of the previous release.
fn back(engine: Engine) -> &'static str {
    match engine {
        #[cfg(feature = "sqlite")]
        Engine::Sqlite => include_str!("../../../../migrations/sqlite/0015_locks/down.sql"),
        #[cfg(feature = "postgres")]
        Engine::Postgres => include_str!("../../../../migrations/postgres/0015_locks/down.sql"),
        #[cfg(feature = "mysql")]
        Engine::Mysql => include_str!("../../../../migrations/mysql/0015_locks/down.sql"),
    }
}

async fn keeps_what_the_previous_release_stored(engine: Engine) {
    let scratch = Scratch::new(engine);
    let database = scratch.migrated();
    let (users, sessions) = (DieselUsers(database.clone()), DieselSessions(database.clone()));
    let ann = User { roles: "staff".parse().unwrap(), ..user("ann@example.org") };
    let session = session_of(&ann);
    assert_eq!(users.insert(&ann, Some(&session), None).await.unwrap(), Inserted::Yes);
    scratch.execute(back(engine));
    scratch.execute("DELETE FROM __diesel_schema_migrations WHERE version = '0015'");
    assert_eq!(scratch.open().migrate().unwrap(), ["0015_locks"]);
    let staff = UserSearch { role: Some("staff".parse().unwrap()), ..UserSearch::default() };
    assert_eq!(users.search(&staff, None, 5).await.unwrap().users, std::slice::from_ref(&ann));
    // It still runs, and knows none of the new columns.
    scratch.execute(
        "INSERT INTO users (id, email, password_hash, created_at, updated_at, version) \
         SELECT '00000000-0000-7000-8000-000000000001', 'ben@example.org', password_hash, created_at, updated_at, 0 FROM users",
    );
    let kept = sessions.find(session.id).await.unwrap();
    assert_eq!(kept, Some((as_kept(&session), ann.clone())));
    let ben = users.find_by_email(&email("ben@example.org")).await.unwrap().unwrap();
    assert_eq!((ben.email_verified_at, ben.pending_email, ben.language), (None, None, None));
    assert_eq!((&ben.second_factors, ben.wrong_codes), (&SecondFactors::default(), WrongCodes::default()));
    scratch.execute(
        "INSERT INTO audit_events (id, occurred_at, event, outcome, user_id, email, request_id) \
         SELECT id, created_at, 'login_succeeded', 'success', id, email, 'r' FROM users WHERE email = 'ben@example.org'",
    );
    let all = Filter { whose: None, event: None, since: DateTime::UNIX_EPOCH, until: None, before: None, limit: 9 };
    let events = DieselAudit(database.clone()).list(&all).await.unwrap();
    let told: Vec<_> = events.iter().map(|entry| (entry.user, entry.methods.as_deref())).collect();
    assert_eq!(told, [(Some(ben.id), None)]);
    let (proofs, mail) = (DieselProofs(database.clone()), asked(Purpose::Reset, "ann@example.org", 0));
    assert_eq!(proofs.request(&mail, None).await.unwrap(), Requested::Queued);
    let reset = DieselMailbox(database).reset(proof_id(&mail), ann.id, ann.version(), &hash("new"), after(1), None).await;
    assert_eq!(reset.unwrap(), Some(vec![session.id]));
}
