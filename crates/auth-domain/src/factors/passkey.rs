//! Passkeys: discoverable credentials of WebAuthn Level 3.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::factor::{Factor, FactorId, FactorName};
use crate::identity::{ids::UserId, method::Method};

/// How many passkeys an account may have.
pub const PASSKEY_LIMIT: usize = 20;

/// The longest id of a credential, in bytes (WebAuthn Level 3 section 7.1).
pub const CREDENTIAL_ID_MAX_BYTES: usize = 1023;

/// Identifies a credential: its authenticator chose it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CredentialId(Vec<u8>);

/// The bytes are no id of a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must have 1 to 1023 bytes")]
pub struct NoCredentialId;

/// A public key, and what its authenticator last said (WebAuthn Level 3 section 4, "credential record").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    pub id: CredentialId,
    /// A `COSE_Key` (RFC 9052 section 7), as it came.
    pub public_key: Vec<u8>,
    /// Grows with each signature; zero where the authenticator does not count.
    pub counter: u32,
    /// Whether it may be copied to other devices. Never changes.
    pub backup_eligible: bool,
    /// Whether it has been.
    pub backed_up: bool,
    /// The model of the authenticator; all zero where it does not say.
    pub aaguid: Uuid,
    /// How a browser reaches the authenticator.
    pub transports: Vec<String>,
}

/// A credential of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passkey {
    pub id: FactorId,
    pub user: UserId,
    pub name: FactorName,
    pub credential: Credential,
    pub created_at: DateTime<Utc>,
    pub last_used_at: Option<DateTime<Utc>>,
}

impl CredentialId {
    /// # Errors
    /// [`NoCredentialId`].
    pub fn new(bytes: Vec<u8>) -> Result<Self, NoCredentialId> {
        if (1..=CREDENTIAL_ID_MAX_BYTES).contains(&bytes.len()) { Ok(Self(bytes)) } else { Err(NoCredentialId) }
    }

    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl From<&Passkey> for Factor {
    fn from(passkey: &Passkey) -> Self {
        Self {
            id: passkey.id,
            method: Method::Passkey,
            name: passkey.name.clone(),
            created_at: passkey.created_at,
            last_used_at: passkey.last_used_at,
        }
    }
}
