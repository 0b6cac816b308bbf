//! The account.

use std::fmt;

use chrono::{DateTime, Utc};

use crate::identity::{email::Email, ids::UserId, password_hash::PasswordHash};

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
