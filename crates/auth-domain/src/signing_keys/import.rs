//! An operator brings the next key from elsewhere.

use crate::{
    identity::request_context::RequestContext,
    signing_keys::{
        plan::{KeyCommand, KeyRefusal, When},
        writer::{ChangeKeysError, ChangedKey, KeyWriter},
    },
};

pub struct ImportKey(pub KeyWriter);

impl ImportKey {
    /// Imports a private key in PKCS#8, in PEM, as the next one, and returns from when it signs.
    ///
    /// # Errors
    /// [`ChangeKeysError`].
    pub async fn execute(&self, pem: &str, when: When, context: &RequestContext) -> Result<ChangedKey, ChangeKeysError> {
        if self.0.policy.is_none() {
            return Err(KeyRefusal::SecretSigns.into());
        }
        let fresh = self.0.maker.import(pem).await??;
        let (id, algorithm) = (fresh.id.clone(), fresh.algorithm);
        self.0.command(KeyCommand::Import { id: &id, algorithm, when }, Some(fresh), context).await
    }
}
