//! Verifies passwords: the only way to try one, so that guesses are counted wherever they are made.

use std::{sync::Arc, time::Duration};

use crate::{
    audit::{
        event::{AuditEvent, Target},
        kind::EventKind,
        ports::AuditSink,
    },
    identity::{clock::Clock, email::Email, port_error::PortError, request_context::RequestContext, user::User},
    passwords::{
        policy::PasswordAttempt,
        ports::{Admission, AttemptStore, PasswordHasher},
        throttle::Counted,
    },
};

/// Verifies attempts at accounts' passwords, and slows down guessing.
#[derive(Clone)]
pub struct PasswordVerifier {
    pub hasher: Arc<dyn PasswordHasher>,
    pub attempts: Arc<dyn AttemptStore>,
    pub audit: Arc<dyn AuditSink>,
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
    Throttled {
        retry_after: Duration,
    },
}

/// Whether an attempt is let through.
enum Claim {
    /// Let through, and counted as a failure until it proves right.
    Counted(Counted),
    /// Let through and not counted yet: the client has not failed before, and may fail once more.
    Uncounted,
    Throttled {
        retry_after: Duration,
    },
}

impl PasswordVerifier {
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
        context: &RequestContext,
    ) -> Result<Verdict, PortError> {
        let claim = self.claim(account, context).await?;
        if let Claim::Throttled { retry_after } = claim {
            self.report(account, user, context);
            return Ok(Verdict::Throttled { retry_after });
        }
        let verdict = self.hasher.verify(place, attempt, user.and_then(|user| user.password.as_ref())).await;
        let failed = matches!(verdict, Ok(right) if !right || !user.is_some_and(User::is_active));
        match claim {
            Claim::Uncounted if failed => self.count(account, context).await?,
            Claim::Counted(counted) if !failed => self.attempts.forgive(account, context.subscriber(), counted).await?,
            Claim::Uncounted | Claim::Counted(_) | Claim::Throttled { .. } => {}
        }
        Ok(if verdict? { Verdict::Right } else { Verdict::Wrong })
    }

    /// Where a failure has consequences, counts the attempt before it is verified, so that parallel attempts gain nothing. Where it has
    /// none yet, it is counted afterwards: nothing is stored for a password that was right, and people who log in from many
    /// devices of one network at once are not in each other's way.
    async fn claim(&self, account: &Email, context: &RequestContext) -> Result<Claim, PortError> {
        let client = context.subscriber();
        // Another attempt of this client gets in between only so often: it is counted, and then there is a wait.
        loop {
            let now = self.clock.now();
            let standing = self.attempts.throttle_state(account, client).await?;
            if let Some(wait) = standing.wait(self.failure_limit, now) {
                return Ok(Claim::Throttled { retry_after: wait.to_std().unwrap_or_default() });
            }
            if !standing.is_counted_first(self.failure_limit, now) {
                return Ok(Claim::Uncounted);
            }
            if let Some(counted) = self.attempts.count(account, client, standing, self.failure_limit, now).await? {
                return Ok(Claim::Counted(counted));
            }
        }
    }

    async fn count(&self, account: &Email, context: &RequestContext) -> Result<(), PortError> {
        let client = context.subscriber();
        loop {
            let standing = self.attempts.throttle_state(account, client).await?;
            if self.attempts.count(account, client, standing, self.failure_limit, self.clock.now()).await?.is_some() {
                return Ok(());
            }
        }
    }

    fn report(&self, account: &Email, user: Option<&User>, context: &RequestContext) {
        let event = AuditEvent::new(EventKind::LoginThrottled, context, self.clock.now());
        self.audit.record(event.on(Target::attempted(account, user)));
    }
}

#[cfg(test)]
mod tests;
