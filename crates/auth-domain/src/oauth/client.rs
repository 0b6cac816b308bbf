//! Resource servers that may ask about tokens: who they are, and the secret by which they prove it.

use std::{fmt, str::FromStr};

use chrono::{DateTime, TimeDelta, Utc};
use zeroize::Zeroizing;

use crate::{
    identity::{ids::ClientId, password_hash::redacted},
    oauth::scope::Scopes,
};

/// The longest name of a client, in characters.
pub const CLIENT_NAME_MAX_CHARS: usize = 100;

/// What operators call a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientName(String);

/// Why a text cannot be the name of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a name of 1 to {CLIENT_NAME_MAX_CHARS} characters, without control characters")]
pub struct ClientNameFault;

/// A secret in the clear: just made, or as somebody presents it. Wiped when dropped.
#[derive(Clone)]
pub struct ClientSecret(Zeroizing<String>);

/// A hash of a secret; its text says how to verify it.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretHash(String);

/// A secret that has been replaced but is valid for a while, so that a deployment can switch over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormerSecret {
    pub hash: SecretHash,
    pub good_until: DateTime<Utc>,
}

/// A client as it is stored. Nothing in it can be presented to the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    pub id: ClientId,
    pub name: ClientName,
    pub secret: SecretHash,
    pub former: Option<FormerSecret>,
    pub created_at: DateTime<Utc>,
    /// When its secret was last replaced.
    pub rotated_at: Option<DateTime<Utc>>,
    /// What its tokens may be good for.
    pub scopes: Scopes,
    /// How often its scopes have changed. A token names the number that it was made at, and ends with it.
    pub scopes_version: i64,
}

impl Client {
    #[must_use]
    pub fn new(id: ClientId, name: ClientName, secret: SecretHash, now: DateTime<Utc>) -> Self {
        Self { id, name, secret, former: None, created_at: now, rotated_at: None, scopes: Scopes::default(), scopes_version: 0 }
    }

    /// The same client with another secret. The current one stays valid for `overlap`; an older one does not.
    #[must_use]
    pub fn rotated(&self, secret: SecretHash, overlap: TimeDelta, now: DateTime<Utc>) -> Self {
        let former = FormerSecret { hash: self.secret.clone(), good_until: now + overlap };
        let former = Some(former).filter(|former| former.good_until > now);
        Self { secret, former, rotated_at: Some(now), ..self.clone() }
    }

    /// The same client with other scopes, which end its tokens; `None` where they are the same.
    #[must_use]
    pub fn rescoped(&self, scopes: Scopes) -> Option<Self> {
        let scopes_version = self.scopes_version + 1;
        (scopes != self.scopes).then(|| Self { scopes, scopes_version, ..self.clone() })
    }

    /// The previous secret, while it is valid.
    #[must_use]
    pub fn former_at(&self, now: DateTime<Utc>) -> Option<&FormerSecret> {
        self.former.as_ref().filter(|former| now < former.good_until)
    }

    /// The secrets that are valid at a time.
    pub fn good_at(&self, now: DateTime<Utc>) -> impl Iterator<Item = &SecretHash> {
        [Some(&self.secret), self.former_at(now).map(|former| &former.hash)].into_iter().flatten()
    }
}

impl ClientName {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ClientName {
    type Err = ClientNameFault;

    fn from_str(text: &str) -> Result<Self, ClientNameFault> {
        let name = text.trim();
        let fits = (1..=CLIENT_NAME_MAX_CHARS).contains(&name.chars().count()) && !name.contains(char::is_control);
        if fits { Ok(Self(name.to_owned())) } else { Err(ClientNameFault) }
    }
}

impl fmt::Display for ClientName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl ClientSecret {
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl SecretHash {
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

redacted!(ClientSecret, SecretHash);

#[cfg(test)]
mod tests;
