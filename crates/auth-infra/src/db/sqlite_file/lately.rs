//! What was found out a moment ago, and counts for a while.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

/// How long it counts: whoever asks all the time, and anybody may, costs ten answers a second.
const FRESH: Duration = Duration::from_millis(100);

/// That something held when somebody looked.
pub(in crate::db) struct Lately {
    origin: Instant,
    /// Until when it counts, in microseconds since the origin; 0 where it does not.
    until: AtomicU64,
}

impl Default for Lately {
    fn default() -> Self {
        Self { origin: Instant::now(), until: AtomicU64::new(0) }
    }
}

impl Lately {
    pub(in crate::db) fn holds(&self) -> bool {
        self.micros(Duration::ZERO) < self.until.load(Ordering::Relaxed)
    }

    pub(in crate::db) fn renew(&self) {
        self.until.store(self.micros(FRESH), Ordering::Relaxed);
    }

    pub(in crate::db) fn withdraw(&self) {
        self.until.store(0, Ordering::Relaxed);
    }

    /// The time in a while from now.
    fn micros(&self, from_now: Duration) -> u64 {
        u64::try_from((self.origin.elapsed() + from_now).as_micros()).unwrap_or(u64::MAX)
    }
}
