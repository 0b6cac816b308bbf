//! Log in: begins a session for a password. Whatever is wrong, the answer and the time it takes are the same.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};

use crate::{
    accounts::ports::UserStore,
    audit::{
        event::{AuditEvent, Target},
        kind::EventKind,
        ports::AuditSink,
        reason::Reason,
        unknown_outcome::Written,
    },
    identity::{
        clock::Clock, email::Email, ids::SessionId, password_hash::PasswordHash, port_error::PortError,
        request_context::RequestContext, user::User,
    },
    passwords::{
        policy::PasswordAttempt,
        ports::PasswordHasher,
        verify::{PasswordVerifier, Verdict},
    },
    sessions::{
        issue::Issuer,
        ports::{Begun, SessionStore},
        session::Session,
        token::TokenPair,
    },
};

pub struct Login {
    pub users: Arc<dyn UserStore>,
    pub sessions: Arc<dyn SessionStore>,
    pub hasher: Arc<dyn PasswordHasher>,
    pub proof: PasswordVerifier,
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
        let place = self.hasher.admit()?;
        let found = self.users.find_by_email(email).await?;
        // Without an account a decoy is verified, so that the time does not tell.
        let right = match self.proof.verify(place, email, found.as_ref(), attempt.clone(), context).await? {
            Verdict::Throttled { retry_after } => return Err(LoginError::TooManyAttempts { retry_after }),
            verdict @ (Verdict::Right | Verdict::Wrong) => verdict == Verdict::Right,
        };
        match found {
            Some(user) if right && user.is_active() => self.begin(user, attempt, context).await,
            Some(user) if right => self.refuse(Reason::AccountDisabled, Target::attempted(email, Some(&user)), context),
            Some(user) => self.refuse(Reason::WrongPassword, Target::attempted(email, Some(&user)), context),
            None => self.refuse(Reason::UnknownAddress, Target::attempted(email, None), context),
        }
    }

    async fn begin(&self, user: User, attempt: PasswordAttempt, context: &RequestContext) -> Result<TokenPair, LoginError> {
        self.rehash(&user, attempt).await?;
        let now = self.clock.now();
        let session = self.issuer.session(&user, context, now);
        let pair = self.issuer.pair(&session, &user, now)?;
        let outcome = self.sessions.begin(&session, user.version(), self.session_limit).await;
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

    /// Replaces a hash of a lower cost, or of another form than NFC, now that the password is at hand.
    async fn rehash(&self, user: &User, attempt: PasswordAttempt) -> Result<(), PortError> {
        let Some(hash) = &user.password else { return Ok(()) };
        if !self.hasher.is_outdated(hash) && self.is_of_nfc(hash, &attempt).await? {
            return Ok(());
        }
        let stronger = match self.hasher.admit() {
            Ok(place) => self.hasher.hash(place, attempt.proven()).await,
            Err(full) => Err(full),
        };
        match stronger {
            // There will be other logins to do it at, or the client has left: no reason to refuse this one.
            Err(PortError::Overloaded { .. }) => {}
            // Who loses this race has nothing to do: another login did the same, or the password changed.
            outcome => drop(self.users.replace_hash(user.id, hash, &outcome?).await?),
        }
        Ok(())
    }

    /// Whether a right password is right in NFC. Asks the hasher only about the few that were not typed in it.
    async fn is_of_nfc(&self, hash: &PasswordHash, attempt: &PasswordAttempt) -> Result<bool, PortError> {
        let Some(composed) = attempt.composed() else { return Ok(true) };
        let verified = match self.hasher.admit() {
            Ok(place) => self.hasher.verify(place, composed, Some(hash)).await,
            Err(full) => Err(full),
        };
        match verified {
            // There will be other logins to find out at.
            Err(PortError::Overloaded { .. }) => Ok(true),
            outcome => outcome,
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
