//! The keys as they are stored, for an operator.

use std::sync::Arc;

use crate::{
    identity::port_error::PortError,
    signing_keys::{ports::KeyStore, ring::KeyRing},
};

pub struct ListKeys {
    pub keys: Arc<dyn KeyStore>,
}

impl ListKeys {
    /// # Errors
    /// An outage.
    pub async fn execute(&self) -> Result<KeyRing, PortError> {
        Ok(KeyRing::of(self.keys.all().await?))
    }
}
