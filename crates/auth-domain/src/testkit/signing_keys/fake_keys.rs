//! Keys that sign nothing, and a memory of those that are known.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use parking_lot::Mutex;

use crate::{
    identity::{encrypted::Encrypted, ids::KeyId, port_error::PortError},
    signing_keys::{
        key::{FreshKey, KeyAlgorithm, SigningKey},
        ports::{KeyCache, KeyMaker, UnusableKey},
        revocations::Revocations,
        ring::KeyRing,
    },
};

/// Makes `made-1`, `made-2` and so on, sealed with the encryption key it is told. Clones are the same.
#[derive(Debug, Clone)]
pub struct FakeKeys {
    seals_with: &'static str,
    made: Arc<AtomicU64>,
    known: Arc<Mutex<Arc<KeyRing>>>,
}

impl FakeKeys {
    #[must_use]
    pub fn sealed_with(name: &'static str) -> Self {
        Self { seals_with: name, made: Arc::default(), known: Arc::default() }
    }

    fn fresh(&self, id: String, algorithm: KeyAlgorithm) -> FreshKey {
        let private = Encrypted { with: self.seals_with.to_owned(), text: format!("private half of {id}") };
        FreshKey { id: KeyId::new(id), algorithm, public: "{}".to_owned(), private }
    }
}

impl Default for FakeKeys {
    fn default() -> Self {
        Self::sealed_with("a")
    }
}

#[async_trait]
impl KeyMaker for FakeKeys {
    async fn make(&self, algorithm: KeyAlgorithm) -> Result<FreshKey, PortError> {
        let number = self.made.fetch_add(1, Ordering::SeqCst) + 1;
        Ok(self.fresh(format!("made-{number}"), algorithm))
    }

    /// `ES256 name` is one.
    async fn import(&self, pem: &str) -> Result<Result<FreshKey, UnusableKey>, PortError> {
        let parts = pem.split_once(' ').and_then(|(algorithm, id)| algorithm.parse().map_or(None, |known| Some((known, id))));
        Ok(match parts {
            Some((algorithm, id)) => Ok(self.fresh(id.to_owned(), algorithm)),
            None => Err(UnusableKey("is no key".to_owned())),
        })
    }

    fn reencrypt(&self, key: &SigningKey) -> Result<Option<Encrypted>, PortError> {
        let sealed = Encrypted { with: self.seals_with.to_owned(), ..key.private.clone() };
        Ok((sealed != key.private).then_some(sealed))
    }
}

impl KeyCache for FakeKeys {
    fn update(&self, keys: Vec<SigningKey>, _now: DateTime<Utc>) -> Result<(), PortError> {
        *self.known.lock() = Arc::new(KeyRing::of(keys));
        Ok(())
    }

    /// As anybody can read it.
    fn sign_revocations(&self, list: &Revocations) -> Result<String, PortError> {
        Ok(format!("{list:?}"))
    }

    fn check(&self, _now: DateTime<Utc>) -> Result<(), PortError> {
        Ok(())
    }

    fn ring(&self) -> Arc<KeyRing> {
        self.known.lock().clone()
    }
}
