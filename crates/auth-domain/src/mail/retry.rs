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

#[cfg(test)]
mod tests {
    use super::{TimeDelta, next_attempt, pause};
    use crate::testkit::samples::{after, start};

    #[test]
    fn pauses_grow_to_an_hour() {
        let pauses = [0, 1, 2, 3, 4, 5, i64::MAX].map(|attempts| pause(attempts).num_seconds());
        assert_eq!(pauses, [30, 30, 120, 600, 3600, 3600, 3600]);
    }

    #[test]
    fn a_mail_is_not_tried_when_it_has_expired() {
        assert_eq!(next_attempt(1, after(31), start()), Some(after(30)));
        assert_eq!(next_attempt(1, after(30), start()), None);
        assert_eq!(next_attempt(9, start() + TimeDelta::days(1), start()), Some(after(3600)));
    }
}
