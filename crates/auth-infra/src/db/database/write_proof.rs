//! Whether SQLite's file can be written.

use std::time::{Duration, Instant};

use auth_domain::identity::port_error::PortError;
use diesel::QueryResult;
#[cfg(feature = "sqlite")]
use diesel::connection::SimpleConnection;
use parking_lot::{Mutex, MutexGuard};

use super::Database;
use crate::db::{connection::AnyConnection, url::Engine};

/// How long a write that was made to find out is proof that SQLite's file can be written: whoever asks all the time, and anybody may,
/// costs ten small writes a second.
const FRESH: Duration = Duration::from_millis(100);

/// When SQLite's file was last written to find out whether that is possible, unless a write has failed since.
#[derive(Default)]
pub(crate) struct WriteProof(Mutex<Option<Instant>>);

impl WriteProof {
    fn moment(&self) -> MutexGuard<'_, Option<Instant>> {
        self.0.lock()
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
    pub(crate) async fn prove_that_it_writes(&self) -> Result<(), PortError> {
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
