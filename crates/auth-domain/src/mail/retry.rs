//! When a mail is tried again.

use chrono::{DateTime, TimeDelta, Utc};

/// How long a notice is worth sending.
pub const NOTICE_LIFE: TimeDelta = TimeDelta::days(1);

/// How long a mail is kept after it was sent, or given up.
pub const KEPT: TimeDelta = TimeDelta::days(7);

/// The pause after a number of attempts that failed: half a minute, two minutes, ten minutes, then an hour.
#[must_use]
pub fn pause(attempts: i64) -> TimeDelta {
    match attempts {
        ..=1 => TimeDelta::seconds(30),
        2 => TimeDelta::minutes(2),
        3 => TimeDelta::minutes(10),
        4.. => TimeDelta::hours(1),
    }
}

/// When a mail is tried again after so many attempts; `None` if it would expire before.
#[must_use]
pub fn next_attempt(attempts: i64, expires_at: DateTime<Utc>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    Some(now + pause(attempts)).filter(|at| *at < expires_at)
}
