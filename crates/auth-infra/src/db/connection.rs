//! One connection to whichever engine the URL says.

#[cfg(feature = "postgres")]
mod pooler;
mod session;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use diesel::{
    Connection, ConnectionError, ConnectionResult, QueryResult, RunQueryDsl,
    connection::{CacheSize, SimpleConnection},
    query_builder::SqlQuery,
    query_dsl::methods::LoadQuery,
    sql_query,
};
#[cfg(feature = "sqlite")]
pub(super) use session::patiently;
#[cfg(feature = "postgres")]
pub(super) use session::{POSTGRES_MOMENT, POSTGRES_TRANSACTION};
use session::{SQLITE_READER, set_up};

use super::{
    sqlite_file::{Beside, DatabaseFile, Moved},
    url::{DatabaseUrl, PoolMode, Target},
};

#[cfg(not(any(feature = "sqlite", feature = "postgres", feature = "mysql")))]
compile_error!("auth-infra needs at least one of the features sqlite, postgres and mysql");

/// A connection to one of the engines that are built in.
#[derive(diesel::MultiConnection)]
pub enum AnyConnection {
    #[cfg(feature = "sqlite")]
    Sqlite(diesel::SqliteConnection),
    #[cfg(feature = "postgres")]
    Postgres(diesel::PgConnection),
    #[cfg(feature = "mysql")]
    Mysql(diesel::MysqlConnection),
}

/// A row of one text, which the query calls `text`.
#[derive(diesel::QueryableByName)]
pub(super) struct Line {
    #[diesel(sql_type = diesel::sql_types::Text)]
    text: String,
}

/// All that a query finds, a text from each row.
pub(super) fn texts<C: Connection>(db: &mut C, query: &str) -> QueryResult<Vec<String>>
where
    for<'q> SqlQuery: LoadQuery<'q, C, Line>,
{
    Ok(sql_query(query).load::<Line>(db)?.into_iter().map(|line| line.text).collect())
}

/// The same work on whichever engine it is, compiled for each: Diesel then caches the SQL, which it would build anew for each
/// call through [`AnyConnection`]. Used for queries that every request makes.
macro_rules! on_its_engine {
    ($db:expr, |$connection:ident| $work:expr) => {
        match $db {
            #[cfg(feature = "sqlite")]
            $crate::db::connection::AnyConnection::Sqlite($connection) => $work,
            #[cfg(feature = "postgres")]
            $crate::db::connection::AnyConnection::Postgres($connection) => $work,
            #[cfg(feature = "mysql")]
            $crate::db::connection::AnyConnection::Mysql($connection) => $work,
        }
    };
}
pub(super) use on_its_engine;

/// A connection of the pool.
pub(super) struct Pooled {
    pub(super) connection: AnyConnection,
    /// Dropped after the connection.
    beside: Arc<Beside>,
    epoch: u64,
    /// Found to be unusable.
    pub(super) broken: bool,
}

/// Makes connections, only of the engine that the URL names.
#[derive(Clone)]
pub(super) struct Connector {
    url: Arc<DatabaseUrl>,
    file: Arc<DatabaseFile>,
    /// Raised when a connection turns out to be broken: connections from before are not trusted.
    epoch: Arc<AtomicU64>,
}

impl Connector {
    pub(super) fn new(url: DatabaseUrl) -> Self {
        Self { file: Arc::new(DatabaseFile::of(&url)), url: Arc::new(url), epoch: Arc::default() }
    }

    pub(super) fn url(&self) -> &DatabaseUrl {
        &self.url
    }

    /// From now on, connections as old as this one are discarded. When several of the same age break, only the first counts:
    /// connections made since then stay.
    pub(super) fn distrust(&self, pooled: &Pooled) {
        let _blamed_before = self.epoch.compare_exchange(pooled.epoch, pooled.epoch + 1, Ordering::Relaxed, Ordering::Relaxed);
    }

    pub(super) fn trusts(&self, pooled: &Pooled) -> bool {
        // A database in memory disappears with its connection.
        self.url.is_in_memory() || pooled.epoch >= self.epoch.load(Ordering::Relaxed)
    }

    /// Whether SQLite's file was the one that was opened, a moment ago; fine on the other engines.
    pub(super) fn was_in_place_lately(&self) -> bool {
        self.file.was_in_place_lately()
    }

    /// Whether all that this connection writes to is still where others look for it.
    pub(super) fn is_whole(&self, pooled: &Pooled) -> Result<(), Moved> {
        self.file.is_whole(&pooled.beside)
    }

    pub(super) fn try_connect(&self) -> ConnectionResult<AnyConnection> {
        let mut connection = self.establish()?;
        match self.url.pool_mode() {
            PoolMode::Session => set_up(&mut connection).map_err(ConnectionError::CouldntSetupConfiguration)?,
            // The session that was prepared would be lent to others. Without a name, a statement is parsed and run in one piece.
            PoolMode::Transaction => connection.set_prepared_statement_cache_size(CacheSize::Disabled),
        }
        Ok(connection)
    }

