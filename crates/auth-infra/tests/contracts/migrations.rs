//! Migrations: applied once, whoever starts when, and never half.

use std::thread;

use auth_domain::ports::{PortError, Readiness};
use auth_infra::db::DieselReadiness;

use crate::scratch::{Engine, Scratch};

const ALL: [&str; 2] = ["0001_accounts_and_sessions", "0002_failed_attempts"];

crate::on_each_engine! {
    applies_what_is_pending_once,
    several_servers_may_start_at_once,
    asking_what_is_pending_changes_nothing,
    a_migration_that_stopped_half_way_is_repeated,
    is_ready_when_nothing_is_pending,
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
    let tables = match engine {
        #[cfg(feature = "sqlite")]
        Engine::Sqlite => "SELECT name AS text FROM sqlite_master".to_owned(),
        #[cfg(feature = "postgres")]
        Engine::Postgres => "SELECT tablename::text AS text FROM pg_tables WHERE schemaname = 'public'".to_owned(),
        #[cfg(feature = "mysql")]
        Engine::Mysql => "SELECT table_name AS text FROM information_schema.tables WHERE table_schema = DATABASE()".to_owned(),
    };
    assert!(scratch.texts(&tables).is_empty());
}

/// On MySQL each statement stands by itself, so the first table may be there without the others.
async fn a_migration_that_stopped_half_way_is_repeated(engine: Engine) {
    let scratch = Scratch::new(engine);
    scratch.migrated();
    scratch.execute("DROP TABLE sessions; DELETE FROM __diesel_schema_migrations;");
    assert_eq!(scratch.open().migrate().unwrap(), ALL);
    scratch.execute("DELETE FROM sessions;");
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
