//! Verifies passwords: the only way to try one, so that guesses are counted wherever they are made.

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

/// Verifies attempts at accounts' passwords, and slows down guessing.
#[derive(Clone)]
pub struct PasswordProof {
    pub hasher: Arc<dyn PasswordHasher>,
    pub attempts: Arc<dyn AttemptStore>,
    pub audit: Arc<dyn AuditLog>,
    pub clock: Arc<dyn Clock>,
    /// The number of failures from which on strangers have to wait.
    pub failure_limit: u32,
}

/// What came of an attempt.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Right,
    Wrong,
    /// Not verified: after too many failures, a stranger has to wait.
    Held {
        retry_after: Duration,
    },
}

/// Whether an attempt is let through.
enum Claim {
    /// Let through, and counted as a failure until it proves right.
    Counted,
    /// Let through and not counted: there are no recent failures.
    Uncounted,
    Held {
        retry_after: Duration,
    },
}

impl PasswordProof {
    /// Whether the attempt is the password of the account, if there is one. If the account may not log in, even a right password
    /// counts as a failure: the throttle must not tell more than the answer.
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

    /// Where there are recent failures, counts the attempt before it is verified, so that parallel attempts gain nothing. A first
    /// failure is counted afterwards, so that nothing is stored without a password having been hashed.
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
