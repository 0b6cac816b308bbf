//! Whether the client of a request still waits for its answer. Travels with the task, like the tracing span, so that neither
//! ports nor use cases carry it.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

tokio::task_local! {
    static ASKER: Asker;
}

/// The client of a request, which may leave before the answer.
#[derive(Debug, Clone, Default)]
pub struct Asker {
    has_left: Arc<AtomicBool>,
}

impl Asker {
    /// The client has gone: expensive work that has not begun can be skipped.
    pub fn leave(&self) {
        self.has_left.store(true, Ordering::Relaxed);
    }

    /// Does part of this client's work, such as one poll of its future.
    pub fn asks<T>(&self, work: impl FnOnce() -> T) -> T {
        ASKER.sync_scope(self.clone(), work)
    }

    /// The client whose work this task does. Outside any request: one that never leaves.
    pub(crate) fn current() -> Self {
        ASKER.try_with(Self::clone).unwrap_or_default()
    }

    pub(crate) fn has_left(&self) -> bool {
        self.has_left.load(Ordering::Relaxed)
    }
}
