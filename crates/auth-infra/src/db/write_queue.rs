//! Group commit for SQLite, which allows one writer at a time and syncs each commit: a single thread writes, and everything
//! that queues up during one sync goes into the next transaction.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use auth_domain::identity::port_error::PortError;
use diesel::{QueryResult, result::Error};
use prometheus::HistogramTimer;
use tokio::sync::oneshot;

use super::{
    AnyConnection,
    batch_queue::{Desk, Errand, guarded},
    in_transaction,
    lookup::LookUps,
    pool::Pool,
};

/// The handle of the thread that writes.
pub(super) struct Writer(Desk<Box<dyn Order>>);

impl Writer {
    /// # Errors
    /// The thread cannot be started.
    pub(super) fn new(pool: Pool, look_ups: Arc<LookUps>) -> io::Result<Self> {
        Desk::open("writer", move |orders| write(&pool, &look_ups, orders)).map(Self)
    }

    /// The outcome arrives once it is on disk. If the work panics, the channel closes instead. `begun` is set before the work runs,
    /// which it does not any more once the receiver is gone.
    pub(super) fn write<T, F>(
        &self,
        work: F,
        waiting: HistogramTimer,
        begun: Arc<AtomicBool>,
    ) -> oneshot::Receiver<Result<T, PortError>>
    where
        T: Send + 'static,
        F: Fn(&mut AnyConnection) -> QueryResult<T> + Send + 'static,
    {
        let (tell, told) = oneshot::channel();
        self.0.leave(Box::new(Ordered { work, waiting: Some(waiting), begun, done: None, tell }));
        told
    }
}

/// A queued write of any result type.
trait Order: Errand {
    /// Runs inside the shared transaction. Does nothing if the caller has given up, here and below.
    fn carry_out(&mut self, db: &mut AnyConnection) -> QueryResult<()>;

    /// Runs in a transaction of its own, and answers.
    fn carry_out_alone(self: Box<Self>, pool: &Pool, look_ups: &LookUps);

    /// Answers after the shared transaction: committed, or lost with the error.
    fn tell(self: Box<Self>, outcome: Result<(), PortError>);
}

struct Ordered<T, F> {
    work: F,
    /// Records the wait when dropped.
    waiting: Option<HistogramTimer>,
    begun: Arc<AtomicBool>,
    done: Option<T>,
    tell: oneshot::Sender<Result<T, PortError>>,
}

impl<T: Send + 'static, F: Send + 'static> Errand for Ordered<T, F> {
    fn is_given_up(&self) -> bool {
        self.tell.is_closed()
    }
}

impl Errand for Box<dyn Order> {
    fn is_given_up(&self) -> bool {
        self.as_ref().is_given_up()
    }
}

impl<T, F> Order for Ordered<T, F>
where
    T: Send + 'static,
    F: Fn(&mut AnyConnection) -> QueryResult<T> + Send + 'static,
{
    fn carry_out(&mut self, db: &mut AnyConnection) -> QueryResult<()> {
        drop(self.waiting.take());
        self.begun.store(true, Ordering::SeqCst);
        if !self.is_given_up() {
            self.done = Some((self.work)(db)?);
        }
        Ok(())
    }

    fn carry_out_alone(self: Box<Self>, pool: &Pool, look_ups: &LookUps) {
        let Self { work, waiting, begun, tell, .. } = *self;
        drop(waiting);
        // Asked again once the file is locked, which may have taken a while.
        let unless_given_up = |db: &mut AnyConnection| {
            begun.store(true, Ordering::SeqCst);
            if tell.is_closed() { Err(Error::RollbackTransaction) } else { work(db) }
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

fn write(pool: &Pool, look_ups: &LookUps, mut orders: Vec<Box<dyn Order>>) {
    let together = if orders.len() > 1 { write_together(pool, look_ups, &mut orders) } else { None };
    for order in orders {
        match &together {
            Some(outcome) => order.tell(outcome.clone()),
            None => {
                // Dropping the order closes its channel.
                let _panicked = guarded(|| order.carry_out_alone(pool, look_ups));
            }
        }
    }
}

/// Runs all orders in one transaction. `None` if one of them failed and everything was rolled back: each must then run alone,
/// so that no caller gets another's error. A failure to begin or to commit is everybody's.
fn write_together(pool: &Pool, look_ups: &LookUps, orders: &mut [Box<dyn Order>]) -> Option<Result<(), PortError>> {
    let mut was_undone = false;
    let outcome = guarded(|| {
        pool.once(|db| {
            in_transaction(db, |db| {
                let carried_out = orders.iter_mut().try_for_each(|order| order.carry_out(db));
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
