//! Somebody else's lock on a test's database, so that requests wait in the middle of their work.

use std::any::Any;

use diesel::{Connection, PgConnection, connection::SimpleConnection};

use super::{Engine, TestDatabase, eventually};

/// Holds what it holds until dropped.
pub struct Hold {
    engine: Engine,
    _connection: Box<dyn Any + Send>,
}

impl Hold {
    /// Every row there is: who writes to one waits. On SQLite who writes at all.
    pub fn rows(database: &TestDatabase) -> Self {
        let rows = "BEGIN; UPDATE users SET updated_at = updated_at; UPDATE sessions SET last_used_at = last_used_at;";
        match database.engine() {
            Engine::Sqlite => Self::on(database, "BEGIN IMMEDIATE"),
            Engine::Postgres => Self::on(database, rows),
            #[cfg(feature = "mysql")]
            Engine::Mysql => Self::on(database, rows),
        }
    }

    /// The tables: who reads waits as well.
    pub fn tables(database: &TestDatabase) -> Self {
        match database.engine() {
            Engine::Sqlite => panic!("SQLite's readers wait for nobody"),
            Engine::Postgres => Self::on(database, "BEGIN; LOCK TABLE users, sessions IN ACCESS EXCLUSIVE MODE"),
            #[cfg(feature = "mysql")]
            Engine::Mysql => Self::on(database, "LOCK TABLES users WRITE, sessions WRITE"),
        }
    }

    /// The audit table alone.
    pub fn trail(database: &TestDatabase) -> Self {
        match database.engine() {
            Engine::Sqlite => panic!("SQLite's locks are the whole file's"),
            Engine::Postgres => Self::on(database, "BEGIN; LOCK TABLE audit_events IN ACCESS EXCLUSIVE MODE"),
            #[cfg(feature = "mysql")]
            Engine::Mysql => Self::on(database, "LOCK TABLES audit_events WRITE"),
        }
    }

    fn on(database: &TestDatabase, lock: &str) -> Self {
        let engine = database.engine();
        let _connection: Box<dyn Any + Send> = match engine {
            Engine::Sqlite => Box::new(locked(database.open_file(), lock)),
            Engine::Postgres => Box::new(locked(PgConnection::establish(database.url()).unwrap(), lock)),
            #[cfg(feature = "mysql")]
            Engine::Mysql => Box::new(locked(diesel::MysqlConnection::establish(database.url()).unwrap(), lock)),
        };
        Self { engine, _connection }
    }

    /// Waits until so many wait for it. Nobody can see who waits for SQLite.
    pub async fn waited_for(&self, database: &TestDatabase, count: i64) {
        let query = match self.engine {
            Engine::Sqlite => return,
            Engine::Postgres => {
                "SELECT COUNT(*) AS count FROM pg_stat_activity \
                 WHERE datname = current_database() AND wait_event_type = 'Lock'"
            }
            #[cfg(feature = "mysql")]
            Engine::Mysql => {
                // Not `innodb_trx`, which stays as it was for who asks again and again. All rows are held: who updates, waits.
                "SELECT COUNT(*) AS count FROM information_schema.processlist \
                 WHERE db = DATABASE() AND (info LIKE 'UPDATE %' OR state LIKE '%metadata lock%')"
            }
        };
        eventually(async || tokio::task::block_in_place(|| database.number(query)), |waiting| *waiting == count).await;
    }
}

fn locked<C: SimpleConnection>(mut connection: C, lock: &str) -> C {
    connection.batch_execute(lock).unwrap();
    connection
}
