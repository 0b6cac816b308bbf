//! Bringing the schema up to date: embedded migrations, under a lock, so that several servers may start at once.

use diesel::{
    ExpressionMethods, QueryDsl, QueryResult, RunQueryDsl, backend::Backend, connection::SimpleConnection,
    migration::MigrationSource, result::Error, sql_query,
};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::canonical_addresses::{Mode, OddAddresses, Stuck, respell};
#[cfg(feature = "postgres")]
use crate::db::transaction::in_session;
#[cfg(feature = "sqlite")]
use crate::db::transaction::in_transaction;
use crate::db::{
    connection::{AnyConnection, texts},
    url::PoolMode,
};

/// Stands for [`respell`], which is done with it.
const CANONICAL_ADDRESSES: &str = "0008_canonical_addresses";

/// How often another server of a cluster may come first: each time it does at least one statement more.
const LOST_RACES: u32 = 100;

/// Diesel's own table of applied migrations.
pub(crate) const BOOK: &str = "__diesel_schema_migrations";

pub(crate) type BoxedError = Box<dyn std::error::Error + Send + Sync>;

#[cfg(feature = "sqlite")]
const SQLITE: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");
#[cfg(feature = "postgres")]
const POSTGRES: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");
#[cfg(feature = "mysql")]
const MYSQL: EmbeddedMigrations = embed_migrations!("../../migrations/mysql");

/// Identifies the lock on the database server: "auth" in ASCII.
#[cfg(feature = "postgres")]
const POSTGRES_LOCK: i64 = 0x6175_7468;

diesel::table! {
    __diesel_schema_migrations (version) {
        version -> Text,
    }
}

/// Reads only: asking does not make Diesel's table.
pub(crate) fn pending(db: &mut AnyConnection) -> QueryResult<Vec<String>> {
    let applied = applied(db)?.unwrap_or_default();
    Ok(known(db)?.into_iter().filter(|(version, _)| !applied.contains(version)).map(|(_, name)| name).collect())
}

/// The versions that a newer release has applied.
pub(crate) fn newer(db: &mut AnyConnection) -> QueryResult<Vec<String>> {
    let (known, mut newer) = (known(db)?, applied(db)?.unwrap_or_default());
    newer.retain(|version| known.iter().all(|(known, _)| known != version));
    Ok(newer)
}

/// The versions that any release has applied; `None` where Diesel's table does not exist.
pub(crate) fn applied(db: &mut AnyConnection) -> QueryResult<Option<Vec<String>>> {
    if has_book(db)? {
        let versions = __diesel_schema_migrations::table.select(__diesel_schema_migrations::version);
        versions.order(__diesel_schema_migrations::version.asc()).load(db).map(Some)
    } else {
        Ok(None)
    }
}

/// Version and name of each migration of this release, in order.
pub(crate) fn known(db: &AnyConnection) -> QueryResult<Vec<(String, String)>> {
    let known = match db {
        #[cfg(feature = "sqlite")]
        AnyConnection::Sqlite(_) => names::<diesel::sqlite::Sqlite>(&SQLITE),
        #[cfg(feature = "postgres")]
        AnyConnection::Postgres(_) => names::<diesel::pg::Pg>(&POSTGRES),
        #[cfg(feature = "mysql")]
        AnyConnection::Mysql(_) => names::<diesel::mysql::Mysql>(&MYSQL),
    };
    known.map_err(Error::QueryBuilderError)
}

/// Whether Diesel's table exists. Each engine has its own catalogue.
fn has_book(db: &mut AnyConnection) -> QueryResult<bool> {
    let query = match db {
        #[cfg(feature = "sqlite")]
        AnyConnection::Sqlite(_) => "SELECT name AS text FROM sqlite_master WHERE name = '__diesel_schema_migrations'",
        #[cfg(feature = "postgres")]
        AnyConnection::Postgres(_) => "SELECT '' AS text WHERE to_regclass('__diesel_schema_migrations') IS NOT NULL",
        #[cfg(feature = "mysql")]
        AnyConnection::Mysql(_) => {
            "SELECT table_name AS text FROM information_schema.tables \
             WHERE table_schema = DATABASE() AND table_name = '__diesel_schema_migrations'"
        }
    };
    Ok(!texts(db, query)?.is_empty())
}

/// Version and name of each embedded migration, in order.
fn names<DB: Backend>(source: &EmbeddedMigrations) -> Result<Vec<(String, String)>, BoxedError> {
    let mut names: Vec<_> = MigrationSource::<DB>::migrations(source)?
        .iter()
        .map(|migration| (migration.name().version().to_string(), migration.name().to_string()))
        .collect();
    names.sort();
    Ok(names)
}

