//! Whether the database answers, has the schema of this program, and can be written.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use async_trait::async_trait;
use auth_domain::{identity::port_error::PortError, maintenance::ports::Readiness};
#[cfg(feature = "sqlite")]
use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use crate::db::{
    AnyConnection, Database, Engine,
    schema::{migrate, tables::sessions},
};

/// How long a write that was made to find out is proof that SQLite's file can be written: whoever asks all the time, and anybody may,
/// costs ten small writes a second.
const FRESH: Duration = Duration::from_millis(100);

/// Asks the database each time: an older answer proves nothing.
#[derive(Clone)]
pub struct DieselReadiness(pub Database);

#[async_trait]
impl Readiness for DieselReadiness {
    async fn check(&self) -> Result<(), PortError> {
        let pending = self.0.read(look).await?;
        if pending.is_empty() {
            self.0.prove_that_it_writes().await
        } else {
            Err(PortError::Unavailable(format!("migrations are pending: {}", pending.join(", "))))
        }
    }
}

/// The pending migrations. If there are none, also asks a server for a write of no row: it costs nothing, and is refused like any
/// other by a replica, by a primary that has been demoted, and to a role that may not write.
fn look(db: &mut AnyConnection) -> QueryResult<Vec<String>> {
    let pending = migrate::pending(db)?;
    if pending.is_empty() && engine(db) != Engine::Sqlite {
        let nobody = sessions::table.find("");
        diesel::update(nobody).set(sessions::generation.eq(sessions::generation)).execute(db)?;
    }
    Ok(pending)
}

fn engine(db: &AnyConnection) -> Engine {
    match db {
        #[cfg(feature = "sqlite")]
        AnyConnection::Sqlite(_) => Engine::Sqlite,
        #[cfg(feature = "postgres")]
        AnyConnection::Postgres(_) => Engine::Postgres,
        #[cfg(feature = "mysql")]
        AnyConnection::Mysql(_) => Engine::Mysql,
    }
}

/// When SQLite's file was last written to find out whether that is possible, unless a write has failed since.
#[derive(Default)]
pub(crate) struct Proof(Mutex<Option<Instant>>);

impl Proof {
    fn moment(&self) -> MutexGuard<'_, Option<Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_fresh(&self) -> bool {
        self.moment().is_some_and(|moment| moment.elapsed() < FRESH)
    }

    pub(crate) fn withdraw(&self) {
        *self.moment() = None;
    }
}

impl Database {
    /// Only a write that reaches the disk tells whether there is room and the file may be written. It is SQLite's smallest: one page,
    /// with the writes of others, and at most once in [`FRESH`], however many ask.
    async fn prove_that_it_writes(&self) -> Result<(), PortError> {
        if self.pool.url().engine() != Engine::Sqlite || self.proof.is_fresh() {
            return Ok(());
        }
        self.write(touch).await?;
        *self.proof.moment() = Some(Instant::now());
        Ok(())
    }
}

/// Writes the number in the file's header that SQLite leaves to programs, which is 0 and stays so.
fn touch(db: &mut AnyConnection) -> QueryResult<()> {
    match db {
        #[cfg(feature = "sqlite")]
        AnyConnection::Sqlite(db) => db.batch_execute("PRAGMA user_version = 0"),
        #[cfg(feature = "postgres")]
        AnyConnection::Postgres(_) => Ok(()),
        #[cfg(feature = "mysql")]
        AnyConnection::Mysql(_) => Ok(()),
    }
}
