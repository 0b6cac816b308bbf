//! Disables an account and ends all its sessions.

use std::sync::Arc;

use super::AdminError;
use crate::{
    accounts::ports::UserAdminStore,
    audit::{initiator::Initiator, kind::EventKind, ports::AuditSink, unknown_outcome::Written},
    identity::{clock::Clock, user::User},
};

pub struct DisableUser {
    pub users: Arc<dyn UserAdminStore>,
    pub audit: Arc<dyn AuditSink>,
    pub clock: Arc<dyn Clock>,
}

impl DisableUser {
    /// How many sessions ended.
    ///
    /// # Errors
    /// [`AdminError::NoSuchUser`] when the account is gone, or an outage.
    pub async fn execute(&self, user: &User, by: &Initiator) -> Result<usize, AdminError> {
        let now = self.clock.now();
        let disabled = || by.event(EventKind::AccountDisabled, user, now);
        let outcome = self.users.disable(user.id, now).await.or_unknown(&*self.audit, disabled)?;
        let ended = outcome.ok_or(AdminError::NoSuchUser)?;
        self.audit.record(disabled());
        by.record_ended(&*self.audit, user, &ended, None, now);
        Ok(ended.len())
    }
}
