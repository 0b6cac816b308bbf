//! Forget what is long over, a few rows at a time.

use std::sync::Arc;

use chrono::TimeDelta;

use crate::{
    attempts::{KNOWN_FOR, LONGEST_WAIT, MEMORY},
    ports::{AttemptStore, Clock, PortError, SessionStore},
};

/// How long a session that is over stays known: longer than any of its access tokens lives.
const SESSIONS_KEPT: TimeDelta = TimeDelta::days(1);

/// How much is forgotten at once: little enough to be in nobody's way.
const BATCH: u32 = 500;

pub struct Prune {
    pub sessions: Arc<dyn SessionStore>,
    pub attempts: Arc<dyn AttemptStore>,
    pub clock: Arc<dyn Clock>,
}

/// Whether a batch was the last.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pruned {
    MoreToCome,
    AllDone,
}

impl Prune {
    /// Forgets one batch of each kind. Several servers may do so at once.
    ///
    /// # Errors
    /// An outage.
    pub async fn execute(&self) -> Result<Pruned, PortError> {
        let now = self.clock.now();
        let sessions = self.sessions.prune(now - SESSIONS_KEPT, BATCH).await?;
        let attempts = self.attempts.prune(now - LONGEST_WAIT - MEMORY, now - KNOWN_FOR, BATCH).await?;
        let full = |forgotten| u32::try_from(forgotten).is_ok_and(|forgotten| forgotten >= BATCH);
        Ok(if full(sessions) || full(attempts) { Pruned::MoreToCome } else { Pruned::AllDone })
    }
}

#[cfg(test)]
mod tests {
    use mockall::predicate::eq;

    use super::*;
    use crate::{
        ports::{MockAttemptStore, MockSessionStore},
        testkit::MovableClock,
        usecases::testing::down,
    };

    type Outcome = Result<usize, PortError>;

    async fn pruned(sessions_gone: Outcome, attempts_gone: Outcome) -> Result<Pruned, PortError> {
        let clock = MovableClock::default();
        let ago = |span| eq(clock.now() - span);
        let mut sessions = MockSessionStore::new();
        sessions.expect_prune().with(ago(TimeDelta::days(1)), eq(BATCH)).return_once(move |_, _| sessions_gone);
        let mut attempts = MockAttemptStore::new();
        let times = (ago(TimeDelta::minutes(30)), ago(TimeDelta::days(30)));
        attempts.expect_prune().with(times.0, times.1, eq(BATCH)).return_once(move |_, _, _| attempts_gone);
        Prune { sessions: Arc::new(sessions), attempts: Arc::new(attempts), clock: Arc::new(clock) }.execute().await
    }

    #[tokio::test]
    async fn a_full_batch_has_another_behind_it() {
        for (sessions, attempts) in [(500, 0), (0, 500), (500, 501)] {
            assert_eq!(pruned(Ok(sessions), Ok(attempts)).await.unwrap(), Pruned::MoreToCome);
        }
        for (sessions, attempts) in [(499, 499), (0, 0)] {
            assert_eq!(pruned(Ok(sessions), Ok(attempts)).await.unwrap(), Pruned::AllDone);
        }
    }

    #[tokio::test]
    async fn an_outage_stays_an_outage() {
        for (sessions, attempts) in [(down(), Ok(0)), (Ok(0), down())] {
            assert!(matches!(pruned(sessions, attempts).await, Err(PortError::Unavailable(_))));
        }
    }
}
