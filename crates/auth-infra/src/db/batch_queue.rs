//! A thread that handles queued work in batches: whatever arrives during one batch forms the next.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// The largest batch.
const BATCH: usize = 64;

/// How long closing waits for the current batch.
const LAST_BATCH: Duration = Duration::from_millis(250);

/// Work that a caller waits for.
pub(super) trait Job: Send + 'static {
    /// Whether the caller has stopped waiting: it is skipped then.
    fn is_given_up(&self) -> bool;
}

/// The queue and its thread. One thread on purpose: more would mean smaller batches and less throughput.
pub(super) struct BatchQueue<E> {
    thread: Option<JoinHandle<()>>,
    shared: Arc<Shared<E>>,
}

struct Shared<E> {
    queue: Mutex<Queue<E>>,
    changed: Condvar,
}

struct Queue<E> {
    waiting: Vec<E>,
    /// When the current batch was taken; `None` while idle.
    at_work_since: Option<Instant>,
    is_closed: bool,
}

impl<E: Job> BatchQueue<E> {
    /// Starts the thread. If `serve` panics, its batch is dropped and the thread goes on.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub(super) fn open(name: &str, serve: impl Fn(Vec<E>) + Send + 'static) -> io::Result<Self> {
        let queue = Queue { waiting: Vec::new(), at_work_since: None, is_closed: false };
        let shared = Arc::new(Shared { queue: Mutex::new(queue), changed: Condvar::new() });
        let inside = shared.clone();
        let work = move || {
            while let Some(batch) = inside.take() {
                let _panicked = guarded(|| serve(batch));
            }
        };
        let thread = thread::Builder::new().name(name.to_owned()).spawn(work)?;
        Ok(Self { thread: Some(thread), shared })
    }

    pub(super) fn leave(&self, errand: E) {
        self.shared.queue().waiting.push(errand);
        self.shared.changed.notify_one();
    }

    #[cfg(test)]
    pub(super) fn is_idle(&self) -> bool {
        self.shared.queue().at_work_since.is_none()
    }

    /// Whether the current batch has taken at least this long.
    pub(super) fn is_slower_than(&self, patience: Duration) -> bool {
        self.shared.queue().at_work_since.is_some_and(|since| since.elapsed() >= patience)
    }
}

impl<E> Shared<E> {
    fn queue(&self) -> MutexGuard<'_, Queue<E>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<E: Job> Shared<E> {
    /// The next batch, once there is one. `None` after closing.
    fn take(&self) -> Option<Vec<E>> {
        let mut queue = self.queue();
        if queue.at_work_since.take().is_some() && queue.is_closed {
            // `drop` waits for this.
            self.changed.notify_all();
        }
        loop {
            queue.waiting.retain(|errand| !errand.is_given_up());
            let batch = queue.waiting.len().min(BATCH);
            if batch > 0 {
                queue.at_work_since = Some(Instant::now());
                return Some(queue.waiting.drain(..batch).collect());
            }
            if queue.is_closed {
                return None;
            }
            queue = self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// Turns a panic, which the panic hook has reported, into an error. Drop whatever the work was changing.
pub(super) fn guarded<T>(work: impl FnOnce() -> T) -> thread::Result<T> {
    catch_unwind(AssertUnwindSafe(work))
}

impl<E> Drop for BatchQueue<E> {
    /// Joins the thread, since its connection must not outlive the program's exit handlers; but does not wait long for a
    /// database that hangs.
    fn drop(&mut self) {
        let changed = &self.shared.changed;
        let mut queue = self.shared.queue();
        queue.is_closed = true;
        changed.notify_all();
        let is_at_work = |queue: &mut Queue<E>| queue.at_work_since.is_some();
        let (queue, waited) = changed.wait_timeout_while(queue, LAST_BATCH, is_at_work).unwrap_or_else(PoisonError::into_inner);
        drop(queue);
        if let Some(thread) = self.thread.take().filter(|_| !waited.timed_out()) {
            let _panicked = thread.join();
        }
    }
}