    /// A connection to a SQLite file that only reads and never waits.
    pub(super) fn connect_to_read(&self) -> ConnectionResult<AnyConnection> {
        let mut connection = self.establish()?;
        connection.batch_execute(SQLITE_READER).map_err(ConnectionError::CouldntSetupConfiguration)?;
        Ok(connection)
    }

    /// Whether a session is shared with other clients, transaction by transaction, and the URL does not say so. Asked before anything
    /// is set.
    pub(super) fn is_pooled(&self) -> ConnectionResult<bool> {
        if self.url.pool_mode() == PoolMode::Transaction {
            return Ok(false);
        }
        match self.url.target() {
            #[cfg(feature = "sqlite")]
            Target::Sqlite(_) => Ok(false),
            #[cfg(feature = "postgres")]
            Target::Postgres { url, .. } => pooler::shares_sessions(url),
            #[cfg(feature = "mysql")]
            Target::Mysql { .. } => Ok(false),
        }
    }

    /// Avoids `MultiConnection::establish`, which tries one engine after the other: a mistyped URL would become a SQLite file of
    /// that name.
    fn establish(&self) -> ConnectionResult<AnyConnection> {
        match self.url.target() {
            #[cfg(feature = "sqlite")]
            Target::Sqlite(path) => {
                self.file.prepare().map_err(|error| ConnectionError::BadConnection(format!("{path}: {error}")))?;
                let connection = if self.url.is_in_memory() { open(path) } else { open(&to_open(path, "rw")) };
                self.file.remember();
                connection.map(AnyConnection::Sqlite)
            }
            #[cfg(feature = "postgres")]
            Target::Postgres { url, .. } => diesel::PgConnection::establish(url).map(AnyConnection::Postgres),
            #[cfg(feature = "mysql")]
            Target::Mysql { url, encrypted } => {
                let mut connection = diesel::MysqlConnection::establish(url)?;
                if *encrypted && !is_encrypted(&mut connection).map_err(ConnectionError::CouldntSetupConfiguration)? {
                    return Err(ConnectionError::BadConnection("the server lacks TLS, but sslmode demands it".to_owned()));
                }
                Ok(AnyConnection::Mysql(connection))
            }
        }
    }
}

/// A connection that changes nothing and creates no file.
#[cfg(feature = "sqlite")]
pub(super) fn read_only(path: &str) -> ConnectionResult<diesel::SqliteConnection> {
    let mut connection = open(&to_open(path, "ro"))?;
    let set_up = connection.batch_execute("PRAGMA busy_timeout = 5000; PRAGMA query_only = ON;");
    set_up.map_err(ConnectionError::CouldntSetupConfiguration).map(|()| connection)
}

#[cfg(feature = "sqlite")]
fn open(name: &str) -> ConnectionResult<diesel::SqliteConnection> {
    diesel::SqliteConnection::establish(name)
}

/// A file that has to be there: SQLite creates none in this mode.
#[cfg(feature = "sqlite")]
fn to_open(path: &str, mode: &str) -> String {
    // SQLite would read these as the end of the name, or as an encoded character (<https://sqlite.org/uri.html>).
    let name = path.replace('%', "%25").replace('#', "%23").replace('?', "%3f");
    format!("file:{name}?mode={mode}")
}

/// Asks the server, since MariaDB's client library takes "enforce" for a preference.
#[cfg(feature = "mysql")]
fn is_encrypted(connection: &mut diesel::MysqlConnection) -> QueryResult<bool> {
    #[derive(diesel::QueryableByName)]
    struct Status {
        #[diesel(sql_type = diesel::sql_types::Text, column_name = "Value")]
        value: String,
    }
    let status: Vec<Status> = sql_query("SHOW SESSION STATUS LIKE 'Ssl_cipher'").load(connection)?;
    Ok(status.iter().any(|cipher| !cipher.value.is_empty()))
}

impl r2d2::ManageConnection for Connector {
    type Connection = Pooled;
    type Error = ConnectionError;

    fn connect(&self) -> Result<Pooled, ConnectionError> {
        // Read first: a connection that was begun before a break is not trusted after it.
        let epoch = self.epoch.load(Ordering::Relaxed);
        let connection = self.try_connect()?;
        let beside = self.file.beside().map_err(|moved| ConnectionError::BadConnection(moved.to_string()))?;
        Ok(Pooled { connection, beside, epoch, broken: false })
    }

    /// Not called on checkout: a ping for every request costs a quarter of the throughput.
    fn is_valid(&self, pooled: &mut Pooled) -> Result<(), ConnectionError> {
        pooled.connection.batch_execute("SELECT 1").map_err(ConnectionError::CouldntSetupConfiguration)
    }

    fn has_broken(&self, pooled: &mut Pooled) -> bool {
        !self.url.is_in_memory()
            && (pooled.broken
                || !self.trusts(pooled)
                || std::thread::panicking()
                || diesel::r2d2::R2D2Connection::is_broken(&mut pooled.connection))
    }
}

#[cfg(test)]
mod tests;
