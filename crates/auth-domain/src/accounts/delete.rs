//! Deletes an account and its sessions. The audit trail stays; the address can be registered again.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};

use crate::{
    accounts::ports::{Deleted, UserStore},
    audit::{kind::EventKind, ports::AuditSink, unknown_outcome::Written},
    identity::{administrator::LastAdministrator, clock::Clock, port_error::PortError, request_context::RequestContext},
    mail::{message::Occasion, writer::MailWriter},
    passwords::{
        policy::PasswordAttempt,
        verify::{PasswordVerifier, Verdict},
    },
    sessions::authenticate::SignedIn,
};

pub struct DeleteAccount {
    pub users: Arc<dyn UserStore>,
    pub proof: PasswordVerifier,
    pub writer: MailWriter,
    pub audit: Arc<dyn AuditSink>,
    pub clock: Arc<dyn Clock>,
    /// Whether administrators need a second factor.
    pub with_factor: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum DeleteAccountError {
    #[error("the password is wrong")]
    Mismatch,
    /// Afterwards nobody could administer accounts.
    #[error("it is the last account that can administer the others")]
    LastAdministrator,
    #[error("too many attempts")]
    TooManyAttempts { retry_after: Duration },
    #[error(transparent)]
    Port(#[from] PortError),
}

impl DeleteAccount {
    /// # Errors
    /// [`DeleteAccountError`].
    pub async fn execute(
        &self,
        caller: &SignedIn,
        password: PasswordAttempt,
        context: &RequestContext,
    ) -> Result<(), DeleteAccountError> {
        let user = &caller.user;
        let place = self.proof.hasher.admit()?;
        let verdict = self.proof.verify(place, &user.email, Some(user), password, context).await?;
        if let Verdict::Throttled { retry_after } = verdict {
            return Err(DeleteAccountError::TooManyAttempts { retry_after });
        }
        let right = verdict == Verdict::Right;
        // Only now: hashing takes a while.
        let now = self.clock.now();
        if !right {
            self.audit.record(caller.failed_login(context, now));
        }
        // The store compares again: the account may have changed while this password was hashed.
        let event = |kind| caller.event(kind, context, now);
        let deleted = if right { self.delete(caller, now, context).await? } else { Deleted::No };
        let is_deleted = deleted == Deleted::Yes;
        self.audit.record(event(if is_deleted { EventKind::AccountDeleted } else { EventKind::AccountDeletionRefused }));
        match deleted {
            Deleted::Yes => Ok(()),
            Deleted::No => Err(DeleteAccountError::Mismatch),
            Deleted::LastAdministrator => Err(DeleteAccountError::LastAdministrator),
        }
    }

    async fn delete(&self, caller: &SignedIn, now: DateTime<Utc>, context: &RequestContext) -> Result<Deleted, PortError> {
        let user = &caller.user;
        let notice = self.writer.notice(Occasion::AccountDeleted, user, context, now);
        let keep = LastAdministrator::Stays { with_factor: self.with_factor };
        let outcome = self.users.delete(user.id, Some(user.version()), keep, now, notice.as_ref()).await;
        outcome.or_unknown(&*self.audit, || caller.event(EventKind::AccountDeleted, context, now))
    }
}

#[cfg(test)]
mod tests;
