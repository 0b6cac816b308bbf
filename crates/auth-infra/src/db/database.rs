//! Reads, writes and transactions: who waits for which connection, and for how long.

pub(crate) mod administrators;
pub(super) mod migrations;
mod write_proof;

use std::{fmt, io, sync::Arc, time::Duration};

use auth_domain::identity::port_error::PortError;
use diesel::{ConnectionError, QueryResult, query_dsl::methods::ExecuteDsl};
use prometheus::{Histogram, Registry};
use tokio::{sync::Semaphore, time::timeout};

use super::{
    batch_queue::turn::Turn,
    connection::{AnyConnection, Connector},
    failure::Failure,
    lookup::{
        Answer, SessionLookup,
        query::{self, Found},
    },
    pool::Pool,
    rotation::{self, BatchedRotation, query::Rotation},
    schema::{
        encoding,
        foreign_tables::{self, OpenError},
    },
    sqlite_file::Lately,
    transaction::{in_session, in_transaction},
    url::{DatabaseUrl, Engine, PoolMode},
    write_queue::Writer,
};
use crate::metrics;

/// How long a caller waits for the database in all: less than clients and proxies wait for an answer.
const PATIENCE: Duration = Duration::from_secs(6);

/// How long a rotation waits for those that share a statement.
const BATCH_PATIENCE: Duration = Duration::from_millis(250);

const WAIT: (&str, &str) = ("auth_database_wait_seconds", "How long callers waited for a connection, in vain or not.");

/// A pool of connections to one database.
#[derive(Clone)]
pub struct Database {
    pub(super) pool: Pool,
    /// One for each connection but the writer's: callers wait for a connection without blocking a thread.
    pub(super) permits: Arc<Semaphore>,
    /// Writes to a SQLite file. On other engines writes use the pool like reads.
    pub(super) writer: Option<Arc<Writer>>,
    /// On PostgreSQL, with more than one connection.
    rotations: Option<Arc<BatchedRotation>>,
    look_ups: Arc<SessionLookup>,
    /// How long callers waited for a connection, or for the writer.
    waits: Histogram,
    /// That SQLite's file could be written, unless a write has failed since.
    pub(super) proof: Arc<Lately>,
}

impl Database {
    /// Connects once, to prove that the database can be reached, and prepares the pool. Blocks.
    ///
    /// # Errors
    /// The database cannot be reached (the message names its engine and its host), is behind a pooler that shares sessions,
    /// belongs to another program, or cannot store every text.
    pub fn open(url: &DatabaseUrl, pool_size: u32) -> Result<Self, OpenError> {
        let size = if url.is_in_memory() { 1 } else { pool_size.max(1) };
        let connector = Connector::new(url.clone());
        // libpq ends its words with a newline.
        let told = |error: ConnectionError| {
            PortError::Unavailable(format!("DATABASE_URL: {url} cannot be reached: {}", error.to_string().trim_end()))
        };
        if connector.is_pooled().map_err(told)? {
            return Err(OpenError::Pooled { url: url.to_string() });
        }
        let strangers = foreign_tables::first_look(&connector).map_err(told)?;
        if !strangers.is_empty() {
            return Err(OpenError::not_ours(url, strangers));
        }
        let no_thread = |error| PortError::Unavailable(format!("no thread for {url}: {error}"));
        let unfit = connector.try_connect().and_then(|mut db| {
            in_session(&mut db, url.pool_mode(), encoding::fault).map_err(ConnectionError::CouldntSetupConfiguration)
        });
        if let Some(fault) = unfit.map_err(told)? {
            return Err(OpenError::Unfit { url: url.to_string(), fault });
        }
        let (look_ups, size) = SessionLookup::with_some_of(size, &connector).map_err(no_thread)?;
        let look_ups = Arc::new(look_ups);
        let (rotations, size) = rotations_with_one_of(size, &connector).map_err(no_thread)?;
        let is_file = url.engine() == Engine::Sqlite && !url.is_in_memory();
        // The writer's connection belongs to the same pool, so that all are replaced together: see `InlineReader::start_anew`.
        let pool = Pool::new(connector, size + u32::from(is_file));
        let writer = is_file.then(|| Writer::new(pool.clone(), look_ups.clone())).transpose().map_err(no_thread)?;
        Ok(Self {
            pool,
            permits: Arc::new(Semaphore::new(usize::try_from(size).unwrap_or(1))),
            writer: writer.map(Arc::new),
            rotations: rotations.map(Arc::new),
            look_ups,
            waits: metrics::histogram(WAIT.0, WAIT.1, metrics::WAITS).map_err(|fault| PortError::Internal(fault.to_string()))?,
            proof: Arc::default(),
        })
    }

