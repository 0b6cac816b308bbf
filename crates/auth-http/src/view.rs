//! How values look to clients.

use chrono::{DateTime, SecondsFormat, Utc};

/// RFC 3339 in UTC, with as many fractions as the database keeps.
#[must_use]
pub fn timestamp(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}
