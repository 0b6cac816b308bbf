//! A clock that stands still until it is moved, and ids that come in sequence.

use std::sync::{
    Arc,
    atomic::{AtomicI64, AtomicU64, Ordering},
};

use chrono::{DateTime, TimeDelta, Utc};
use uuid::{Builder, Uuid};

use crate::identity::clock::{Clock, Ids};
use crate::testkit::samples::start;

/// Stands at [`start`] until it is moved. Clones are the same clock.
#[derive(Debug, Clone, Default)]
pub struct MovableClock(Arc<AtomicI64>);

impl MovableClock {
    /// Moves it on, or back.
    pub fn advance(&self, by: TimeDelta) {
        self.0.fetch_add(by.num_microseconds().unwrap_or_default(), Ordering::SeqCst);
    }

    /// Moves it to a time.
    pub fn set(&self, to: DateTime<Utc>) {
        self.0.store((to - start()).num_microseconds().unwrap_or_default(), Ordering::SeqCst);
    }
}

impl Clock for MovableClock {
    fn now(&self) -> DateTime<Utc> {
        start() + TimeDelta::microseconds(self.0.load(Ordering::SeqCst))
    }
}

/// UUIDv7 in form, counted up in truth. Clones share the count.
#[derive(Debug, Clone, Default)]
pub struct SequentialIds(Arc<AtomicU64>);

impl Ids for SequentialIds {
    fn next(&self) -> Uuid {
        numbered(0xB0, self.0.fetch_add(1, Ordering::SeqCst) + 1)
    }
}

/// The same id for the same number; whoever counts for himself has a `series` for himself.
pub(crate) fn numbered(series: u8, number: u64) -> Uuid {
    let [a, b, c, d, e, f, g, h] = number.to_be_bytes();
    Builder::from_unix_timestamp_millis(1_767_323_045_678 + number, &[series, 0, a, b, c, d, e, f, g, h]).into_uuid()
}
