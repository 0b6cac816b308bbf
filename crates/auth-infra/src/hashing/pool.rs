//! Threads for work that keeps a core busy: first in, first out, and jobs that would wait too long are refused.

use std::{
    io,
    sync::Arc,
    time::{Duration, Instant},
};

use auth_domain::identity::port_error::PortError;
use prometheus::{Histogram, IntCounter, Registry};
use thread_priority::{ThreadPriority, ThreadPriorityValue};
use tokio::sync::oneshot;

use super::load::{Load, Turn};
use crate::{
    cancellation::{self, CancellationToken},
    metrics::{self, level},
    worker::{Queue, State, guarded},
};

/// Below the system's default everywhere; nice 7 on Linux. Requests take precedence, yet hashing keeps a sixth of a core under
/// contention.
const PRIORITY: u8 = 30;

/// The threads; they end when the pool is dropped.
pub(crate) struct HashPool {
    shared: Arc<Shared>,
}

struct Shared {
    queue: Arc<Queue<Waiting, Demand>>,
    workers: usize,
    waited: Histogram,
    took: Histogram,
    refused: IntCounter,
}

/// A job, and when it was queued.
struct Waiting {
    job: Box<dyn Job>,
    since: Instant,
}

/// A place in the queue, kept for a job that is still to come. Given back when dropped.
pub(crate) struct Seat {
    shared: Arc<Shared>,
}

/// What decides who is admitted, besides those who wait.
struct Demand {
    /// Places that are kept.
    reserved: usize,
    running: usize,
    load: Load,
}

trait Job: Send {
    fn is_awaited(&self) -> bool;
    /// Does the work. The returned closure sends the answer.
    fn run(self: Box<Self>) -> Answer;
}

type Answer = Box<dyn FnOnce()>;

struct Task<F, T> {
    work: F,
    client: CancellationToken,
    answer: oneshot::Sender<T>,
}

impl<F: FnOnce() -> T + Send, T: Send + 'static> Job for Task<F, T> {
    fn is_awaited(&self) -> bool {
        !self.answer.is_closed() && !self.client.is_cancelled()
    }

    fn run(self: Box<Self>) -> Answer {
        let Self { work, answer, client: _ } = *self;
        let done = work();
        // Fails only when the caller has gone.
        Box::new(move || drop(answer.send(done)))
    }
}

impl HashPool {
    /// # Errors
    /// A thread cannot be started.
    pub(crate) fn start(workers: usize, load: Load) -> io::Result<Self> {
        let queue = Queue::new(Demand { reserved: 0, running: 0, load });
        let shared = Shared::new(queue, workers).map_err(io::Error::other)?;
        let pool = Self { shared: Arc::new(shared) };
        for n in 0..workers {
            let shared = Arc::clone(&pool.shared);
            pool.shared.queue.start(&format!("hash-{n}"), move |_queue| shared.work())?;
        }
        Ok(pool)
    }

    /// Reserves a place, or refuses at once when the wait would be too long.
    pub(crate) fn admit(&self) -> Result<Seat, PortError> {
        self.shared.admit()?;
        Ok(Seat { shared: Arc::clone(&self.shared) })
    }

    /// Runs the work on one of the threads. Whoever comes has a place.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        place: impl Send,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, PortError> {
        let (client, (answer, answered)) = (cancellation::client(), oneshot::channel());
        let job = Box::new(Task { work, answer, client: client.clone() });
        self.shared.queue.push(Waiting { job, since: Instant::now() });
        // Only now: nobody else may get it in between.
        drop(place);
        answered.await.map_err(|_given_up| {
            if client.is_cancelled() {
                PortError::Abandoned
            } else {
                PortError::Unavailable("a hashing job was dropped".to_owned())
            }
        })
    }

    /// Registers the metrics of the threads.
    pub(crate) fn register(&self, registry: &Registry) -> prometheus::Result<()> {
        let shared = self.shared.clone();
        registry.register(Box::new(shared.waited.clone()))?;
        registry.register(Box::new(shared.took.clone()))?;
        registry.register(Box::new(shared.refused.clone()))?;
        let gauges = [
            ("auth_hash_workers", "Threads that hash passwords."),
            ("auth_hash_running", "Passwords that are being hashed."),
            ("auth_hash_queue_depth", "Passwords that wait for a thread."),
        ];
        metrics::sampled(registry, gauges, move || {
            let state = shared.queue.lock();
            [level(shared.workers), level(state.also.running), level(state.waiting.len())]
        })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.shared.queue.lock().also.reserved -= 1;
    }
}

