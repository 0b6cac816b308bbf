//! Log in: begins a session for a password. Whatever is wrong, the answer and the time it takes are the same.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};

use crate::{
    audit::{
        event::{AuditEvent, Target},
        kind::EventKind,
        ports::AuditSink,
        reason::Reason,
        unknown_outcome::Written,
    },
    identity::{clock::Clock, email::Email, ids::SessionId, port_error::PortError, request_context::RequestContext, user::User},
    passwords::policy::PasswordAttempt,
    sessions::{
        issue::Issuer,
        ports::{Begun, SessionStore},
        session::Session,
        token::TokenPair,
    },
    sign_in::prove::{Proof, Prove, Proven},
};

pub struct Login {
    pub prove: Prove,
    pub sessions: Arc<dyn SessionStore>,
    pub issuer: Issuer,
    pub audit: Arc<dyn AuditSink>,
    pub clock: Arc<dyn Clock>,
    /// How many live sessions an account may have.
    pub session_limit: usize,
}

#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// Whatever the reason: no account, a wrong password, a disabled account.
    #[error("invalid credentials")]
    InvalidCredentials,
    /// The same whether or not there is an account.
    #[error("too many attempts")]
    TooManyAttempts { retry_after: Duration },
    #[error(transparent)]
    Port(#[from] PortError),
}

impl Login {
    /// # Errors
    /// [`LoginError`].
    pub async fn execute(
        &self,
        email: &Email,
        attempt: PasswordAttempt,
        context: &RequestContext,
    ) -> Result<TokenPair, LoginError> {
        match self.prove.by_password(email, attempt, context).await? {
            Proven::Owner(proof) => self.begin(proof, context).await,
            Proven::UnknownAddress => self.refuse(Reason::UnknownAddress, Target::attempted(email, None), context),
            Proven::WrongPassword(user) => self.refuse(Reason::WrongPassword, Target::attempted(email, Some(&user)), context),
            Proven::Disabled(user) => self.refuse(Reason::AccountDisabled, Target::attempted(email, Some(&user)), context),
            Proven::Throttled { retry_after } => Err(LoginError::TooManyAttempts { retry_after }),
        }
    }

    async fn begin(&self, Proof { user, authentication }: Proof, context: &RequestContext) -> Result<TokenPair, LoginError> {
        let now = self.clock.now();
        let session = self.issuer.session(&user, authentication, context, now);
        let pair = self.issuer.pair(&session, &user, now)?;
        let outcome = self.sessions.begin(&session, user.version(), self.session_limit, None).await;
        let event =
            || AuditEvent::new(EventKind::LoginSucceeded, context, now).by_owner(user.id, &user.email).in_session(session.id);
        match outcome.or_unknown(&*self.audit, event)? {
            Begun::No => self.refuse(Reason::AccountChangedMeanwhile, Target::account(&user), context),
            Begun::Yes { displaced } => {
                self.report(&user, &session, &displaced, now);
                Ok(pair)
            }
        }
    }

    fn report(&self, user: &User, session: &Session, displaced: &[SessionId], now: DateTime<Utc>) {
        let event = |kind| AuditEvent::new(kind, &session.context, now).by_owner(user.id, &user.email);
        self.audit.record(event(EventKind::LoginSucceeded).in_session(session.id));
        for id in displaced {
            self.audit.record(event(EventKind::SessionEnded).because(Reason::SessionLimit).in_session(*id));
        }
    }

    fn refuse(&self, reason: Reason, target: Target, context: &RequestContext) -> Result<TokenPair, LoginError> {
        let event = AuditEvent::new(EventKind::LoginFailed, context, self.clock.now()).on(target);
        self.audit.record(event.because(reason));
        Err(LoginError::InvalidCredentials)
    }
}

#[cfg(test)]
mod tests;
