//! Lists the factors of an account.

use std::sync::Arc;

use crate::{
    identity::{ids::UserId, port_error::PortError},
    mfa::ports::{FactorList, FactorStore},
};

pub struct ListFactors {
    pub factors: Arc<dyn FactorStore>,
}

impl ListFactors {
    /// # Errors
    /// An outage.
    pub async fn execute(&self, user: UserId) -> Result<FactorList, PortError> {
        self.factors.list(user).await
    }
}
