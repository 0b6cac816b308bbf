//! Encrypts the secrets of authenticator apps with the newest key, so that an old one can go.

use std::sync::Arc;

use crate::{factors::ports::TotpCodec, identity::port_error::PortError, mfa::ports::FactorStore};

/// How many secrets are read at once.
const PAGE: u32 = 500;

pub struct ReencryptSecrets {
    pub factors: Arc<dyn FactorStore>,
    pub codec: Arc<dyn TotpCodec>,
}

impl ReencryptSecrets {
    /// How many were encrypted otherwise before. What was done stays done if it fails in the middle; to be repeated then.
    ///
    /// # Errors
    /// An outage, or a secret whose key is not there.
    pub async fn execute(&self) -> Result<usize, PortError> {
        let (mut after, mut changed) = (None, 0);
        loop {
            let page = self.factors.secrets(after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(changed) };
            after = Some(last.factor);
            for stored in &page {
                if let Some(to) = self.codec.reencrypt(stored.factor, &stored.secret)?
                    && self.factors.reencrypt(stored.factor, &stored.secret, &to).await?
                {
                    changed += 1;
                }
            }
        }
    }
}
