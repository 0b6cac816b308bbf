//! The rounds that a thread has computed: what takes as many takes as long.

use std::cell::Cell;

thread_local!(static ROUNDS: Cell<u64> = const { Cell::new(0) });

pub(in crate::hashing) fn count(cost: u32) {
    ROUNDS.set(ROUNDS.get() + (1 << cost));
}

/// The rounds since the last call.
pub(super) fn take() -> u64 {
    ROUNDS.take()
}
