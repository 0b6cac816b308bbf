//! Register: a new account and its first session.

use std::sync::Arc;

use crate::{
    accounts::ports::{Inserted, UserStore},
    audit::{
        event::{AuditEvent, Target},
        kind::EventKind,
        ports::AuditSink,
        reason::Reason,
        unknown_outcome::Written,
    },
    identity::{clock::Clock, email::Email, ids::UserId, port_error::PortError, request_context::RequestContext, user::User},
    passwords::{policy::NewPassword, ports::PasswordHasher},
    sessions::{authentication::Authentication, issue::Issuer, token::TokenPair},
};

pub struct Register {
    pub users: Arc<dyn UserStore>,
    pub hasher: Arc<dyn PasswordHasher>,
    pub issuer: Issuer,
    pub audit: Arc<dyn AuditSink>,
    pub clock: Arc<dyn Clock>,
}

#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    #[error("the address has an account already")]
    EmailTaken,
    #[error(transparent)]
    Port(#[from] PortError),
}

impl Register {
    /// # Errors
    /// [`RegisterError`].
    pub async fn execute(
        &self,
        email: Email,
        password: NewPassword,
        context: &RequestContext,
    ) -> Result<TokenPair, RegisterError> {
        let place = self.hasher.admit()?;
        // Asked first only to save a hash; who gets the address is decided by the insert.
        if self.users.find_by_email(&email).await?.is_some() {
            return self.refuse(&email, context);
        }
        let hash = self.hasher.hash(place, password).await?;
        let now = self.clock.now();
        let mut user = User::new(UserId(self.issuer.ids.next()), email, hash, now);
        user.last_login_at = Some(now);
        let session = self.issuer.session(&user, Authentication::by_password(now), context, now);
        // Signed first, here and wherever tokens are issued: nothing is stored that could not be handed out.
        let pair = self.issuer.pair(&session, &user, now)?;
        let event = || {
            let event = AuditEvent::new(EventKind::UserRegistered, context, now);
            event.by_owner(user.id, &user.email).in_session(session.id)
        };
        match self.users.insert(&user, Some(&session), None).await.or_unknown(&*self.audit, event)? {
            Inserted::EmailTaken => self.refuse(&user.email, context),
            Inserted::Yes | Inserted::MailSuppressed => {
                self.audit.record(event());
                Ok(pair)
            }
        }
    }

    fn refuse(&self, email: &Email, context: &RequestContext) -> Result<TokenPair, RegisterError> {
        let event = AuditEvent::new(EventKind::RegistrationRefused, context, self.clock.now());
        self.audit.record(event.because(Reason::EmailTaken).on(Target::Address(email.clone())));
        Err(RegisterError::EmailTaken)
    }
}

#[cfg(test)]
mod tests;
