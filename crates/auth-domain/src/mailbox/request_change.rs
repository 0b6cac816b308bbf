//! Asks for another address: a proof goes to that, a notice with an undo link to the present one. Whether the new address is taken
//! makes no difference here.

use std::sync::Arc;

use super::ask::suppressed;
use crate::{
    audit::{kind::EventKind, ports::AuditSink, unknown_outcome::Written},
    identity::{clock::Clock, email::Email, port_error::PortError, request_context::RequestContext, user::PendingEmail},
    mail::{
        message::{Occasion, Outgoing},
        ports::Requested,
        writer::MailWriter,
    },
    mailbox::ports::MailboxStore,
    sessions::authenticate::SignedIn,
};

pub struct RequestEmailChange {
    pub mailbox: Arc<dyn MailboxStore>,
    pub writer: MailWriter,
    pub audit: Arc<dyn AuditSink>,
    pub clock: Arc<dyn Clock>,
}

#[derive(Debug, thiserror::Error)]
pub enum RequestEmailChangeError {
    #[error("the account has this address already")]
    Unchanged,
    #[error(transparent)]
    Port(#[from] PortError),
}

impl RequestEmailChange {
    /// # Errors
    /// [`RequestEmailChangeError`].
    pub async fn execute(&self, caller: &SignedIn, new: Email, context: &RequestContext) -> Result<(), RequestEmailChangeError> {
        let (user, now) = (&caller.user, self.clock.now());
        if user.email == new {
            return Err(RequestEmailChangeError::Unchanged);
        }
        let mail = self.writer.change(user, &new, context, now);
        let notice = self.writer.notice(Occasion::EmailChangeRequested, user, context, now);
        let notice = notice.map(|notice| Outgoing { other_address: Some(new.clone()), ..notice });
        let pending = PendingEmail { address: new, until: mail.expires_at };
        let requested = || caller.event(EventKind::EmailChangeRequested, context, now);
        let outcome = self.mailbox.request_change(user.id, &pending, &mail, notice.as_ref()).await;
        self.audit.record(match outcome.or_unknown(&*self.audit, requested)? {
            Requested::Queued => requested(),
            Requested::Suppressed => suppressed(&mail, context),
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests;
