//! Whether SQLite's file can be written.

use auth_domain::identity::port_error::PortError;
use diesel::connection::SimpleConnection;

use super::Database;
use crate::db::url::Engine;

impl Database {
    /// Only a write that reaches the disk tells whether there is room and the file may be written. It is SQLite's smallest: one page,
    /// with the writes of others, and only if there was none lately, however many ask.
    pub(crate) async fn prove_that_it_writes(&self) -> Result<(), PortError> {
        if self.pool.url().engine() != Engine::Sqlite || self.proof.holds() {
            return Ok(());
        }
        // The number in the file's header that SQLite leaves to programs, which is 0 and stays so.
        self.write(|db| db.batch_execute("PRAGMA user_version = 0")).await?;
        self.proof.renew();
        Ok(())
    }
}
