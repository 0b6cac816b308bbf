//! Lets a disabled account log in again.

use std::sync::Arc;

use super::{OperateError, by_operator};
use crate::{
    accounts::ports::UserAdminStore,
    audit::{kind::EventKind, ports::AuditSink, unknown_outcome::Written},
    identity::{clock::Clock, request_context::RequestContext, user::User},
};

pub struct EnableUser {
    pub users: Arc<dyn UserAdminStore>,
    pub audit: Arc<dyn AuditSink>,
    pub clock: Arc<dyn Clock>,
}

impl EnableUser {
    /// # Errors
    /// [`OperateError::NoSuchUser`] when the account is gone, or an outage.
    pub async fn execute(&self, user: &User, context: &RequestContext) -> Result<(), OperateError> {
        let now = self.clock.now();
        let enabled = || by_operator(EventKind::AccountEnabled, user, context, now);
        if !self.users.enable(user.id, now).await.or_unknown(&*self.audit, enabled)? {
            return Err(OperateError::NoSuchUser);
        }
        self.audit.record(enabled());
        Ok(())
    }
}
