//! Passkeys: discoverable credentials of WebAuthn Level 3.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::factor::{FactorId, FactorName};
use crate::identity::ids::UserId;

/// How many passkeys an account may have.
pub const PASSKEY_LIMIT: usize = 20;

/// The longest id of a credential, in bytes (WebAuthn Level 3 section 7.1).
pub const CREDENTIAL_ID_MAX_BYTES: usize = 1023;

/// How long the names of a credential's transports may be in all, with a space between two, in characters. WebAuthn Level 3
/// section 5.8.4 names six, which make 38.
pub const TRANSPORTS_MAX_CHARS: usize = 255;

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
    /// How a browser reaches the authenticator, by names that the browser gave.
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

impl Credential {
    /// The transports that are stored: those that look like names, as many as there is [room](TRANSPORTS_MAX_CHARS) for. They are only
    /// a hint for browsers.
    #[must_use]
    pub fn kept_transports(&self) -> Vec<String> {
        let mut room = TRANSPORTS_MAX_CHARS + 1;
        let names = self.transports.iter().filter(|name| is_name(name));
        let kept = names.take_while(|name| {
            let left = room.checked_sub(name.len() + 1);
            room = left.unwrap_or(0);
            left.is_some()
        });
        kept.cloned().collect()
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(names: &[&str]) -> String {
        let credential = Credential {
            id: CredentialId::new(vec![1]).unwrap(),
            public_key: Vec::new(),
            counter: 0,
            backup_eligible: false,
            backed_up: false,
            aaguid: Uuid::nil(),
            transports: names.iter().map(|name| (*name).to_owned()).collect(),
        };
        credential.kept_transports().join(" ")
    }

    #[test]
    fn transports_look_like_names() {
        assert_eq!(kept(&["usb", "smart-card", "internal"]), "usb smart-card internal");
        assert_eq!(kept(&["usb", "", "nfc ble", "é", "<b>", "a\nb", "a_1"]), "usb a_1");
        assert_eq!(kept(&[]), "");
    }

    #[test]
    fn transports_are_as_many_as_there_is_room_for() {
        let long = "x".repeat(127);
        assert_eq!(kept(&[&long, &long, "y"]), format!("{long} {long}"));
        assert_eq!(kept(&[&"x".repeat(TRANSPORTS_MAX_CHARS), "y"]).len(), TRANSPORTS_MAX_CHARS);
        assert_eq!(kept(&["y", &"x".repeat(TRANSPORTS_MAX_CHARS - 1), "z"]), "y");
    }
}
