//! SQLite has one writer at a time. Here writers queue; at SQLite's own lock they would sleep and try again.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;

/// Writers that stand ready on a thread with a connection: to call one only when the file is free would leave it idle for
/// as long as that takes, which is half as long as a write. No more than these, since readers need connections, too.
const READY: usize = 4;

/// Whose turn it is to write.
#[derive(Clone)]
pub(super) struct Turns {
    /// First come, first served.
    pub(super) queue: Arc<Semaphore>,
    now: Arc<Mutex<()>>,
}

impl Turns {
    pub(super) fn new(connections: usize) -> Self {
        Self { queue: Arc::new(Semaphore::new(READY.min(connections.div_ceil(2)))), now: Arc::default() }
    }

    /// Does the work when nobody else of this program writes. Blocks.
    pub(super) fn alone<T>(&self, work: impl FnOnce() -> T) -> T {
        let _turn = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        work()
    }
}
