//! What the use cases need of the world. `Ok` says what the world answered, `Err` says what broke.

mod keys;

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
pub use keys::*;
use uuid::Uuid;

use crate::{
    attempts::{Failures, Standing},
    audit::{AuditEvent, Entry, Filter},
    client::{Client, ClientId, ClientSecret, SecretHash},
    email::Email,
    origin::Network,
    password::{NewPassword, PasswordAttempt, PasswordHash},
    session::{Ended, Session, SessionId},
    token::{Claims, InvalidToken, TokenKind},
    user::{User, UserId},
};

/// Something broke, so there is no answer: never to be read as a "no".
#[derive(Debug, Clone, thiserror::Error)]
pub enum PortError {
    /// Out of reach for now; the same call may work later.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// Too much to do for now.
    #[error("overloaded: the wait would be {retry_after:?}")]
    Overloaded { retry_after: Duration },
    /// What is kept makes no sense; calling again will not help.
    #[error("corrupt: {0}")]
    Corrupt(String),
}

/// Whether an account was kept.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inserted {
    Yes,
    EmailTaken,
}

/// Whether a session began.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// It did, and these had to end for it, oldest use first.
    Yes { displaced: Vec<SessionId> },
    /// The account is gone or disabled, or its password is no longer the one that was verified.
    No,
}

/// Where accounts live. Every method is atomic.
#[cfg_attr(any(test, feature = "testkit"), mockall::automock)]
#[async_trait]
pub trait UserStore: Send + Sync {
    async fn find(&self, id: UserId) -> Result<Option<User>, PortError>;

    async fn find_by_email(&self, email: &Email) -> Result<Option<User>, PortError>;

    /// Keeps a new account, with its first session and that one's network if it has one: all or nothing.
    /// However many callers race for an address, in however many processes, one of them gets it.
    async fn insert<'a>(&self, user: &User, first: Option<&'a Session>) -> Result<Inserted, PortError>;

    /// Puts a new form of the same password in the place of `old`. `false` when the
    /// account no longer has `old`: a change of password is never undone. Does not move `updated_at`.
    async fn replace_hash(&self, id: UserId, old: &PasswordHash, new: &PasswordHash) -> Result<bool, PortError>;

    /// Puts `new` in the place of `old` and ends every session but `keep`. The sessions
    /// it ended, or `None` when the account no longer has `old`.
    async fn change_password(
        &self,
        id: UserId,
        old: &PasswordHash,
        new: &PasswordHash,
        keep: Option<SessionId>,
        now: DateTime<Utc>,
    ) -> Result<Option<Vec<SessionId>>, PortError>;

    /// Deletes the account and everything that refers to it; the address is free again, and its live sessions
    /// [ended](EndedSessions::ended) now.
    /// `false` when there is none, or when `proof` is given and is not its password's form.
    async fn delete<'a>(&self, id: UserId, proof: Option<&'a PasswordHash>, now: DateTime<Utc>) -> Result<bool, PortError>;
}

/// What an operator may do with accounts. Every method is atomic.
#[cfg_attr(any(test, feature = "testkit"), mockall::automock)]
#[async_trait]
pub trait UserDirectory: Send + Sync {
    /// Accounts whose address begins with `prefix`, by address, at most `limit`, those behind `after`.
    async fn list<'a>(&self, prefix: &str, after: Option<&'a Email>, limit: u32) -> Result<Vec<User>, PortError>;

    /// Disables an account and ends its sessions. The sessions it ended, or `None` when there is no such account.
    async fn disable(&self, id: UserId, now: DateTime<Utc>) -> Result<Option<Vec<SessionId>>, PortError>;

    /// Enables an account again. `false` when there is none.
    async fn enable(&self, id: UserId, now: DateTime<Utc>) -> Result<bool, PortError>;
}

