//! The clauses of the mfa room's ports.

pub mod codes;
pub mod confirm;
pub mod factor_store;
pub mod passkeys_added;
pub mod removal;
pub mod scenes;
pub mod secrets;
