//! The clauses of the keys' ports, and fake keys.

pub mod fake_keys;
pub mod key_store;
