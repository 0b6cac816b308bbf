//! Replaces the recovery codes of an account: the old ones are void.

use std::sync::Arc;

use crate::{
    audit::{kind::EventKind, ports::AuditSink, unknown_outcome::Written},
    factors::{ports::RecoveryCodeMaker, recovery_code::RecoveryCodes},
    identity::{clock::Clock, port_error::PortError, request_context::RequestContext},
    mail::{message::Occasion, writer::MailWriter},
    mfa::ports::FactorStore,
    sessions::authenticate::SignedIn,
};

pub struct ReplaceRecoveryCodes {
    pub factors: Arc<dyn FactorStore>,
    pub recovery_codes: Arc<dyn RecoveryCodeMaker>,
    pub writer: MailWriter,
    pub audit: Arc<dyn AuditSink>,
    pub clock: Arc<dyn Clock>,
}

#[derive(Debug, thiserror::Error)]
pub enum ReplaceRecoveryCodesError {
    /// The account has no factor that they could stand in for.
    #[error("the account has no second factor")]
    NoFactor,
    #[error(transparent)]
    Port(#[from] PortError),
}

impl ReplaceRecoveryCodes {
    /// # Errors
    /// [`ReplaceRecoveryCodesError`]; the old codes count then, unless the outcome is unknown.
    pub async fn execute(&self, caller: &SignedIn, context: &RequestContext) -> Result<RecoveryCodes, ReplaceRecoveryCodesError> {
        let (user, now) = (&caller.user, self.clock.now());
        let codes = self.recovery_codes.make()?;
        let notice = self.writer.notice(Occasion::RecoveryCodesReplaced, user, context, now);
        let event = || caller.event(EventKind::RecoveryCodesReplaced, context, now);
        let outcome = self.factors.replace_recovery_codes(user.id, user.version(), &codes.digests, now, notice.as_ref()).await;
        if !outcome.or_unknown(&*self.audit, event)? {
            return Err(ReplaceRecoveryCodesError::NoFactor);
        }
        self.audit.record(event());
        Ok(codes)
    }
}

#[cfg(test)]
mod tests;
