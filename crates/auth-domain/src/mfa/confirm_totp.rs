//! Confirms an authenticator app by its first code: from then on, logins ask for it.

use std::sync::Arc;

use crate::{
    audit::{kind::EventKind, reason::Reason},
    factors::{factor::FactorId, ports::TotpCodec, second_step::Evidence},
    identity::{method::Method, port_error::PortError, request_context::RequestContext},
    mail::message::Occasion,
    mfa::{
        add::{AddFactor, FactorAdded, NotAdded},
        ports::FactorStore,
    },
    sessions::authenticate::SignedIn,
};

pub struct ConfirmTotp {
    pub factors: Arc<dyn FactorStore>,
    pub codec: Arc<dyn TotpCodec>,
    pub add: AddFactor,
}

#[derive(Debug, thiserror::Error)]
pub enum ConfirmTotpError {
    /// No such app of the account waits for its first code.
    #[error("there is no such factor")]
    NotFound,
    #[error("the code is wrong")]
    WrongCode,
    #[error("the account has as many authenticator apps as it may have")]
    Limit,
    #[error(transparent)]
    Port(#[from] PortError),
}

impl ConfirmTotp {
    /// Wrong codes are not counted: whoever could guess has the secret.
    ///
    /// # Errors
    /// [`ConfirmTotpError`].
    pub async fn execute(
        &self,
        caller: &SignedIn,
        id: FactorId,
        code: &str,
        context: &RequestContext,
    ) -> Result<FactorAdded, ConfirmTotpError> {
        let pending = self.factors.pending_totp(caller.user.id, id).await?.ok_or(ConfirmTotpError::NotFound)?;
        let Some(step) = self.codec.step_of(id, &pending.secret, code, self.add.clock.now())? else {
            return Err(self.refuse(caller, Reason::WrongCode, context, ConfirmTotpError::WrongCode));
        };
        let evidence = Evidence::Totp { factor: id, step };
        let prepared = self.add.prepare(caller, &evidence, Occasion::FactorAdded, context)?;
        let outcome = self.factors.confirm_totp(id, step, &prepared.addition(caller)).await;
        match self.add.finish(caller, &evidence, prepared, outcome, context)? {
            Ok(added) => Ok(added),
            Err(NotAdded::Limit) => Err(self.refuse(caller, Reason::FactorLimit, context, ConfirmTotpError::Limit)),
            Err(NotAdded::Gone) => Err(self.refuse(caller, Reason::AccountChangedMeanwhile, context, ConfirmTotpError::NotFound)),
        }
    }

    fn refuse(&self, caller: &SignedIn, why: Reason, context: &RequestContext, error: ConfirmTotpError) -> ConfirmTotpError {
        let event = caller.event(EventKind::FactorConfirmationRefused, context, self.add.clock.now());
        self.add.audit.record(event.by_methods([Method::Totp]).because(why));
        error
    }
}

#[cfg(test)]
mod tests;