/// Does the work where no other server does such work at the same time. Closing the connection releases the lock. Behind a pooler that
/// lends sessions for a transaction at a time, all of the work is one, as on SQLite: what holds a lock is the transaction.
pub(crate) fn under_lock<T>(
    db: &mut AnyConnection,
    pool_mode: PoolMode,
    work: impl FnOnce(&mut AnyConnection) -> Result<T, BoxedError>,
) -> Result<T, BoxedError> {
    match db {
        #[cfg(feature = "sqlite")]
        AnyConnection::Sqlite(sqlite) => {
            // DDL is transactional: one transaction that begins by locking the file also rolls back.
            sqlite.batch_execute("PRAGMA busy_timeout = 60000")?;
            Ok(in_transaction(db, |db| work(db).map_err(Error::QueryBuilderError))?)
        }
        #[cfg(feature = "postgres")]
        AnyConnection::Postgres(_) => {
            // An error keeps its words on its way through the transaction.
            let all =
                |db: &mut AnyConnection| lock_postgres(db, pool_mode).and_then(|()| work(db)).map_err(Error::QueryBuilderError);
            Ok(in_session(db, pool_mode, all)?)
        }
        #[cfg(feature = "mysql")]
        AnyConnection::Mysql(mysql) => {
            mysql.batch_execute(
                "SET innodb_lock_wait_timeout = 60, lock_wait_timeout = 60 /*M! , max_statement_time = 0, idle_transaction_timeout = 0 */",
            )?;
            // Such locks are server-wide, so the name contains that of the database.
            let locked = "SELECT CAST(GET_LOCK(CONCAT('auth-server.', MD5(DATABASE())), 60) <=> 1 AS CHAR) AS text";
            if texts(mysql, locked)? != ["1"] {
                return Err("another server has been migrating for a minute".into());
            }
            work(db)
        }
    }
}

#[cfg(feature = "postgres")]
fn lock_postgres(db: &mut AnyConnection, pool_mode: PoolMode) -> Result<(), BoxedError> {
    let (patience, lock) = match pool_mode {
        PoolMode::Session => (
            "SET statement_timeout = 0; SET lock_timeout = '60s'; SET idle_in_transaction_session_timeout = 0",
            "SELECT pg_advisory_lock($1)",
        ),
        PoolMode::Transaction => (
            "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = '60s'; SET LOCAL idle_in_transaction_session_timeout = 0",
            "SELECT pg_advisory_xact_lock($1)",
        ),
    };
    db.batch_execute(patience)?;
    let locked = sql_query(lock).bind::<diesel::sql_types::BigInt, _>(POSTGRES_LOCK).execute(db);
    locked.map_err(|error| format!("another server has been migrating for a minute, or the lock is lost: {error}"))?;
    Ok(())
}

/// Determines again what is pending, now under the lock, and applies it one by one. Returns what it has applied.
pub(crate) fn apply(db: &mut AnyConnection) -> Result<Vec<String>, BoxedError> {
    let (mut applied, mut lost) = (Vec::new(), 0);
    while let Some(name) = pending(db)?.into_iter().next() {
        match apply_next(db, &name) {
            Ok(()) => applied.push(name),
            Err(fault) if lost < LOST_RACES && came_second(db, &fault.to_string()) => lost += 1,
            Err(fault) => return Err(fault),
        }
    }
    Ok(applied)
}

fn apply_next(db: &mut AnyConnection, name: &str) -> Result<(), BoxedError> {
    if name == CANONICAL_ADDRESSES {
        // First, so that an interruption repeats it.
        report(&respell(db, Mode::Rewrite)?);
    }
    match db {
        #[cfg(feature = "sqlite")]
        AnyConnection::Sqlite(db) => drop(db.run_next_migration(SQLITE)?),
        #[cfg(feature = "postgres")]
        AnyConnection::Postgres(db) => drop(db.run_next_migration(POSTGRES)?),
        #[cfg(feature = "mysql")]
        AnyConnection::Mysql(db) => drop(db.run_next_migration(MYSQL)?),
    }
    Ok(())
}

/// Whether somebody else has done the same just before. On a Galera cluster the lock is each database server's own; but every
/// migration of MySQL can be repeated, and whoever comes second finds more done each time.
fn came_second(db: &AnyConnection, fault: &str) -> bool {
    let may_be_repeated = match db {
        #[cfg(feature = "sqlite")]
        AnyConnection::Sqlite(_) => false,
        #[cfg(feature = "postgres")]
        AnyConnection::Postgres(_) => false,
        #[cfg(feature = "mysql")]
        AnyConnection::Mysql(_) => true,
    };
    // The last is Diesel's, of a migration that was still to be done a moment before.
    let words =
        ["Duplicate column name", "Duplicate key name", "Duplicate entry", "Deadlock found", "No migrations have been run"];
    may_be_repeated && words.iter().any(|words| fault.contains(words))
}

fn report(odd: &OddAddresses) {
    if odd.rewritable > 0 {
        tracing::info!(accounts = odd.rewritable, "rewrote addresses to their canonical spelling");
    }
    for Stuck { account, holder } in &odd.named {
        let holder = holder.as_deref().unwrap_or("none: this release takes it for no address");
        tracing::warn!(account, holder, "an account keeps an address by which it cannot be found; see docs/operations.md");
    }
    if odd.stuck > 0 {
        tracing::warn!(accounts = odd.stuck, "accounts keep an address by which they cannot be found");
    }
}
