//! What makes and reads codes and one-time tokens, and where the state of second steps lives.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::{
    factor::FactorId,
    one_time_token::{OneTimeToken, OneTimeTokenId},
    recovery_code::{RecoveryCodeDigest, RecoveryCodes},
    totp::{NewTotpSecret, TimeStep, TotpFactor},
};
use crate::identity::{
    email::Email,
    encrypted::Encrypted,
    ids::UserId,
    port_error::PortError,
    user::{User, WrongCodes},
};

/// Makes the secrets of authenticator apps, and reads their codes. Pure but for its keys and random numbers.
#[cfg_attr(any(test, feature = "testkit"), mockall::automock)]
pub trait TotpCodec: Send + Sync {
    /// A new secret, encrypted and bound to the factor.
    ///
    /// # Errors
    /// There is no encryption key.
    fn make(&self, factor: FactorId, account: &Email) -> Result<NewTotpSecret, PortError>;

    /// The step whose code this is: that of `now`, or one on either side (RFC 6238 section 5.2). It looks at all three, whichever it is.
    ///
    /// # Errors
    /// The secret cannot be decrypted.
    fn step_of(
        &self,
        factor: FactorId,
        secret: &Encrypted,
        code: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<TimeStep>, PortError>;

    /// The secret, encrypted with the newest key; `None` where it is already.
    ///
    /// # Errors
    /// The secret cannot be decrypted.
    fn reencrypt(&self, factor: FactorId, secret: &Encrypted) -> Result<Option<Encrypted>, PortError>;
}

/// Makes recovery codes, and reads them as people type them.
#[cfg_attr(any(test, feature = "testkit"), mockall::automock)]
pub trait RecoveryCodeMaker: Send + Sync {
    /// [Ten](super::recovery_code::RECOVERY_CODES) new ones.
    ///
    /// # Errors
    /// There are no random numbers.
    fn make(&self) -> Result<RecoveryCodes, PortError>;

    /// What would be stored of a code; `None` if no code looks like it.
    fn digest(&self, typed: &str) -> Option<RecoveryCodeDigest>;
}

/// Signs one-time tokens and reads them back.
#[cfg_attr(any(test, feature = "testkit"), mockall::automock)]
pub trait OneTimeTokenCodec: Send + Sync {
    fn encode(&self, token: &OneTimeToken) -> String;

    /// A token that a server of this database signed, expired or not.
    fn decode(&self, text: &str) -> Option<OneTimeToken>;

    /// The challenge that goes with a token: nobody else can derive it (WebAuthn Level 3 section 13.4.3).
    fn challenge(&self, id: OneTimeTokenId) -> [u8; 32];
}

/// What came of counting a wrong code.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CountedCode {
    Yes,
    /// The token was used, or has had [too many](super::one_time_token::STEP_TRIES) before.
    TokenUsed,
    /// Another one was counted meanwhile: to be judged again.
    Raced,
}

/// Where the state of second steps lives. Every method is atomic.
#[cfg_attr(any(test, feature = "testkit"), mockall::automock)]
#[async_trait]
pub trait SecondStepStore: Send + Sync {
    /// An account and its confirmed authenticator apps, in one statement.
    async fn find(&self, user: UserId) -> Result<Option<(User, Vec<TotpFactor>)>, PortError>;

    /// Counts a wrong code: at the account, if `from` is still what it has had (`None`: not there), and at the token, if it is still
    /// good; at both or at neither. Of callers that race, in whatever process, exactly one moves the account on.
    async fn count_wrong<'a>(
        &self,
        user: UserId,
        from: Option<WrongCodes>,
        token: Option<&'a OneTimeToken>,
        now: DateTime<Utc>,
    ) -> Result<CountedCode, PortError>;

    /// Uses a token up. `false` when it was used before: of callers that race, in whatever process, exactly one gets `true`.
    async fn use_up(&self, token: &OneTimeToken, now: DateTime<Utc>) -> Result<bool, PortError>;

    /// Deletes at most about `limit` used tokens that expired before `cutoff`. Returns how many.
    async fn prune(&self, cutoff: DateTime<Utc>, limit: u32) -> Result<usize, PortError>;
}
