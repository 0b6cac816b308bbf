//! SQLite has one writer at a time, and a sync for each commit. Here that writer is a thread: whatever is to be written
//! while it waits for the disk is written next, all of it in one transaction with one sync.

use std::{io, sync::Arc};

use auth_domain::ports::PortError;
use diesel::QueryResult;
use prometheus::HistogramTimer;
use tokio::sync::oneshot;

use super::{
    AnyConnection,
    desk::{Desk, Errand, guarded},
    in_transaction,
    look_ups::LookUps,
    pool::Pool,
};

/// Writes for everybody, by one connection at a time.
pub(super) struct Writer(Desk<Box<dyn Order>>);

impl Writer {
    /// # Errors
    /// The system has no thread to give.
    pub(super) fn new(pool: Pool, look_ups: Arc<LookUps>) -> io::Result<Self> {
        Desk::open("writer", move |orders| write(&pool, &look_ups, orders)).map(Self)
    }

    /// What becomes of it is told when it is on disk, and never if the work panics.
    pub(super) fn write<T, F>(&self, work: F, waiting: HistogramTimer) -> oneshot::Receiver<Result<T, PortError>>
    where
        T: Send + 'static,
        F: Fn(&mut AnyConnection) -> QueryResult<T> + Send + 'static,
    {
        let (tell, told) = oneshot::channel();
        self.0.leave(Box::new(Ordered { work, waiting: Some(waiting), done: None, tell }));
        told
    }
}

/// Some work, whatever comes of it.
trait Order: Errand {
    /// Within the transaction of all; what was given up meanwhile is left out, here and below.
    fn carry_out(&mut self, db: &mut AnyConnection) -> QueryResult<()>;

    /// By itself.
    fn carry_out_alone(self: Box<Self>, pool: &Pool, look_ups: &LookUps);

    /// It is kept, or it cannot be known whether it is.
    fn tell(self: Box<Self>, outcome: Result<(), PortError>);
}

struct Ordered<T, F> {
    work: F,
    /// Observed when it is dropped.
    waiting: Option<HistogramTimer>,
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
        if !self.is_given_up() {
            self.done = Some((self.work)(db)?);
        }
        Ok(())
    }

    fn carry_out_alone(self: Box<Self>, pool: &Pool, look_ups: &LookUps) {
        drop(self.waiting);
        if !self.tell.is_closed() {
            let _gone = self.tell.send(pool.write(&self.work).map_err(|failure| look_ups.hear_of(failure)));
        }
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
                // It is dropped then, which who waits for it sees.
                let _panicked = guarded(|| order.carry_out_alone(pool, look_ups));
            }
        }
    }
}

/// All or nothing. `None` if some of the work failed, whereupon nothing was done of any: each is to be done by itself then,
/// so that none hears of another's failure. What fails before any or after all is everybody's.
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
    let outcome = outcome.map_err(|failure| look_ups.hear_of(failure));
    if was_undone { None } else { Some(outcome) }
}

#[cfg(all(test, feature = "sqlite"))]
mod tests;
