//! Where accounts live.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::{
    identity::{
        administrator::LastAdministrator,
        editable::Editable,
        email::Email,
        ids::{SessionId, UserId},
        password_hash::PasswordHash,
        port_error::PortError,
        user::{AccountVersion, User},
    },
    mail::message::Outgoing,
    sessions::session::Session,
};

/// Whether an account was stored.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inserted {
    /// With its mail, if there is one.
    Yes,
    /// Without its mail: its address has had its [allowance](crate::mail::allowance::Allowance).
    MailSuppressed,
    /// Another account has the address, or had it when an undo link was written that still works.
    EmailTaken,
}

/// Whether an account was deleted.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deleted {
    Yes,
    /// There is no such account, or it is no longer the one of `proven`.
    No,
    /// Afterwards nobody could administer accounts.
    LastAdministrator,
}

/// Whether an account was changed.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edited {
    Yes {
        /// As it is now.
        user: Box<User>,
        /// The sessions that were alive.
        ended: Vec<SessionId>,
    },
    NoSuchUser,
    /// It is no longer as the caller saw it.
    ChangedMeanwhile,
    /// Another account has the address, or had it when an undo link was written that still works.
    EmailTaken,
    /// Afterwards nobody could administer accounts.
    LastAdministrator,
}

/// Where accounts live. Every method is atomic, the mail that it is given included, and every change of an account moves its version and
/// `updated_at`, except where it says otherwise.
#[cfg_attr(any(test, feature = "testkit"), mockall::automock)]
#[async_trait]
pub trait UserStore: Send + Sync {
    async fn find(&self, id: UserId) -> Result<Option<User>, PortError>;

    /// The account of an address, or else the one that an earlier release stored [in Unicode](Email::in_unicode).
    async fn find_by_email(&self, email: &Email) -> Result<Option<User>, PortError>;

    /// Stores a new account, with its first session and that session's network, if it has one: all or nothing. Of callers that
    /// race for an address, in whatever process, exactly one gets it. It is taken in every spelling by which it is found. The mail
    /// takes the place of open proofs like its own, if the address may get another; the account is stored in any case.
    async fn insert<'a>(
        &self,
        user: &User,
        first: Option<&'a Session>,
        mail: Option<&'a Outgoing>,
    ) -> Result<Inserted, PortError>;

    /// Replaces the hash `old` with another hash of the same password. `false` when the account no longer has `old`: a change of
    /// password is never undone. Moves neither `updated_at` nor the version.
    async fn replace_hash(&self, id: UserId, old: &PasswordHash, new: &PasswordHash) -> Result<bool, PortError>;

    /// Gives an account another password, ends every session but `keep`, voids every proof of the account but undo links, drops its
    /// pending address, and stores the notice. The owner of `keep` is authenticated now, unless more than a password was needed for
    /// what that session has reached. Returns the sessions that were alive, or `None` when the account is no longer the one of `proven`.
    async fn change_password<'a>(
        &self,
        id: UserId,
        proven: AccountVersion,
        new: &PasswordHash,
        keep: Option<SessionId>,
        now: DateTime<Utc>,
        notice: Option<&'a Outgoing>,
    ) -> Result<Option<Vec<SessionId>>, PortError>;

    /// Deletes the account and everything that refers to it, undo links too, voids the proofs of its address, and stores the notice.
    /// Its address is free again, and its sessions are [ended](crate::sessions::ports::EndedSessions::ended) now. `No` when it is no
    /// longer the account of `proven`, if that is given. However many changes race, in whatever process, the last administrator stays
    /// if it has to.
    async fn delete<'a>(
        &self,
        id: UserId,
        proven: Option<AccountVersion>,
        keep: LastAdministrator,
        now: DateTime<Utc>,
        notice: Option<&'a Outgoing>,
    ) -> Result<Deleted, PortError>;
}

/// What administrators may do with accounts. Every method is atomic.
#[cfg_attr(any(test, feature = "testkit"), mockall::automock)]
#[async_trait]
pub trait UserAdminStore: Send + Sync {
    /// At most `limit` accounts whose address begins with `prefix` and comes after `after`, ordered by address.
    async fn list<'a>(&self, prefix: &str, after: Option<&'a Email>, limit: u32) -> Result<Vec<User>, PortError>;

    /// Changes an account that is as `from` says [into what `to` says](Editable::applied_to), and stores the notice. Disabling it ends
    /// its sessions. That, and another address, [void its proofs](Editable::voids_proofs_of) but undo links, and drop its pending
    /// address. Of callers that race for a change from the same `from`, in whatever process, exactly one gets `Yes`; however many
    /// changes race, the last administrator stays if it has to.
    async fn edit<'a>(
        &self,
        id: UserId,
        from: &Editable,
        to: &Editable,
        keep: LastAdministrator,
        now: DateTime<Utc>,
        notice: Option<&'a Outgoing>,
    ) -> Result<Edited, PortError>;
}
