//! Removes a factor.

use std::sync::Arc;

use crate::{
    audit::{kind::EventKind, ports::AuditSink, unknown_outcome::Written},
    factors::{factor::FactorId, policy::MfaPolicy},
    identity::{
        administrator::LastAdministrator, clock::Clock, method::Method, port_error::PortError, request_context::RequestContext,
    },
    mail::{message::Occasion, writer::MailWriter},
    mfa::ports::{FactorStore, Removed},
    sessions::authenticate::SignedIn,
};

pub struct RemoveFactor {
    pub factors: Arc<dyn FactorStore>,
    pub policy: MfaPolicy,
    pub writer: MailWriter,
    pub audit: Arc<dyn AuditSink>,
    pub clock: Arc<dyn Clock>,
    /// Whether administrators need a second factor.
    pub with_factor: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum RemoveFactorError {
    #[error("there is no such factor")]
    NotFound,
    /// Where a second factor is required.
    #[error("one factor has to stay")]
    Last,
    /// Afterwards nobody could administer accounts.
    #[error("it is the last account that can administer the others")]
    LastAdministrator,
    #[error(transparent)]
    Port(#[from] PortError),
}

impl RemoveFactor {
    /// # Errors
    /// [`RemoveFactorError`].
    pub async fn execute(&self, caller: &SignedIn, id: FactorId, context: &RequestContext) -> Result<(), RemoveFactorError> {
        let user = &caller.user;
        // Looked up for the words of the notice alone: an id keeps its kind for ever.
        let list = self.factors.list(user.id).await?;
        let method = list.factors.iter().find(|factor| factor.id == id).map(|factor| factor.method);
        let method = method.ok_or(RemoveFactorError::NotFound)?;
        let occasion = if method == Method::Passkey { Occasion::PasskeyRemoved } else { Occasion::FactorRemoved };
        let now = self.clock.now();
        let notice = self.writer.notice(occasion, user, context, now);
        let event = || caller.event(EventKind::FactorRemoved, context, now).by_methods([method]);
        let keeps_one = self.policy == MfaPolicy::Required;
        let keep = LastAdministrator::Stays { with_factor: self.with_factor };
        let outcome = self.factors.remove(user.id, id, keeps_one, keep, now, notice.as_ref()).await;
        match outcome.or_unknown(&*self.audit, event)? {
            Removed::No => Err(RemoveFactorError::NotFound),
            Removed::Last => Err(RemoveFactorError::Last),
            Removed::LastAdministrator => Err(RemoveFactorError::LastAdministrator),
            Removed::Yes { method: _ } => {
                self.audit.record(event());
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests;