/// Where sessions live. Every method is atomic, and nothing revives a session that has ended.
#[cfg_attr(any(test, feature = "testkit"), mockall::automock)]
#[async_trait]
pub trait SessionStore: Send + Sync {
    /// The session and whose it is, alive or not.
    async fn find(&self, id: SessionId) -> Result<Option<(Session, User)>, PortError>;

    /// Begins a session for an account whose password was verified against `proof`, and knows its network
    /// from then on. At most `limit` live sessions remain; the least recently used make room.
    async fn begin(&self, session: &Session, proof: &PasswordHash, limit: usize) -> Result<Begun, PortError>;

    /// Moves a live session on to `successor` from the generation before it. However many
    /// callers race, in however many processes, one of them gets `true`.
    async fn rotate(&self, successor: &Session) -> Result<bool, PortError>;

    /// Ends a session. `false` when it was not alive any more: ending it twice is not an error.
    async fn end(&self, id: SessionId, now: DateTime<Utc>) -> Result<bool, PortError>;

    /// Ends the live sessions of an account, but for `keep`. The sessions it ended.
    async fn end_all(&self, user: UserId, keep: Option<SessionId>, now: DateTime<Utc>) -> Result<Vec<SessionId>, PortError>;

    /// The live sessions of an account, newest first, at most `limit`.
    async fn live(&self, user: UserId, now: DateTime<Utc>, limit: u32) -> Result<Vec<Session>, PortError>;
}

/// Where sessions that are over stay known for a while. Every method is atomic.
#[cfg_attr(any(test, feature = "testkit"), mockall::automock)]
#[async_trait]
pub trait EndedSessions: Send + Sync {
    /// The sessions that ended behind a place, by place, at most `limit`; also those whose account is gone.
    async fn ended(&self, behind: Ended, limit: u32) -> Result<Vec<Ended>, PortError>;

    /// Forgets at most about `limit` sessions that ended or expired before `cutoff`. How many it forgot.
    async fn prune(&self, cutoff: DateTime<Utc>, limit: u32) -> Result<usize, PortError>;
}

/// Where failed attempts at passwords are counted, by address, whether or not it has an account. Every method is atomic.
#[cfg_attr(any(test, feature = "testkit"), mockall::automock)]
#[async_trait]
pub trait AttemptStore: Send + Sync {
    /// What stands against an attempt from a network, and for it; `None` where none has failed.
    async fn standing(&self, account: &Email, network: Option<Network>) -> Result<Option<Standing>, PortError>;

    /// Puts `next` in the place of `from`. `false` when something else stands there: of all who
    /// count one attempt on top of the same others, in however many processes, one gets `true`.
    async fn advance(&self, account: &Email, from: Option<Failures>, next: Failures) -> Result<bool, PortError>;

    /// Takes one failure back.
    async fn forgive(&self, account: &Email) -> Result<(), PortError>;

    /// Forgets at most about `limit` accounts' failures from before the one time, and as many networks last
    /// seen before the other. How many it forgot.
    async fn prune(&self, failed: DateTime<Utc>, seen: DateTime<Utc>, limit: u32) -> Result<usize, PortError>;
}

/// Where resource servers are known. Every method is atomic.
#[cfg_attr(any(test, feature = "testkit"), mockall::automock)]
#[async_trait]
pub trait ClientStore: Send + Sync {
    async fn find(&self, id: ClientId) -> Result<Option<Client>, PortError>;

    /// Keeps a new client, whose id nobody has.
    async fn insert(&self, client: &Client) -> Result<(), PortError>;

    /// Clients by id, which is by age, at most `limit`, those behind `after`.
    async fn list(&self, after: Option<ClientId>, limit: u32) -> Result<Vec<Client>, PortError>;

    /// Puts the secrets of `next` in the place of `from`. `false` when the client is gone or `from` is not its
    /// secret any more: of all who rotate at once, in however many processes, one gets `true`.
    async fn rotate(&self, next: &Client, from: &SecretHash) -> Result<bool, PortError>;

