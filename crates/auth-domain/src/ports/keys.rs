//! What is needed of the world for keys that sign access tokens.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::PortError;
use crate::{
    keys::{FreshKey, KeyAlgorithm, KeyId, KeyRing, Sealed, SigningKey},
    usecases::revocations::Revocations,
};

/// Where keys are kept that sign access tokens, for all servers. Every method is atomic.
#[cfg_attr(any(test, feature = "testkit"), mockall::automock)]
#[async_trait]
pub trait KeyStore: Send + Sync {
    /// All of them, by number.
    async fn all(&self) -> Result<Vec<SigningKey>, PortError>;

    /// Keeps a key. `false` when there is one with its number or its id: of all who make the next key, in however
    /// many processes, one does.
    async fn insert(&self, key: &SigningKey) -> Result<bool, PortError>;

    /// Takes a key out of use from a time on. `false` when there is none, or it was taken out before.
    async fn retire(&self, id: &KeyId, at: DateTime<Utc>) -> Result<bool, PortError>;

    /// Has all tokens that a key signed refused from a time on. `false` when there is none, or they are already.
    async fn revoke(&self, id: &KeyId, at: DateTime<Utc>) -> Result<bool, PortError>;

    /// Puts the same private half, sealed otherwise, in the place of `from`. `false` when something else stands there.
    async fn reseal(&self, id: &KeyId, from: &Sealed, to: &Sealed) -> Result<bool, PortError>;

    /// Forgets a key. `false` when there is none.
    async fn forget(&self, id: &KeyId) -> Result<bool, PortError>;
}

/// Why something is no key to sign with. Says nothing of what is in it.
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

    /// The private half sealed with what new ones are sealed with; `None` where it is already.
    fn reseal(&self, key: &SigningKey) -> Result<Option<Sealed>, PortError>;
}

/// The keys as this server knows them, for whoever signs and verifies: no request asks the store for them.
#[cfg_attr(any(test, feature = "testkit"), mockall::automock)]
pub trait KnownKeys: Send + Sync {
    /// From now on these are the keys.
    ///
    /// # Errors
    /// One of them cannot be used; the others are known nevertheless.
    fn learn(&self, keys: Vec<SigningKey>, now: DateTime<Utc>) -> Result<(), PortError>;

    fn ring(&self) -> Arc<KeyRing>;

    /// Whether this server can sign.
    ///
    /// # Errors
    /// It has not what opens the key that is to.
    fn check(&self, now: DateTime<Utc>) -> Result<(), PortError>;

    /// A list of what is revoked that says who made it: signed like an access token made at its time, and no access token.
    ///
    /// # Errors
    /// When the key cannot sign.
    fn vouch(&self, list: &Revocations) -> Result<String, PortError>;
}
