//! A key whose signatures others can verify.

use std::str::FromStr;

use chrono::{DateTime, Utc};

use crate::identity::{encrypted::Encrypted, ids::KeyId};

/// The algorithms that can sign access tokens, besides a shared secret (RFC 7518, RFC 8037).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyAlgorithm {
    Es256,
    EdDsa,
    Rs256,
}

/// A key that was just made, not yet in a key ring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FreshKey {
    pub id: KeyId,
    pub algorithm: KeyAlgorithm,
    pub public: String,
    pub private: Encrypted,
}

/// One key as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningKey {
    pub id: KeyId,
    /// Counted from 1. Of two servers that make the next key, one succeeds.
    pub number: i64,
    pub algorithm: KeyAlgorithm,
    /// The public half, as a JSON Web Key (RFC 7517).
    pub public: String,
    pub private: Encrypted,
    pub created_at: DateTime<Utc>,
    /// By then, every verifier that caches has fetched it.
    pub signs_from: DateTime<Utc>,
    /// When it stops signing; tokens that it signed stay valid.
    pub retired_at: Option<DateTime<Utc>>,
    /// From when tokens that it signed are refused: somebody else may have it.
    pub revoked_at: Option<DateTime<Utc>>,
}

impl KeyAlgorithm {
    pub const ALL: [Self; 3] = [Self::Es256, Self::EdDsa, Self::Rs256];

    /// Its registered name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
            Self::Rs256 => "RS256",
        }
    }
}

impl FromStr for KeyAlgorithm {
    type Err = UnknownAlgorithm;

    fn from_str(name: &str) -> Result<Self, UnknownAlgorithm> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name).ok_or(UnknownAlgorithm)
    }
}

/// Tokens are not signed with this algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("tokens are not signed with this algorithm")]
pub struct UnknownAlgorithm;
