//! The audit trail: where events go, and where they are read.

use std::sync::Arc;

use auth_domain::audit::ports::{AuditSink, AuditStore};

#[derive(Clone)]
pub struct AuditPorts {
    pub sink: Arc<dyn AuditSink>,
    pub trail: Arc<dyn AuditStore>,
}
