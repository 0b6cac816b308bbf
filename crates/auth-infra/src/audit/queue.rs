//! The audit trail on its way into the database: a queue, and a thread of its own that writes the events in batches.

mod refused;

use std::{
    io,
    sync::Arc,
    time::{Duration, Instant},
};

use auth_domain::{
    audit::{
        entry::{Entry, EntryId},
        event::AuditEvent,
        kind::EventKind,
        ports::{AuditSink, AuditStore},
    },
    identity::{clock::Ids, port_error::PortError},
};
use prometheus::{IntCounter, Registry};
use tokio::runtime::Runtime;

use self::refused::{Batch, answers};
use super::one_line;
use crate::{
    system::UuidV7,
    worker::{Queue, State},
};

/// How a queue treats its entries.
#[derive(Debug, Clone, Copy)]
pub struct QueueOptions {
    /// The most entries in the queue; events beyond it go to the log only. Refused requests may fill half of it.
    pub capacity: usize,
    /// How many entries are written at once.
    pub batch: usize,
    /// How long the first entry of a batch waits for others.
    pub linger: Duration,
    /// The pause after a first failure. It doubles with each further failure, up to `longest_pause`.
    pub first_pause: Duration,
    pub longest_pause: Duration,
}

impl Default for QueueOptions {
    fn default() -> Self {
        Self {
            capacity: 100_000,
            batch: 200,
            linger: Duration::from_millis(250),
            first_pause: Duration::from_millis(100),
            longest_pause: Duration::from_secs(5),
        }
    }
}

const REFUSED: (&str, &str) = ("auth_audit_refused_total", "Events that the audit table refused; the log has them.");

/// Reports each event to the log first, then queues it for the trail. Callers do not wait for the database.
pub struct QueuedAudit {
    log: Arc<dyn AuditSink>,
    shared: Arc<Shared>,
}

struct Shared {
    options: QueueOptions,
    queue: Arc<Queue<Entry, Progress>>,
    /// How many events the table refused.
    refused: IntCounter,
}

#[derive(Default)]
struct Progress {
    /// Taken from the queue and not written yet.
    in_hand: usize,
    /// How many were dropped because the queue was full; reset once there is room again.
    dropped: u64,
    /// When to give up; `None` until the queue is closed.
    deadline: Option<Instant>,
    /// Nothing is written any more.
    over: bool,
}

impl QueuedAudit {
    /// Starts the thread.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn start(log: Arc<dyn AuditSink>, trail: Arc<dyn AuditStore>, options: QueueOptions) -> Result<Self, PortError> {
        let failed = |error: io::Error| PortError::Unavailable(format!("no thread for the audit trail: {error}"));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().map_err(failed)?;
        let refused = IntCounter::new(REFUSED.0, REFUSED.1).map_err(|fault| PortError::Internal(fault.to_string()))?;
        let shared = Arc::new(Shared { options, queue: Queue::new(Progress::default()), refused });
        let writer = shared.clone();
        let write = move |_queue: &Queue<_, _>| {
            writer.write(&runtime, &*trail);
            // Does not wait for a database call that is still running.
            runtime.shutdown_background();
        };
        shared.queue.start("audit", write).map_err(failed)?;
        Ok(Self { log, shared })
    }

    /// Registers its metric.
    ///
    /// # Errors
    /// It is registered already.
    pub fn register(&self, registry: &Registry) -> prometheus::Result<()> {
        registry.register(Box::new(self.shared.refused.clone()))
    }

    /// Writes what is queued, and logs how many entries were not written in time. Later events go to the log only.
    pub fn close(&self, patience: Duration) {
        self.shared.queue.lock().also.deadline = Some(Instant::now() + patience);
        self.shared.queue.close(patience);
        let state = self.shared.queue.lock();
        let lost = state.waiting.len() + state.also.in_hand;
        drop(state);
        if lost > 0 {
            tracing::error!(lost, "events were not written to the audit table in time; the log has them");
        }
    }
}

impl AuditSink for QueuedAudit {
    fn record(&self, event: AuditEvent) {
        self.log.record(event.clone());
        self.shared.push(Entry::of(EntryId(UuidV7.next()), event));
    }
}

