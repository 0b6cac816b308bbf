//! What every connection is told when it begins. Whatever the promises rest on is said here, since the server's configuration, the
//! role's or the database's settings (`ALTER ROLE … SET`), `init_connect` and the URL's `options` may say otherwise. Behind a pooler
//! that lends sessions for a transaction at a time, every transaction is told.
//!
//! Not said: `default_transaction_read_only` and `transaction_read_only`. Who sets them wants nothing to be written.

#[cfg(feature = "sqlite")]
use std::{
    thread,
    time::{Duration, Instant},
};

#[cfg(feature = "mysql")]
use diesel::result::Error;
use diesel::{QueryResult, connection::SimpleConnection};

use super::AnyConnection;

/// Timeouts of locks and statements are shorter than those of clients.
#[cfg(feature = "sqlite")]
const SQLITE: &str =
    "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;";
/// For connections that only read: whatever would make one wait is an error at once.
pub(super) const SQLITE_READER: &str = "PRAGMA busy_timeout = 0; PRAGMA query_only = ON;";
#[cfg(feature = "sqlite")]
const SQLITE_PATIENCE: Duration = Duration::from_secs(5);

/// Durable commits (`remote_apply` promises more than `on`, and stays), the isolation level that the queries are written for, and
/// foreign keys. Sets what is otherwise: a role that may not turn foreign keys on again (`session_replication_role`) gets no connection.
///
/// Every query has an index (`tests/contracts/plans.rs`). Nothing else may be chosen: PostgreSQL keeps the plan of a prepared statement
/// and of a foreign key, and one made while a table is young and its statistics are missing would read it whole once it has grown.
/// What has no index costs as much as before, but counts as dear, for which `jit` would compile it.
///
/// An idle connection is the pool's to close. Only a superuser may choose the language of messages: see
/// `failure::is_deadlock` and `failure::is_outage` for all others. PostgreSQL before 14 lacks `idle_session_timeout`, before 17 `transaction_timeout`.
#[cfg(feature = "postgres")]
macro_rules! postgres {
    (is_local: $is_local:literal) => {
        concat!(
            "SELECT set_config(name, value, ",
            $is_local,
            ") FROM (VALUES ('timezone', 'UTC'), ('statement_timeout', '5s'), ('lock_timeout', '5s'), \
             ('idle_in_transaction_session_timeout', '10s'), ('client_min_messages', 'warning'), \
             ('default_transaction_isolation', 'read committed'), ('synchronous_commit', 'on'), \
             ('enable_seqscan', 'off'), ('jit', 'off'), \
             ('session_replication_role', 'origin'), ('lc_messages', 'C'), ('idle_session_timeout', '0'), \
             ('transaction_timeout', '0')) AS told (name, value) WHERE current_setting(name, true) <> value \
             AND (name, current_setting(name, true)) <> ('synchronous_commit', 'remote_apply') \
             AND (name <> 'lc_messages' OR current_setting('is_superuser') = 'on');"
        )
    };
}

#[cfg(feature = "postgres")]
const POSTGRES: &str = postgres!(is_local: false);
/// For a transaction in a session that others get afterwards.
#[cfg(feature = "postgres")]
pub(in crate::db) const POSTGRES_TRANSACTION: &str = concat!("BEGIN ISOLATION LEVEL READ COMMITTED; ", postgres!(is_local: true));
/// The same, for queries that read the database as it is at one moment.
#[cfg(feature = "postgres")]
pub(in crate::db) const POSTGRES_MOMENT: &str =
    concat!("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; ", postgres!(is_local: true));

/// Each statement outside of a transaction is committed, and no transaction begins by itself behind another; PostgreSQL's isolation
/// level; no silent truncation, of values or of results; foreign and unique keys; messages that `failure` recognises. An idle
/// connection is the pool's to close, after half an hour at most.
///
/// On a server of a Galera cluster, whatever begins (a read, a write, a transaction) first waits until that server has applied what the
/// others had committed before: what one of them was told holds on every other.
///
/// Only MariaDB reads `/*M! */`; only MariaDB can drop a client that stalls in a transaction while it holds row locks.
#[cfg(feature = "mysql")]
const MYSQL: &str = "SET autocommit = 1, completion_type = 'NO_CHAIN', time_zone = '+00:00', sql_mode = 'TRADITIONAL', \
    lc_messages = 'en_US', foreign_key_checks = 1, unique_checks = 1, sql_safe_updates = 0, sql_big_selects = 1, \
    sql_select_limit = 18446744073709551615, innodb_lock_wait_timeout = 5, lock_wait_timeout = 5, \
    wait_timeout = 3600 /*M! , max_statement_time = 5, idle_transaction_timeout = 10 */; \
    SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED; \
    SET SESSION wsrep_sync_wait = 7;";

/// What a server answers that cannot be part of a Galera cluster. Said last, so that everything else counts.
#[cfg(feature = "mysql")]
const WITHOUT_GALERA: &str = "Unknown system variable 'wsrep_sync_wait'";

pub(super) fn set_up(connection: &mut AnyConnection) -> QueryResult<()> {
    match connection {
        #[cfg(feature = "sqlite")]
        AnyConnection::Sqlite(connection) => patiently(|| connection.batch_execute(SQLITE)),
        #[cfg(feature = "postgres")]
        AnyConnection::Postgres(connection) => connection.batch_execute(POSTGRES),
        #[cfg(feature = "mysql")]
        AnyConnection::Mysql(connection) => match connection.batch_execute(MYSQL) {
            Err(Error::DatabaseError(_, info)) if info.message() == WITHOUT_GALERA => Ok(()),
            outcome => outcome,
        },
    }
}

/// Retries while another program switches the same new file to WAL: SQLite then says "locked" at once, whatever the busy timeout.
#[cfg(feature = "sqlite")]
pub(in crate::db) fn patiently<T>(mut work: impl FnMut() -> QueryResult<T>) -> QueryResult<T> {
    let begun = Instant::now();
    loop {
        match work() {
            Err(error) if error.to_string().contains("locked") && begun.elapsed() < SQLITE_PATIENCE => {
                thread::sleep(Duration::from_millis(10));
            }
            outcome => return outcome,
        }
    }
}

#[cfg(test)]
mod tests;
