//! The time and fresh ids, as use cases ask for them.

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// Tells the time to the microsecond, the precision of every database.
#[cfg_attr(any(test, feature = "testkit"), mockall::automock)]
pub trait Clock: Send + Sync {
    fn now(&self) -> DateTime<Utc>;
}

/// Makes unique ids: UUIDv7 (RFC 9562 section 5.7), so that new rows go to one end of an index.
#[cfg_attr(any(test, feature = "testkit"), mockall::automock)]
pub trait Ids: Send + Sync {
    fn next(&self) -> Uuid;
}
