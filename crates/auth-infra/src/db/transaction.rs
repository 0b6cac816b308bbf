//! Everything or nothing: transactions, and savepoints in them.

#[cfg(any(feature = "sqlite", feature = "postgres"))]
use diesel::connection::AnsiTransactionManager;
#[cfg(feature = "mysql")]
use diesel::connection::SimpleConnection;
use diesel::{QueryResult, connection::TransactionManager, result::Error};

#[cfg(feature = "postgres")]
use super::connection::{POSTGRES_MOMENT, POSTGRES_TRANSACTION};
use super::{connection::AnyConnection, url::PoolMode};

/// Runs the work where what a session was told holds: anywhere, unless a pooler lends sessions for a transaction at a time. There the
/// work is one transaction, and what is a transaction elsewhere is a savepoint of it.
pub(super) fn in_session<T>(
    db: &mut AnyConnection,
    pool_mode: PoolMode,
    work: impl FnOnce(&mut AnyConnection) -> QueryResult<T>,
) -> QueryResult<T> {
    match pool_mode {
        PoolMode::Session => work(db),
        PoolMode::Transaction => {
            begin_in_lent_session(db)?;
            ended(db, work)
        }
    }
}

/// Runs the work in a transaction, or in a savepoint of the one under way. Returns the work's own error.
pub(super) fn in_transaction<T>(
    db: &mut AnyConnection,
    work: impl FnOnce(&mut AnyConnection) -> QueryResult<T>,
) -> QueryResult<T> {
    begin(db)?;
    ended(db, work)
}

/// Reads the database as it is at one moment, in as many statements as it takes.
pub(super) fn at_one_moment<T>(
    db: &mut AnyConnection,
    pool_mode: PoolMode,
    work: impl FnOnce(&mut AnyConnection) -> QueryResult<T>,
) -> QueryResult<T> {
    begin_to_read(db, pool_mode)?;
    ended(db, work)
}

fn ended<T>(db: &mut AnyConnection, work: impl FnOnce(&mut AnyConnection) -> QueryResult<T>) -> QueryResult<T> {
    match work(db) {
        Ok(done) => AnyConnection::commit_transaction(db).map(|()| done),
        Err(met) => {
            // Fails if SQLite has rolled back by itself, as on a full disk, or if the connection is broken, which Diesel
            // remembers. The first error says more.
            let _nothing_left = AnyConnection::rollback_transaction(db);
            Err(met)
        }
    }
}

/// Does everything, or undoes everything and answers why not.
pub(super) fn or_undone<T, E>(
    db: &mut AnyConnection,
    work: impl FnOnce(&mut AnyConnection) -> QueryResult<Result<T, E>>,
) -> QueryResult<Result<T, E>> {
    let mut refused = None;
    let done = in_transaction(db, |db| {
        work(db)?.map_err(|refusal| {
            refused = Some(refusal);
            Error::RollbackTransaction
        })
    });
    match (done, refused) {
        (Err(Error::RollbackTransaction), Some(refusal)) => Ok(Err(refusal)),
        (done, _) => done.map(Ok),
    }
}

/// On SQLite takes the write lock at once: a transaction that begins by reading fails if another one has written before its
/// first write.
fn begin(db: &mut AnyConnection) -> QueryResult<()> {
    #[cfg(feature = "sqlite")]
    if let AnyConnection::Sqlite(sqlite) = db {
        match AnsiTransactionManager::begin_transaction_sql(sqlite, "BEGIN IMMEDIATE") {
            Err(Error::AlreadyInTransaction) => {}
            begun => return begun,
        }
    }
    AnyConnection::begin_transaction(db)
}

/// Only PostgreSQL has such poolers.
fn begin_in_lent_session(db: &mut AnyConnection) -> QueryResult<()> {
    match db {
        #[cfg(feature = "sqlite")]
        AnyConnection::Sqlite(_) => begin(db),
        #[cfg(feature = "postgres")]
        AnyConnection::Postgres(postgres) => AnsiTransactionManager::begin_transaction_sql(postgres, POSTGRES_TRANSACTION),
        #[cfg(feature = "mysql")]
        AnyConnection::Mysql(_) => begin(db),
    }
}

/// On servers each statement would otherwise see what was committed before it.
fn begin_to_read(db: &mut AnyConnection, pool_mode: PoolMode) -> QueryResult<()> {
    match db {
        #[cfg(feature = "sqlite")]
        AnyConnection::Sqlite(_) => {}
        #[cfg(feature = "postgres")]
        AnyConnection::Postgres(postgres) => {
            let begin = match pool_mode {
                PoolMode::Session => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
                PoolMode::Transaction => POSTGRES_MOMENT,
            };
            return AnsiTransactionManager::begin_transaction_sql(postgres, begin);
        }
        // For the next transaction alone.
        #[cfg(feature = "mysql")]
        AnyConnection::Mysql(mysql) => mysql.batch_execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")?,
    }
    AnyConnection::begin_transaction(db)
}
