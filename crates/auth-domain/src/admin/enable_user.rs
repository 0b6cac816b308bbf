//! Lets a disabled account log in again.

use std::sync::Arc;

use super::AdminError;
use crate::{
    accounts::ports::UserAdminStore,
    audit::{initiator::Initiator, kind::EventKind, ports::AuditSink, unknown_outcome::Written},
    identity::{clock::Clock, user::User},
};

pub struct EnableUser {
    pub users: Arc<dyn UserAdminStore>,
    pub audit: Arc<dyn AuditSink>,
    pub clock: Arc<dyn Clock>,
}

impl EnableUser {
    /// # Errors
    /// [`AdminError::NoSuchUser`] when the account is gone, or an outage.
    pub async fn execute(&self, user: &User, by: &Initiator) -> Result<(), AdminError> {
        let now = self.clock.now();
        let enabled = || by.event(EventKind::AccountEnabled, user, now);
        if !self.users.enable(user.id, now).await.or_unknown(&*self.audit, enabled)? {
            return Err(AdminError::NoSuchUser);
        }
        self.audit.record(enabled());
        Ok(())
    }
}
