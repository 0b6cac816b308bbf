//! Judges what a browser shows of a passkey (WebAuthn Level 3 section 7.2): alone, as a second factor, or to authenticate again.

use std::sync::Arc;

use crate::{
    audit::{
        event::{AuditEvent, Target},
        kind::EventKind,
        ports::AuditSink,
        reason::Reason,
    },
    factors::{
        one_time_token::OneTimePurpose,
        passkey::{CredentialId, Passkey},
        ports::{OneTimeTokenCodec, SecondStepStore},
        second_step::Evidence,
    },
    identity::{clock::Clock, method::Method, port_error::PortError, request_context::RequestContext, user::User},
    mail::{message::Occasion, writer::MailWriter},
    passkeys::{
        challenge::use_up,
        ports::{AuthenticationResponse, PasskeyStore, RelyingParty, WebAuthnFault},
    },
};

/// Judges assertions.
#[derive(Clone)]
pub struct AssertPasskey {
    pub relying_party: Arc<dyn RelyingParty>,
    pub passkeys: Arc<dyn PasskeyStore>,
    pub tokens: Arc<dyn OneTimeTokenCodec>,
    pub steps: Arc<dyn SecondStepStore>,
    pub writer: MailWriter,
    pub audit: Arc<dyn AuditSink>,
    pub clock: Arc<dyn Clock>,
}

/// A browser's answer to a challenge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasskeyAnswer {
    /// The one-time token that came with the challenge.
    pub challenge_id: String,
    pub response: AuthenticationResponse,
}

/// An account whose owner has shown one of its passkeys. What it shows is not used up yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asserted {
    pub user: User,
    pub evidence: Evidence,
}

#[derive(Debug, thiserror::Error)]
pub enum AssertPasskeyError {
    /// Whatever is wrong with it.
    #[error("the passkey is refused")]
    Refused,
    #[error(transparent)]
    Port(#[from] PortError),
}

impl AssertPasskey {
    /// The challenge is used up, whatever comes of it.
    ///
    /// # Errors
    /// [`AssertPasskeyError`].
    pub async fn execute(
        &self,
        answer: &PasskeyAnswer,
        owner: Option<&User>,
        context: &RequestContext,
    ) -> Result<Asserted, AssertPasskeyError> {
        let target = owner.map_or(Target::Nothing, Target::account);
        let (purpose, now) = (OneTimePurpose::AssertPasskey, self.clock.now());
        let Some(challenge) = use_up(&*self.tokens, &*self.steps, &answer.challenge_id, purpose, now).await? else {
            return Err(self.refuse(Reason::Challenge, target, context));
        };
        let found = match CredentialId::new(answer.response.id.clone()) {
            Ok(id) => self.passkeys.find(&id).await?,
            Err(_no_id) => None,
        };
        let Some((passkey, user)) = found.filter(|(passkey, _)| is_of(passkey, owner, &answer.response)) else {
            return Err(self.refuse(Reason::UnknownCredential, target, context));
        };
        let target = Target::account(&user);
        let seen = &passkey.credential;
        match self.relying_party.authenticate(&challenge, &answer.response, seen) {
            Ok(assertion) => {
                let (from, to, backed_up) = (seen.counter, assertion.counter, assertion.backed_up);
                let evidence =
                    Evidence::Passkey { factor: passkey.id, from, to, backed_up, backup_eligible: seen.backup_eligible };
                Ok(Asserted { user, evidence })
            }
            Err(fault) => {
                if fault == WebAuthnFault::Counter {
                    self.report_clone(&user, context).await?;
                }
                Err(self.refuse(reason(fault), target, context))
            }
        }
    }

    async fn report_clone(&self, user: &User, context: &RequestContext) -> Result<(), PortError> {
        let now = self.clock.now();
        let cloned = AuditEvent::new(EventKind::PasskeyCloned, context, now).by_methods([Method::Passkey]);
        self.audit.record(cloned.on(Target::account(user)));
        match self.writer.notice(Occasion::PasskeyCloned, user, context, now) {
            Some(notice) => self.passkeys.report_clone(&notice).await,
            None => Ok(()),
        }
    }

    /// Refuses one that is right, because it cannot be used.
    #[must_use]
    pub fn refuse(&self, reason: Reason, target: Target, context: &RequestContext) -> AssertPasskeyError {
        let event = AuditEvent::new(EventKind::PasskeyRefused, context, self.clock.now()).by_methods([Method::Passkey]);
        self.audit.record(event.because(reason).on(target));
        AssertPasskeyError::Refused
    }
}

/// Section 7.2, step 6: whose the credential has to be. Where the account is not known in advance, the user handle has to say it.
fn is_of(passkey: &Passkey, owner: Option<&User>, response: &AuthenticationResponse) -> bool {
    let handle = response.user_handle.as_deref().map(|handle| handle == passkey.user.0.as_bytes());
    match owner {
        Some(owner) => owner.id == passkey.user && handle != Some(false),
        None => handle == Some(true),
    }
}

/// What the trail says of a fault, at a registration as well.
pub(super) fn reason(fault: WebAuthnFault) -> Reason {
    match fault {
        WebAuthnFault::ClientData
        | WebAuthnFault::WrongType
        | WebAuthnFault::Cbor
        | WebAuthnFault::AuthenticatorData
        | WebAuthnFault::Attestation
        | WebAuthnFault::CredentialId => Reason::Malformed,
        WebAuthnFault::WrongChallenge => Reason::WrongChallenge,
        WebAuthnFault::WrongOrigin | WebAuthnFault::CrossOrigin => Reason::WrongOrigin,
        WebAuthnFault::WrongRelyingParty => Reason::WrongRelyingParty,
        WebAuthnFault::NotPresent | WebAuthnFault::NotVerified => Reason::UserNotVerified,
        WebAuthnFault::BackupState => Reason::BackupState,
        WebAuthnFault::UnsupportedKey => Reason::UnsupportedKey,
        WebAuthnFault::Signature => Reason::WrongSignature,
        WebAuthnFault::Counter => Reason::CounterWentBack,
    }
}

#[cfg(test)]
mod tests;
