//! Log in with a password: begins a session, or asks for the account's second factor. Whatever is wrong, the answer and the time it
//! takes are the same.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;

use crate::{
    audit::{
        event::{AuditEvent, Target},
        kind::EventKind,
        ports::AuditSink,
        reason::Reason,
    },
    factors::{
        one_time_token::{ONE_TIME_LIFE, OneTimePurpose, OneTimeToken, OneTimeTokenId},
        policy::MfaPolicy,
        ports::OneTimeTokenCodec,
    },
    identity::{
        clock::{Clock, Ids},
        email::Email,
        method::Method,
        password_hash::redacted,
        port_error::PortError,
        request_context::RequestContext,
    },
    mailbox::ask::AskForProof,
    passwords::policy::PasswordAttempt,
    sessions::token::TokenPair,
    sign_in::{
        begin::{BeginSession, BeginSessionError},
        prove::{Proof, Prove, Proven},
    },
};

pub struct Login {
    pub prove: Prove,
    pub begin: BeginSession,
    pub second_step: AskForFactor,
    pub audit: Arc<dyn AuditSink>,
    pub clock: Arc<dyn Clock>,
    /// Where an address has to be verified before its account can log in.
    pub unverified: Option<AskForProof>,
}

/// Asks the owner of an account with a second factor for it.
#[derive(Clone)]
pub struct AskForFactor {
    pub policy: MfaPolicy,
    /// The methods that this server takes.
    pub takes: Vec<Method>,
    pub tokens: Arc<dyn OneTimeTokenCodec>,
    pub ids: Arc<dyn Ids>,
}

/// A login whose password was right, and which waits for its second step.
#[derive(Clone, PartialEq, Eq)]
pub struct PendingLogin {
    pub token: String,
    pub expires_in: TimeDelta,
    /// What may be shown.
    pub methods: Vec<Method>,
}

redacted!(PendingLogin);

/// What came of a password that was right.
#[must_use]
#[derive(Clone, PartialEq, Eq)]
pub enum LoggedIn {
    SignedIn(TokenPair),
    SecondFactorRequired(PendingLogin),
}

#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// Whatever the reason: no account, a wrong password, a disabled account.
    #[error("invalid credentials")]
    InvalidCredentials,
    /// The same whether or not there is an account.
    #[error("too many attempts")]
    TooManyAttempts { retry_after: Duration },
    /// The password was right; a mail says how to verify the address.
    #[error("the address is not verified")]
    Unverified,
    #[error(transparent)]
    Port(#[from] PortError),
}

impl AskForFactor {
    /// What to answer; `None` if the password is enough. Nothing is stored.
    fn of(&self, Proof { user, authentication, .. }: &Proof) -> Option<PendingLogin> {
        let purpose = OneTimePurpose::SecondStep { user: user.id, proven: user.version(), authenticated_at: authentication.at };
        self.policy.asks(user).then(|| {
            let token = OneTimeToken::new(OneTimeTokenId(self.ids.next()), purpose, authentication.at);
            let methods = user.second_factors.methods().iter().copied().filter(|method| self.takes.contains(method));
            PendingLogin { token: self.tokens.encode(&token), expires_in: ONE_TIME_LIFE, methods: methods.collect() }
        })
    }
}

impl Login {
    /// # Errors
    /// [`LoginError`].
    pub async fn execute(
        &self,
        email: &Email,
        attempt: PasswordAttempt,
        context: &RequestContext,
    ) -> Result<LoggedIn, LoginError> {
        match self.prove.by_password(email, attempt, context).await? {
            Proven::Owner(proof) => match &self.unverified {
                Some(ask) if proof.user.email_verified_at.is_none() => {
                    ask.refuse_login(&proof.user, &[], context).await?;
                    Err(LoginError::Unverified)
                }
                Some(_) | None => self.next_step(&proof, context).await,
            },
            Proven::UnknownAddress => self.refuse(Reason::UnknownAddress, Target::attempted(email, None), context),
            Proven::WrongPassword(user) => self.refuse(Reason::WrongPassword, Target::attempted(email, Some(&user)), context),
            Proven::Disabled(user) => self.refuse(Reason::AccountDisabled, Target::attempted(email, Some(&user)), context),
            Proven::Throttled { retry_after } => Err(LoginError::TooManyAttempts { retry_after }),
        }
    }

    async fn next_step(&self, proof: &Proof, context: &RequestContext) -> Result<LoggedIn, LoginError> {
        if let Some(pending) = self.second_step.of(proof) {
            let event = AuditEvent::new(EventKind::SecondFactorRequired, context, self.clock.now());
            self.audit.record(event.by_methods(proof.methods.clone()).on(Target::account(&proof.user)));
            return Ok(LoggedIn::SecondFactorRequired(pending));
        }
        match self.begin.execute(proof, None, context).await {
            Ok(pair) => Ok(LoggedIn::SignedIn(pair)),
            Err(BeginSessionError::AccountChanged | BeginSessionError::Step(_)) => {
                self.refuse(Reason::AccountChangedMeanwhile, Target::account(&proof.user), context)
            }
            Err(BeginSessionError::Port(error)) => Err(error.into()),
        }
    }

    fn refuse(&self, reason: Reason, target: Target, context: &RequestContext) -> Result<LoggedIn, LoginError> {
        let event = AuditEvent::new(EventKind::LoginFailed, context, self.clock.now()).on(target);
        self.audit.record(event.because(reason));
        Err(LoginError::InvalidCredentials)
    }
}

#[cfg(test)]
mod tests;
