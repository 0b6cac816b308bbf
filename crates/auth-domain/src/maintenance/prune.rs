//! Deletes what is long over, a few rows at a time.

use std::sync::Arc;

use chrono::TimeDelta;

use crate::{
    audit::ports::AuditStore,
    factors::ports::SecondStepStore,
    identity::{clock::Clock, port_error::PortError},
    mail::{
        ports::{OutboxAdmin, ProofStore},
        retry::KEPT as MAILS_KEPT,
    },
    mfa::ports::FactorStore,
    passwords::{
        ports::AttemptStore,
        throttle::{FORMER_MEMORY, KNOWN_FOR},
    },
    sessions::ports::EndedSessions,
};

/// How long a session is kept after its end: longer than any of its access tokens lives.
const SESSIONS_KEPT: TimeDelta = TimeDelta::days(1);

/// How long an authenticator app may wait for its first code: longer than anybody needs to scan a picture.
const APPS_WAIT: TimeDelta = TimeDelta::days(1);

/// How long a one-time token is remembered after it has expired: longer than the clocks of servers differ.
const TOKENS_KEPT: TimeDelta = TimeDelta::hours(1);

/// How many rows are deleted at once: few enough not to block others.
const BATCH: u32 = 500;

pub struct Prune {
    pub sessions: Arc<dyn EndedSessions>,
    pub attempts: Arc<dyn AttemptStore>,
    pub trail: Arc<dyn AuditStore>,
    pub proofs: Arc<dyn ProofStore>,
    pub mails: Arc<dyn OutboxAdmin>,
    pub steps: Arc<dyn SecondStepStore>,
    pub factors: Arc<dyn FactorStore>,
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
        let proofs = self.proofs.prune(now - MAILS_KEPT, BATCH).await;
        let mails = self.mails.prune(now - MAILS_KEPT, BATCH).await;
        let tokens = self.steps.prune(now - TOKENS_KEPT, BATCH).await;
        let apps = self.factors.prune(now - APPS_WAIT, BATCH).await;
        let full = |forgotten: &usize| u32::try_from(*forgotten).is_ok_and(|forgotten| forgotten >= BATCH);
        let all = [sessions?, attempts?, entries?, proofs?, mails?, tokens?, apps?];
        Ok(if all.iter().any(full) { Pruned::MoreToCome } else { Pruned::AllDone })
    }
}

#[cfg(test)]
mod tests {
    use mockall::predicate::eq;

    use super::*;
    use crate::{
        audit::ports::MockAuditStore,
        factors::ports::MockSecondStepStore,
        mail::ports::{MockOutboxAdmin, MockProofStore},
        mfa::ports::MockFactorStore,
        passwords::ports::MockAttemptStore,
        sessions::ports::MockEndedSessions,
        testing::down,
        testkit::MovableClock,
    };

    const KEPT: TimeDelta = TimeDelta::days(90);

    const KINDS: usize = 7;

    type Outcome = Result<usize, PortError>;

    fn prune(outcomes: [Outcome; KINDS]) -> Prune {
        let [sessions_gone, attempts_gone, entries_gone, proofs_gone, mails_gone, tokens_gone, apps_gone] = outcomes;
        let clock = MovableClock::default();
        let ago = |span| eq(clock.now() - span);
        let mut sessions = MockEndedSessions::new();
        sessions.expect_prune().with(ago(TimeDelta::days(1)), eq(BATCH)).return_once(move |_, _| sessions_gone);
        let mut attempts = MockAttemptStore::new();
        let times = (ago(TimeDelta::zero()), ago(TimeDelta::minutes(30)), ago(TimeDelta::days(30)));
        attempts.expect_prune().with(times.0, times.1, times.2, eq(BATCH)).return_once(move |_, _, _, _| attempts_gone);
        let mut trail = MockAuditStore::new();
        trail.expect_prune().with(ago(KEPT), eq(BATCH)).return_once(move |_, _| entries_gone);
        let mut proofs = MockProofStore::new();
        proofs.expect_prune().with(ago(TimeDelta::days(7)), eq(BATCH)).return_once(move |_, _| proofs_gone);
        let mut mails = MockOutboxAdmin::new();
        mails.expect_prune().with(ago(TimeDelta::days(7)), eq(BATCH)).return_once(move |_, _| mails_gone);
        let mut steps = MockSecondStepStore::new();
        steps.expect_prune().with(ago(TimeDelta::hours(1)), eq(BATCH)).return_once(move |_, _| tokens_gone);
        let mut factors = MockFactorStore::new();
        factors.expect_prune().with(ago(TimeDelta::days(1)), eq(BATCH)).return_once(move |_, _| apps_gone);
        let (sessions, attempts, trail) = (Arc::new(sessions), Arc::new(attempts), Arc::new(trail));
        let (proofs, mails, clock) = (Arc::new(proofs), Arc::new(mails), Arc::new(clock));
        let (steps, factors) = (Arc::new(steps), Arc::new(factors));
        Prune { sessions, attempts, trail, proofs, mails, steps, factors, trail_kept: Some(KEPT), clock }
    }

    #[tokio::test]
    async fn a_full_batch_has_another_behind_it() {
        for kind in 0..KINDS {
            let full: [usize; KINDS] = std::array::from_fn(|other| if other == kind { 500 } else { 0 });
            assert_eq!(prune(full.map(Ok)).execute().await.unwrap(), Pruned::MoreToCome);
        }
        assert_eq!(prune([500, 501, 502, 503, 504, 505, 506].map(Ok)).execute().await.unwrap(), Pruned::MoreToCome);
        for done in [[499; KINDS], [0; KINDS]] {
            assert_eq!(prune(done.map(Ok)).execute().await.unwrap(), Pruned::AllDone);
        }
    }

    #[tokio::test]
    async fn a_trail_that_is_kept_for_ever_is_left_alone() {
        let trail = Arc::new(MockAuditStore::new());
        let prune = Prune { trail, trail_kept: None, ..prune([0; KINDS].map(Ok)) };
        assert_eq!(prune.execute().await.unwrap(), Pruned::AllDone);
    }

    #[tokio::test]
    async fn what_cannot_be_deleted_does_not_keep_the_others() {
        let mut trail = MockAuditStore::new();
        trail.expect_prune().once().return_once(|_, _| Ok(3));
        let mut attempts = MockAttemptStore::new();
        attempts.expect_prune().once().return_once(|_, _, _, _| down());
        let prune = Prune {
            attempts: Arc::new(attempts),
            trail: Arc::new(trail),
            ..prune([down(), Ok(0), Ok(0), down(), Ok(0), Ok(0), Ok(0)])
        };
        assert!(prune.execute().await.is_err());
    }

    #[tokio::test]
    async fn an_outage_stays_an_outage() {
        for kind in 0..KINDS {
            let outcomes = std::array::from_fn(|other| if other == kind { down() } else { Ok(0) });
            assert!(matches!(prune(outcomes).execute().await, Err(PortError::Unavailable(_))));
        }
    }
}
