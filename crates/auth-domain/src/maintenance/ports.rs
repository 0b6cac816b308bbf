//! Whether the database can serve.

use async_trait::async_trait;

use crate::identity::port_error::PortError;

/// Whether the database can serve.
#[cfg_attr(any(test, feature = "testkit"), mockall::automock)]
#[async_trait]
pub trait Readiness: Send + Sync {
    /// The database answers, its schema is this program's, and it can be written.
    async fn check(&self) -> Result<(), PortError>;
}
