//! Makes key pairs, with encrypted private halves.

use std::sync::Arc;

use async_trait::async_trait;
use auth_domain::{
    identity::{encrypted::Encrypted, ids::KeyId, port_error::PortError},
    signing_keys::{
        key::{FreshKey, KeyAlgorithm, SigningKey},
        ports::{KeyMaker, UnusableKey},
    },
};
use tokio::task::spawn_blocking;
use zeroize::Zeroizing;

use super::key_pair::{KeyPair, PairFault};
use crate::encryption::EncryptionKeys;

/// Makes key pairs, encrypted with these keys.
#[derive(Clone)]
pub struct PairMaker(pub Arc<EncryptionKeys>);

impl PairMaker {
    fn fresh(&self, pair: &KeyPair) -> Result<FreshKey, PortError> {
        let (public, private) = (pair.public(), pair.pem());
        let private = self.0.encrypt(&bound_to(public.id(), public.algorithm()), private.as_bytes())?;
        Ok(FreshKey { id: public.id().clone(), algorithm: public.algorithm(), public: public.jwk().to_owned(), private })
    }
}

/// What the private half of a key is bound to where it is encrypted.
pub(super) fn bound_to(id: &KeyId, algorithm: KeyAlgorithm) -> String {
    format!("{}/{id}", algorithm.name())
}

/// On a blocking thread: RSA would hold up other tasks.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, PortError> {
    spawn_blocking(work).await.map_err(|error| PortError::Internal(format!("making a key failed: {error}")))
}

#[async_trait]
impl KeyMaker for PairMaker {
    async fn make(&self, algorithm: KeyAlgorithm) -> Result<FreshKey, PortError> {
        let made = aside(move || KeyPair::generate(algorithm)).await?;
        self.fresh(&made.map_err(|fault| PortError::Internal(format!("a key {fault}")))?)
    }

    async fn import(&self, pem: &str) -> Result<Result<FreshKey, UnusableKey>, PortError> {
        let pem = Zeroizing::new(pem.to_owned());
        match aside(move || KeyPair::from_pem(&pem)).await? {
            Ok(pair) => self.fresh(&pair).map(Ok),
            Err(fault @ PairFault::NoPrivateKey) => Ok(Err(UnusableKey(fault.to_string()))),
            Err(fault @ PairFault::NotMade(_)) => Err(PortError::Internal(format!("the key {fault}"))),
        }
    }

    fn reencrypt(&self, key: &SigningKey) -> Result<Option<Encrypted>, PortError> {
        self.0.reencrypt(&bound_to(&key.id, key.algorithm), &key.private)
    }
}
