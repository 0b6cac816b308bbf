//! Gives an account another password and ends all its sessions.

use std::sync::Arc;

use super::AdminError;
use crate::{
    accounts::ports::UserStore,
    audit::{initiator::Initiator, kind::EventKind, ports::AuditSink, unknown_outcome::Written},
    identity::{clock::Clock, user::User},
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
    /// [`AdminError`].
    pub async fn execute(&self, user: &User, password: NewPassword, by: &Initiator) -> Result<usize, AdminError> {
        let hash = self.hasher.hash(self.hasher.admit()?, password).await?;
        let now = self.clock.now();
        let notice = self.writer.notice(Occasion::PasswordChanged, user, &by.context, now);
        let outcome = self.users.change_password(user.id, user.version(), &hash, None, now, notice.as_ref()).await;
        let changed = || by.event(EventKind::PasswordChanged, user, now);
        let ended = outcome.or_unknown(&*self.audit, changed)?.ok_or(AdminError::ChangedMeanwhile)?;
        self.audit.record(changed());
        by.record_ended(&*self.audit, user, &ended, None, now);
        Ok(ended.len())
    }
}