    /// Forgets a client. `false` when there is none.
    async fn remove(&self, id: ClientId) -> Result<bool, PortError>;
}

/// Makes the secrets of resource servers, and knows them again.
#[cfg_attr(any(test, feature = "testkit"), mockall::automock)]
pub trait ClientSecrets: Send + Sync {
    /// A secret that nobody can guess, and the form in which it is kept.
    fn make(&self) -> (ClientSecret, SecretHash);

    /// Whether what is presented is the secret that is kept. How long it takes tells nothing of it.
    fn matches(&self, presented: &ClientSecret, kept: &SecretHash) -> bool;
}

/// Whether what keeps the data can serve.
#[cfg_attr(any(test, feature = "testkit"), mockall::automock)]
#[async_trait]
pub trait Readiness: Send + Sync {
    /// The database answers and its schema is this program's.
    async fn check(&self) -> Result<(), PortError>;
}

/// Turns passwords into what is kept, and checks them. Each call is meant to be slow.
#[cfg_attr(any(test, feature = "testkit"), mockall::automock)]
#[async_trait]
pub trait PasswordHasher: Send + Sync {
    async fn hash(&self, password: NewPassword) -> Result<PasswordHash, PortError>;

    /// Whether the attempt is the password. Without a hash to compare with it takes as
    /// long as with one, and the answer is `false`.
    async fn verify<'a>(&self, attempt: PasswordAttempt, hash: Option<&'a PasswordHash>) -> Result<bool, PortError>;

    /// Whether a hash is of a form that [`verify`](Self::verify) can tell something of.
    fn reads(&self, hash: &PasswordHash) -> bool;

    /// Whether a hash is of a lower cost than new ones are.
    fn is_outdated(&self, hash: &PasswordHash) -> bool;
}

/// Signs claims into tokens and reads them back. Pure but for its keys.
#[cfg_attr(any(test, feature = "testkit"), mockall::automock)]
pub trait TokenCodec: Send + Sync {
    /// The token of these claims, signed with its kind's key.
    ///
    /// # Errors
    /// When the key cannot sign.
    fn encode(&self, claims: &Claims) -> Result<String, PortError>;

    /// The claims of a token of this kind: its signature verified, every claim there and
    /// of its type, its times checked with [`Claims::check_times`].
    ///
    /// # Errors
    /// The token is refused.
    fn decode(&self, kind: TokenKind, token: &str, now: DateTime<Utc>) -> Result<Claims, InvalidToken>;
}

/// Where events are reported. Neither slows nor fails what it reports.
#[cfg_attr(any(test, feature = "testkit"), mockall::automock)]
pub trait AuditLog: Send + Sync {
    fn record(&self, event: AuditEvent);
}

/// Where events are kept. Every method is atomic.
#[cfg_attr(any(test, feature = "testkit"), mockall::automock)]
#[async_trait]
pub trait AuditTrail: Send + Sync {
    /// Keeps all of these, or none; those that it keeps already stay as they are, so that who has not heard
    /// of the outcome may ask again.
    async fn append(&self, entries: &[Entry]) -> Result<(), PortError>;

    /// The entries that the filter lets pass, latest first.
    async fn list(&self, filter: &Filter) -> Result<Vec<Entry>, PortError>;

    /// Forgets at most about `limit` entries from before `cutoff`, the oldest first. How many it forgot.
    async fn prune(&self, cutoff: DateTime<Utc>, limit: u32) -> Result<usize, PortError>;
}

/// Tells the time, to the microsecond, which is what every database keeps.
#[cfg_attr(any(test, feature = "testkit"), mockall::automock)]
pub trait Clock: Send + Sync {
    fn now(&self) -> DateTime<Utc>;
}

/// Makes ids that nobody has: UUIDv7 (RFC 9562 section 5.7), so that keys grow at one end of an index.
#[cfg_attr(any(test, feature = "testkit"), mockall::automock)]
pub trait Ids: Send + Sync {
    fn next(&self) -> Uuid;
}
