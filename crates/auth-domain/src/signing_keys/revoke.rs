//! An operator takes a key out of use.

use crate::{
    identity::{ids::KeyId, request_context::RequestContext},
    signing_keys::{
        plan::{KeyCommand, Revocation},
        writer::{ChangeKeysError, ChangedKey, KeyWriter},
    },
};

pub struct RevokeKey(pub KeyWriter);

impl RevokeKey {
    /// Takes a key out of use once another one signs, and returns that moment. For a compromised key, that is as soon as all servers
    /// know the other key; otherwise, once verifiers can know it. At no time afterwards does nobody sign.
    ///
    /// # Errors
    /// [`ChangeKeysError`].
    pub async fn execute(&self, id: &KeyId, how: Revocation, context: &RequestContext) -> Result<ChangedKey, ChangeKeysError> {
        self.0.command(KeyCommand::Revoke(id, how), None, context).await
    }
}