impl Drop for HashPool {
    fn drop(&mut self) {
        // A hash that has begun is not waited for.
        self.shared.queue.close(Duration::ZERO);
    }
}

impl Shared {
    fn new(queue: Arc<Queue<Waiting, Demand>>, workers: usize) -> prometheus::Result<Self> {
        Ok(Self {
            queue,
            workers,
            waited: metrics::histogram("auth_hash_wait_seconds", "How long passwords waited for a thread.", metrics::WAITS)?,
            took: metrics::histogram("auth_hash_duration_seconds", "How long hashes took, once begun.", metrics::WAITS)?,
            refused: IntCounter::new("auth_hash_refused_total", "Passwords that would have waited too long (503 overloaded).")?,
        })
    }

    fn admit(&self) -> Result<(), PortError> {
        let mut state = self.queue.lock();
        if overload(&state).is_some() {
            // Jobs of clients that left do not count; they are only removed when it matters.
            state.waiting.retain(|waiting| waiting.job.is_awaited());
        }
        let Some(retry_after) = overload(&state) else {
            state.also.reserved += 1;
            return Ok(());
        };
        let turn = state.also.load.refused();
        drop(state);
        self.refused.inc();
        report(turn);
        Err(PortError::Overloaded { retry_after })
    }

    fn work(&self) {
        step_back();
        while let Some(Waiting { job, since }) = self.queue.take(next) {
            self.waited.observe(since.elapsed().as_secs_f64());
            let done = perform(job);
            let turn = self.account(done.as_ref().map(|(_answer, took)| *took));
            // Answers last: a client that asks again at once must not meet a thread that still counts as busy.
            if let Some((answer, _took)) = done {
                answer();
            }
            report(turn);
        }
    }

    fn account(&self, took: Option<Duration>) -> Option<Turn> {
        let mut state = self.queue.lock();
        state.also.running -= 1;
        if let Some(took) = took {
            self.took.observe(took.as_secs_f64());
            state.also.load.measure(took);
        }
        let (queued, running) = (queued(&state), state.also.running);
        state.also.load.finished(queued, running)
    }
}

/// The next job. None is begun once the pool is closed.
fn next(state: &mut State<Waiting, Demand>) -> Option<Waiting> {
    let job = if state.is_closed { None } else { state.waiting.pop_front() }?;
    state.also.running += 1;
    Some(job)
}

/// How many wait, or are about to.
fn queued(state: &State<Waiting, Demand>) -> usize {
    state.waiting.len() + state.also.reserved
}

fn overload(state: &State<Waiting, Demand>) -> Option<Duration> {
    state.also.load.overload(queued(state), state.also.running)
}

/// The answer and how long the work took. Skips the work if the caller has gone; a panic ends the job only.
fn perform(job: Box<dyn Job>) -> Option<(Answer, Duration)> {
    if !job.is_awaited() {
        return None;
    }
    let begun = Instant::now();
    match guarded(|| job.run()) {
        Ok(answer) => Some((answer, begun.elapsed())),
        Err(_panic) => {
            tracing::error!("a hash panicked");
            None
        }
    }
}

fn step_back() {
    let lowered = ThreadPriorityValue::try_from(PRIORITY)
        .map_err(|fault| fault.to_string())
        .and_then(|value| ThreadPriority::Crossplatform(value).set_for_current().map_err(|fault| fault.to_string()));
    if let Err(fault) = lowered {
        tracing::debug!(fault, "cannot lower the priority of hashing threads");
    }
}

fn report(turn: Option<Turn>) {
    match turn {
        Some(Turn::Sheds) => tracing::warn!("too many passwords to hash: refusing those that would wait too long"),
        Some(Turn::Recovers { refused }) => tracing::info!(refused, "passwords are hashed in time again"),
        None => {}
    }
}

#[cfg(test)]
mod tests;
