//! What the use cases need of the world. `Ok` says what the world answered, `Err` says what broke.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    audit::event::{AuditEvent, Entry, Filter},
    identity::{
        email::Email,
        request_context::{Network, Subscriber},
        user::{User, UserId},
    },
    oauth::client::{Client, ClientId, ClientSecret, SecretHash},
    passwords::{
        policy::{NewPassword, PasswordAttempt, PasswordHash},
        throttle::{Counted, Standing},
    },
    sessions::{
        session::{Ended, Session, SessionId},
        token::{Claims, InvalidToken, TokenKind},
    },
};

/// Something broke, so there is no answer: never to be read as a "no".
#[derive(Debug, Clone, thiserror::Error)]
pub enum PortError {
    /// Out of reach for now; the same call may work later.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// It answered, and did not do it: it cannot for now, or it will never take this.
    #[error("refused: {0}")]
    Refused(String),
    /// Asked to write, it gave no answer: whether it was done, or will be, nobody knows.
    #[error("the outcome is unknown: {0}")]
    Unknown(String),
    /// Too much to do for now.
    #[error("overloaded: the wait would be {retry_after:?}")]
    Overloaded { retry_after: Duration },
    /// What is stored makes no sense; calling again will not help.
    #[error("corrupt: {0}")]
    Corrupt(String),
}

/// Whether an account was stored.
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
    /// It began; these sessions had to end for it, least recently used first.
    Yes { displaced: Vec<SessionId> },
    /// The account is gone or disabled, or its password is no longer the one that was verified.
    No,
}

/// Where accounts live. Every method is atomic.
#[cfg_attr(any(test, feature = "testkit"), mockall::automock)]
#[async_trait]
pub trait UserStore: Send + Sync {
    async fn find(&self, id: UserId) -> Result<Option<User>, PortError>;

    /// The account of an address, or else the one that an earlier release stored [in Unicode](Email::in_unicode).
    async fn find_by_email(&self, email: &Email) -> Result<Option<User>, PortError>;

    /// Stores a new account, with its first session and that session's network, if it has one: all or nothing. Of callers that
    /// race for an address, in whatever process, exactly one gets it. It is taken in every spelling by which it is found.
    async fn insert<'a>(&self, user: &User, first: Option<&'a Session>) -> Result<Inserted, PortError>;

    /// Replaces the hash `old` with another hash of the same password. `false` when the account no longer has `old`: a change of
    /// password is never undone. Does not move `updated_at`.
    async fn replace_hash(&self, id: UserId, old: &PasswordHash, new: &PasswordHash) -> Result<bool, PortError>;

    /// Replaces `old` with `new` and ends every session but `keep`. Returns those that were alive, or `None` when the account no
    /// longer has `old`.
    async fn change_password(
        &self,
        id: UserId,
        old: &PasswordHash,
        new: &PasswordHash,
        keep: Option<SessionId>,
        now: DateTime<Utc>,
    ) -> Result<Option<Vec<SessionId>>, PortError>;

    /// Deletes the account and everything that refers to it. Its address is free again, and its sessions are
    /// [ended](EndedSessions::ended) now. `false` when there is no such account, or when `proof` is given and is not its password
    /// hash.
    async fn delete<'a>(&self, id: UserId, proof: Option<&'a PasswordHash>, now: DateTime<Utc>) -> Result<bool, PortError>;
}

/// What an operator may do with accounts. Every method is atomic.
#[cfg_attr(any(test, feature = "testkit"), mockall::automock)]
#[async_trait]
pub trait UserDirectory: Send + Sync {
    /// At most `limit` accounts whose address begins with `prefix` and comes after `after`, ordered by address.
    async fn list<'a>(&self, prefix: &str, after: Option<&'a Email>, limit: u32) -> Result<Vec<User>, PortError>;

    /// Disables an account and ends its sessions. Returns those that were alive, or `None` when there is no such account.
    async fn disable(&self, id: UserId, now: DateTime<Utc>) -> Result<Option<Vec<SessionId>>, PortError>;

    /// Enables an account again. `false` when there is none.
    async fn enable(&self, id: UserId, now: DateTime<Utc>) -> Result<bool, PortError>;
}

