//! Hashing, and the store of failed attempts.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::{
    identity::{
        email::Email,
        ids::UserId,
        password_hash::PasswordHash,
        port_error::PortError,
        request_context::{Network, Subscriber},
    },
    passwords::{
        policy::{NewPassword, PasswordAttempt},
        throttle::{Counted, ThrottleState},
    },
};

/// Counts failed password attempts by address, whether or not it has an account, and by the client that made them. Every method is
/// atomic.
#[cfg_attr(any(test, feature = "testkit"), mockall::automock)]
#[async_trait]
pub trait AttemptStore: Send + Sync {
    /// What is stored of an address for this client. It costs the same however many clients have failed there.
    async fn throttle_state(&self, account: &Email, client: Subscriber) -> Result<ThrottleState, PortError>;

    /// Counts one more failure of the client, for itself and among all, by [`ThrottleState::one_more`]. `None` when the client's own are
    /// no longer those of `from`: of attempts of one client that add to the same failures, in whatever process, exactly one is
    /// counted. Other clients stand in nobody's way, but for the first failure of all: `None` as well where `from` has not seen it.
    async fn count(
        &self,
        account: &Email,
        client: Subscriber,
        from: ThrottleState,
        limit: u32,
        now: DateTime<Utc>,
    ) -> Result<Option<Counted>, PortError>;

    /// Takes a failure back that was counted, by [`ThrottleState::without`].
    async fn forgive(&self, account: &Email, client: Subscriber, counted: Counted) -> Result<(), PortError>;

    /// When an account was last logged in to from a network. The throttle does not ask: whoever has an account would show.
    /// The networks where sessions of an account have begun, and when one last did, in order.
    async fn networks(&self, user: UserId) -> Result<Vec<(Network, DateTime<Utc>)>, PortError>;

    async fn network_seen_at(&self, user: UserId, network: Network) -> Result<Option<DateTime<Utc>>, PortError>;

    /// Deletes at most about `limit` failures of each release that are forgotten: here by `now`, in the previous release's table those
    /// from before `former`; and as many networks last seen before `seen`. Returns how many.
    async fn prune(&self, now: DateTime<Utc>, former: DateTime<Utc>, seen: DateTime<Utc>, limit: u32)
    -> Result<usize, PortError>;
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

/// Why a hash cannot be verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HashFault {
    #[error("of Argon2, which this server does not verify")]
    Argon2,
    #[error("in no form that this server can verify")]
    Unknown,
    #[error("damaged, or of a cost below the least")]
    Malformed,
    #[error("of a higher cost, or with a longer salt, than this server computes")]
    TooCostly,
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

    /// Whether the attempt is the password, in one of its [forms](PasswordAttempt::forms). What [no password can
    /// be](PasswordAttempt::is_possible) is none, unseen. The time that a "no" takes depends on the attempt alone, not on the hash,
    /// unless it is the first of its kind for a while: without a hash the answer is `false`, after the same time as with one.
    async fn verify<'a>(
        &self,
        place: Admission,
        attempt: PasswordAttempt,
        hash: Option<&'a PasswordHash>,
    ) -> Result<bool, PortError>;

    /// Why [`verify`](Self::verify) does not take a hash; `None` if it does.
    fn fault(&self, hash: &PasswordHash) -> Option<HashFault>;

    /// Whether a hash has a lower cost than new ones, or the form of another system.
    fn is_outdated(&self, hash: &PasswordHash) -> bool;
}
