//! Whether the database answers, has the schema of this program, and can be written.

use async_trait::async_trait;
use auth_domain::{identity::port_error::PortError, maintenance::ports::Readiness};
use diesel::prelude::*;

use crate::db::{
    connection::AnyConnection,
    database::Database,
    schema::{migrate, tables::sessions},
    url::Engine,
};

/// Asks the database each time: an older answer proves nothing.
#[derive(Clone)]
pub struct DieselReadiness(pub Database);

#[async_trait]
impl Readiness for DieselReadiness {
    async fn check(&self) -> Result<(), PortError> {
        let is_server = self.0.pool.url().engine() != Engine::Sqlite;
        let pending = self.0.read(move |db| look(db, is_server)).await?;
        if pending.is_empty() {
            self.0.prove_that_it_writes().await
        } else {
            Err(PortError::Unavailable(format!("migrations are pending: {}", pending.join(", "))))
        }
    }
}

/// The pending migrations. If there are none, also asks a server for a write of no row: it costs nothing, and is refused like any
/// other by a replica, by a primary that has been demoted, and to a role that may not write.
fn look(db: &mut AnyConnection, is_server: bool) -> QueryResult<Vec<String>> {
    let pending = migrate::pending(db)?;
    if pending.is_empty() && is_server {
        let nobody = sessions::table.find("");
        diesel::update(nobody).set(sessions::generation.eq(sessions::generation)).execute(db)?;
    }
    Ok(pending)
}
