//! The database: one set of queries for three engines, a pool that heals, and what breaks as an `Err`.

mod attempts;
mod connection;
mod migrate;
mod outage;
mod readiness;
mod rows;
mod schema;
mod sessions;
mod url;
mod users;

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use auth_domain::ports::PortError;
use diesel::{Connection, QueryResult, result::Error};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

pub use attempts::DieselAttempts;
pub use connection::AnyConnection;
use connection::Connector;
use outage::Failure;
pub use readiness::DieselReadiness;
pub use sessions::DieselSessions;
pub use url::{DatabaseUrl, DatabaseUrlFault, Engine};
pub use users::DieselUsers;

/// How long one waits for a new connection.
const CONNECT_PATIENCE: Duration = Duration::from_secs(2);

/// How long a caller waits for the database, everything included: less than clients and proxies wait for an answer.
const PATIENCE: Duration = Duration::from_secs(6);

/// How often work is done that the database rolled back to let another go first.
const ATTEMPTS: u32 = 3;

/// A server's connections are replaced after a while, before a firewall or the server forgets them.
const IDLE_LIFE: Duration = Duration::from_secs(600);
const LIFE: Duration = Duration::from_secs(1800);

/// A pool of connections to one database.
#[derive(Clone)]
pub struct Database {
    pool: r2d2::Pool<Connector>,
    /// As many as there are connections: nobody blocks a thread to wait for one.
    permits: Arc<Semaphore>,
    /// SQLite has one writer at a time. Here they queue; at SQLite's own lock they would sleep and try again.
    turns: Option<Arc<Semaphore>>,
    connector: Connector,
}

impl Database {
    /// Connects once, to prove that it can be done, and prepares the pool. Blocks.
    ///
    /// # Errors
    /// The database cannot be reached; the message names its engine and its host.
    pub fn open(url: &DatabaseUrl, pool_size: u32) -> Result<Self, PortError> {
        let size = if url.is_in_memory() { 1 } else { pool_size.max(1) };
        let connector = Connector::new(url.clone());
        connector.try_connect().map_err(|error| PortError::Unavailable(format!("{url} cannot be reached: {error}")))?;
        let is_file = url.engine() == Engine::Sqlite;
        let pool = r2d2::Pool::builder()
            .max_size(size)
            // None before it is asked for: a connection that a background thread is still making when the
            // program ends makes OpenSSL's and libpq's exit handlers crash.
            .min_idle(Some(0))
            .test_on_check_out(false)
            .max_lifetime((!is_file).then_some(LIFE))
            .idle_timeout((!is_file).then_some(IDLE_LIFE))
            .connection_timeout(CONNECT_PATIENCE)
            .error_handler(Box::new(connection::Report))
            .build_unchecked(connector.clone());
        let permits = Arc::new(Semaphore::new(usize::try_from(size).unwrap_or(1)));
        let turns = is_file.then(|| Arc::new(Semaphore::new(1)));
        Ok(Self { pool, permits, turns, connector })
    }

    /// Reads. Done once more on a fresh connection when the first turns out to be broken.
    pub(crate) async fn read<T, F>(&self, work: F) -> Result<T, PortError>
    where
        T: Send + 'static,
        F: Fn(&mut AnyConnection) -> QueryResult<T> + Send + 'static,
    {
        self.blocking(None, move |database| match database.once(&work) {
            Err(failure) if failure.is_broken() => database.once(&work),
            outcome => outcome,
        })
        .await
    }

    /// Writes, with a single statement. Not done again when the connection breaks: what became of it is unknown.
    pub(crate) async fn write<T, F>(&self, work: F) -> Result<T, PortError>
    where
        T: Send + 'static,
        F: Fn(&mut AnyConnection) -> QueryResult<T> + Send + 'static,
    {
        self.blocking(self.turns.clone(), move |database| database.patiently(&work)).await
    }

    /// Does everything or nothing. On SQLite the first statement has to be a write.
    pub(crate) async fn transaction<T, F>(&self, work: F) -> Result<T, PortError>
    where
        T: Send + 'static,
        F: Fn(&mut AnyConnection) -> QueryResult<T> + Send + 'static,
    {
        self.write(move |db| in_transaction(db, &work)).await
    }

    async fn blocking<T, F>(&self, turns: Option<Arc<Semaphore>>, work: F) -> Result<T, PortError>
    where
        T: Send + 'static,
        F: FnOnce(&Self) -> Result<T, Failure> + Send + 'static,
    {
        let database = self.clone();
        let deadline = Instant::now() + PATIENCE;
        let done = async {
            let turn = match turns {
                Some(turns) => Some(permit(&turns).await?),
                None => None,
            };
            let permit = permit(&self.permits).await?;
            let work = move || {
                // Held until the work is done, even when nobody waits for it any more.
                let _held = (turn, permit);
                // Nobody would hear of it.
                if Instant::now() >= deadline {
                    return Err(database.no_answer());
                }
                work(&database).map_err(PortError::from)
            };
            tokio::task::spawn_blocking(work)
                .await
                .map_err(|error| PortError::Corrupt(format!("database work failed: {error}")))?
        };
        timeout(PATIENCE, done).await.unwrap_or_else(|_elapsed| Err(self.no_answer()))
    }

    fn no_answer(&self) -> PortError {
        PortError::Unavailable(format!("{} does not answer", self.connector.url()))
    }

    /// Again, when the database itself says that it undid everything.
    fn patiently<T>(&self, work: &impl Fn(&mut AnyConnection) -> QueryResult<T>) -> Result<T, Failure> {
        let mut attempt = 1;
        loop {
            match self.once(work) {
                Err(failure) if failure.was_rolled_back() && attempt < ATTEMPTS => attempt += 1,
                outcome => return outcome,
            }
        }
    }

    fn once<T>(&self, work: impl Fn(&mut AnyConnection) -> QueryResult<T>) -> Result<T, Failure> {
        let mut pooled = self.checkout()?;
        work(&mut pooled.connection).map_err(|error| {
            let failure = Failure::of(error, &mut pooled.connection);
            if failure.is_broken() {
                pooled.broken = true;
                self.connector.distrust(&pooled);
            }
            failure
        })
    }

    /// A connection from after the last one that broke.
    fn checkout(&self) -> Result<r2d2::PooledConnection<Connector>, Failure> {
        loop {
            let pooled = self.pool.get().map_err(|error| Failure::NoConnection(error.to_string()))?;
            if self.connector.trusts(&pooled) {
                return Ok(pooled);
            }
            // Given back here, and thrown away by the pool.
        }
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Database({})", self.connector.url())
    }
}

/// All or nothing, and the error that was met first. SQLite undoes everything by itself when the disk is full,
/// and Diesel would tell only that it then found nothing to undo.
fn in_transaction<T>(db: &mut AnyConnection, work: impl FnOnce(&mut AnyConnection) -> QueryResult<T>) -> QueryResult<T> {
    let mut met = None;
    let outcome = db.transaction(|db| {
        work(db).map_err(|error| {
            met = Some(error);
            Error::RollbackTransaction
        })
    });
    outcome.map_err(|error| met.unwrap_or(error))
}

async fn permit(semaphore: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit, PortError> {
    let permit = semaphore.clone().acquire_owned().await;
    permit.map_err(|_closed| PortError::Unavailable("the database was closed".to_owned()))
}

#[cfg(test)]
mod tests;
