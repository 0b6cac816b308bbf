//! Limits a log message to once a minute.

use std::time::{Duration, Instant};

use parking_lot::Mutex;

const INTERVAL: Duration = Duration::from_secs(60);

/// When the message was last logged.
#[derive(Default)]
pub(crate) struct OnceAMinute(Mutex<Option<Instant>>);

impl OnceAMinute {
    pub(crate) const fn new() -> Self {
        Self(Mutex::new(None))
    }

    /// `true` for the first caller in a minute.
    pub(crate) fn take_turn(&self) -> bool {
        let mut last = self.0.lock();
        let due = last.is_none_or(|last| last.elapsed() >= INTERVAL);
        if due {
            *last = Some(Instant::now());
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_time_is_not_due_at_once() {
        let warning = OnceAMinute::new();
        assert!(warning.take_turn() && !warning.take_turn());
    }
}
