//! What accounts have, as a server has to know that starts: whether its configuration still serves them.

use std::sync::Arc;

use crate::{identity::port_error::PortError, mfa::ports::FactorStore};

pub struct FindStoredFactors {
    pub factors: Arc<dyn FactorStore>,
}

/// What accounts have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredFactors {
    /// Whether any account has a factor: where no login asks for one, its operator is to know.
    pub any: bool,
    /// The names of the encryption keys without which no code of some authenticator app can be judged. None where no account has an
    /// app that was confirmed.
    pub encryption_keys: Vec<String>,
}

impl FindStoredFactors {
    /// # Errors
    /// An outage.
    pub async fn execute(&self) -> Result<StoredFactors, PortError> {
        Ok(StoredFactors { any: self.factors.any().await?, encryption_keys: self.factors.encryption_keys().await? })
    }
}
