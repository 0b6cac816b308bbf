//! Where the proof of a mailbox is spent, together with what it changes.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::{
    identity::{
        email::Email,
        ids::{SessionId, UserId},
        password_hash::PasswordHash,
        port_error::PortError,
        user::{AccountVersion, PendingEmail, User},
    },
    mail::{message::Outgoing, ports::Requested, proof::ProofId},
};

/// Whether a registration became an account.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Completed {
    Yes,
    /// The proof was spent, voided or expired meanwhile, or there is no registration.
    ProofGone,
    /// The address has an account by now, or is kept for one.
    EmailTaken,
}

/// What came of a change of address.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Confirmed {
    Yes,
    /// The proof was spent, voided or expired meanwhile, or its account is gone, disabled, or no longer the one of `proven`.
    ProofGone,
    /// The address has another account by now, or is kept for one. The proof is as it was.
    EmailTaken,
}

/// What an undo did.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undone {
    /// The account as it is now.
    pub user: User,
    /// The sessions that were alive.
    pub ended: Vec<SessionId>,
}

/// Where proofs are spent. Every method is atomic: the proof is spent with what it changes, or neither. Of callers that race for a proof, in
/// whatever process, exactly one spends it. Every change moves the account's version and `updated_at`.
#[cfg_attr(any(test, feature = "testkit"), mockall::automock)]
#[async_trait]
pub trait MailboxStore: Send + Sync {
    /// Whether an address is out of reach for an account: another has it, or had it when an undo link was written that still works.
    async fn is_taken<'a>(&self, address: &Email, by_other_than: Option<UserId>, now: DateTime<Utc>) -> Result<bool, PortError>;

    /// Verifies the address of an account. `false` when the proof was spent, voided or expired meanwhile, or the account has another
    /// address or is disabled.
    async fn verify(&self, proof: ProofId, user: UserId, now: DateTime<Utc>) -> Result<bool, PortError>;

    /// Makes the account of a registration, which is gone then. Voids the other proofs of its address.
    async fn complete_registration(&self, proof: ProofId, user: &User) -> Result<Completed, PortError>;

    /// Gives an account another password, verifies its address, ends its sessions, drops its pending address, voids its other proofs
    /// but undo links, and stores the notice. If its address was never verified, forgets the networks that it knew, and removes its
    /// factors and recovery codes: they may be somebody else's. Returns the sessions that were alive, or `None` when the proof was spent, voided or expired meanwhile or is
    /// of another address, or the account is disabled or no longer the one of `proven`.
    async fn reset<'a>(
        &self,
        proof: ProofId,
        user: UserId,
        proven: AccountVersion,
        new: &PasswordHash,
        now: DateTime<Utc>,
        notice: Option<&'a Outgoing>,
    ) -> Result<Option<Vec<SessionId>>, PortError>;

    /// If the new address may get another mail: voids the account's open proofs of a change, stores the mail with its proof, the
    /// pending address, and the notice to the present one. Otherwise, or if the account is gone or disabled, nothing changes. The
    /// same statements run whether or not the new address is taken.
    async fn request_change<'a>(
        &self,
        user: UserId,
        pending: &PendingEmail,
        mail: &Outgoing,
        notice: Option<&'a Outgoing>,
    ) -> Result<Requested, PortError>;

    /// Gives an account the address of a proof, which is verified then; its sessions stay. Drops its pending address, voids its other
    /// proofs but undo links, and stores the notice.
    async fn confirm_change<'a>(
        &self,
        proof: ProofId,
        user: UserId,
        proven: AccountVersion,
        now: DateTime<Utc>,
        notice: Option<&'a Outgoing>,
    ) -> Result<Confirmed, PortError>;

    /// Puts the address of an undo link back, which is verified then, takes the password away, ends the sessions, drops the pending
    /// address, voids the account's other proofs and the undo links that are younger than this one, and stores the mail of a reset,
    /// whatever its allowance. Removes the factors that were added and the recovery codes that were made when the link was or later,
    /// and with the last factor all codes; what had been removed by then stays removed. `None` when the link was spent, voided or expired meanwhile. A previous release that runs beside this
    /// one may have given the address away: then all else is done.
    async fn undo(&self, proof: ProofId, now: DateTime<Utc>, reset: &Outgoing) -> Result<Option<Undone>, PortError>;
}