    /// Registers the metrics of the pool. Scraping them does not touch the database.
    ///
    /// # Errors
    /// They are registered already.
    pub fn register(&self, registry: &Registry) -> prometheus::Result<()> {
        registry.register(Box::new(self.waits.clone()))?;
        let (pool, permits) = (self.pool.clone(), self.permits.clone());
        let size = pool.size() - u32::from(self.writer.is_some());
        let gauges = [
            ("auth_database_pool_size", "Connections that the pool may have."),
            ("auth_database_pool_open", "Connections that the pool has."),
            ("auth_database_pool_in_use", "Connections that somebody works with."),
        ];
        metrics::sampled(registry, gauges, move || {
            let free = u32::try_from(permits.available_permits()).unwrap_or(u32::MAX);
            [size.into(), pool.open().into(), size.saturating_sub(free).into()]
        })
    }

    /// The same database through a connection of its own, so that slow work there takes none from the pool. On SQLite there is only
    /// the one writer.
    #[must_use]
    pub fn aside(&self) -> Self {
        if self.pool.url().engine() == Engine::Sqlite {
            return self.clone();
        }
        Self { pool: self.pool.another(1), permits: Arc::new(Semaphore::new(1)), ..self.clone() }
    }

    /// Reads. Retried once on a fresh connection if the first turns out to be broken.
    pub(crate) async fn read<T, F>(&self, work: F) -> Result<T, PortError>
    where
        T: Send + 'static,
        F: Fn(&mut AnyConnection) -> QueryResult<T> + Send + 'static,
    {
        self.blocking(move |pool| pool.read(&work), PortError::Unavailable).await
    }

    /// The same, of the database as it is at one moment.
    pub(crate) async fn read_at_one_moment<T, F>(&self, work: F) -> Result<T, PortError>
    where
        T: Send + 'static,
        F: Fn(&mut AnyConnection) -> QueryResult<T> + Send + 'static,
    {
        self.blocking(move |pool| pool.read_at_one_moment(&work), PortError::Unavailable).await
    }

    /// A session and its account as they are now: the query behind every request with a token.
    pub(super) async fn look_up(&self, session: String) -> Result<Option<Found>, PortError> {
        match self.look_ups.find(&session).await? {
            Answer::Found(found) => Ok(Some(found)),
            Answer::Missing => Ok(None),
            Answer::Unanswered => self.read(move |db| query::one(db, &session)).await,
        }
    }

    /// Writes. Not retried when the connection breaks, since the write may have happened: the outcome is unknown then, as it is
    /// when the answer does not come in time. Several statements need
    /// [`in_transaction`].
    pub(crate) async fn write<T, F>(&self, work: F) -> Result<T, PortError>
    where
        T: Send + 'static,
        F: Fn(&mut AnyConnection) -> QueryResult<T> + Send + 'static,
    {
        let Some(writer) = &self.writer else {
            return self.blocking(move |pool| pool.write(&work), PortError::Unknown).await;
        };
        let turn = Arc::<Turn>::default();
        let told = writer.write(work, self.waits.start_timer(), turn.clone());
        let outcome = self.in_time(async { told.await.map_err(failed)? }, &turn, PortError::Unknown).await;
        if outcome.is_err() {
            self.proof.withdraw();
        }
        outcome
    }

