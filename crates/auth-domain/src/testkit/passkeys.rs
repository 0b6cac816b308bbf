//! The clauses of the passkeys room's ports.

pub mod passkey_store;
