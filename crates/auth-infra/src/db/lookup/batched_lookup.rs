//! Batched look-ups: those that arrive while the database is busy share its next statement.

use std::{io, time::Duration};

use auth_domain::identity::port_error::PortError;
use tokio::{sync::oneshot, time::timeout};

use super::{
    Answer,
    query::{Found, many, one},
};
use crate::db::{
    batch_queue::{BatchQueue, Job},
    failure::Failure,
    pool::Pool,
};

/// How long to wait for a batch. A connection that stalls must not hold up everybody: after this, each caller asks alone.
const PATIENCE: Duration = Duration::from_millis(250);

pub(crate) struct BatchedLookup(BatchQueue<Question>);

struct Question {
    session: String,
    tell: oneshot::Sender<Result<Answer, PortError>>,
}

impl Job for Question {
    fn is_given_up(&self) -> bool {
        self.tell.is_closed()
    }
}

impl BatchedLookup {
    /// # Errors
    /// The thread cannot be started.
    pub(crate) fn new(pool: Pool) -> io::Result<Self> {
        BatchQueue::open("look-ups", move |questions| answer(&pool, questions)).map(Self)
    }

    /// No answer where batches are too slow: who asks then asks alone.
    pub(crate) async fn find(&self, session: String) -> Result<Answer, PortError> {
        if self.0.is_slower_than(PATIENCE) {
            return Ok(Answer::Unanswered);
        }
        let (tell, told) = oneshot::channel();
        self.0.leave(Question { session, tell });
        match timeout(PATIENCE, told).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) | Err(_) => Ok(Answer::Unanswered),
        }
    }
}

fn answer(pool: &Pool, questions: Vec<Question>) {
    let asked: Vec<&str> = questions.iter().map(|question| question.session.as_str()).collect();
    let outcome = match *asked {
        [only] => pool.read(&|db| Ok(one(db, only)?.into_iter().collect())),
        _ => pool.read(&|db| many(db, &asked)),
    };
    let outcome: Result<Vec<Found>, PortError> = outcome.map_err(Failure::into);
    for Question { session, tell } in questions {
        let found = |found: &Vec<Found>| Answer::from(found.iter().find(|found| found.is_of(&session)).cloned());
        // Fails only when the caller has gone.
        let _gone = tell.send(outcome.as_ref().map(found).map_err(PortError::clone));
    }
}