    /// Whether a session was moved on to its next generation. On PostgreSQL in one statement with others that come at the same time;
    /// should one of them have to wait for its row, the others do not wait for it.
    pub(super) async fn rotate(&self, rotation: Rotation) -> Result<bool, PortError> {
        let alone = |rotation| self.write(move |db| rotation::query::one(db, &rotation));
        let rotations = self.rotations.as_ref().filter(|rotations| !rotations.is_slower_than(BATCH_PATIENCE));
        let Some(rotations) = rotations else { return alone(rotation).await };
        let turn = Arc::<Turn>::default();
        let mut told = rotations.rotate(rotation.clone(), turn.clone());
        match timeout(BATCH_PATIENCE, &mut told).await {
            Ok(answer) => answer.map_err(failed)?,
            Err(_elapsed) if turn.give_up() => alone(rotation).await,
            Err(_elapsed) => self.in_time(async { told.await.map_err(failed)? }, &turn, PortError::Unknown).await,
        }
    }

    /// Does everything or nothing.
    pub(crate) async fn transaction<T, F>(&self, work: F) -> Result<T, PortError>
    where
        T: Send + 'static,
        F: Fn(&mut AnyConnection) -> QueryResult<T> + Send + 'static,
    {
        match self.pool.url().pool_mode() {
            PoolMode::Session => self.write(move |db| in_transaction(db, &work)).await,
            // All that is written is in one.
            PoolMode::Transaction => self.write(work).await,
        }
    }

    /// Whether the statement changed its one row.
    pub(crate) async fn changes_one<S>(&self, statement: S) -> Result<bool, PortError>
    where
        S: ExecuteDsl<AnyConnection> + Clone + Send + 'static,
    {
        self.write(move |db| Ok(ExecuteDsl::execute(statement.clone(), db)? == 1)).await
    }

    async fn blocking<T, F>(&self, work: F, late: fn(String) -> PortError) -> Result<T, PortError>
    where
        T: Send + 'static,
        F: FnOnce(&Pool) -> Result<T, Failure> + Send + 'static,
    {
        let (pool, look_ups) = (self.pool.clone(), self.look_ups.clone());
        let waiting = self.waits.start_timer();
        let turn = Arc::<Turn>::default();
        let begins = turn.clone();
        let done = async {
            let permit = self.permits.clone().acquire_owned().await;
            let held = permit.map_err(|_closed| PortError::Unavailable("the database was closed".to_owned()))?;
            let work = move || {
                // Throttled until the work is done, even if the caller has given up.
                let _held = held;
                // Records the wait when dropped: here, or with the work of a caller that gave up.
                drop(waiting);
                if !begins.begin() {
                    return Err(PortError::Unavailable(pool.no_answer()));
                }
                work(&pool).map_err(|failure| look_ups.hear_of(failure))
            };
            tokio::task::spawn_blocking(work).await.map_err(failed)?
        };
        self.in_time(done, &turn, late).await
    }

    /// Work that has begun when the time is over goes on, and the error is `late`; other work does not begin any more.
    async fn in_time<T>(
        &self,
        done: impl Future<Output = Result<T, PortError>>,
        turn: &Turn,
        late: fn(String) -> PortError,
    ) -> Result<T, PortError> {
        timeout(PATIENCE, done).await.unwrap_or_else(|_elapsed| {
            let error = if turn.give_up() { PortError::Unavailable } else { late };
            Err(error(self.pool.no_answer()))
        })
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Database({})", self.pool.url())
    }
}

/// What rotates in batches, and how many of the `size` connections are left for everything else.
fn rotations_with_one_of(size: u32, connector: &Connector) -> io::Result<(Option<BatchedRotation>, u32)> {
    if size > 1 && rotation::query::is_in_batches(connector.url().engine()) {
        Ok((Some(BatchedRotation::new(Pool::new(connector.clone(), 1))?), size - 1))
    } else {
        Ok((None, size))
    }
}

/// The work panicked, or the program is shutting down.
fn failed(error: impl fmt::Display) -> PortError {
    PortError::Internal(format!("database work failed: {error}"))
}
