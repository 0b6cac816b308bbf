//! An operator's command: encrypt private halves with the newest encryption key now. A server that signs with keys does so when it starts.

use crate::{identity::port_error::PortError, signing_keys::writer::KeyWriter};

pub struct ReencryptKeys(pub KeyWriter);

impl ReencryptKeys {
    /// How many of the keys that sign, or are to sign, were encrypted otherwise before. What was done stays done if it fails.
    ///
    /// # Errors
    /// An outage, or a key that cannot be decrypted.
    pub async fn execute(&self) -> Result<usize, PortError> {
        self.0.reencrypt(&self.0.ring().await?).await
    }
}
