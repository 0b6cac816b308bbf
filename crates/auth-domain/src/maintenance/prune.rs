//! Deletes what is long over, a few rows at a time.

use std::sync::Arc;

use chrono::TimeDelta;

use crate::{
    audit::ports::AuditStore,
    identity::{clock::Clock, port_error::PortError},
    passwords::{
        ports::AttemptStore,
        throttle::{FORMER_MEMORY, KNOWN_FOR},
    },
    sessions::ports::EndedSessions,
};

/// How long a session is kept after its end: longer than any of its access tokens lives.
const SESSIONS_KEPT: TimeDelta = TimeDelta::days(1);

/// How many rows are deleted at once: few enough not to block others.
const BATCH: u32 = 500;

pub struct Prune {
    pub sessions: Arc<dyn EndedSessions>,
    pub attempts: Arc<dyn AttemptStore>,
    pub trail: Arc<dyn AuditStore>,
    /// How long the audit trail is kept; `None` is for ever.
    pub trail_kept: Option<TimeDelta>,
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
    /// Deletes one batch of each kind. Several servers may do so at once.
    ///
    /// # Errors
    /// The first outage, after all kinds.
    pub async fn execute(&self) -> Result<Pruned, PortError> {
        let now = self.clock.now();
        // Each kind, even where another cannot be deleted: one row that is refused for good must not let the other tables grow.
        let sessions = self.sessions.prune(now - SESSIONS_KEPT, BATCH).await;
        let attempts = self.attempts.prune(now, now - FORMER_MEMORY, now - KNOWN_FOR, BATCH).await;
        let entries = match self.trail_kept {
            Some(kept) => self.trail.prune(now - kept, BATCH).await,
            None => Ok(0),
        };
        let full = |forgotten: &usize| u32::try_from(*forgotten).is_ok_and(|forgotten| forgotten >= BATCH);
        Ok(if [sessions?, attempts?, entries?].iter().any(full) { Pruned::MoreToCome } else { Pruned::AllDone })
    }
}

#[cfg(test)]
mod tests {
    use mockall::predicate::eq;

    use super::*;
    use crate::{
        audit::ports::MockAuditStore, passwords::ports::MockAttemptStore, sessions::ports::MockEndedSessions, testing::down,
        testkit::MovableClock,
    };

    const KEPT: TimeDelta = TimeDelta::days(90);

    type Outcome = Result<usize, PortError>;

    fn prune([sessions_gone, attempts_gone, entries_gone]: [Outcome; 3]) -> Prune {
        let clock = MovableClock::default();
        let ago = |span| eq(clock.now() - span);
        let mut sessions = MockEndedSessions::new();
        sessions.expect_prune().with(ago(TimeDelta::days(1)), eq(BATCH)).return_once(move |_, _| sessions_gone);
        let mut attempts = MockAttemptStore::new();
        let times = (ago(TimeDelta::zero()), ago(TimeDelta::minutes(30)), ago(TimeDelta::days(30)));
        attempts.expect_prune().with(times.0, times.1, times.2, eq(BATCH)).return_once(move |_, _, _, _| attempts_gone);
        let mut trail = MockAuditStore::new();
        trail.expect_prune().with(ago(KEPT), eq(BATCH)).return_once(move |_, _| entries_gone);
        let (sessions, attempts, trail) = (Arc::new(sessions), Arc::new(attempts), Arc::new(trail));
        Prune { sessions, attempts, trail, trail_kept: Some(KEPT), clock: Arc::new(clock) }
    }

    #[tokio::test]
    async fn a_full_batch_has_another_behind_it() {
        for full in [[500, 0, 0], [0, 500, 0], [0, 0, 500], [500, 501, 502]] {
            assert_eq!(prune(full.map(Ok)).execute().await.unwrap(), Pruned::MoreToCome);
        }
        for done in [[499, 499, 499], [0, 0, 0]] {
            assert_eq!(prune(done.map(Ok)).execute().await.unwrap(), Pruned::AllDone);
        }
    }

    #[tokio::test]
    async fn a_trail_that_is_kept_for_ever_is_left_alone() {
        let trail = Arc::new(MockAuditStore::new());
        let prune = Prune { trail, trail_kept: None, ..prune([0, 0, 0].map(Ok)) };
        assert_eq!(prune.execute().await.unwrap(), Pruned::AllDone);
    }

    #[tokio::test]
    async fn what_cannot_be_deleted_does_not_keep_the_others() {
        let mut trail = MockAuditStore::new();
        trail.expect_prune().once().return_once(|_, _| Ok(3));
        let mut attempts = MockAttemptStore::new();
        attempts.expect_prune().once().return_once(|_, _, _, _| down());
        let prune = Prune { attempts: Arc::new(attempts), trail: Arc::new(trail), ..prune([down(), Ok(0), Ok(0)]) };
        assert!(prune.execute().await.is_err());
    }

    #[tokio::test]
    async fn an_outage_stays_an_outage() {
        for outcomes in [[down(), Ok(0), Ok(0)], [Ok(0), down(), Ok(0)], [Ok(0), Ok(0), down()]] {
            assert!(matches!(prune(outcomes).execute().await, Err(PortError::Unavailable(_))));
        }
    }
}
