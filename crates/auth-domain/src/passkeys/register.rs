//! Adds a passkey to the account of a signed-in caller (WebAuthn Level 3 section 7.1).

use std::sync::Arc;

use crate::{
    audit::{kind::EventKind, reason::Reason},
    factors::{
        factor::{Factor, FactorId, FactorName},
        one_time_token::OneTimePurpose,
        passkey::Passkey,
        ports::{OneTimeTokenCodec, SecondStepStore},
        recovery_code::RecoveryCode,
        second_step::Evidence,
    },
    identity::{clock::Ids, method::Method, port_error::PortError, request_context::RequestContext},
    mail::message::Occasion,
    mfa::{
        add::{AddFactor, NotAdded},
        ports::FactorStore,
    },
    passkeys::{
        assert::reason,
        challenge::use_up,
        ports::{RegistrationResponse, RelyingParty},
    },
    sessions::{authenticate::SignedIn, token::AccessToken},
};

pub struct RegisterPasskey {
    pub relying_party: Arc<dyn RelyingParty>,
    pub factors: Arc<dyn FactorStore>,
    pub tokens: Arc<dyn OneTimeTokenCodec>,
    pub steps: Arc<dyn SecondStepStore>,
    pub ids: Arc<dyn Ids>,
    pub add: AddFactor,
}

/// A passkey that was added, and what comes with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasskeyAdded {
    pub factor: Factor,
    pub recovery_codes: Vec<RecoveryCode>,
    pub token: AccessToken,
}

#[derive(Debug, thiserror::Error)]
pub enum RegisterPasskeyError {
    /// Whatever is wrong with it.
    #[error("the passkey is refused")]
    Refused,
    #[error("the account has as many passkeys as it may have")]
    Limit,
    #[error(transparent)]
    Port(#[from] PortError),
}

impl RegisterPasskey {
    /// The challenge is used up, whatever comes of it.
    ///
    /// # Errors
    /// [`RegisterPasskeyError`].
    pub async fn execute(
        &self,
        caller: &SignedIn,
        challenge_id: &str,
        name: Option<FactorName>,
        response: &RegistrationResponse,
        context: &RequestContext,
    ) -> Result<PasskeyAdded, RegisterPasskeyError> {
        // Of this account as it is.
        let purpose = OneTimePurpose::RegisterPasskey { user: caller.user.id, proven: caller.user.version() };
        let now = self.add.clock.now();
        let Some(challenge) = use_up(&*self.tokens, &*self.steps, challenge_id, purpose, now).await? else {
            return Err(self.refuse(caller, Reason::Challenge, context, RegisterPasskeyError::Refused));
        };
        let credential = match self.relying_party.register(&challenge, response) {
            Ok(credential) => credential,
            Err(fault) => return Err(self.refuse(caller, reason(fault), context, RegisterPasskeyError::Refused)),
        };
        let (id, counter) = (FactorId(self.ids.next()), credential.counter);
        let (backed_up, backup_eligible) = (credential.backed_up, credential.backup_eligible);
        let evidence = Evidence::Passkey { factor: id, from: counter, to: counter, backed_up, backup_eligible };
        let prepared = self.add.prepare(caller, &evidence, Occasion::PasskeyAdded, context)?;
        let passkey = Passkey {
            id,
            user: caller.user.id,
            name: name.unwrap_or_else(|| FactorName::of_unnamed(Method::Passkey)),
            credential,
            created_at: prepared.now,
            last_used_at: None,
        };
        let outcome = self.factors.add_passkey(&passkey, &prepared.addition(caller)).await;
        match self.add.finish(caller, &evidence, prepared, outcome, context)? {
            Ok(added) => {
                Ok(PasskeyAdded { factor: Factor::from(passkey), recovery_codes: added.recovery_codes, token: added.token })
            }
            Err(NotAdded::Limit) => Err(self.refuse(caller, Reason::FactorLimit, context, RegisterPasskeyError::Limit)),
            Err(NotAdded::Gone) => Err(self.refuse(caller, Reason::CredentialTaken, context, RegisterPasskeyError::Refused)),
        }
    }

    fn refuse(
        &self,
        caller: &SignedIn,
        why: Reason,
        context: &RequestContext,
        error: RegisterPasskeyError,
    ) -> RegisterPasskeyError {
        let event = caller.event(EventKind::PasskeyRefused, context, self.add.clock.now());
        self.add.audit.record(event.by_methods([Method::Passkey]).because(why));
        error
    }
}

#[cfg(test)]
mod tests;
