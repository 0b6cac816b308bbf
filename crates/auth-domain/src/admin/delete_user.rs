//! Deletes an account and its sessions, without its password.

use std::sync::Arc;

use super::AdminError;
use crate::{
    accounts::ports::{Deleted, UserStore},
    audit::{event::Actor, initiator::Initiator, kind::EventKind, ports::AuditSink, unknown_outcome::Written},
    identity::{administrator::LastAdministrator, clock::Clock, user::User},
    mail::{message::Occasion, writer::MailWriter},
};

pub struct DeleteUser {
    pub users: Arc<dyn UserStore>,
    pub writer: MailWriter,
    pub audit: Arc<dyn AuditSink>,
    pub clock: Arc<dyn Clock>,
    /// Whether administrators need a second factor.
    pub with_factor: bool,
}

impl DeleteUser {
    /// By `force`, the last administrator may go.
    ///
    /// # Errors
    /// [`AdminError::NoSuchUser`] when the account is gone, [`AdminError::LastAdministrator`], or an outage.
    pub async fn execute(&self, user: &User, force: bool, by: &Initiator) -> Result<(), AdminError> {
        let now = self.clock.now();
        let kind = if by.actor == Actor::Operator { EventKind::AccountDeleted } else { EventKind::UserDeleted };
        let deleted = || by.event(kind, user, now);
        let notice = self.writer.notice(Occasion::AccountDeleted, user, &by.context, now);
        let keep = LastAdministrator::unless(force, self.with_factor);
        match self.users.delete(user.id, None, keep, now, notice.as_ref()).await.or_unknown(&*self.audit, deleted)? {
            Deleted::Yes => {
                self.audit.record(deleted());
                Ok(())
            }
            Deleted::No => Err(AdminError::NoSuchUser),
            Deleted::LastAdministrator => Err(AdminError::LastAdministrator),
        }
    }
}
