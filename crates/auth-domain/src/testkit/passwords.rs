//! The clauses of the passwords room's ports.

pub mod attempt_store;
pub mod password_hasher;
