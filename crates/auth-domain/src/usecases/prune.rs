//! Forget sessions that are long over, a few at a time.

use std::sync::Arc;

use chrono::TimeDelta;

use crate::ports::{Clock, PortError, SessionStore};

/// How long a session that is over stays known: longer than any of its access tokens lives.
const RETENTION: TimeDelta = TimeDelta::days(1);

/// How many are forgotten at once: few enough to be in nobody's way.
const BATCH: u32 = 500;

pub struct PruneSessions {
    pub sessions: Arc<dyn SessionStore>,
    pub clock: Arc<dyn Clock>,
}

/// Whether a batch was the last.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pruned {
    MoreToCome,
    AllDone,
}

impl PruneSessions {
    /// Forgets one batch. Several servers may do so at once.
    ///
    /// # Errors
    /// An outage.
    pub async fn execute(&self) -> Result<Pruned, PortError> {
        let forgotten = self.sessions.prune(self.clock.now() - RETENTION, BATCH).await?;
        let full = u32::try_from(forgotten).is_ok_and(|forgotten| forgotten >= BATCH);
        Ok(if full { Pruned::MoreToCome } else { Pruned::AllDone })
    }
}

#[cfg(test)]
mod tests {
    use mockall::predicate::eq;

    use super::*;
    use crate::{ports::MockSessionStore, testkit::MovableClock};

    async fn pruned(outcome: Result<usize, PortError>) -> Result<Pruned, PortError> {
        let clock = MovableClock::default();
        let mut sessions = MockSessionStore::new();
        let cutoff = clock.now() - TimeDelta::days(1);
        sessions.expect_prune().with(eq(cutoff), eq(BATCH)).once().return_once(move |_, _| outcome);
        PruneSessions { sessions: Arc::new(sessions), clock: Arc::new(clock) }.execute().await
    }

    #[tokio::test]
    async fn a_full_batch_has_another_behind_it() {
        assert_eq!(pruned(Ok(500)).await.unwrap(), Pruned::MoreToCome);
        assert_eq!(pruned(Ok(499)).await.unwrap(), Pruned::AllDone);
        assert_eq!(pruned(Ok(0)).await.unwrap(), Pruned::AllDone);
    }

    #[tokio::test]
    async fn an_outage_stays_an_outage() {
        assert!(matches!(pruned(Err(PortError::Unavailable("gone".to_owned()))).await, Err(PortError::Unavailable(_))));
    }
}
