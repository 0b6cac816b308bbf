//! The account.

use std::fmt;

use chrono::{DateTime, Utc};

use crate::identity::{
    document::Document, email::Email, ids::UserId, language::Language, method::SecondFactors, password_hash::PasswordHash,
    role::Roles,
};

/// An account as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    pub id: UserId,
    pub email: Email,
    /// `None` where there is no password to log in with.
    pub password: Option<PasswordHash>,
    pub state: AccountState,
    pub created_at: DateTime<Utc>,
    /// When the account itself last changed: its password or its state.
    pub updated_at: DateTime<Utc>,
    /// How often its credentials, its factors or its state have changed. A stronger hash of the same password is no change.
    pub version: i64,
    /// When a session last began.
    pub last_login_at: Option<DateTime<Utc>>,
    /// When its owner proved to read the mails of its address; `None` if never.
    pub email_verified_at: Option<DateTime<Utc>>,
    pub pending_email: Option<PendingEmail>,
    /// Of the last login from a network that the account knew; notices are written in it.
    pub language: Option<Language>,
    /// What a login asks for after the password.
    pub second_factors: SecondFactors,
    pub wrong_codes: WrongCodes,
    /// What its owner is allowed, in this server and in others.
    pub roles: Roles,
    /// What its owner says of themselves.
    pub profile: Document,
    /// What administrators say of it.
    pub attributes: Document,
    /// When its roles, profile or attributes last changed: that moves neither `updated_at` nor the version.
    pub described_at: Option<DateTime<Utc>>,
}

/// How many wrong codes an account has had since a second step was last completed. Counting one moves neither `updated_at` nor the
/// version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WrongCodes {
    pub count: u32,
    pub last_at: Option<DateTime<Utc>>,
}

/// An address that the owner of an account asked for and has not proven yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingEmail {
    pub address: Email,
    /// When the proof expires.
    pub until: DateTime<Utc>,
}

/// The account as it was when something was proven of it. What was proven holds as long as the account still has this version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountVersion {
    pub number: i64,
    /// Compared as well: the previous release moves this, and not the number, and may run beside this one.
    pub changed_at: DateTime<Utc>,
}

/// Whether an account may log in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountState {
    Active,
    Disabled { since: DateTime<Utc> },
}

impl User {
    #[must_use]
    pub fn new(id: UserId, email: Email, password: impl Into<Option<PasswordHash>>, now: DateTime<Utc>) -> Self {
        Self {
            id,
            email,
            password: password.into(),
            state: AccountState::Active,
            created_at: now,
            updated_at: now,
            version: 0,
            last_login_at: None,
            email_verified_at: None,
            pending_email: None,
            language: None,
            second_factors: SecondFactors::default(),
            wrong_codes: WrongCodes::default(),
            roles: Roles::default(),
            profile: Document::default(),
            attributes: Document::default(),
            described_at: None,
        }
    }

    #[must_use]
    pub fn version(&self) -> AccountVersion {
        AccountVersion { number: self.version, changed_at: self.updated_at }
    }

    /// When anything of it last changed that others can see.
    #[must_use]
    pub fn changed_at(&self) -> DateTime<Utc> {
        self.described_at.map_or(self.updated_at, |at| at.max(self.updated_at))
    }

    #[must_use]
    pub fn is_active(&self) -> bool {
        self.state == AccountState::Active
    }

    /// Whether its owner could administer accounts, which may take a second factor.
    #[must_use]
    pub fn could_administer(&self, with_factor: bool) -> bool {
        self.is_active() && self.roles.administers() && !(with_factor && self.second_factors.is_empty())
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
