//! Makes an account without a session.

use std::sync::Arc;

use super::{OperateError, by_operator};
use crate::{
    accounts::ports::{Inserted, UserStore},
    audit::{kind::EventKind, ports::AuditSink, unknown_outcome::Written},
    identity::{
        clock::{Clock, Ids},
        email::Email,
        ids::UserId,
        request_context::RequestContext,
        user::User,
    },
    mail::writer::MailWriter,
    passwords::{policy::NewPassword, ports::PasswordHasher},
};

pub struct CreateUser {
    pub users: Arc<dyn UserStore>,
    pub hasher: Arc<dyn PasswordHasher>,
    pub writer: MailWriter,
    pub ids: Arc<dyn Ids>,
    pub audit: Arc<dyn AuditSink>,
    pub clock: Arc<dyn Clock>,
}

impl CreateUser {
    /// Without a password its owner is invited by a mail to choose one.
    ///
    /// # Errors
    /// [`OperateError::EmailTaken`], or an outage.
    pub async fn execute(
        &self,
        email: Email,
        password: Option<NewPassword>,
        context: &RequestContext,
    ) -> Result<User, OperateError> {
        let hash = match password {
            Some(password) => Some(self.hasher.hash(self.hasher.admit()?, password).await?),
            None => None,
        };
        let now = self.clock.now();
        let invitation = hash.is_none().then(|| self.writer.invitation(&email, context, now));
        let user = User::new(UserId(self.ids.next()), email, hash, now);
        let event = || by_operator(EventKind::UserRegistered, &user, context, now);
        let inserted = self.users.insert(&user, None, invitation.as_ref()).await.or_unknown(&*self.audit, event)?;
        if inserted == Inserted::EmailTaken {
            return Err(OperateError::EmailTaken);
        }
        self.audit.record(event());
        if inserted == Inserted::MailSuppressed {
            self.audit.record(by_operator(EventKind::MailSuppressed, &user, context, now));
        }
        Ok(user)
    }
}
