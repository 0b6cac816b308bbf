//! The audit trail: how long it is kept.

use chrono::TimeDelta;

use super::reader::Reader;

#[derive(Debug)]
pub struct AuditSettings {
    /// How long events are kept; `None` is for ever.
    pub kept: Option<TimeDelta>,
}

impl AuditSettings {
    /// Reads the variables of the audit trail.
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let days = reader.number("AUDIT_RETENTION_DAYS", 90, 0..=36_500);
        Self { kept: (days > 0).then(|| TimeDelta::days(days)) }
    }
}
