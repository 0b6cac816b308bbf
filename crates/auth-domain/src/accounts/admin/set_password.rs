//! Gives an account another password and ends all its sessions.

use std::sync::Arc;

use super::{OperateError, by_operator, record_ended};
use crate::{
    accounts::ports::UserStore,
    audit::{kind::EventKind, ports::AuditSink, unknown_outcome::Written},
    identity::{clock::Clock, request_context::RequestContext, user::User},
    mail::{message::Occasion, writer::MailWriter},
    passwords::{policy::NewPassword, ports::PasswordHasher},
};

pub struct SetPassword {
    pub users: Arc<dyn UserStore>,
    pub hasher: Arc<dyn PasswordHasher>,
    pub writer: MailWriter,
    pub audit: Arc<dyn AuditSink>,
    pub clock: Arc<dyn Clock>,
}

impl SetPassword {
    /// How many sessions ended.
    ///
    /// # Errors
    /// [`OperateError`].
    pub async fn execute(&self, user: &User, password: NewPassword, context: &RequestContext) -> Result<usize, OperateError> {
        let hash = self.hasher.hash(self.hasher.admit()?, password).await?;
        let now = self.clock.now();
        let notice = self.writer.notice(Occasion::PasswordChanged, user, context, now);
        let outcome = self.users.change_password(user.id, user.version(), &hash, None, now, notice.as_ref()).await;
        let changed = || by_operator(EventKind::PasswordChanged, user, context, now);
        let ended = outcome.or_unknown(&*self.audit, changed)?.ok_or(OperateError::ChangedMeanwhile)?;
        self.audit.record(changed());
        record_ended(&*self.audit, user, &ended, context, now);
        Ok(ended.len())
    }
}
