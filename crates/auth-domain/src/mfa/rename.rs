//! Names a factor.

use std::sync::Arc;

use crate::{
    audit::{kind::EventKind, ports::AuditSink, unknown_outcome::Written},
    factors::factor::{FactorId, FactorName},
    identity::{clock::Clock, port_error::PortError, request_context::RequestContext},
    mfa::ports::FactorStore,
    sessions::authenticate::SignedIn,
};

pub struct RenameFactor {
    pub factors: Arc<dyn FactorStore>,
    pub audit: Arc<dyn AuditSink>,
    pub clock: Arc<dyn Clock>,
}

#[derive(Debug, thiserror::Error)]
pub enum RenameFactorError {
    #[error("there is no such factor")]
    NotFound,
    #[error(transparent)]
    Port(#[from] PortError),
}

impl RenameFactor {
    /// # Errors
    /// [`RenameFactorError`].
    pub async fn execute(
        &self,
        caller: &SignedIn,
        id: FactorId,
        name: FactorName,
        context: &RequestContext,
    ) -> Result<(), RenameFactorError> {
        let event = || caller.event(EventKind::FactorRenamed, context, self.clock.now());
        if !self.factors.rename(caller.user.id, id, &name).await.or_unknown(&*self.audit, event)? {
            return Err(RenameFactorError::NotFound);
        }
        self.audit.record(event());
        Ok(())
    }
}

#[cfg(test)]
mod tests;
