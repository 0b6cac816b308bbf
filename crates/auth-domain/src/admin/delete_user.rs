//! Deletes an account and its sessions, without its password.

use std::sync::Arc;

use super::AdminError;
use crate::{
    accounts::ports::UserStore,
    audit::{event::Actor, initiator::Initiator, kind::EventKind, ports::AuditSink, unknown_outcome::Written},
    identity::{clock::Clock, user::User},
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
    /// [`AdminError::NoSuchUser`] when the account is gone, or an outage.
    pub async fn execute(&self, user: &User, by: &Initiator) -> Result<(), AdminError> {
        let now = self.clock.now();
        let kind = if by.actor == Actor::Operator { EventKind::AccountDeleted } else { EventKind::UserDeleted };
        let deleted = || by.event(kind, user, now);
        let notice = self.writer.notice(Occasion::AccountDeleted, user, &by.context, now);
        if !self.users.delete(user.id, None, now, notice.as_ref()).await.or_unknown(&*self.audit, deleted)? {
            return Err(AdminError::NoSuchUser);
        }
        self.audit.record(deleted());
        Ok(())
    }
}
