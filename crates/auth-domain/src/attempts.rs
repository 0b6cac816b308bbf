//! Failed password attempts: who has to wait, and for how long.

use chrono::{DateTime, TimeDelta, Utc};

/// How long failures are remembered after the last wait is over.
pub const MEMORY: TimeDelta = TimeDelta::minutes(15);
/// The first wait, once failures reach the limit. It doubles with each further failure.
const FIRST_WAIT: TimeDelta = TimeDelta::seconds(30);
/// The longest wait.
pub const LONGEST_WAIT: TimeDelta = TimeDelta::minutes(15);
/// How long a network stays known after a login from there.
pub const KNOWN_FOR: TimeDelta = TimeDelta::days(30);

/// The failures of an account that have not been forgotten, whether or not there is such an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failures {
    pub count: u32,
    pub last_at: DateTime<Utc>,
}

/// What decides whether an attempt has to wait: the failures, and whether its network is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    pub failures: Failures,
    /// The last login to the account from the network of the attempt.
    pub network_seen_at: Option<DateTime<Utc>>,
}

impl Failures {
    /// With one more failure. From the `limit`th on, strangers have to wait.
    #[must_use]
    pub fn one_more(before: Option<Self>, limit: u32, now: DateTime<Utc>) -> Self {
        let count = before.filter(|before| before.count_at(limit, now)).map_or(0, |before| before.count);
        Self { count: count.saturating_add(1), last_at: now }
    }

    /// Whether they still count: until [`MEMORY`] after the last wait, so that further attempts do not reset the count.
    #[must_use]
    pub fn count_at(&self, limit: u32, now: DateTime<Utc>) -> bool {
        now < self.last_at + self.hold(limit) + MEMORY
    }

    /// How long a stranger still has to wait.
    #[must_use]
    pub fn wait(&self, limit: u32, now: DateTime<Utc>) -> Option<TimeDelta> {
        // A clock that was set back makes nobody wait for longer.
        let wait = (self.last_at + self.hold(limit) - now).min(self.hold(limit));
        (wait > TimeDelta::zero()).then_some(wait)
    }

    fn hold(&self, limit: u32) -> TimeDelta {
        let Some(excess) = self.count.checked_sub(limit) else { return TimeDelta::zero() };
        let doubled = 1_i32.checked_shl(excess).filter(|factor| *factor > 0);
        doubled.and_then(|factor| FIRST_WAIT.checked_mul(factor)).map_or(LONGEST_WAIT, |wait| wait.min(LONGEST_WAIT))
    }
}

impl Standing {
    /// How long this attempt has to wait; not at all from a network that the owner has logged in from.
    #[must_use]
    pub fn wait(&self, limit: u32, now: DateTime<Utc>) -> Option<TimeDelta> {
        let known = self.network_seen_at.is_some_and(|seen| now < seen + KNOWN_FOR);
        if known { None } else { self.failures.wait(limit, now) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testkit::samples::{after, start};

    fn failures(count: u32) -> Failures {
        Failures { count, last_at: start() }
    }

    #[test]
    fn nobody_waits_below_the_limit() {
        for count in 0..10 {
            assert_eq!(failures(count).wait(10, start()), None);
        }
    }

    #[test]
    fn waits_double_up_to_a_quarter_of_an_hour() {
        let waits: Vec<_> = (10..18).map(|count| failures(count).wait(10, start()).unwrap().num_seconds()).collect();
        assert_eq!(waits, [30, 60, 120, 240, 480, 900, 900, 900]);
        for count in [41, 42, 73, u32::MAX] {
            assert_eq!(failures(count).wait(10, start()), Some(LONGEST_WAIT));
        }
    }

    #[test]
    fn a_wait_runs_out() {
        assert_eq!(failures(10).wait(10, after(29)), Some(TimeDelta::seconds(1)));
        assert_eq!(failures(10).wait(10, after(30)), None);
    }

    #[test]
    fn a_clock_set_back_makes_no_wait_longer() {
        assert_eq!(failures(10).wait(10, after(-86_400)), Some(TimeDelta::seconds(30)));
        assert_eq!(failures(9).wait(10, after(-86_400)), None);
    }

    #[test]
    fn failures_add_up_until_the_account_is_left_alone() {
        let one_more = |before, seconds| Failures::one_more(before, 10, after(seconds)).count;
        assert_eq!(one_more(None, 0), 1);
        assert_eq!(one_more(Some(failures(3)), 899), 4);
        assert_eq!(one_more(Some(failures(3)), 900), 1);
        // Half a minute of waiting, and a quarter of an hour of peace.
        assert_eq!(one_more(Some(failures(10)), 929), 11);
        assert_eq!(one_more(Some(failures(10)), 930), 1);
        assert_eq!(one_more(Some(failures(u32::MAX)), 0), u32::MAX);
    }

    #[test]
    fn a_known_network_never_waits() {
        let standing = |seen| Standing { failures: failures(30), network_seen_at: seen };
        assert_eq!(standing(None).wait(10, start()), Some(LONGEST_WAIT));
        assert_eq!(standing(Some(start())).wait(10, start()), None);
        let month = KNOWN_FOR.num_seconds();
        assert_eq!(standing(Some(after(1 - month))).wait(10, start()), None);
        assert_eq!(standing(Some(after(-month))).wait(10, start()), Some(LONGEST_WAIT));
    }
}
