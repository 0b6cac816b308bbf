//! The ports for keys that sign access tokens.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::{
    identity::{encrypted::Encrypted, ids::KeyId, port_error::PortError},
    signing_keys::{
        key::{FreshKey, KeyAlgorithm, SigningKey},
        revocations::Revocations,
        ring::KeyRing,
    },
};

/// Where all servers keep the keys that sign access tokens. Every method is atomic.
#[cfg_attr(any(test, feature = "testkit"), mockall::automock)]
#[async_trait]
pub trait KeyStore: Send + Sync {
    /// All of them, ordered by number.
    async fn all(&self) -> Result<Vec<SigningKey>, PortError>;

    /// Stores a key. `false` when its number or its id is taken: of callers that make the next key, in whatever process, exactly
    /// one succeeds.
    async fn insert(&self, key: &SigningKey) -> Result<bool, PortError>;

    /// Stops a key from signing from a time on. `false` when there is no such key, or it has been stopped before.
    async fn retire(&self, id: &KeyId, at: DateTime<Utc>) -> Result<bool, PortError>;

    /// Revokes a key: all its tokens are refused from a time on. `false` when there is no such key, or it is revoked already.
    async fn revoke(&self, id: &KeyId, at: DateTime<Utc>) -> Result<bool, PortError>;

    /// Replaces the sealed private half `from` with the same half, sealed otherwise. `false` when `from` is not stored any more.
    async fn reencrypt(&self, id: &KeyId, from: &Encrypted, to: &Encrypted) -> Result<bool, PortError>;

    /// Deletes a key. `false` when there is none.
    async fn forget(&self, id: &KeyId) -> Result<bool, PortError>;
}

/// Why a key cannot be used. Never quotes the key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UnusableKey(pub String);

/// Makes keys that only this deployment can sign with: their private halves are sealed.
#[cfg_attr(any(test, feature = "testkit"), mockall::automock)]
#[async_trait]
pub trait KeyMaker: Send + Sync {
    async fn make(&self, algorithm: KeyAlgorithm) -> Result<FreshKey, PortError>;

    /// A key from elsewhere: a private key in PKCS#8, in PEM.
    async fn import(&self, pem: &str) -> Result<Result<FreshKey, UnusableKey>, PortError>;

    /// The private half, sealed with the newest encryption key; `None` where it is already.
    fn reencrypt(&self, key: &SigningKey) -> Result<Option<Encrypted>, PortError>;
}

/// This server's copy of the keys, for signing and verifying: no request reads the store.
#[cfg_attr(any(test, feature = "testkit"), mockall::automock)]
pub trait KeyCache: Send + Sync {
    /// Replaces the cached keys with these.
    ///
    /// # Errors
    /// One of them cannot be used; the others are cached nevertheless.
    fn update(&self, keys: Vec<SigningKey>, now: DateTime<Utc>) -> Result<(), PortError>;

    fn ring(&self) -> Arc<KeyRing>;

    /// Whether this server can sign.
    ///
    /// # Errors
    /// This server lacks the encryption key of the key that signs, or no key signs where one is to.
    fn check(&self, now: DateTime<Utc>) -> Result<(), PortError>;

    /// A signed list of what is revoked: signed like an access token made at the same time, but never accepted as one.
    ///
    /// # Errors
    /// When the key cannot sign.
    fn sign_revocations(&self, list: &Revocations) -> Result<String, PortError>;
}
