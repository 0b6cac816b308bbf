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
    mail::{
        message::{Occasion, Outgoing},
        writer::MailWriter,
    },
    mailbox::ask::AskForProof,
    passwords::{policy::PasswordAttempt, ports::AttemptStore, throttle::KNOWN_FOR},
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
    /// `None` on a server that sends no mail.
    pub notices: Option<NoticeOfNetwork>,
    /// Where an address has to be verified before its account can log in.
    pub unverified: Option<AskForProof>,
}

/// Tells an account's owner of a login from a network that the account does not know.
#[derive(Clone)]
pub struct NoticeOfNetwork {
    pub networks: Arc<dyn AttemptStore>,
    pub writer: MailWriter,
}

impl NoticeOfNetwork {
    /// The notice, if there is a reason for one: the first login ever is none.
    async fn write(&self, user: &User, context: &RequestContext, now: DateTime<Utc>) -> Result<Option<Outgoing>, PortError> {
        let (Some(network), Some(_earlier)) = (context.network(), user.last_login_at) else { return Ok(None) };
        // Written first: where none is to be, nothing is looked up.
        let Some(notice) = self.writer.notice(Occasion::NewNetwork, user, context, now) else { return Ok(None) };
        let seen_at = self.networks.network_seen_at(user.id, network).await?;
        Ok(Some(notice).filter(|_| seen_at.is_none_or(|at| now >= at + KNOWN_FOR)))
    }
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
            Proven::Owner(proof) => match &self.unverified {
                Some(ask) if proof.user.email_verified_at.is_none() => self.ask_to_verify(ask, &proof.user, context).await,
                Some(_) | None => self.begin(proof, context).await,
            },
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
        let notice = match &self.notices {
            Some(notices) => notices.write(&user, context, now).await?,
            None => None,
        };
        let outcome = self.sessions.begin(&session, user.version(), self.session_limit, notice.as_ref()).await;
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

    async fn ask_to_verify(&self, ask: &AskForProof, user: &User, context: &RequestContext) -> Result<TokenPair, LoginError> {
        ask.verification(&user.email, context).await?;
        let event = AuditEvent::new(EventKind::LoginFailed, context, self.clock.now()).on(Target::account(user));
        self.audit.record(event.because(Reason::EmailUnverified));
        Err(LoginError::Unverified)
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
