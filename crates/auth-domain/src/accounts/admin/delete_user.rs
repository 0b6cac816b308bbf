//! Deletes an account and its sessions, without its password.

use std::sync::Arc;

use super::{OperateError, by_operator};
use crate::{
    accounts::ports::UserStore,
    audit::{kind::EventKind, ports::AuditSink, unknown_outcome::Written},
    identity::{clock::Clock, request_context::RequestContext, user::User},
    mail::{message::Occasion, writer::MailWriter},
};

pub struct DeleteUser {
    pub users: Arc<dyn UserStore>,
    pub writer: MailWriter,
    pub audit: Arc<dyn AuditSink>,
    pub clock: Arc<dyn Clock>,
}

impl DeleteUser {
    /// # Errors
    /// [`OperateError::NoSuchUser`] when the account is gone, or an outage.
    pub async fn execute(&self, user: &User, context: &RequestContext) -> Result<(), OperateError> {
        let now = self.clock.now();
        let deleted = || by_operator(EventKind::AccountDeleted, user, context, now);
        let notice = self.writer.notice(Occasion::AccountDeleted, user, context, now);
        if !self.users.delete(user.id, None, now, notice.as_ref()).await.or_unknown(&*self.audit, deleted)? {
            return Err(OperateError::NoSuchUser);
        }
        self.audit.record(deleted());
        Ok(())
    }
}
