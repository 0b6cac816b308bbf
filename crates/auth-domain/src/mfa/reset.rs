//! Removes every factor of an account, for its owner who has lost them: an operator's last resort. Every session ends.

use std::sync::Arc;

use crate::{
    audit::{initiator::Initiator, kind::EventKind, ports::AuditSink, reason::Reason, unknown_outcome::Written},
    identity::{administrator::LastAdministrator, clock::Clock, port_error::PortError, user::User},
    mail::{message::Occasion, writer::MailWriter},
    mfa::ports::{FactorStore, FactorsReset},
};

pub struct ResetFactors {
    pub factors: Arc<dyn FactorStore>,
    pub writer: MailWriter,
    pub audit: Arc<dyn AuditSink>,
    pub clock: Arc<dyn Clock>,
    /// Whether administrators need a second factor.
    pub with_factor: bool,
}

impl ResetFactors {
    /// By `force`, the last administrator may be left without one.
    ///
    /// # Errors
    /// An outage.
    pub async fn execute(&self, user: &User, force: bool, by: &Initiator) -> Result<FactorsReset, PortError> {
        let now = self.clock.now();
        let notice = self.writer.notice(Occasion::FactorsReset, user, &by.context, now);
        let reset = || by.event(EventKind::FactorsReset, user, now);
        let keep = LastAdministrator::unless(force, self.with_factor);
        let outcome = self.factors.reset(user.id, keep, now, notice.as_ref()).await.or_unknown(&*self.audit, reset)?;
        if let FactorsReset::Yes { ended } = &outcome {
            self.audit.record(reset());
            by.record_ended(&*self.audit, user, ended, Some(Reason::FactorsReset), now);
        }
        Ok(outcome)
    }
}

#[cfg(test)]
mod tests;
