//! Verifies passwords: the only way to try one, so that guesses are counted wherever they are made.

use std::{sync::Arc, time::Duration};

use crate::{
    audit::{event::AuditEvent, kind::EventKind, ports::AuditLog},
    identity::{clock::Clock, email::Email, port_error::PortError, request_context::Origin, user::User},
    passwords::{
        policy::PasswordAttempt,
        ports::{Admission, AttemptStore, PasswordHasher},
        throttle::Counted,
    },
};

/// Verifies attempts at accounts' passwords, and slows down guessing.
#[derive(Clone)]
pub struct PasswordProof {
    pub hasher: Arc<dyn PasswordHasher>,
    pub attempts: Arc<dyn AttemptStore>,
    pub audit: Arc<dyn AuditLog>,
    pub clock: Arc<dyn Clock>,
    /// How many failures at an address its clients share before each further one makes its client wait.
    pub failure_limit: u32,
}

/// What came of an attempt.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Right,
    Wrong,
    /// Not verified: its client has failed too often and has to wait.
    Held {
        retry_after: Duration,
    },
}

/// Whether an attempt is let through.
enum Claim {
    /// Let through, and counted as a failure until it proves right.
    Counted(Counted),
    /// Let through and not counted yet: the client has not failed before, and may fail once more.
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
        place: Admission,
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
        let verdict = self.hasher.verify(place, attempt, user.map(|user| &user.password)).await;
        let failed = matches!(verdict, Ok(right) if !right || !user.is_some_and(User::is_active));
        match claim {
            Claim::Uncounted if failed => self.count(account, origin).await?,
            Claim::Counted(counted) if !failed => self.attempts.forgive(account, origin.subscriber(), counted).await?,
            Claim::Uncounted | Claim::Counted(_) | Claim::Held { .. } => {}
        }
        Ok(if verdict? { Verdict::Right } else { Verdict::Wrong })
    }

    /// Where a failure has consequences, counts the attempt before it is verified, so that parallel attempts gain nothing. Where it has
    /// none yet, it is counted afterwards: nothing is stored for a password that was right, and people who log in from many
    /// devices of one network at once are not in each other's way.
    async fn claim(&self, account: &Email, origin: &Origin) -> Result<Claim, PortError> {
        let client = origin.subscriber();
        // Another attempt of this client gets in between only so often: it is counted, and then there is a wait.
        loop {
            let now = self.clock.now();
            let standing = self.attempts.standing(account, client).await?;
            if let Some(wait) = standing.wait(self.failure_limit, now) {
                return Ok(Claim::Held { retry_after: wait.to_std().unwrap_or_default() });
            }
            if !standing.is_counted_first(self.failure_limit, now) {
                return Ok(Claim::Uncounted);
            }
            if let Some(counted) = self.attempts.count(account, client, standing, self.failure_limit, now).await? {
                return Ok(Claim::Counted(counted));
            }
        }
    }

    async fn count(&self, account: &Email, origin: &Origin) -> Result<(), PortError> {
        let client = origin.subscriber();
        loop {
            let standing = self.attempts.standing(account, client).await?;
            if self.attempts.count(account, client, standing, self.failure_limit, self.clock.now()).await?.is_some() {
                return Ok(());
            }
        }
    }

    fn report(&self, account: &Email, user: Option<&User>, origin: &Origin) {
        let event = AuditEvent::new(EventKind::LoginThrottled, origin, self.clock.now()).attempted_as(account);
        self.audit.record(AuditEvent { user: user.map(|user| user.id), ..event });
    }
}

#[cfg(test)]
mod tests;
