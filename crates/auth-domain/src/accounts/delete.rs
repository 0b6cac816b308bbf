//! Deletes an account and its sessions. The audit trail stays; the address can be registered again.

use std::{sync::Arc, time::Duration};

use crate::{
    accounts::ports::UserStore,
    audit::{kind::EventKind, ports::AuditSink, unknown_outcome::Written},
    identity::{clock::Clock, port_error::PortError, request_context::RequestContext},
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
}

#[derive(Debug, thiserror::Error)]
pub enum DeleteAccountError {
    #[error("the password is wrong")]
    Mismatch,
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
        let deleted = right && {
            let notice = self.writer.notice(Occasion::AccountDeleted, user, context, now);
            let outcome = self.users.delete(user.id, Some(user.version()), now, notice.as_ref()).await;
            outcome.or_unknown(&*self.audit, || event(EventKind::AccountDeleted))?
        };
        self.audit.record(event(if deleted { EventKind::AccountDeleted } else { EventKind::AccountDeletionRefused }));
        if deleted { Ok(()) } else { Err(DeleteAccountError::Mismatch) }
    }
}

#[cfg(test)]
mod tests;
