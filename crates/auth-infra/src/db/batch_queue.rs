//! A thread that handles queued work in batches: whatever arrives during one batch forms the next.

pub(super) mod turn;

use std::{
    io,
    sync::Arc,
    time::{Duration, Instant},
};

use crate::worker::{Queue, State, guarded};

/// The largest batch.
const BATCH: usize = 64;

/// How long closing waits for the current batch.
const LAST_BATCH: Duration = Duration::from_millis(250);

/// Work that a caller waits for.
pub(super) trait Job: Send + 'static {
    /// Whether the caller has stopped waiting: it is skipped then.
    fn is_given_up(&self) -> bool;
}

/// When the current batch was taken; `None` while idle.
type Since = Option<Instant>;

/// One thread on purpose: more would mean smaller batches and less throughput.
pub(super) struct BatchQueue<J: Job>(Arc<Queue<J, Since>>);

impl<J: Job> BatchQueue<J> {
    /// Starts the thread. If `serve` panics, its batch is dropped and the thread goes on.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub(super) fn open(name: &str, serve: impl Fn(Vec<J>) + Send + 'static) -> io::Result<Self> {
        let queue = Queue::new(None);
        queue.start(name, move |queue| {
            while let Some(batch) = queue.take(next_batch) {
                let _panicked = guarded(|| serve(batch));
            }
        })?;
        Ok(Self(queue))
    }

    pub(super) fn leave(&self, job: J) {
        self.0.push(job);
    }

    #[cfg(test)]
    pub(super) fn is_idle(&self) -> bool {
        self.0.lock().also.is_none()
    }

    /// Whether the current batch has taken at least this long.
    pub(super) fn is_slower_than(&self, patience: Duration) -> bool {
        self.0.lock().also.is_some_and(|since| since.elapsed() >= patience)
    }
}

fn next_batch<J: Job>(queue: &mut State<J, Since>) -> Option<Vec<J>> {
    queue.waiting.retain(|job| !job.is_given_up());
    let batch = queue.waiting.len().min(BATCH);
    queue.also = (batch > 0).then(Instant::now);
    (batch > 0).then(|| queue.waiting.drain(..batch).collect())
}

impl<J: Job> Drop for BatchQueue<J> {
    /// Does not wait long for a database that hangs.
    fn drop(&mut self) {
        self.0.close(LAST_BATCH);
    }
}
