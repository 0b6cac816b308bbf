//! Disables an account and ends all its sessions.

use std::sync::Arc;

use super::{OperateError, by_operator, record_ended};
use crate::{
    accounts::ports::UserAdminStore,
    audit::{kind::EventKind, ports::AuditSink, unknown_outcome::Written},
    identity::{clock::Clock, request_context::RequestContext, user::User},
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
    /// [`OperateError::NoSuchUser`] when the account is gone, or an outage.
    pub async fn execute(&self, user: &User, context: &RequestContext) -> Result<usize, OperateError> {
        let now = self.clock.now();
        let disabled = || by_operator(EventKind::AccountDisabled, user, context, now);
        let outcome = self.users.disable(user.id, now).await.or_unknown(&*self.audit, disabled)?;
        let ended = outcome.ok_or(OperateError::NoSuchUser)?;
        self.audit.record(disabled());
        record_ended(&*self.audit, user, &ended, context, now);
        Ok(ended.len())
    }
}
