//! One-time tokens: what a server signs for the next five minutes and any server of the database takes, once. Making one writes nothing.

use chrono::{DateTime, TimeDelta, Utc};

use crate::identity::{
    ids::{UserId, id},
    user::AccountVersion,
};

/// How long one works: to the second.
pub const ONE_TIME_LIFE: TimeDelta = TimeDelta::minutes(5);

/// How many wrong codes void the token of a second step.
pub const STEP_TRIES: i64 = 5;

id! {
    /// Identifies a one-time token. What is stored of it once it was used.
    OneTimeTokenId
}

/// What its bearer may do with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OneTimePurpose {
    /// Complete a login whose password was right, as long as the account has this version.
    SecondStep { user: UserId, proven: AccountVersion, authenticated_at: DateTime<Utc> },
    /// Answer a challenge with a new credential for an account, as long as it has this version.
    RegisterPasskey { user: UserId, proven: AccountVersion },
    /// Answer a challenge with a credential that some account has.
    AssertPasskey,
}

/// A one-time token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OneTimeToken {
    pub id: OneTimeTokenId,
    pub purpose: OneTimePurpose,
    pub expires_at: DateTime<Utc>,
}

impl OneTimeToken {
    #[must_use]
    pub fn new(id: OneTimeTokenId, purpose: OneTimePurpose, now: DateTime<Utc>) -> Self {
        Self { id, purpose, expires_at: now + ONE_TIME_LIFE }
    }

    #[must_use]
    pub fn is_expired(&self, now: DateTime<Utc>) -> bool {
        now >= self.expires_at
    }
}
