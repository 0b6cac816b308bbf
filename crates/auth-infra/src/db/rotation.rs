//! Rotations in batches: on PostgreSQL, those that arrive while one statement is under way share the next one. What is dear is the
//! commit, which waits for a disk, and the way to the database and back.

pub(crate) mod query;

use std::{collections::HashSet, io, sync::Arc, time::Duration};

use auth_domain::identity::port_error::PortError;
use tokio::sync::oneshot;

use self::query::{Rotation, many, one};
use super::{
    batch_queue::{BatchQueue, Job, turn::Turn},
    failure::Failure,
    pool::Pool,
};

/// The handle of the thread that sends them.
pub(super) struct BatchedRotation(BatchQueue<Pending>);

struct Pending {
    rotation: Rotation,
    turn: Arc<Turn>,
    tell: oneshot::Sender<Result<bool, PortError>>,
}

impl Job for Pending {
    fn is_given_up(&self) -> bool {
        self.tell.is_closed()
    }
}

impl BatchedRotation {
    /// # Errors
    /// The thread cannot be started.
    pub(super) fn new(pool: Pool) -> io::Result<Self> {
        BatchQueue::open("rotations", move |jobs| answer(&pool, jobs)).map(Self)
    }

    /// Whether the statement under way has taken at least this long, as where a row is locked.
    pub(super) fn is_slower_than(&self, patience: Duration) -> bool {
        self.0.is_slower_than(patience)
    }

    /// Whether the session was moved. Nothing is done once the caller has given up.
    pub(super) fn rotate(&self, rotation: Rotation, turn: Arc<Turn>) -> oneshot::Receiver<Result<bool, PortError>> {
        let (tell, told) = oneshot::channel();
        self.0.leave(Pending { rotation, turn, tell });
        told
    }
}

fn answer(pool: &Pool, mut jobs: Vec<Pending>) {
    jobs.retain(|job| job.turn.begin());
    // In one order, so that batches of two servers cannot wait for each other.
    jobs.sort_by(|a, b| a.rotation.id.cmp(&b.rotation.id));
    let mut met = HashSet::new();
    let (first, again): (Vec<_>, Vec<_>) = jobs.into_iter().partition(|job| met.insert(job.rotation.id.clone()));
    together(pool, first);
    again.into_iter().for_each(|job| alone(pool, job));
}

fn together(pool: &Pool, jobs: Vec<Pending>) {
    let rotations: Vec<_> = jobs.iter().map(|job| job.rotation.clone()).collect();
    let outcome = if jobs.len() > 1 { pool.write(&|db| many(db, &rotations)) } else { Ok(None) };
    match outcome {
        Ok(Some(moved)) => jobs.into_iter().zip(moved).for_each(|(job, moved)| tell(job, Ok(moved))),
        // Nothing was done: each by itself, so that nobody hears of another's failure.
        Ok(None) | Err(Failure::Refused(_)) => jobs.into_iter().for_each(|job| alone(pool, job)),
        Err(failure) => {
            let error = PortError::from(failure);
            jobs.into_iter().for_each(|job| tell(job, Err(error.clone())));
        }
    }
}

fn alone(pool: &Pool, job: Pending) {
    let outcome = pool.write(&|db| one(db, &job.rotation)).map_err(PortError::from);
    tell(job, outcome);
}

fn tell(job: Pending, outcome: Result<bool, PortError>) {
    // Fails only when the caller has gone.
    let _gone = job.tell.send(outcome);
}
