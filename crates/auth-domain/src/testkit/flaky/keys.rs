//! The ports of signing keys, on a fuse.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::Flaky;
use crate::{
    identity::{encrypted::Encrypted, ids::KeyId, port_error::PortError},
    signing_keys::{
        key::{FreshKey, KeyAlgorithm, SigningKey},
        ports::{KeyCache, KeyMaker, KeyStore, UnusableKey},
        revocations::Revocations,
        ring::KeyRing,
    },
};

#[async_trait]
impl<P: KeyStore> KeyStore for Flaky<P> {
    async fn all(&self) -> Result<Vec<SigningKey>, PortError> {
        self.fuse.guard(self.port.all()).await
    }

    async fn insert(&self, key: &SigningKey) -> Result<bool, PortError> {
        self.fuse.guard(self.port.insert(key)).await
    }

    async fn retire(&self, id: &KeyId, at: DateTime<Utc>) -> Result<bool, PortError> {
        self.fuse.guard(self.port.retire(id, at)).await
    }

    async fn revoke(&self, id: &KeyId, at: DateTime<Utc>) -> Result<bool, PortError> {
        self.fuse.guard(self.port.revoke(id, at)).await
    }

    async fn reencrypt(&self, id: &KeyId, from: &Encrypted, to: &Encrypted) -> Result<bool, PortError> {
        self.fuse.guard(self.port.reencrypt(id, from, to)).await
    }

    async fn forget(&self, id: &KeyId) -> Result<bool, PortError> {
        self.fuse.guard(self.port.forget(id)).await
    }
}

#[async_trait]
impl<P: KeyMaker> KeyMaker for Flaky<P> {
    async fn make(&self, algorithm: KeyAlgorithm) -> Result<FreshKey, PortError> {
        self.fuse.guard(self.port.make(algorithm)).await
    }

    async fn import(&self, pem: &str) -> Result<Result<FreshKey, UnusableKey>, PortError> {
        self.fuse.guard(self.port.import(pem)).await
    }

    fn reencrypt(&self, key: &SigningKey) -> Result<Option<Encrypted>, PortError> {
        self.fuse.guard_at_once(|| self.port.reencrypt(key))
    }
}

impl<P: KeyCache> KeyCache for Flaky<P> {
    fn update(&self, keys: Vec<SigningKey>, now: DateTime<Utc>) -> Result<(), PortError> {
        self.fuse.guard_at_once(|| self.port.update(keys, now))
    }

    /// No outage can come of this: it asks nobody.
    fn ring(&self) -> Arc<KeyRing> {
        self.port.ring()
    }

    fn check(&self, now: DateTime<Utc>) -> Result<(), PortError> {
        self.fuse.guard_at_once(|| self.port.check(now))
    }

    fn sign_revocations(&self, list: &Revocations) -> Result<String, PortError> {
        self.fuse.guard_at_once(|| self.port.sign_revocations(list))
    }
}
