//! Removes every factor of an account, for its owner who has lost them: an operator's last resort. Every session ends.

use std::sync::Arc;

use crate::{
    audit::{initiator::Initiator, kind::EventKind, ports::AuditSink, reason::Reason, unknown_outcome::Written},
    identity::{clock::Clock, port_error::PortError, user::User},
    mail::{message::Occasion, writer::MailWriter},
    mfa::ports::FactorStore,
};

pub struct ResetFactors {
    pub factors: Arc<dyn FactorStore>,
    pub writer: MailWriter,
    pub audit: Arc<dyn AuditSink>,
    pub clock: Arc<dyn Clock>,
}

impl ResetFactors {
    /// How many sessions ended; `None` when the account is gone.
    ///
    /// # Errors
    /// An outage.
    pub async fn execute(&self, user: &User, by: &Initiator) -> Result<Option<usize>, PortError> {
        let now = self.clock.now();
        let notice = self.writer.notice(Occasion::FactorsReset, user, &by.context, now);
        let reset = || by.event(EventKind::FactorsReset, user, now);
        let Some(ended) = self.factors.reset(user.id, now, notice.as_ref()).await.or_unknown(&*self.audit, reset)? else {
            return Ok(None);
        };
        self.audit.record(reset());
        by.record_ended(&*self.audit, user, &ended, Some(Reason::FactorsReset), now);
        Ok(Some(ended.len()))
    }
}

#[cfg(test)]
mod tests;
