//! Authenticates the owner of a session again: the session is fresh from then on, and its refresh token stays.

use std::{sync::Arc, time::Duration};

use crate::{
    audit::{kind::EventKind, ports::AuditSink, reason::Reason, unknown_outcome::Written},
    identity::{clock::Clock, port_error::PortError, request_context::RequestContext},
    passwords::{
        policy::PasswordAttempt,
        verify::{PasswordVerifier, Verdict},
    },
    sessions::{
        authenticate::SignedIn, authentication::Authentication, issue::Issuer, ports::SessionStore, session::Session,
        token::AccessToken,
    },
};

pub struct Reauthenticate {
    pub proof: PasswordVerifier,
    pub sessions: Arc<dyn SessionStore>,
    pub issuer: Issuer,
    pub audit: Arc<dyn AuditSink>,
    pub clock: Arc<dyn Clock>,
}

#[derive(Debug, thiserror::Error)]
pub enum ReauthenticateError {
    #[error("the password is wrong")]
    Mismatch,
    #[error("too many attempts")]
    TooManyAttempts { retry_after: Duration },
    /// While the password was hashed.
    #[error("the session has ended")]
    Ended,
    #[error(transparent)]
    Port(#[from] PortError),
}

impl Reauthenticate {
    /// # Errors
    /// [`ReauthenticateError`]; the session is then as fresh as it was, unless the outcome is unknown.
    pub async fn execute(
        &self,
        caller: &SignedIn,
        password: PasswordAttempt,
        context: &RequestContext,
    ) -> Result<AccessToken, ReauthenticateError> {
        let user = &caller.user;
        let place = self.proof.hasher.admit()?;
        match self.proof.verify(place, &user.email, Some(user), password, context).await? {
            Verdict::Right => {}
            Verdict::Wrong => {
                self.audit.record(caller.failed_login(context, self.clock.now()));
                return Err(self.refuse(caller, Reason::WrongPassword, context, ReauthenticateError::Mismatch));
            }
            Verdict::Throttled { retry_after } => return Err(ReauthenticateError::TooManyAttempts { retry_after }),
        }
        let now = self.clock.now();
        let session = Session { authentication: Authentication::by_password(now), ..caller.session.clone() };
        let token = self.issuer.access(&session, user, now)?;
        let event = || caller.event(EventKind::Reauthenticated, context, now);
        // A change of the account's credentials ends its sessions, all but the one that makes it, which is fresh by that itself.
        let outcome = self.sessions.reauthenticate(&session, now).await;
        if !outcome.or_unknown(&*self.audit, event)? {
            return Err(self.refuse(caller, Reason::EndedMeanwhile, context, ReauthenticateError::Ended));
        }
        self.audit.record(event());
        Ok(token)
    }

    fn refuse(
        &self,
        caller: &SignedIn,
        why: Reason,
        context: &RequestContext,
        error: ReauthenticateError,
    ) -> ReauthenticateError {
        self.audit.record(caller.event(EventKind::ReauthenticationRefused, context, self.clock.now()).because(why));
        error
    }
}

#[cfg(test)]
mod tests;
