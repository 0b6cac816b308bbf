//! Prove a password: the one way to try one, so that guesses are counted wherever they are made.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};

use crate::{
    attempts::Failures,
    audit::{AuditEvent, EventKind},
    email::Email,
    origin::Origin,
    password::PasswordAttempt,
    ports::{AttemptStore, AuditLog, Clock, PasswordHasher, PortError},
    user::User,
};

/// Verifies attempts at accounts' passwords, and holds up who guesses.
#[derive(Clone)]
pub struct PasswordProof {
    pub hasher: Arc<dyn PasswordHasher>,
    pub attempts: Arc<dyn AttemptStore>,
    pub audit: Arc<dyn AuditLog>,
    pub clock: Arc<dyn Clock>,
    /// From how many failures on strangers have to wait.
    pub failure_limit: u32,
}

/// What came of an attempt.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Right,
    Wrong,
    /// Not looked at: too many have failed for a stranger to try another one yet.
    Held {
        retry_after: Duration,
    },
}

/// Whether an attempt is let through.
enum Claim {
    /// It is, and stands among the failures until it proves right.
    Counted,
    /// It is, as the first after a long time.
    Uncounted,
    Held {
        retry_after: Duration,
    },
}

impl PasswordProof {
    /// Whether the attempt is the password of the account, if there is one. Only for an account
    /// that may log in does a right one not count as a failure: the throttle tells no more than the answer does.
    ///
    /// # Errors
    /// An outage; the attempt does not count then.
    pub async fn verify(
        &self,
        account: &Email,
        user: Option<&User>,
        attempt: PasswordAttempt,
        origin: &Origin,
    ) -> Result<Verdict, PortError> {
        let claim = self.claim(account, origin).await?;
        if let Claim::Held { retry_after } = claim {
            self.report(account, user, origin);
            return Ok(Verdict::Held { retry_after });
        }
        let verdict = self.hasher.verify(attempt, user.map(|user| &user.password)).await;
        let failed = matches!(verdict, Ok(right) if !right || !user.is_some_and(User::is_active));
        match claim {
            Claim::Uncounted if failed => self.count(account).await?,
            Claim::Counted if !failed => self.attempts.forgive(account).await?,
            Claim::Uncounted | Claim::Counted | Claim::Held { .. } => {}
        }
        Ok(if verdict? { Verdict::Right } else { Verdict::Wrong })
    }

    /// Counts the attempt beforehand where others have failed, so that nobody gets further by making many at once.
    /// The first to fail is counted afterwards: what is kept is bounded by what has been hashed.
    async fn claim(&self, account: &Email, origin: &Origin) -> Result<Claim, PortError> {
        // Another attempt gets in between only so often: it is counted, and then there is a wait.
        loop {
            let now = self.clock.now();
            let Some(standing) = self.attempts.standing(account, origin.network()).await? else { return Ok(Claim::Uncounted) };
            if let Some(wait) = standing.wait(self.failure_limit, now) {
                return Ok(Claim::Held { retry_after: wait.to_std().unwrap_or_default() });
            }
            let failures = standing.failures;
            if !failures.count_at(self.failure_limit, now) {
                return Ok(Claim::Uncounted);
            }
            if self.add(account, Some(failures), now).await? {
                return Ok(Claim::Counted);
            }
        }
    }

    async fn count(&self, account: &Email) -> Result<(), PortError> {
        loop {
            let failures = self.attempts.standing(account, None).await?.map(|standing| standing.failures);
            if self.add(account, failures, self.clock.now()).await? {
                return Ok(());
            }
        }
    }

    /// Counts one more. `false` when another was counted meanwhile.
    async fn add(&self, account: &Email, before: Option<Failures>, now: DateTime<Utc>) -> Result<bool, PortError> {
        self.attempts.advance(account, before, Failures::one_more(before, self.failure_limit, now)).await
    }

    fn report(&self, account: &Email, user: Option<&User>, origin: &Origin) {
        let event = AuditEvent::new(EventKind::LoginThrottled, origin, self.clock.now()).attempted_as(account);
        self.audit.record(AuditEvent { user: user.map(|user| user.id), ..event });
    }
}

#[cfg(test)]
mod tests;
