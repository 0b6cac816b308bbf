//! What is recorded when the database gives no answer to a write: it may have happened, or may happen yet.

use crate::{
    audit::{event::AuditEvent, ports::AuditSink},
    identity::port_error::PortError,
};

/// The outcome of a write that somebody was promised.
pub(crate) trait Written: Sized {
    /// Records the event as one of unknown outcome where nobody knows whether the write happened.
    fn or_unknown(self, audit: &dyn AuditSink, event: impl FnOnce() -> AuditEvent) -> Self;

    /// The same for a write that is several events.
    fn or_all_unknown(self, audit: &dyn AuditSink, events: &[AuditEvent]) -> Self;
}

impl<T> Written for Result<T, PortError> {
    fn or_unknown(self, audit: &dyn AuditSink, event: impl FnOnce() -> AuditEvent) -> Self {
        if let Err(PortError::Unknown(_)) = self {
            audit.record(event().of_unknown_outcome());
        }
        self
    }

    fn or_all_unknown(self, audit: &dyn AuditSink, events: &[AuditEvent]) -> Self {
        if let Err(PortError::Unknown(_)) = self {
            events.iter().for_each(|event| audit.record(event.clone().of_unknown_outcome()));
        }
        self
    }
}
