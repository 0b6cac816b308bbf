//! Ids: UUIDs with exactly one spelling each.

use std::fmt;

use uuid::Uuid;

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
            type Err = crate::identity::ids::NotAnId;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                crate::identity::ids::canonical_uuid(text).map(Self)
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

id! {
    /// Identifies a session: the `sid` claim of its tokens.
    SessionId
}

id! {
    /// Identifies a client: its `client_id`. Not secret, and never reassigned.
    ClientId
}

/// Identifies a key: the thumbprint of its public half (RFC 7638).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(String);

impl KeyId {
    #[must_use]
    pub fn new(thumbprint: String) -> Self {
        Self(thumbprint)
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
