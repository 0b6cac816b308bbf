//! How many mails an address gets for one purpose, whoever asks for them.

use chrono::{DateTime, TimeDelta, Utc};

/// The least time between two mails.
pub const GAP: TimeDelta = TimeDelta::seconds(60);

/// How many mails within [`SPAN`].
pub const PER_SPAN: usize = 5;

pub const SPAN: TimeDelta = TimeDelta::hours(1);

/// When an address last got mails for one purpose, newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Allowance(pub [Option<DateTime<Utc>>; PER_SPAN]);

impl Allowance {
    /// The allowance after one more mail; `None` if there must be none by now.
    #[must_use]
    pub fn claim(self, now: DateTime<Utc>) -> Option<Self> {
        let [newest, second, third, fourth, oldest] = self.0;
        let is_spaced = newest.is_none_or(|at| now >= at + GAP);
        let has_room = oldest.is_none_or(|at| now >= at + SPAN);
        (is_spaced && has_room).then_some(Self([Some(now), newest, second, third, fourth]))
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::{Allowance, GAP, PER_SPAN, SPAN};
    use crate::testkit::samples::start;

    #[test]
    fn two_mails_are_a_minute_apart() {
        let once = Allowance::default().claim(start()).unwrap();
        assert_eq!(once.claim(start() + GAP - TimeDelta::microseconds(1)), None);
        assert!(once.claim(start() + GAP).is_some());
    }

    #[test]
    fn within_any_hour_there_are_five() {
        let (mut allowance, mut sent) = (Allowance::default(), Vec::new());
        for second in 0..4 * 3600 {
            let at = start() + TimeDelta::seconds(second);
            if let Some(next) = allowance.claim(at) {
                (allowance, _) = (next, sent.push(at));
            }
        }
        for window in sent.windows(PER_SPAN + 1) {
            assert!(*window.last().unwrap() - *window.first().unwrap() >= SPAN);
        }
        assert_eq!(sent.len(), 4 * PER_SPAN);
    }
}
