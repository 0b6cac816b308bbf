//! Encrypts the secrets of authenticator apps with the newest key, so that an old one can go.

use std::sync::Arc;

use crate::{
    factors::ports::TotpCodec,
    identity::port_error::PortError,
    mfa::ports::{FactorStore, StoredSecret},
};

/// How many secrets are read at once.
const PAGE: u32 = 500;

pub struct ReencryptSecrets {
    pub factors: Arc<dyn FactorStore>,
    pub codec: Arc<dyn TotpCodec>,
}

impl ReencryptSecrets {
    /// How many were encrypted otherwise before. What was done stays done if it fails; to be repeated then.
    ///
    /// # Errors
    /// An outage, or, after all the others, the first secret whose key is not there.
    pub async fn execute(&self) -> Result<usize, PortError> {
        let (mut after, mut changed, mut failed) = (None, 0, None);
        loop {
            let page = self.factors.secrets(after, PAGE).await?;
            let Some(last) = page.last() else { return failed.map_or(Ok(changed), Err) };
            after = Some(last.factor);
            for StoredSecret { factor, secret } in &page {
                match self.codec.reencrypt(*factor, secret) {
                    // Another server may have done it.
                    Ok(Some(to)) => changed += usize::from(self.factors.reencrypt(*factor, secret, &to).await?),
                    Ok(None) => {}
                    // One that is lost must not keep the old keys in use for all the others.
                    Err(fault) => failed = failed.or(Some(fault)),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