/// Where sessions live. Every method is atomic, and nothing revives a session that has ended. Whoever ends sessions wins over a
/// refresh on its way, even over one whose time is earlier and which the session has not expired for.
#[cfg_attr(any(test, feature = "testkit"), mockall::automock)]
#[async_trait]
pub trait SessionStore: Send + Sync {
    /// The session and its account, whether or not it is alive.
    async fn find(&self, id: SessionId) -> Result<Option<(Session, User)>, PortError>;

    /// Begins a session for an account whose password was verified against `proof`, and remembers its network. At most `limit`
    /// sessions remain that have not ended: first those that have expired, then the least recently used are ended.
    async fn begin(&self, session: &Session, proof: &PasswordHash, limit: usize) -> Result<Begun, PortError>;

    /// Replaces a live session of the previous generation with `successor`. Of callers that race, in whatever process, exactly
    /// one gets `true`.
    async fn rotate(&self, successor: &Session) -> Result<bool, PortError>;

    /// Ends a session, even one that has expired, so that no refresh on its way draws it out. `false` when it was not alive any
    /// more: ending it twice is not an error.
    async fn end(&self, id: SessionId, now: DateTime<Utc>) -> Result<bool, PortError>;

    /// Ends the sessions of an account, except `keep`: those that have expired as well. Returns those that were alive.
    async fn end_all(&self, user: UserId, keep: Option<SessionId>, now: DateTime<Utc>) -> Result<Vec<SessionId>, PortError>;

    /// The live sessions of an account, newest first, at most `limit`.
    async fn live(&self, user: UserId, now: DateTime<Utc>, limit: u32) -> Result<Vec<Session>, PortError>;
}

/// Where sessions that are over are kept for a while. Every method is atomic.
#[cfg_attr(any(test, feature = "testkit"), mockall::automock)]
#[async_trait]
pub trait EndedSessions: Send + Sync {
    /// At most `limit` sessions that ended after a place, ordered by place, including those of deleted accounts.
    async fn ended(&self, behind: Ended, limit: u32) -> Result<Vec<Ended>, PortError>;

    /// Deletes at most about `limit` sessions that ended or expired before `cutoff`. Returns how many.
    async fn prune(&self, cutoff: DateTime<Utc>, limit: u32) -> Result<usize, PortError>;
}

/// Counts failed password attempts by address, whether or not it has an account, and by the client that made them. Every method is
/// atomic.
#[cfg_attr(any(test, feature = "testkit"), mockall::automock)]
#[async_trait]
pub trait AttemptStore: Send + Sync {
    /// What is stored of an address for this client. It costs the same however many clients have failed there.
    async fn standing(&self, account: &Email, client: Subscriber) -> Result<Standing, PortError>;

    /// Counts one more failure of the client, for itself and among all, by [`Standing::one_more`]. `None` when the client's own are
    /// no longer those of `from`: of attempts of one client that add to the same failures, in whatever process, exactly one is
    /// counted. Other clients stand in nobody's way, but for the first failure of all: `None` as well where `from` has not seen it.
    async fn count(
        &self,
        account: &Email,
        client: Subscriber,
        from: Standing,
        limit: u32,
        now: DateTime<Utc>,
    ) -> Result<Option<Counted>, PortError>;

    /// Takes a failure back that was counted, by [`Standing::without`].
    async fn forgive(&self, account: &Email, client: Subscriber, counted: Counted) -> Result<(), PortError>;

    /// When an account was last logged in to from a network. The throttle does not ask: whoever has an account would show.
    async fn network_seen_at(&self, user: UserId, network: Network) -> Result<Option<DateTime<Utc>>, PortError>;

    /// Deletes at most about `limit` failures of each release that are forgotten: here by `now`, in the previous release's table those
    /// from before `former`; and as many networks last seen before `seen`. Returns how many.
    async fn prune(&self, now: DateTime<Utc>, former: DateTime<Utc>, seen: DateTime<Utc>, limit: u32)
    -> Result<usize, PortError>;
}

/// Where resource servers are registered. Every method is atomic.
#[cfg_attr(any(test, feature = "testkit"), mockall::automock)]
#[async_trait]
pub trait ClientStore: Send + Sync {
    async fn find(&self, id: ClientId) -> Result<Option<Client>, PortError>;

    /// Stores a new client, whose id must be new.
    async fn insert(&self, client: &Client) -> Result<(), PortError>;

    /// At most `limit` clients whose id comes after `after`, ordered by id and so by age.
    async fn list(&self, after: Option<ClientId>, limit: u32) -> Result<Vec<Client>, PortError>;

