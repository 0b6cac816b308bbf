//! What a client may do with a token of its own (RFC 6749 section 3.3).

use std::{collections::BTreeSet, fmt, str::FromStr};

use crate::identity::named::named;

named! {
    /// One thing that a client may do. None implies another.
    Scope {
        /// Find and read accounts, their sessions and the audit trail.
        AdminRead = "admin:read",
        /// Make, change, import and delete accounts, and end their sessions.
        AdminWrite = "admin:write",
        /// Export accounts with their password hashes.
        AdminExport = "admin:export",
    }
}

/// What a client may do, or a token of it. Without any, it may ask about tokens, as every client may.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scopes(BTreeSet<Scope>);

/// The text names something that is no scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be names of scopes: admin:read, admin:write, admin:export")]
pub struct ScopeFault;

impl Scopes {
    #[must_use]
    pub fn of(scopes: impl IntoIterator<Item = Scope>) -> Self {
        Self(scopes.into_iter().collect())
    }

    #[must_use]
    pub fn has(&self, scope: Scope) -> bool {
        self.0.contains(&scope)
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether each of them is among the others.
    #[must_use]
    pub fn are_among(&self, others: &Self) -> bool {
        self.0.is_subset(&others.0)
    }

    /// The names, in one order.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.iter().map(Scope::name)
    }

    pub fn iter(&self) -> impl Iterator<Item = Scope> {
        self.0.iter().copied()
    }
}

impl fmt::Display for Scopes {
    /// One space between two (RFC 6749 section 3.3).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.names().collect::<Vec<_>>().join(" "))
    }
}

impl FromStr for Scopes {
    type Err = ScopeFault;

    fn from_str(text: &str) -> Result<Self, ScopeFault> {
        let scopes: Option<BTreeSet<_>> = text.split(' ').filter(|name| !name.is_empty()).map(Scope::from_name).collect();
        scopes.map(Self).ok_or(ScopeFault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_names_with_a_space_between_two() {
        let both: Scopes = "admin:write admin:read admin:write".parse().unwrap();
        assert_eq!(both.to_string(), "admin:read admin:write");
        assert_eq!("".parse(), Ok(Scopes::default()));
        for wrong in ["admin", "admin:read,admin:write", "ADMIN:READ", "admin:read\tadmin:write", "enrol"] {
            assert_eq!(wrong.parse::<Scopes>(), Err(ScopeFault), "{wrong}");
        }
    }

    #[test]
    fn none_implies_another() {
        let (read, write) = (Scopes::of([Scope::AdminRead]), Scopes::of([Scope::AdminWrite]));
        assert!(!write.has(Scope::AdminRead) && !read.are_among(&write) && Scopes::default().are_among(&read));
    }
}
