//! Connections to one database that recover: once one breaks, neither it nor any as old is handed out again.

use std::{
    thread,
    time::{Duration, Instant},
};

use diesel::{ConnectionResult, QueryResult};

use super::{
    connection::{AnyConnection, Connector},
    failure::Failure,
    transaction::{at_one_moment, in_session},
    url::{DatabaseUrl, Engine},
};

/// How long to wait for a new connection.
const CONNECT_PATIENCE: Duration = Duration::from_secs(2);
/// The same, where the first of several hosts may be one that does not answer: enough for two of these.
const PATIENCE_WITH_HOSTS: Duration = Duration::from_secs(5);

/// How long to try work again that the database rolls back in favour of another transaction: a caller waits for twice as long. On a
/// Galera cluster, of all who write to a row on different servers at once, one is done each time.
const RETRY_FOR: Duration = Duration::from_secs(3);

/// The longest pause before another try. The first are short: there is seldom more than one other.
const LONGEST_PAUSE: u32 = 20;

/// A server's connections are replaced before a firewall or the server drops them.
const IDLE_LIFE: Duration = Duration::from_secs(600);
const LIFE: Duration = Duration::from_secs(1800);

/// A limited number of connections, made on demand. Every method blocks.
#[derive(Clone)]
pub(super) struct Pool {
    pool: r2d2::Pool<Connector>,
    connector: Connector,
}

impl Pool {
    pub(super) fn new(connector: Connector, size: u32) -> Self {
        let is_file = connector.url().engine() == Engine::Sqlite;
        let pool = r2d2::Pool::builder()
            .max_size(size)
            // None before it is needed: a connection that a background thread is still making when the program ends makes
            // OpenSSL's and libpq's exit handlers crash.
            .min_idle(Some(0))
            .test_on_check_out(false)
            .max_lifetime((!is_file).then_some(LIFE))
            .idle_timeout((!is_file).then_some(IDLE_LIFE))
            .connection_timeout(if connector.url().hosts() > 1 { PATIENCE_WITH_HOSTS } else { CONNECT_PATIENCE })
            // The caller gets the same text as an error.
            .error_handler(Box::new(r2d2::NopErrorHandler))
            .build_unchecked(connector.clone());
        Self { pool, connector }
    }

    /// A second pool for the same database.
    pub(super) fn another(&self, size: u32) -> Self {
        Self::new(self.connector.clone(), size)
    }

    pub(super) fn url(&self) -> &DatabaseUrl {
        self.connector.url()
    }

    /// The most connections that it opens.
    pub(super) fn size(&self) -> u32 {
        self.pool.max_size()
    }

    /// How many connections are open.
    pub(super) fn open(&self) -> u32 {
        self.pool.state().connections
    }

    pub(super) fn no_answer(&self) -> String {
        format!("{} does not answer", self.url())
    }

    /// A connection outside the pool.
    pub(super) fn connect(&self) -> ConnectionResult<AnyConnection> {
        self.connector.try_connect()
    }

    /// Reads as [`Self::write`] writes, and again on a fresh connection when the first turns out to be broken.
    pub(super) fn read<T>(&self, work: &impl Fn(&mut AnyConnection) -> QueryResult<T>) -> Result<T, Failure> {
        self.twice(&|db| in_session(db, self.url().pool_mode(), work))
    }

    /// The same, of the database as it is at one moment.
    pub(super) fn read_at_one_moment<T>(&self, work: &impl Fn(&mut AnyConnection) -> QueryResult<T>) -> Result<T, Failure> {
        self.twice(&|db| at_one_moment(db, self.url().pool_mode(), work))
    }

    /// Works again when the database itself reports that it rolled everything back.
    pub(super) fn write<T>(&self, work: &impl Fn(&mut AnyConnection) -> QueryResult<T>) -> Result<T, Failure> {
        self.unless_rolled_back(&|db| in_session(db, self.url().pool_mode(), work))
    }

    fn twice<T>(&self, work: &impl Fn(&mut AnyConnection) -> QueryResult<T>) -> Result<T, Failure> {
        match self.unless_rolled_back(work) {
            Err(failure) if failure.is_broken() => self.unless_rolled_back(work),
            outcome => outcome,
        }
    }

    fn unless_rolled_back<T>(&self, work: &impl Fn(&mut AnyConnection) -> QueryResult<T>) -> Result<T, Failure> {
        let begun = Instant::now();
        let mut failed = 0;
        loop {
            match self.once(work) {
                Err(failure) if failure.was_rolled_back() && begun.elapsed() < RETRY_FOR => {
                    thread::sleep(Duration::from_millis(LONGEST_PAUSE.min(failed).into()));
                    failed += 1;
                }
                outcome => return outcome.map_err(Failure::of_a_write),
            }
        }
    }

    /// The work decides for itself what is one transaction.
    pub(super) fn once<T>(&self, work: impl FnOnce(&mut AnyConnection) -> QueryResult<T>) -> Result<T, Failure> {
        let mut pooled = self.checkout()?;
        // What promises is the look after the work; before it, one of a moment ago spares the work.
        if !self.connector.was_in_place_lately() {
            self.connector.is_whole(&pooled).map_err(Failure::Moved)?;
        }
        let done = work(&mut pooled.connection).map_err(|error| {
            let failure = Failure::of(error, &mut pooled.connection);
            if failure.is_broken() {
                pooled.broken = true;
                self.connector.distrust(&pooled);
            }
            failure
        })?;
        // A commit to a file that was removed meanwhile is nothing to promise.
        self.connector.is_whole(&pooled).map_err(Failure::Moved).map(|()| done)
    }

    /// A connection made after the last one that broke.
    pub(super) fn checkout(&self) -> Result<r2d2::PooledConnection<Connector>, Failure> {
        loop {
            let pooled = self.pool.get().map_err(|error| Failure::NoConnection(error.to_string()))?;
            if self.connector.trusts(&pooled) {
                return Ok(pooled);
            }
            // Dropped here, and discarded by the pool.
        }
    }
}