    /// Replaces the secrets of a client with those of `next`. `false` when the client is gone or `from` is no longer its secret:
    /// of callers that rotate at once, in whatever process, exactly one gets `true`.
    async fn rotate(&self, next: &Client, from: &SecretHash) -> Result<bool, PortError>;

    /// Deletes a client. `false` when there is none.
    async fn remove(&self, id: ClientId) -> Result<bool, PortError>;
}

/// Makes and verifies the secrets of resource servers.
#[cfg_attr(any(test, feature = "testkit"), mockall::automock)]
pub trait ClientSecrets: Send + Sync {
    /// A new random secret, and its hash.
    fn make(&self) -> (ClientSecret, SecretHash);

    /// Whether the presented secret is the one of this hash. The time it takes reveals nothing about the secret.
    fn matches(&self, presented: &ClientSecret, kept: &SecretHash) -> bool;
}

/// Whether the database can serve.
#[cfg_attr(any(test, feature = "testkit"), mockall::automock)]
#[async_trait]
pub trait Readiness: Send + Sync {
    /// The database answers, its schema is this program's, and it can be written.
    async fn check(&self) -> Result<(), PortError>;
}

/// A place among the passwords that are hashed or wait for it. Whoever drops it gives it back.
#[must_use]
pub struct Admission(#[expect(dead_code, reason = "only its end matters")] Box<dyn Send + Sync>);

impl Admission {
    /// One that ends with `place`.
    pub fn holding(place: impl Send + Sync + 'static) -> Self {
        Self(Box::new(place))
    }
}

/// Hashes passwords and verifies them. Each call is slow on purpose, so it takes an [`Admission`]: who has one is not refused any more.
#[cfg_attr(any(test, feature = "testkit"), mockall::automock)]
#[async_trait]
pub trait PasswordHasher: Send + Sync {
    /// Reserves a place, or refuses at once when the wait would be too long. Asked before anything else is done for a request, so that
    /// a refusal costs nothing.
    ///
    /// # Errors
    /// [`PortError::Overloaded`].
    fn admit(&self) -> Result<Admission, PortError>;

    async fn hash(&self, place: Admission, password: NewPassword) -> Result<PasswordHash, PortError>;

    /// Whether the attempt is the password, in one of its [forms](PasswordAttempt::forms). The time that a "no" takes depends on
    /// the attempt alone, not on the hash, unless that has a higher cost than new ones: without a hash the answer is `false`, after
    /// the same time as with one.
    async fn verify<'a>(
        &self,
        place: Admission,
        attempt: PasswordAttempt,
        hash: Option<&'a PasswordHash>,
    ) -> Result<bool, PortError>;

    /// Whether [`verify`](Self::verify) supports the format of a hash.
    fn reads(&self, hash: &PasswordHash) -> bool;

    /// Whether a hash has a lower cost than new ones.
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

/// Where events are reported. Reporting neither delays an action nor makes it fail.
#[cfg_attr(any(test, feature = "testkit"), mockall::automock)]
pub trait AuditLog: Send + Sync {
    fn record(&self, event: AuditEvent);
}

/// Where events are stored. Every method is atomic.
#[cfg_attr(any(test, feature = "testkit"), mockall::automock)]
#[async_trait]
pub trait AuditTrail: Send + Sync {
    /// Stores all of these, or none. Those that are stored already stay as they are, so a caller that lost the answer can try
    /// again.
    async fn append(&self, entries: &[Entry]) -> Result<(), PortError>;

    /// The entries that match the filter, latest first.
    async fn list(&self, filter: &Filter) -> Result<Vec<Entry>, PortError>;

    /// Deletes at most about `limit` entries from before `cutoff`, the oldest first. Returns how many.
    async fn prune(&self, cutoff: DateTime<Utc>, limit: u32) -> Result<usize, PortError>;
}

/// Tells the time to the microsecond, the precision of every database.
#[cfg_attr(any(test, feature = "testkit"), mockall::automock)]
pub trait Clock: Send + Sync {
    fn now(&self) -> DateTime<Utc>;
}

/// Makes unique ids: UUIDv7 (RFC 9562 section 5.7), so that new rows go to one end of an index.
#[cfg_attr(any(test, feature = "testkit"), mockall::automock)]
pub trait Ids: Send + Sync {
    fn next(&self) -> Uuid;
}
