//! The account.

use std::fmt;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{identity::email::Email, passwords::policy::PasswordHash};

/// Declares an id: a UUID with exactly one spelling, lower-case and hyphenated.
macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub uuid::Uuid);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = crate::identity::user::NotAnId;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                crate::identity::user::canonical_uuid(text).map(Self)
            }
        }
    };
}
pub(crate) use id;

id! {
    /// Identifies an account for ever: never reused, never reassigned.
    UserId
}

/// A text that is not an id, or not in its one spelling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a UUID in lower case with hyphens")]
pub struct NotAnId;

pub(crate) fn canonical_uuid(text: &str) -> Result<Uuid, NotAnId> {
    let id = Uuid::try_parse(text).map_err(|_reason| NotAnId)?;
    // The parser takes braces, upper case and URNs as well: one id, many spellings.
    if id.to_string() == text { Ok(id) } else { Err(NotAnId) }
}

/// An account as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    pub id: UserId,
    pub email: Email,
    pub password: PasswordHash,
    pub state: AccountState,
    pub created_at: DateTime<Utc>,
    /// When the account itself last changed: its password or its state.
    pub updated_at: DateTime<Utc>,
    /// When a session last began.
    pub last_login_at: Option<DateTime<Utc>>,
}

/// Whether an account may log in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountState {
    Active,
    Disabled { since: DateTime<Utc> },
}

impl User {
    #[must_use]
    pub fn new(id: UserId, email: Email, password: PasswordHash, now: DateTime<Utc>) -> Self {
        Self { id, email, password, state: AccountState::Active, created_at: now, updated_at: now, last_login_at: None }
    }

    #[must_use]
    pub fn is_active(&self) -> bool {
        self.state == AccountState::Active
    }
}

impl fmt::Display for AccountState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Active => "active",
            Self::Disabled { .. } => "disabled",
        })
    }
}

#[cfg(test)]
mod tests;
