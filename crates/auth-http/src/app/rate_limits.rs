//! Rate limits: what counts for all servers, where there is such a thing.

use std::sync::Arc;

use auth_domain::rate_limits::ports::SharedRateLimiter;

#[derive(Clone)]
pub struct RateLimitPorts {
    /// `None`: each server counts by itself.
    pub shared: Option<Arc<dyn SharedRateLimiter>>,
}
