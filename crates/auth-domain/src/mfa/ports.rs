//! Where the factors of accounts live.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::{
    factors::{
        factor::{Factor, FactorId, FactorName},
        passkey::Passkey,
        recovery_code::RecoveryCodeDigest,
        totp::{TimeStep, TotpFactor},
    },
    identity::{
        administrator::LastAdministrator,
        encrypted::Encrypted,
        ids::{SessionId, UserId},
        method::Method,
        port_error::PortError,
        user::AccountVersion,
    },
    mail::message::Outgoing,
    sessions::session::Session,
};

/// The confirmed factors of an account, oldest first, and how many recovery codes it has left.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FactorList {
    pub factors: Vec<Factor>,
    pub recovery_codes_left: usize,
}

/// What comes with a factor that its owner has just shown to have.
#[derive(Debug, Clone, Copy)]
pub struct Addition<'a> {
    /// The caller's session, as it is authenticated now: it goes on, and all others end.
    pub session: &'a Session,
    /// The account has to be still the one that the caller had.
    pub proven: AccountVersion,
    /// Stored if this is the account's first factor.
    pub codes: &'a [RecoveryCodeDigest],
    pub now: DateTime<Utc>,
    pub notice: Option<&'a Outgoing>,
}

/// Whether a factor was added.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Added {
    Yes {
        /// It is the account's first, so the recovery codes were stored.
        is_first: bool,
        /// The sessions that were alive.
        ended: Vec<SessionId>,
    },
    /// The account has as many of its kind as it may have.
    Limit,
    /// The account is gone, disabled or no longer the one of `proven`, the session has ended, the factor is not there, or its code or
    /// credential was used before.
    No,
}

/// Whether an authenticator app waits for its first code now.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Started {
    Yes,
    Limit,
    /// The account is gone, disabled, or no longer the one of `proven`.
    No,
}

/// Whether a factor was removed.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Removed {
    Yes {
        method: Method,
    },
    /// The account has no such factor.
    No,
    /// It is the last one, and one has to stay.
    Last,
    /// Afterwards nobody could administer accounts.
    LastAdministrator,
}

/// Whether the factors of an account were removed.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FactorsReset {
    Yes {
        /// The sessions that were alive.
        ended: Vec<SessionId>,
    },
    NoSuchUser,
    /// Afterwards nobody could administer accounts.
    LastAdministrator,
}

/// The secret of an authenticator app, wherever it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSecret {
    pub factor: FactorId,
    pub secret: Encrypted,
}

/// Where factors live. Every method is atomic. Whatever adds or removes a factor, or replaces recovery codes, moves the account's version
/// and `updated_at`, and writes down which [second factors](crate::identity::user::User::second_factors) it has then.
#[cfg_attr(any(test, feature = "testkit"), mockall::automock)]
#[async_trait]
pub trait FactorStore: Send + Sync {
    /// What an account has; nothing where there is no account.
    async fn list(&self, user: UserId) -> Result<FactorList, PortError>;

    /// Stores an authenticator app that waits for its first code, in the place of one that waits already. It moves no version.
    async fn start_totp(&self, factor: &TotpFactor, proven: AccountVersion) -> Result<Started, PortError>;

    /// An authenticator app of the account that waits for its first code.
    async fn pending_totp(&self, user: UserId, id: FactorId) -> Result<Option<TotpFactor>, PortError>;

    /// Confirms it: the step of its first code is used, though not for a login, so `last_used_at` stays. Of callers that race, in
    /// whatever process, exactly one gets `Yes`.
    async fn confirm_totp<'a>(&self, id: FactorId, step: TimeStep, addition: &Addition<'a>) -> Result<Added, PortError>;

    /// Stores a passkey. `No` as well when some account has its credential.
    async fn add_passkey<'a>(&self, passkey: &Passkey, addition: &Addition<'a>) -> Result<Added, PortError>;

    /// Names a factor that is confirmed. `false` when the account has no such factor.
    async fn rename(&self, user: UserId, id: FactorId, name: &FactorName) -> Result<bool, PortError>;

    /// Removes a factor that is confirmed, and with the last one the recovery codes; if `keeps_one`, not the last one. Stores the notice.
    /// However many changes race, in whatever process, the last administrator keeps one if it has to.
    async fn remove<'a>(
        &self,
        user: UserId,
        id: FactorId,
        keeps_one: bool,
        keep: LastAdministrator,
        now: DateTime<Utc>,
        notice: Option<&'a Outgoing>,
    ) -> Result<Removed, PortError>;

    /// Replaces the recovery codes of an account that has a factor, and stores the notice. `false` when it has none, is disabled, or is
    /// no longer the one of `proven`: of callers that race, in whatever process, exactly one gets `true`.
    async fn replace_recovery_codes<'a>(
        &self,
        user: UserId,
        proven: AccountVersion,
        codes: &[RecoveryCodeDigest],
        now: DateTime<Utc>,
        notice: Option<&'a Outgoing>,
    ) -> Result<bool, PortError>;

    /// Removes all factors and recovery codes of an account, forgives its wrong codes, ends its sessions, and stores the notice.
    /// However many changes race, in whatever process, the last administrator keeps theirs if it has to.
    async fn reset<'a>(
        &self,
        user: UserId,
        keep: LastAdministrator,
        now: DateTime<Utc>,
        notice: Option<&'a Outgoing>,
    ) -> Result<FactorsReset, PortError>;

    /// At most `limit` of the secrets of authenticator apps behind `after`, ordered by factor, those that wait for their first code
    /// included.
    async fn secrets(&self, after: Option<FactorId>, limit: u32) -> Result<Vec<StoredSecret>, PortError>;

    /// Replaces the secret `from` with the same one, encrypted otherwise. `false` when `from` is not stored any more.
    async fn reencrypt(&self, id: FactorId, from: &Encrypted, to: &Encrypted) -> Result<bool, PortError>;

    /// The names of the keys that secrets of confirmed authenticator apps are encrypted with, in order.
    async fn encryption_keys(&self) -> Result<Vec<String>, PortError>;

    /// Whether any account has a confirmed factor.
    async fn any(&self) -> Result<bool, PortError>;

    /// Deletes at most about `limit` authenticator apps that have waited for their first code since before `cutoff`. Returns how many.
    async fn prune(&self, cutoff: DateTime<Utc>, limit: u32) -> Result<usize, PortError>;
}
