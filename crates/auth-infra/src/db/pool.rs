//! Connections to one database that recover: once one breaks, neither it nor any as old is handed out again.

use std::time::Duration;

use diesel::{ConnectionResult, QueryResult};

use super::{
    connection::{AnyConnection, Connector},
    failure::Failure,
    url::{DatabaseUrl, Engine},
};

/// How long to wait for a new connection.
const CONNECT_PATIENCE: Duration = Duration::from_secs(2);

/// How often to try work that the database rolls back in favour of another transaction.
const ATTEMPTS: u32 = 3;

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
            .connection_timeout(CONNECT_PATIENCE)
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
        match self.write(work) {
            Err(failure) if failure.is_broken() => self.write(work),
            outcome => outcome,
        }
    }

    /// Works again when the database itself reports that it rolled everything back.
    pub(super) fn write<T>(&self, work: &impl Fn(&mut AnyConnection) -> QueryResult<T>) -> Result<T, Failure> {
        let mut attempt = 1;
        loop {
            match self.once(work) {
                Err(failure) if failure.was_rolled_back() && attempt < ATTEMPTS => attempt += 1,
                outcome => return outcome.map_err(Failure::of_a_write),
            }
        }
    }

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
