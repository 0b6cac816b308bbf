//! Verifies an account's address by the operator's word, where its owner has proven it in another way.

use std::sync::Arc;

use super::AdminError;
use crate::{
    accounts::ports::UserAdminStore,
    audit::{initiator::Initiator, kind::EventKind, ports::AuditSink, unknown_outcome::Written},
    identity::{clock::Clock, user::User},
};

pub struct VerifyUser {
    pub users: Arc<dyn UserAdminStore>,
    pub audit: Arc<dyn AuditSink>,
    pub clock: Arc<dyn Clock>,
}

impl VerifyUser {
    /// Verifying a verified address again is not an error.
    ///
    /// # Errors
    /// [`AdminError::NoSuchUser`] when the account is gone or has another address by now, or an outage.
    pub async fn execute(&self, user: &User, by: &Initiator) -> Result<(), AdminError> {
        let now = self.clock.now();
        let verified = || by.event(EventKind::EmailVerified, user, now);
        if !self.users.verify(user.id, &user.email, now).await.or_unknown(&*self.audit, verified)? {
            return Err(AdminError::NoSuchUser);
        }
        self.audit.record(verified());
        Ok(())
    }
}
