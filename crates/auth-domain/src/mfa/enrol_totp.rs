//! Enrols an authenticator app: its secret is shown once, and it waits for its first code.

use std::sync::Arc;

use crate::{
    audit::{kind::EventKind, ports::AuditSink, unknown_outcome::Written},
    factors::{
        factor::{FactorId, FactorName},
        ports::TotpCodec,
        totp::{NewTotpSecret, TimeStep, TotpFactor},
    },
    identity::{
        clock::{Clock, Ids},
        method::Method,
        port_error::PortError,
        request_context::RequestContext,
    },
    mfa::ports::{FactorStore, Started},
    sessions::authenticate::SignedIn,
};

pub struct EnrolTotp {
    pub factors: Arc<dyn FactorStore>,
    pub codec: Arc<dyn TotpCodec>,
    pub ids: Arc<dyn Ids>,
    pub audit: Arc<dyn AuditSink>,
    pub clock: Arc<dyn Clock>,
}

/// An authenticator app that waits for its first code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolment {
    pub id: FactorId,
    pub secret: NewTotpSecret,
}

#[derive(Debug, thiserror::Error)]
pub enum EnrolTotpError {
    #[error("the account has as many authenticator apps as it may have")]
    Limit,
    /// The account changed while it was asked.
    #[error("the session has ended")]
    Ended,
    #[error(transparent)]
    Port(#[from] PortError),
}

impl EnrolTotp {
    /// # Errors
    /// [`EnrolTotpError`].
    pub async fn execute(
        &self,
        caller: &SignedIn,
        name: Option<FactorName>,
        context: &RequestContext,
    ) -> Result<Enrolment, EnrolTotpError> {
        let (id, user, now) = (FactorId(self.ids.next()), &caller.user, self.clock.now());
        let secret = self.codec.make(id, &user.email)?;
        let factor = TotpFactor {
            id,
            user: user.id,
            name: name.unwrap_or_else(|| FactorName::of_unnamed(Method::Totp)),
            secret: secret.encrypted.clone(),
            created_at: now,
            confirmed_at: None,
            last_step: TimeStep::NONE,
            last_used_at: None,
        };
        let event = || caller.event(EventKind::FactorEnrolmentStarted, context, now).by_methods([Method::Totp]);
        match self.factors.start_totp(&factor, user.version()).await.or_unknown(&*self.audit, event)? {
            Started::Limit => return Err(EnrolTotpError::Limit),
            Started::No => return Err(EnrolTotpError::Ended),
            Started::Yes => {}
        }
        self.audit.record(event());
        Ok(Enrolment { id, secret })
    }
}

#[cfg(test)]
mod tests;
