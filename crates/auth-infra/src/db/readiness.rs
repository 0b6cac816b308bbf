//! Whether the database answers and has the schema of this program.

use async_trait::async_trait;
use auth_domain::ports::{PortError, Readiness};

use super::{Database, migrate};

/// Asks the database each time: an older answer proves nothing.
#[derive(Clone)]
pub struct DieselReadiness(pub Database);

#[async_trait]
impl Readiness for DieselReadiness {
    async fn check(&self) -> Result<(), PortError> {
        let pending = self.0.read(migrate::pending).await?;
        if pending.is_empty() {
            Ok(())
        } else {
            Err(PortError::Unavailable(format!("migrations are pending: {}", pending.join(", "))))
        }
    }
}
