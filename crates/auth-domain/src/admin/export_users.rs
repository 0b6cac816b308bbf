//! Every account with its password hash and its factors, for another server.

use std::sync::Arc;

use super::{
    ports::TransferStore,
    transfer::{AccountRecord, TRANSFER_BATCH},
};
use crate::{
    audit::{event::AuditEvent, initiator::Initiator, kind::EventKind, ports::AuditSink},
    identity::{clock::Clock, ids::UserId, port_error::PortError},
};

pub struct ExportUsers {
    pub store: Arc<dyn TransferStore>,
    pub audit: Arc<dyn AuditSink>,
    pub clock: Arc<dyn Clock>,
}

impl ExportUsers {
    /// The first accounts. From here on hashes leave, so the trail has it before anything was sent.
    ///
    /// # Errors
    /// An outage.
    pub async fn begin(&self, by: &Initiator) -> Result<Vec<AccountRecord>, PortError> {
        let first = self.page(None).await?;
        self.audit.record(AuditEvent::new(EventKind::UsersExported, &by.context, self.clock.now()).by(by.actor));
        Ok(first)
    }

    /// The accounts behind one, by id; none is the end.
    ///
    /// # Errors
    /// An outage.
    pub async fn page(&self, after: Option<UserId>) -> Result<Vec<AccountRecord>, PortError> {
        self.store.page(after, TRANSFER_BATCH).await
    }
}

#[cfg(test)]
mod tests;
