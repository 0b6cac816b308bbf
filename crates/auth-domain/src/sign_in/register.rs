//! Register: a new account and its first session. Where an address has to be verified first, neither: only a mail.

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
    mail::{
        message::{Occasion, Outgoing},
        ports::Registration,
        writer::MailWriter,
    },
    mailbox::ask::{AskForProof, suppressed},
    passwords::{policy::NewPassword, ports::PasswordHasher},
    sessions::{authentication::Authentication, issue::Issuer, token::TokenPair},
};

pub struct Register {
    pub users: Arc<dyn UserStore>,
    pub hasher: Arc<dyn PasswordHasher>,
    pub issuer: Issuer,
    pub verification: Verification,
    pub audit: Arc<dyn AuditSink>,
    pub clock: Arc<dyn Clock>,
}

/// What registering an address asks of its owner.
#[derive(Clone)]
pub enum Verification {
    /// Nothing: this server sends no mail.
    Off,
    /// A mail goes out, and nothing waits for its proof.
    Optional(MailWriter),
    /// There is no account before the address is proven.
    Required(AskForProof),
}

/// What came of it.
#[must_use]
#[derive(Clone, PartialEq, Eq)]
pub enum Registered {
    SignedIn(TokenPair),
    /// The same for a free and for a taken address.
    VerificationSent,
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
    ) -> Result<Registered, RegisterError> {
        let place = self.hasher.admit()?;
        let writer = match &self.verification {
            Verification::Required(ask) => {
                let password = self.hasher.hash(place, password).await?;
                let (language, created_at) = (context.language, self.clock.now());
                ask.registration(&Registration { address: email, password, language, created_at }, context).await?;
                return Ok(Registered::VerificationSent);
            }
            Verification::Optional(writer) => Some(writer),
            Verification::Off => None,
        };
        // Asked first only to save a hash; who gets the address is decided by the insert.
        if self.users.find_by_email(&email).await?.is_some() {
            return self.refuse(&email, context);
        }
        let hash = self.hasher.hash(place, password).await?;
        let now = self.clock.now();
        let mut user = User::new(UserId(self.issuer.ids.next()), email, hash, now);
        (user.last_login_at, user.language) = (Some(now), context.language);
        let mail = writer.map(|writer| writer.verification(Occasion::Verification, &user.email, context, now));
        self.insert(&user, mail.as_ref(), context).await
    }

    async fn insert(&self, user: &User, mail: Option<&Outgoing>, context: &RequestContext) -> Result<Registered, RegisterError> {
        let now = user.created_at;
        let session = self.issuer.session(user, Authentication::by_password(now), context, now);
        // Signed first, here and wherever tokens are issued: nothing is stored that could not be handed out.
        let pair = self.issuer.pair(&session, user, now)?;
        let event = |kind| AuditEvent::new(kind, context, now).by_owner(user.id, &user.email);
        let registered = || event(EventKind::UserRegistered).in_session(session.id);
        let inserted = self.users.insert(user, Some(&session), mail).await.or_unknown(&*self.audit, registered)?;
        let told = match inserted {
            Inserted::EmailTaken => return self.refuse(&user.email, context),
            Inserted::Yes => mail.map(|_queued| event(EventKind::VerificationSent)),
            Inserted::MailSuppressed => mail.map(|mail| suppressed(mail, context)),
        };
        self.audit.record(registered());
        told.into_iter().for_each(|event| self.audit.record(event));
        Ok(Registered::SignedIn(pair))
    }

    fn refuse(&self, email: &Email, context: &RequestContext) -> Result<Registered, RegisterError> {
        let event = AuditEvent::new(EventKind::RegistrationRefused, context, self.clock.now());
        self.audit.record(event.because(Reason::EmailTaken).on(Target::Address(email.clone())));
        Err(RegisterError::EmailTaken)
    }
}

#[cfg(test)]
mod tests;
