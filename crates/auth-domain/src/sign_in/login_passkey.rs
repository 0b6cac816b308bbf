//! Log in with a passkey alone: its authenticator has verified the user, so it is two factors at once.

use std::sync::Arc;

use crate::{
    audit::{event::Target, reason::Reason},
    factors::second_step::SecondStep,
    identity::{clock::Clock, port_error::PortError, request_context::RequestContext},
    mailbox::ask::AskForProof,
    passkeys::assert::{AssertPasskey, AssertPasskeyError, Asserted, PasskeyAnswer},
    sessions::{
        authentication::{Authentication, Methods},
        token::TokenPair,
    },
    sign_in::{
        begin::{BeginSession, BeginSessionError},
        prove::Proof,
    },
};

pub struct LoginWithPasskey {
    pub passkeys: AssertPasskey,
    pub begin: BeginSession,
    pub clock: Arc<dyn Clock>,
    /// Where an address has to be verified before its account can log in.
    pub unverified: Option<AskForProof>,
}

#[derive(Debug, thiserror::Error)]
pub enum LoginWithPasskeyError {
    /// Whatever is wrong with it.
    #[error("the passkey is refused")]
    Refused,
    /// The passkey was right; a mail says how to verify the address.
    #[error("the address is not verified")]
    Unverified,
    #[error(transparent)]
    Port(#[from] PortError),
}

impl From<AssertPasskeyError> for LoginWithPasskeyError {
    fn from(error: AssertPasskeyError) -> Self {
        match error {
            AssertPasskeyError::Refused => Self::Refused,
            AssertPasskeyError::Port(error) => Self::Port(error),
        }
    }
}

impl LoginWithPasskey {
    /// # Errors
    /// [`LoginWithPasskeyError`]; the challenge is used up in any case.
    pub async fn execute(&self, answer: &PasskeyAnswer, context: &RequestContext) -> Result<TokenPair, LoginWithPasskeyError> {
        let Asserted { user, evidence } = self.passkeys.execute(answer, None, context).await?;
        let refuse = |reason| self.passkeys.refuse(reason, Target::account(&user), context).into();
        if !user.is_active() {
            return Err(refuse(Reason::AccountDisabled));
        }
        if let Some(ask) = self.unverified.as_ref().filter(|_| user.email_verified_at.is_none()) {
            ask.refuse_login(&user, &[evidence.method()], context).await?;
            return Err(LoginWithPasskeyError::Unverified);
        }
        let authentication = Authentication { at: self.clock.now(), methods: Methods::alone(&evidence) };
        let step = SecondStep { evidence, token: None, wrong_codes: user.wrong_codes };
        let proof = Proof { user: user.clone(), authentication, methods: Vec::new() };
        match self.begin.execute(&proof, Some(&step), context).await {
            Ok(pair) => Ok(pair),
            Err(BeginSessionError::AccountChanged) => Err(refuse(Reason::AccountChangedMeanwhile)),
            // Another use of the same passkey was faster, or it is gone.
            Err(BeginSessionError::Step(_)) => Err(refuse(Reason::CounterWentBack)),
            Err(BeginSessionError::Port(error)) => Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests;
