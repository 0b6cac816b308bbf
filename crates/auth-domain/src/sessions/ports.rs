//! Where sessions live, and what signs their tokens.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::{
    factors::second_step::{SecondStep, StepFault},
    identity::{
        ids::{SessionId, UserId},
        port_error::PortError,
        user::{AccountVersion, User},
    },
    mail::message::Outgoing,
    sessions::{
        session::{RevocationCursor, Session},
        token::{Claims, InvalidToken, TokenKind},
    },
};

/// Whether a session began.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// It began; these sessions had to end for it, least recently used first.
    Yes { displaced: Vec<SessionId> },
    /// The account is gone or disabled, or no longer the one that was proven.
    No,
}

/// Where sessions live. Every method is atomic, and nothing revives a session that has ended. Whoever ends sessions wins over a
/// refresh on its way, even over one whose time is earlier and which the session has not expired for.
#[cfg_attr(any(test, feature = "testkit"), mockall::automock)]
#[async_trait]
pub trait SessionStore: Send + Sync {
    /// The session and its account, whether or not it is alive.
    async fn find(&self, id: SessionId) -> Result<Option<(Session, User)>, PortError>;

    /// Begins a session for an account that is still the one of `proven`, remembers its network, and stores the notice. At most
    /// `limit` sessions remain that have not ended: first those that have expired, then the least recently used are ended. If the
    /// account [knew](crate::passwords::throttle::KNOWN_FOR) the network, or has no language yet, the client's becomes its language.
    async fn begin<'a>(
        &self,
        session: &Session,
        proven: AccountVersion,
        limit: usize,
        notice: Option<&'a Outgoing>,
    ) -> Result<Begun, PortError>;

    /// Begins a session, as [`begin`](Self::begin) does, by a second step: what that has shown and the token of the first step are used
    /// up, and the account's wrong codes forgiven, or nothing happens. `proven` and the wrong codes are compared in the statement
    /// that locks the account; those do not matter to a passkey. Of callers that race to use something up, in whatever process,
    /// exactly one succeeds.
    async fn begin_by<'a>(
        &self,
        session: &Session,
        proven: AccountVersion,
        step: &SecondStep,
        limit: usize,
        notices: &'a [Outgoing],
    ) -> Result<Result<Begun, StepFault>, PortError>;

    /// Replaces a live session of the previous generation with `successor`. Of callers that race, in whatever process, exactly
    /// one gets `true`.
    async fn rotate(&self, successor: &Session) -> Result<bool, PortError>;

    /// Ends a session, even one that has expired, so that no refresh on its way draws it out. `false` when it was not alive any
    /// more: ending it twice is not an error.
    async fn end(&self, id: SessionId, now: DateTime<Utc>) -> Result<bool, PortError>;

    /// Ends the sessions of an account, except `keep`: those that have expired as well. Returns those that were alive.
    async fn end_all(&self, user: UserId, keep: Option<SessionId>, now: DateTime<Utc>) -> Result<Vec<SessionId>, PortError>;

    /// Says of a live session that its owner has been authenticated again, as `session` has it. `false` when it is not alive any more.
    async fn reauthenticate(&self, session: &Session, now: DateTime<Utc>) -> Result<bool, PortError>;

    /// The same by a second step, which is used up as by [`begin_by`](Self::begin_by), and stores the notice. `false` as well when the account is
    /// no longer the one of `proven`.
    async fn reauthenticate_by<'a>(
        &self,
        session: &Session,
        proven: AccountVersion,
        step: &SecondStep,
        now: DateTime<Utc>,
        notice: Option<&'a Outgoing>,
    ) -> Result<Result<bool, StepFault>, PortError>;

    /// The live sessions of an account, newest first, at most `limit`.
    async fn live(&self, user: UserId, now: DateTime<Utc>, limit: u32) -> Result<Vec<Session>, PortError>;
}

/// Where sessions that are over are kept for a while. Every method is atomic.
#[cfg_attr(any(test, feature = "testkit"), mockall::automock)]
#[async_trait]
pub trait EndedSessions: Send + Sync {
    /// At most `limit` sessions that ended after a place, ordered by place, including those of deleted accounts.
    async fn ended(&self, behind: RevocationCursor, limit: u32) -> Result<Vec<RevocationCursor>, PortError>;

    /// Deletes at most about `limit` sessions that ended or expired before `cutoff`. Returns how many.
    async fn prune(&self, cutoff: DateTime<Utc>, limit: u32) -> Result<usize, PortError>;
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

/// Hears what tokens leave out.
pub trait TokenNotes: Send + Sync {
    /// The attributes of an account are more than a token is to say, so it says none.
    fn left_out(&self, user: UserId);
}
