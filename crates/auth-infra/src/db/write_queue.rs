//! Group commit for SQLite, which allows one writer at a time and syncs each commit: a single thread writes, and everything
//! that queues up during one sync goes into the next transaction.

use std::{io, sync::Arc};

use auth_domain::identity::port_error::PortError;
use diesel::{QueryResult, result::Error};
use prometheus::HistogramTimer;
use tokio::sync::oneshot;

use super::{
    batch_queue::{BatchQueue, Job, turn::Turn},
    connection::AnyConnection,
    lookup::SessionLookup,
    pool::Pool,
    transaction::in_transaction,
};
use crate::worker::guarded;

/// The handle of the thread that writes.
pub(super) struct Writer(BatchQueue<Box<dyn WriteJob>>);

impl Writer {
    /// # Errors
    /// The thread cannot be started.
    pub(super) fn new(pool: Pool, look_ups: Arc<SessionLookup>) -> io::Result<Self> {
        BatchQueue::open("writer", move |jobs| write(&pool, &look_ups, jobs)).map(Self)
    }

    /// The outcome arrives once it is on disk. If the work panics, the channel closes instead. The work does not
    /// begin once it is given up, or the receiver is gone.
    pub(super) fn write<T, F>(&self, work: F, waiting: HistogramTimer, turn: Arc<Turn>) -> oneshot::Receiver<Result<T, PortError>>
    where
        T: Send + 'static,
        F: Fn(&mut AnyConnection) -> QueryResult<T> + Send + 'static,
    {
        let (tell, told) = oneshot::channel();
        self.0.leave(Box::new(PendingWrite { work, waiting: Some(waiting), turn, done: None, tell }));
        told
    }
}

/// A queued write of any result type.
trait WriteJob: Job {
    /// Runs inside the shared transaction. Does nothing if the caller has given up, here and below.
    fn carry_out(&mut self, db: &mut AnyConnection) -> QueryResult<()>;

    /// Runs in a transaction of its own, and answers.
    fn carry_out_alone(self: Box<Self>, pool: &Pool, look_ups: &SessionLookup);

    /// Answers after the shared transaction: committed, or lost with the error.
    fn tell(self: Box<Self>, outcome: Result<(), PortError>);
}

struct PendingWrite<T, F> {
    work: F,
    /// Records the wait when dropped.
    waiting: Option<HistogramTimer>,
    turn: Arc<Turn>,
    done: Option<T>,
    tell: oneshot::Sender<Result<T, PortError>>,
}

impl<T: Send + 'static, F: Send + 'static> Job for PendingWrite<T, F> {
    fn is_given_up(&self) -> bool {
        self.tell.is_closed()
    }
}

impl Job for Box<dyn WriteJob> {
    fn is_given_up(&self) -> bool {
        self.as_ref().is_given_up()
    }
}

impl<T, F> WriteJob for PendingWrite<T, F>
where
    T: Send + 'static,
    F: Fn(&mut AnyConnection) -> QueryResult<T> + Send + 'static,
{
    fn carry_out(&mut self, db: &mut AnyConnection) -> QueryResult<()> {
        drop(self.waiting.take());
        if !self.is_given_up() && self.turn.begin() {
            self.done = Some((self.work)(db)?);
        }
        Ok(())
    }

    fn carry_out_alone(self: Box<Self>, pool: &Pool, look_ups: &SessionLookup) {
        let Self { work, waiting, turn, tell, .. } = *self;
        drop(waiting);
        // Asked again once the file is locked, which may have taken a while.
        let unless_given_up = |db: &mut AnyConnection| {
            if tell.is_closed() || !turn.begin() { Err(Error::RollbackTransaction) } else { work(db) }
        };
        let outcome = pool.write(&|db: &mut AnyConnection| in_transaction(db, unless_given_up));
        let _gone = tell.send(outcome.map_err(|failure| look_ups.hear_of(failure)));
    }

    fn tell(self: Box<Self>, outcome: Result<(), PortError>) {
        let Self { done, tell, .. } = *self;
        if let Some(outcome) = outcome.map(|()| done).transpose() {
            let _gone = tell.send(outcome);
        }
    }
}

fn write(pool: &Pool, look_ups: &SessionLookup, mut jobs: Vec<Box<dyn WriteJob>>) {
    let together = if jobs.len() > 1 { write_together(pool, look_ups, &mut jobs) } else { None };
    for job in jobs {
        match &together {
            Some(outcome) => job.tell(outcome.clone()),
            None => {
                // Dropping the job closes its channel.
                let _panicked = guarded(|| job.carry_out_alone(pool, look_ups));
            }
        }
    }
}

/// Runs all jobs in one transaction. `None` if one of them failed and everything was rolled back: each must then run alone,
/// so that no caller gets another's error. A failure to begin or to commit is everybody's.
fn write_together(pool: &Pool, look_ups: &SessionLookup, jobs: &mut [Box<dyn WriteJob>]) -> Option<Result<(), PortError>> {
    let mut was_undone = false;
    let outcome = guarded(|| {
        pool.once(|db| {
            in_transaction(db, |db| {
                let carried_out = jobs.iter_mut().try_for_each(|job| job.carry_out(db));
                was_undone = carried_out.is_err();
                carried_out
            })
        })
    });
    let Ok(outcome) = outcome else { return None };
    let outcome = outcome.map_err(|failure| look_ups.hear_of(failure.of_a_write()));
    if was_undone { None } else { Some(outcome) }
}

#[cfg(all(test, feature = "sqlite"))]
mod tests;
