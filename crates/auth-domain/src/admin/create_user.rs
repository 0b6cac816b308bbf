//! Makes an account without a session.

use std::sync::Arc;

use super::AdminError;
use crate::{
    accounts::ports::{Inserted, UserStore},
    audit::{event::Actor, initiator::Initiator, kind::EventKind, ports::AuditSink, unknown_outcome::Written},
    identity::{
        clock::{Clock, Ids},
        document::Document,
        email::Email,
        ids::UserId,
        password_hash::PasswordHash,
        role::Roles,
        user::{AccountState, User},
    },
    mail::writer::MailWriter,
    passwords::{
        policy::NewPassword,
        ports::{HashFault, PasswordHasher},
    },
};

pub struct CreateUser {
    pub users: Arc<dyn UserStore>,
    pub hasher: Arc<dyn PasswordHasher>,
    pub writer: MailWriter,
    pub ids: Arc<dyn Ids>,
    pub audit: Arc<dyn AuditSink>,
    pub clock: Arc<dyn Clock>,
}

/// An account as it is to be.
#[derive(Debug)]
pub struct NewAccount {
    pub email: Email,
    pub password: FirstPassword,
    pub roles: Roles,
    pub profile: Document,
    pub attributes: Document,
    pub email_verified: bool,
    pub disabled: bool,
}

/// How the owner of a new account gets a password.
#[derive(Debug)]
pub enum FirstPassword {
    Chosen(NewPassword),
    /// Another system knows it.
    Hashed(PasswordHash),
    /// A mail asks for one.
    Invited,
    /// Not now.
    Missing,
}

impl NewAccount {
    /// One with nothing but an address.
    #[must_use]
    pub fn of(email: Email, password: FirstPassword) -> Self {
        let (roles, profile, attributes) = (Roles::default(), Document::default(), Document::default());
        Self { email, password, roles, profile, attributes, email_verified: false, disabled: false }
    }
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
        let password = password.map_or(FirstPassword::Invited, FirstPassword::Chosen);
        self.create(NewAccount::of(email, password), by).await
    }

    /// The hash of another system as a first password.
    ///
    /// # Errors
    /// It could never be verified.
    pub fn hashed(&self, hash: String) -> Result<FirstPassword, HashFault> {
        let hash = PasswordHash::new(hash);
        self.hasher.fault(&hash).map_or(Ok(FirstPassword::Hashed(hash)), Err)
    }

    /// # Errors
    /// [`AdminError::EmailTaken`], or an outage.
    pub async fn create(&self, account: NewAccount, by: &Initiator) -> Result<Created, AdminError> {
        let NewAccount { email, password, roles, profile, attributes, email_verified, disabled } = account;
        let is_invited = matches!(password, FirstPassword::Invited);
        let hash = match password {
            FirstPassword::Chosen(password) => Some(self.hasher.hash(self.hasher.admit()?, password).await?),
            FirstPassword::Hashed(hash) => Some(hash),
            FirstPassword::Invited | FirstPassword::Missing => None,
        };
        let now = self.clock.now();
        let invitation = is_invited.then(|| self.writer.invitation(&email, &by.context, now));
        let user = User {
            state: if disabled { AccountState::Disabled { since: now } } else { AccountState::Active },
            email_verified_at: email_verified.then_some(now),
            roles,
            profile,
            attributes,
            ..User::new(UserId(self.ids.next()), email, hash, now)
        };
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