/// The thread writes what it can without a retry, then ends.
impl Drop for QueuedAudit {
    fn drop(&mut self) {
        self.shared.queue.lock().also.deadline.get_or_insert_with(Instant::now);
        self.shared.queue.close(Duration::ZERO);
    }
}

/// How entries are written.
type Append<'a> = &'a dyn Fn(&[Entry]) -> Result<(), PortError>;

/// Events that anybody can cause at any rate.
const REFUSALS: [EventKind; 2] = [EventKind::RateLimited, EventKind::ClientRefused];

fn is_closed(state: &State<Entry, Progress>) -> bool {
    state.also.deadline.is_some()
}

impl Shared {
    fn push(&self, entry: Entry) {
        // A flood of refused requests must not crowd out other events.
        let half = REFUSALS.iter().any(|kind| entry.event == kind.name());
        let room = if half { self.options.capacity / 2 } else { self.options.capacity };
        let mut state = self.queue.lock();
        if state.also.over {
            drop(state);
            tracing::error!("an event came after the audit table was closed; the log has it");
            return;
        }
        if state.waiting.len() >= room {
            state.also.dropped += 1;
            let first = state.also.dropped == 1;
            drop(state);
            if first {
                tracing::error!("the queue of the audit table is full: events go to the log alone until there is room");
            }
            return;
        }
        state.waiting.push_back(entry);
        let news = state.waiting.len() == 1 || state.waiting.len() == self.options.batch;
        drop(state);
        if news {
            self.queue.wake();
        }
    }

    fn write(&self, runtime: &Runtime, trail: &dyn AuditStore) {
        let append = |entries: &[Entry]| runtime.block_on(trail.append(entries));
        while let Some(batch) = self.take() {
            if !self.keep(batch, &append) {
                break;
            }
        }
        self.queue.lock().also.over = true;
    }

    /// The next batch, once it is full or its first entry has waited long enough; `None` when no more will come.
    fn take(&self) -> Option<Vec<Entry>> {
        let QueueOptions { batch, linger, capacity, .. } = self.options;
        let mut state = self.queue.lock();
        self.queue.wait(&mut state, Duration::MAX, |state| !state.waiting.is_empty() || is_closed(state));
        self.queue.wait(&mut state, linger, |state| state.waiting.len() >= batch || is_closed(state));
        let count = state.waiting.len().min(batch);
        let batch: Vec<_> = state.waiting.drain(..count).collect();
        state.also.in_hand = batch.len();
        // Not as soon as one place is free: a long burst would log it again and again.
        let caught_up = state.waiting.len() <= capacity / 4;
        let dropped = if caught_up { std::mem::take(&mut state.also.dropped) } else { 0 };
        drop(state);
        if dropped > 0 {
            tracing::warn!(dropped, "the queue of the audit table has room again; the log has what was dropped");
        }
        (!batch.is_empty()).then_some(batch)
    }

    /// Retries until each entry is written or set aside; `false` when time ran out first.
    fn keep(&self, entries: Vec<Entry>, append: Append) -> bool {
        let mut batch = Batch::of(entries);
        let mut pauses = 0;
        while !batch.entries.is_empty() {
            self.queue.lock().also.in_hand = batch.entries.len();
            let Some(error) = self.sift(&mut batch, append) else { continue };
            if pauses == 0 {
                let error = error.to_string();
                tracing::warn!(error = &*one_line(&error), "the audit table cannot be written; events queue up until it can");
            }
            if !self.pause(pauses) {
                return false;
            }
            pauses += 1;
            if answers(&error) {
                self.join(&mut batch);
            }
        }
        if pauses > 0 {
            tracing::info!("the audit table is written again");
        }
        self.queue.lock().also.in_hand = 0;
        true
    }

    /// Pauses before another try; `before` is the number of pauses so far. Returns whether there is time for it.
    fn pause(&self, before: u32) -> bool {
        let mut state = self.queue.lock();
        let closed = is_closed(&state);
        // After closing, pauses stay short, so that no chance is missed before the deadline.
        let factor = if closed { 1 } else { 2_u32.saturating_pow(before) };
        let pause = self.options.first_pause.saturating_mul(factor).min(self.options.longest_pause);
        self.queue.wait(&mut state, pause, |state| is_closed(state) != closed);
        state.also.deadline.is_none_or(|deadline| Instant::now() < deadline)
    }
}

#[cfg(test)]
mod tests;
