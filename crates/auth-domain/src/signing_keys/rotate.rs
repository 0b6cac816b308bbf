//! An operator has the next key made.

use crate::{
    identity::request_context::RequestContext,
    signing_keys::{
        plan::{KeyCommand, When},
        writer::{ChangeKeysError, ChangedKey, KeyWriter},
    },
};

pub struct RotateKeys(pub KeyWriter);

impl RotateKeys {
    /// Makes the next key, and returns from when it signs.
    ///
    /// # Errors
    /// [`ChangeKeysError`].
    pub async fn execute(&self, when: When, context: &RequestContext) -> Result<ChangedKey, ChangeKeysError> {
        self.0.command(KeyCommand::Rotate(when), None, context).await
    }
}
