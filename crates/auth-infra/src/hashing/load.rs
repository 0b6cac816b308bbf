//! How long a new job would wait for a thread, and whether that is too long. Arithmetic only.

use std::time::Duration;

/// The time of a hash of cost 0, if there were one; used until a hash has been measured. Cost 12 then takes 240 ms.
const ASSUMED_BASE: Duration = Duration::from_nanos(58_600);

/// The measured load of the pool.
#[derive(Debug)]
pub(crate) struct Load {
    workers: u32,
    max_wait: Duration,
    /// The time of a hash: a moving average, so that a busy machine counts as a slow one.
    hash_time: Duration,
    measured: bool,
    /// How many were refused since shedding began; `None` while nothing is shed.
    shed: Option<u64>,
}

/// A change of state worth a line in the log.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    Sheds,
    Recovers { refused: u64 },
}

impl Load {
    pub(crate) fn new(cost: u32, workers: u32, max_wait: Duration) -> Self {
        Self { workers, max_wait, hash_time: ASSUMED_BASE.saturating_mul(1 << cost), measured: false, shed: None }
    }

    pub(crate) fn measure(&mut self, took: Duration) {
        self.hash_time = if self.measured { (self.hash_time * 7 + took) / 8 } else { took };
        self.measured = true;
    }

    /// All threads share the queued jobs, plus one job for those that are running.
    fn wait(&self, queued: usize, running: usize) -> Duration {
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        if count(queued).saturating_add(count(running)) < self.workers {
            return Duration::ZERO;
        }
        self.hash_time.saturating_mul(count(queued).saturating_add(1)) / self.workers
    }

    /// When to retry, if the wait is too long now: in whole seconds, as in HTTP.
    pub(crate) fn overload(&self, queued: usize, running: usize) -> Option<Duration> {
        let excess = self.wait(queued, running).checked_sub(self.max_wait).filter(|excess| !excess.is_zero())?;
        let whole = Duration::from_secs(excess.as_secs());
        Some(if whole < excess { whole + Duration::from_secs(1) } else { whole })
    }

    pub(crate) fn refused(&mut self) -> Option<Turn> {
        let first = self.shed.is_none();
        *self.shed.get_or_insert(0) += 1;
        first.then_some(Turn::Sheds)
    }

    /// Shedding ends when the wait is down to half of the limit, not with each free place.
    pub(crate) fn finished(&mut self, queued: usize, running: usize) -> Option<Turn> {
        let over = self.wait(queued, running) <= self.max_wait / 2;
        if over { self.shed.take().map(|refused| Turn::Recovers { refused }) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// Two threads, a second per hash, five seconds allowed.
    fn load() -> Load {
        let mut load = Load::new(12, 2, SECOND * 5);
        load.measure(SECOND);
        load
    }

    #[test]
    fn nobody_waits_while_a_thread_is_idle() {
        let load = Load::new(16, 2, Duration::ZERO);
        assert_eq!((load.overload(0, 0), load.overload(0, 1)), (None, None));
        assert!(load.overload(0, 2).is_some());
        assert!(load.overload(1, 1).is_some());
    }

    #[test]
    fn the_wait_is_the_queue_by_the_time_a_hash_takes_over_the_threads() {
        let load = load();
        assert_eq!(load.wait(9, 2), SECOND * 5);
        assert_eq!(load.overload(9, 2), None);
        assert_eq!(load.overload(10, 2), Some(SECOND));
        assert_eq!(load.overload(11, 2), Some(SECOND));
        assert_eq!(load.overload(12, 2), Some(SECOND * 2));
        assert_eq!(load.overload(29, 2), Some(SECOND * 10));
    }

    #[test]
    fn numbers_beyond_all_range_break_nothing() {
        let mut load = load();
        load.measure(SECOND * 60 * 60 * 24);
        assert!(load.overload(usize::MAX, usize::MAX).is_some());
        assert!(Load::new(16, u32::MAX, Duration::MAX).overload(usize::MAX, usize::MAX).is_none());
    }

    #[test]
    fn the_first_measurement_replaces_the_assumption_and_later_ones_move_it() {
        let mut load = Load::new(12, 1, SECOND);
        assert_eq!(load.wait(0, 1).as_millis(), 240);
        load.measure(SECOND);
        assert_eq!(load.wait(0, 1), SECOND);
        load.measure(SECOND * 9);
        assert_eq!(load.wait(0, 1), SECOND * 2);
    }

    #[test]
    fn shedding_is_told_once_when_it_begins_and_once_when_it_is_well_over() {
        let mut load = load();
        assert_eq!(load.finished(0, 1), None);
        assert_eq!(load.refused(), Some(Turn::Sheds));
        assert_eq!(load.refused(), None);
        assert_eq!(load.finished(9, 1), None);
        assert_eq!(load.refused(), None);
        assert_eq!(load.finished(4, 1), Some(Turn::Recovers { refused: 3 }));
        assert_eq!(load.finished(3, 1), None);
        assert_eq!(load.refused(), Some(Turn::Sheds));
    }
}
