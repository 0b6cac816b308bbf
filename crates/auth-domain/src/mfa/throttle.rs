//! Wrong codes: when an account's second step is held, and for how long. Only who has the password gets there, so holding it locks
//! nobody else out.

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    identity::user::WrongCodes,
    passwords::throttle::{Failures, ThrottleState},
};

/// How many wrong codes an account may have before each further one makes its second step wait.
pub const WRONG_CODE_LIMIT: u32 = 10;

/// How long the second step is still held.
#[must_use]
pub fn wait(codes: &WrongCodes, now: DateTime<Utc>) -> Option<TimeDelta> {
    as_failures(codes).wait(WRONG_CODE_LIMIT, now)
}

/// With one more wrong code. Those that are forgotten do not count.
#[must_use]
pub fn one_more(codes: &WrongCodes, now: DateTime<Utc>) -> WrongCodes {
    let failures = as_failures(codes).one_more(WRONG_CODE_LIMIT, now).own;
    WrongCodes { count: failures.map_or(0, |failures| failures.count), last_at: failures.map(|failures| failures.last_at) }
}

/// They wait and are forgotten as wrong passwords are, all of them being of one client.
fn as_failures(codes: &WrongCodes) -> ThrottleState {
    let of = |last_at| Failures::of_one_client(codes.count, last_at, WRONG_CODE_LIMIT);
    let failures = codes.last_at.map(of);
    ThrottleState { own: failures, all: failures }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testkit::samples::after;

    /// `count` wrong codes, one a second from second 0 on, each after the wait for the one before.
    fn codes(count: u32) -> (WrongCodes, i64) {
        (0..count).fold((WrongCodes::default(), 0), |(codes, second), _| {
            let second = second + wait(&codes, after(second)).map_or(1, |wait| wait.num_seconds());
            (one_more(&codes, after(second)), second)
        })
    }

    #[test]
    fn ten_wrong_codes_hold_the_second_step_for_waits_that_double() {
        for (count, seconds) in [(9, None), (10, Some(30)), (11, Some(60)), (12, Some(120)), (15, Some(900)), (40, Some(900))] {
            let (codes, last) = codes(count);
            assert_eq!(wait(&codes, after(last)), seconds.map(TimeDelta::seconds), "after {count}");
            assert_eq!(codes.count, count);
        }
        let (codes, last) = codes(10);
        assert_eq!(wait(&codes, after(last + 29)), Some(TimeDelta::seconds(1)));
        assert_eq!(wait(&codes, after(last + 30)), None);
    }

    #[test]
    fn they_are_forgotten_a_quarter_of_an_hour_after_the_last() {
        let (nine, last) = codes(9);
        assert_eq!(one_more(&nine, after(last + 899)).count, 10);
        assert_eq!(one_more(&nine, after(last + 900)).count, 1);
        assert_eq!((one_more(&WrongCodes::default(), after(0)).count, wait(&WrongCodes::default(), after(0))), (1, None));
    }
}
