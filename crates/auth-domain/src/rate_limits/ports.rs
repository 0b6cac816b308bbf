//! What counts requests for all servers.

use std::time::Duration;

use async_trait::async_trait;

use super::{client_key::ClientKey, rate_limit::RateLimit};
use crate::identity::port_error::PortError;

/// Budgets that all servers share.
#[async_trait]
pub trait SharedRateLimiter: Send + Sync {
    /// Counts a request against its client's budget of this name. However many servers ask at once, no more pass than the limit lets.
    ///
    /// # Errors
    /// There is no answer, or none within 100 ms: the store is away. From then on every call fails at once, until
    /// [`maintain`](Self::maintain) has found the store again.
    async fn count(&self, budget: &str, client: ClientKey, limit: RateLimit) -> Result<Decision, PortError>;

    /// To be called again and again: finds out whether the store still answers, and looks for it where it is away.
    ///
    /// # Errors
    /// It is away.
    async fn maintain(&self) -> Result<(), PortError>;
}

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Decision {
    /// It passes, and so many more would at this moment.
    Allowed { remaining: u32 },
    /// It counts for nothing. After this time one passes.
    Refused { retry_after: Duration },
}
