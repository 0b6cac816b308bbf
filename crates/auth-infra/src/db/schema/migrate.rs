//! Bringing the schema up to date: embedded migrations, under a lock, so that several servers may start at once.

use auth_domain::identity::port_error::PortError;
use diesel::{
    ExpressionMethods, QueryDsl, QueryResult, RunQueryDsl, backend::Backend, connection::SimpleConnection,
    migration::MigrationSource, result::Error, sql_query,
};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::canonical_addresses::{Mode, OddAddresses, Stuck, respell};
#[cfg(feature = "sqlite")]
use crate::db::in_transaction;
use crate::db::{AnyConnection, Database};

/// Stands for [`respell`], which is done with it.
const CANONICAL_ADDRESSES: &str = "0008_canonical_addresses";

/// Diesel's own table of applied migrations.
pub(crate) const BOOK: &str = "__diesel_schema_migrations";

type BoxedError = Box<dyn std::error::Error + Send + Sync>;

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

impl Database {
    /// Applies pending migrations and returns their names. Blocks, and waits for another server that does the same.
    ///
    /// # Errors
    /// The database cannot be reached, or a migration fails. A failed migration leaves nothing behind; on MySQL, whose DDL is not
    /// transactional, it can be repeated.
    pub fn migrate(&self) -> Result<Vec<String>, PortError> {
        if self.pending()?.is_empty() { Ok(Vec::new()) } else { self.locked(apply) }
    }

    /// Rewrites the addresses that are stored in another spelling than the canonical one, which migrating does once: a release
    /// beside this one may have added some, and others may have become free. Blocks, under the lock of migrations.
    ///
    /// # Errors
    /// The database cannot be reached, or its schema is not up to date.
    pub fn rewrite_addresses(&self) -> Result<OddAddresses, PortError> {
        self.locked(|db| Ok(respell(db, Mode::Rewrite)?))
    }

    /// Does the work where no other server does such work at the same time.
    fn locked<T>(&self, work: impl FnOnce(&mut AnyConnection) -> Result<T, BoxedError>) -> Result<T, PortError> {
        let failed = |error: String| PortError::Unavailable(format!("{}: cannot migrate: {error}", self.pool.url()));
        if self.pool.url().is_in_memory() {
            // A database in memory has no other connection, and no other user.
            return under_lock(&mut self.pool.checkout()?.connection, work).map_err(|error| failed(error.to_string()));
        }
        // A connection of its own: closing it releases its locks, whatever happened.
        let mut connection = self.pool.connect().map_err(|error| failed(error.to_string()))?;
        under_lock(&mut connection, work).map_err(|error| failed(error.to_string()))
    }

    /// The migrations that have not been applied. Blocks.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub fn pending(&self) -> Result<Vec<String>, PortError> {
        Ok(self.pool.read(&pending)?)
    }

    /// Migrations that a newer release applied before a rollback to this one, whose needs the schema still meets. Blocks.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub fn newer(&self) -> Result<Vec<String>, PortError> {
        Ok(self.pool.read(&|db: &mut AnyConnection| {
            let (known, mut newer) = (known(db)?, applied(db)?.unwrap_or_default());
            newer.retain(|version| known.iter().all(|(known, _)| known != version));
            Ok(newer)
        })?)
    }
}

/// Reads only: asking does not make Diesel's table.
pub(crate) fn pending(db: &mut AnyConnection) -> QueryResult<Vec<String>> {
    let applied = applied(db)?.unwrap_or_default();
    Ok(known(db)?.into_iter().filter(|(version, _)| !applied.contains(version)).map(|(_, name)| name).collect())
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
        AnyConnection::Sqlite(_) => "SELECT count(*) AS count FROM sqlite_master WHERE name = '__diesel_schema_migrations'",
        #[cfg(feature = "postgres")]
        AnyConnection::Postgres(_) => "SELECT count(to_regclass('__diesel_schema_migrations')) AS count",
        #[cfg(feature = "mysql")]
        AnyConnection::Mysql(_) => {
            "SELECT count(*) AS count FROM information_schema.tables \
             WHERE table_schema = DATABASE() AND table_name = '__diesel_schema_migrations'"
        }
    };
    sql_query(query).get_result::<Count>(db).map(|found| found.count > 0)
}

#[derive(diesel::QueryableByName)]
struct Count {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    count: i64,
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

fn under_lock<T>(
    db: &mut AnyConnection,
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
        AnyConnection::Postgres(postgres) => {
            postgres.batch_execute(
                "SET statement_timeout = 0; SET lock_timeout = '60s'; SET idle_in_transaction_session_timeout = 0",
            )?;
            sql_query("SELECT pg_advisory_lock($1)")
                .bind::<diesel::sql_types::BigInt, _>(POSTGRES_LOCK)
                .execute(postgres)
                .map_err(|error| format!("another server has been migrating for a minute, or the lock is lost: {error}"))?;
            work(db)
        }
        #[cfg(feature = "mysql")]
        AnyConnection::Mysql(mysql) => {
            mysql.batch_execute(
                "SET innodb_lock_wait_timeout = 60, lock_wait_timeout = 60 /*M! , max_statement_time = 0, idle_transaction_timeout = 0 */",
            )?;
            // Such locks are server-wide, so the name contains that of the database.
            let locked: Count = sql_query("SELECT COALESCE(GET_LOCK(CONCAT('auth-server.', MD5(DATABASE())), 60), 0) AS count")
                .get_result(mysql)?;
            if locked.count != 1 {
                return Err("another server has been migrating for a minute".into());
            }
            work(db)
        }
    }
}

/// Determines again what is pending, now under the lock, and applies it one by one.
fn apply(db: &mut AnyConnection) -> Result<Vec<String>, BoxedError> {
    let pending = pending(db)?;
    for name in &pending {
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
    }
    Ok(pending)
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
