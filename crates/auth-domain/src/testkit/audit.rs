//! The clauses of the audit room's ports.

pub mod audit_store;
