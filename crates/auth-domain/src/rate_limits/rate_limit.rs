//! How large a budget is.

use std::time::Duration;

/// A burst of so many requests, refilled evenly over the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    pub requests: u32,
    pub window: Duration,
}
