//! What an account is allowed, by name.

use std::{collections::BTreeSet, fmt, str::FromStr};

/// How many roles an account may have.
pub const ROLES_MAX: usize = 32;

/// The longest name of a role, in bytes.
pub const ROLE_MAX_BYTES: usize = 63;

/// The name of a role: `[a-z][a-z0-9_.:-]{0,62}`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Role(String);

/// The roles of an account, each once, in the order of their names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Roles(BTreeSet<Role>);

/// Why texts cannot be roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RoleFault {
    #[error("must begin with a letter from a to z, followed by up to 62 of a to z, 0 to 9, _ . : -")]
    Name,
    #[error("must be at most {ROLES_MAX} roles")]
    TooMany,
}

impl Role {
    /// The name of the one that administers accounts.
    pub const ADMIN: &str = "admin";

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Role {
    type Err = RoleFault;

    fn from_str(text: &str) -> Result<Self, RoleFault> {
        let follows = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'.' | b':' | b'-');
        let fits = text.len() <= ROLE_MAX_BYTES && text.starts_with(|first: char| first.is_ascii_lowercase());
        if fits && text.bytes().all(follows) { Ok(Self(text.to_owned())) } else { Err(RoleFault::Name) }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Roles {
    /// # Errors
    /// [`RoleFault::TooMany`].
    pub fn of(roles: impl IntoIterator<Item = Role>) -> Result<Self, RoleFault> {
        let roles: BTreeSet<_> = roles.into_iter().collect();
        if roles.len() > ROLES_MAX { Err(RoleFault::TooMany) } else { Ok(Self(roles)) }
    }

    /// The same roles and one more.
    ///
    /// # Errors
    /// [`RoleFault::TooMany`].
    pub fn with(&self, role: Role) -> Result<Self, RoleFault> {
        Self::of(self.0.iter().cloned().chain([role]))
    }

    /// The same roles but one.
    #[must_use]
    pub fn without(&self, role: &Role) -> Self {
        Self(self.0.iter().filter(|one| *one != role).cloned().collect())
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    #[must_use]
    pub fn has(&self, role: &str) -> bool {
        self.0.iter().any(|one| one.as_str() == role)
    }

    /// Whether its owner administers accounts.
    #[must_use]
    pub fn administers(&self) -> bool {
        self.has(Role::ADMIN)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Role> {
        self.0.iter()
    }
}

impl fmt::Display for Roles {
    /// As databases hold them: one space between two.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.0.iter().map(Role::as_str).collect();
        f.write_str(&names.join(" "))
    }
}

impl FromStr for Roles {
    type Err = RoleFault;

    fn from_str(text: &str) -> Result<Self, RoleFault> {
        Self::of(text.split_ascii_whitespace().map(str::parse).collect::<Result<Vec<Role>, _>>()?)
    }
}

#[cfg(test)]
mod tests;
