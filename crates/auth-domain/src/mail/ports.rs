//! Where proofs and mails live, what derives tokens and codes, and what hands mails to a mail server.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{
    message::{Mail, MailId, Outgoing},
    outbox::{Backlog, Entry, Lease, MailState, Settled},
    proof::{Proof, ProofId, Purpose},
};
use crate::identity::{email::Email, ids::UserId, language::Language, password_hash::PasswordHash, port_error::PortError};

/// Whether a mail was put into the outbox.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Requested {
    Queued,
    /// The address has had its [allowance](super::allowance::Allowance): nothing changed.
    Suppressed,
}

/// What somebody registered for an address that has to be verified first. It is no account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    pub address: Email,
    pub password: PasswordHash,
    pub language: Option<Language>,
    pub created_at: DateTime<Utc>,
}

/// Where proofs live. Every method is atomic.
#[cfg_attr(any(test, feature = "testkit"), mockall::automock)]
#[async_trait]
pub trait ProofStore: Send + Sync {
    /// If the address may get another mail for the purpose of its proof: voids its open proofs of this purpose, and stores this
    /// one, its mail and the registration, in the place of an older one of the address; a registration that waits already, for a proof
    /// like this one, is kept as long as this. Otherwise nothing changes. The same
    /// statements run and as many rows are written whether or not the address has an account. Of callers that race, in whatever
    /// process, one gets the mail.
    async fn request<'a>(&self, mail: &Outgoing, registration: Option<&'a Registration>) -> Result<Requested, PortError>;

    async fn find(&self, id: ProofId) -> Result<Option<Proof>, PortError>;

    /// The proofs of an account that may still be used, oldest first.
    async fn open(&self, user: UserId, now: DateTime<Utc>) -> Result<Vec<Proof>, PortError>;

    /// The newest proof of an address that may be used for this, after it has counted one try of its code; if `user` is given, of
    /// those for this account alone, since several may ask for one and the same new address. `None` if there is none, or its tries
    /// are used up. Of callers that race, in whatever process, no more get it than it has tries.
    async fn try_code(
        &self,
        purpose: Purpose,
        address: &Email,
        user: Option<UserId>,
        now: DateTime<Utc>,
    ) -> Result<Option<Proof>, PortError>;

    /// Takes a try back: the code was right.
    async fn take_back_try(&self, id: ProofId) -> Result<(), PortError>;

    async fn registration(&self, address: &Email) -> Result<Option<Registration>, PortError>;

    /// Deletes at most about `limit` proofs that expired before `cutoff`, with their registrations, and allowances that are used up by nothing
    /// any more. Returns how many.
    async fn prune(&self, cutoff: DateTime<Utc>, limit: u32) -> Result<usize, PortError>;
}

/// Where mails wait. Every method is atomic.
#[cfg_attr(any(test, feature = "testkit"), mockall::automock)]
#[async_trait]
pub trait Outbox: Send + Sync {
    /// Takes at most `limit` waiting mails whose time has come, the longest due first, and which nobody else holds, each with its
    /// proof as it is now, if that is still there. Of callers that race, in whatever process, each mail goes to one.
    async fn lease(&self, lease: Lease, now: DateTime<Utc>, limit: u32) -> Result<Vec<Entry>, PortError>;

    /// Says what became of a mail, and counts the attempt unless it was dropped. `false` when the mail is no longer `owner`'s.
    async fn settle(&self, id: MailId, owner: Uuid, outcome: &Settled, now: DateTime<Utc>) -> Result<bool, PortError>;

    /// Gives back what `owner` took and did not try.
    async fn release(&self, owner: Uuid) -> Result<(), PortError>;

    async fn backlog(&self) -> Result<Backlog, PortError>;
}

/// What an operator may see and do. Every method is atomic.
#[cfg_attr(any(test, feature = "testkit"), mockall::automock)]
#[async_trait]
pub trait OutboxAdmin: Send + Sync {
    /// At most `limit` mails after one, newest first; all of them, or those of one state.
    async fn list(&self, state: Option<MailState>, after: Option<MailId>, limit: u32) -> Result<Vec<Entry>, PortError>;

    async fn find(&self, id: MailId) -> Result<Option<Entry>, PortError>;

    /// Lets a waiting or dead mail be tried now; who holds it keeps it. `false` when there is no such mail.
    async fn retry(&self, id: MailId, now: DateTime<Utc>) -> Result<bool, PortError>;

    /// Deletes at most about `limit` mails that were done before `cutoff`. Returns how many.
    async fn prune(&self, cutoff: DateTime<Utc>, limit: u32) -> Result<usize, PortError>;
}

/// Derives what a mail carries from the id of its proof. Pure but for its key.
#[cfg_attr(any(test, feature = "testkit"), mockall::automock)]
pub trait ProofCodec: Send + Sync {
    /// An opaque token of at least 128 bits.
    fn token(&self, id: ProofId) -> String;

    /// The proof of a token that this server made; `None` for any other text. It asks no database.
    fn open(&self, token: &str) -> Option<ProofId>;

    /// Eight digits.
    fn code(&self, id: ProofId) -> String;

    /// Whether a text is the code. The time it takes does not depend on how much of it is right.
    fn is_code(&self, id: ProofId, text: &str) -> bool;
}

/// What came of an attempt to hand a mail over.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    Accepted,
    /// Not now: the server is away, slow or busy, or does not take our login.
    Later {
        why: String,
        /// Whether the same would happen to the next mail.
        server_is_away: bool,
    },
    /// Never: the server refuses this mail, or could not take it as it is.
    Refused {
        why: String,
    },
}

/// The longest that handing over one mail takes, however slow the mail server is: less than the lease of whoever sends it.
pub const DELIVERY_LIMIT: Duration = Duration::from_secs(90);

/// Hands mails to a mail server.
#[cfg_attr(any(test, feature = "testkit"), mockall::automock)]
#[async_trait]
pub trait MailTransport: Send + Sync {
    /// Waits for the turn of the next mail, whether there is something to say in it or not: a request for an address without an account
    /// must not make more haste for the sender than another.
    async fn turn(&self) {}

    /// Takes at most [`DELIVERY_LIMIT`]. A connection may be kept for the next mail.
    async fn deliver(&self, mail: &Mail) -> Delivery;

    /// Ends the connection, if one is kept.
    async fn hang_up(&self);
}
