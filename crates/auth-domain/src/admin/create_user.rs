//! Makes an account without a session.

use std::sync::Arc;

use super::AdminError;
use crate::{
    accounts::ports::{Inserted, UserStore},
    audit::{event::Actor, initiator::Initiator, kind::EventKind, ports::AuditSink, unknown_outcome::Written},
    identity::{
        clock::{Clock, Ids},
        email::Email,
        ids::UserId,
        user::User,
    },
    mail::writer::MailWriter,
    passwords::{policy::NewPassword, ports::PasswordHasher},
};

pub struct CreateUser {
    pub users: Arc<dyn UserStore>,
    pub hasher: Arc<dyn PasswordHasher>,
    pub writer: MailWriter,
    pub ids: Arc<dyn Ids>,
    pub audit: Arc<dyn AuditSink>,
    pub clock: Arc<dyn Clock>,
}

/// An account that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Created {
    pub user: User,
    pub invitation: Invitation,
}

/// What its owner is to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Invitation {
    /// The account has a password, so there is none.
    NotNeeded,
    /// A mail asks for a password.
    Queued,
    /// The address has had its [allowance](crate::mail::allowance::Allowance) of mails: none asks for a password.
    Suppressed,
}

impl CreateUser {
    /// Without a password its owner is invited by a mail to choose one.
    ///
    /// # Errors
    /// [`AdminError::EmailTaken`], or an outage.
    pub async fn execute(&self, email: Email, password: Option<NewPassword>, by: &Initiator) -> Result<Created, AdminError> {
        let hash = match password {
            Some(password) => Some(self.hasher.hash(self.hasher.admit()?, password).await?),
            None => None,
        };
        let now = self.clock.now();
        let invitation = hash.is_none().then(|| self.writer.invitation(&email, &by.context, now));
        let user = User::new(UserId(self.ids.next()), email, hash, now);
        // The command line has always told of accounts that it made as of any other.
        let kind = if by.actor == Actor::Operator { EventKind::UserRegistered } else { EventKind::UserCreated };
        let event = || by.event(kind, &user, now);
        let inserted = self.users.insert(&user, None, invitation.as_ref()).await.or_unknown(&*self.audit, event)?;
        let invitation = match inserted {
            Inserted::EmailTaken => return Err(AdminError::EmailTaken),
            Inserted::Yes => invitation.map_or(Invitation::NotNeeded, |_mail| Invitation::Queued),
            Inserted::MailSuppressed => Invitation::Suppressed,
        };
        self.audit.record(event());
        if invitation == Invitation::Suppressed {
            self.audit.record(by.event(EventKind::MailSuppressed, &user, now));
        }
        Ok(Created { user, invitation })
    }
}
