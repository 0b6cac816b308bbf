//! A thread that serves all who wait at once: whoever comes while it is at work is served next, with all others.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// The most that are served at once.
const COMPANY: usize = 64;

/// How long who closes it waits for those that are being served.
const LAST_ERRAND: Duration = Duration::from_millis(250);

/// What somebody waits for.
pub(super) trait Errand: Send + 'static {
    /// Whether nobody waits for it any more: it costs nothing then.
    fn is_given_up(&self) -> bool;
}

/// The more threads with connections of their own, the smaller the company, and the slower all: here is one.
pub(super) struct Desk<E> {
    thread: Option<JoinHandle<()>>,
    counter: Arc<Counter<E>>,
}

struct Counter<E> {
    queue: Mutex<Queue<E>>,
    changed: Condvar,
}

struct Queue<E> {
    waiting: Vec<E>,
    /// Since when those have been served that wait no more.
    at_work_since: Option<Instant>,
    is_closed: bool,
}

impl<E: Errand> Desk<E> {
    /// Starts the thread. If `serve` panics, those whom it served see what they left dropped; the thread goes on.
    ///
    /// # Errors
    /// The system has no thread to give.
    pub(super) fn open(name: &str, serve: impl Fn(Vec<E>) + Send + 'static) -> io::Result<Self> {
        let queue = Queue { waiting: Vec::new(), at_work_since: None, is_closed: false };
        let counter = Arc::new(Counter { queue: Mutex::new(queue), changed: Condvar::new() });
        let inside = counter.clone();
        let work = move || {
            while let Some(company) = inside.take() {
                let _panicked = guarded(|| serve(company));
            }
        };
        let thread = thread::Builder::new().name(name.to_owned()).spawn(work)?;
        Ok(Self { thread: Some(thread), counter })
    }

    pub(super) fn leave(&self, errand: E) {
        self.counter.queue().waiting.push(errand);
        self.counter.changed.notify_one();
    }

    /// Whether those that are served now have been for so long.
    pub(super) fn is_slower_than(&self, patience: Duration) -> bool {
        self.counter.queue().at_work_since.is_some_and(|since| since.elapsed() >= patience)
    }
}

impl<E: Errand> Counter<E> {
    fn queue(&self) -> MutexGuard<'_, Queue<E>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Those that wait, once there are any. `None` when there will be no more.
    fn take(&self) -> Option<Vec<E>> {
        let mut queue = self.queue();
        if queue.at_work_since.take().is_some() && queue.is_closed {
            // Who closes it waits for that.
            self.changed.notify_all();
        }
        loop {
            queue.waiting.retain(|errand| !errand.is_given_up());
            let company = queue.waiting.len().min(COMPANY);
            if company > 0 {
                queue.at_work_since = Some(Instant::now());
                return Some(queue.waiting.drain(..company).collect());
            }
            if queue.is_closed {
                return None;
            }
            queue = self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// A panic is an error, which the panic hook has reported. Whatever was amid something has to be dropped.
pub(super) fn guarded<T>(work: impl FnOnce() -> T) -> thread::Result<T> {
    catch_unwind(AssertUnwindSafe(work))
}

impl<E> Drop for Desk<E> {
    /// Waits for the thread, since its connection should not outlive the program's exit handlers; but not long for a
    /// database that says nothing.
    fn drop(&mut self) {
        let Counter { queue, changed } = &*self.counter;
        let mut queue = queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.is_closed = true;
        changed.notify_all();
        let is_at_work = |queue: &mut Queue<E>| queue.at_work_since.is_some();
        let (queue, waited) = changed.wait_timeout_while(queue, LAST_ERRAND, is_at_work).unwrap_or_else(PoisonError::into_inner);
        drop(queue);
        if let Some(thread) = self.thread.take().filter(|_| !waited.timed_out()) {
            let _panicked = thread.join();
        }
    }
}
