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
    passwords::{policy::NewPassword, ports::PasswordHasher},
};

pub struct CreateUser {
    pub users: Arc<dyn UserStore>,
    pub hasher: Arc<dyn PasswordHasher>,
    pub ids: Arc<dyn Ids>,
    pub audit: Arc<dyn AuditSink>,
    pub clock: Arc<dyn Clock>,
}

impl CreateUser {
    /// # Errors
    /// [`OperateError::EmailTaken`], or an outage.
    pub async fn execute(&self, email: Email, password: NewPassword, context: &RequestContext) -> Result<User, OperateError> {
        let hash = self.hasher.hash(self.hasher.admit()?, password).await?;
        let user = User::new(UserId(self.ids.next()), email, hash, self.clock.now());
        let event = || by_operator(EventKind::UserRegistered, &user, context, user.created_at);
        match self.users.insert(&user, None, None).await.or_unknown(&*self.audit, event)? {
            Inserted::EmailTaken => Err(OperateError::EmailTaken),
            Inserted::Yes | Inserted::MailSuppressed => {
                self.audit.record(event());
                Ok(user)
            }
        }
    }
}
