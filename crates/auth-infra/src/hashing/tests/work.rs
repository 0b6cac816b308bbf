//! The work that a thread has done: what takes as much of each kind takes as long.

use std::{cell::RefCell, collections::HashMap};

use crate::hashing::work::{Kind, Work};

thread_local!(static DONE: RefCell<HashMap<Kind, u64>> = RefCell::default());

pub(in crate::hashing) fn count(work: Work) {
    DONE.with_borrow_mut(|done| *done.entry(work.kind).or_default() += work.units);
}

/// What was done since the last call.
pub(super) fn take() -> HashMap<Kind, u64> {
    let mut done = DONE.take();
    done.retain(|_kind, units| *units > 0);
    done
}
