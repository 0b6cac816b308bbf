//! Where events are reported, and where they are kept.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::{
    audit::{
        entry::{Entry, Filter},
        event::AuditEvent,
    },
    identity::port_error::PortError,
};

/// Where events are reported. Reporting neither delays an action nor makes it fail.
#[cfg_attr(any(test, feature = "testkit"), mockall::automock)]
pub trait AuditSink: Send + Sync {
    fn record(&self, event: AuditEvent);
}

/// Where events are stored. Every method is atomic.
#[cfg_attr(any(test, feature = "testkit"), mockall::automock)]
#[async_trait]
pub trait AuditStore: Send + Sync {
    /// Stores all of these, or none. Those that are stored already stay as they are, so a caller that lost the answer can try
    /// again.
    async fn append(&self, entries: &[Entry]) -> Result<(), PortError>;

    /// The entries that match the filter, latest first.
    async fn list(&self, filter: &Filter) -> Result<Vec<Entry>, PortError>;

    /// Deletes at most about `limit` entries from before `cutoff`, the oldest first. Returns how many.
    async fn prune(&self, cutoff: DateTime<Utc>, limit: u32) -> Result<usize, PortError>;
}
