//! Passkeys (WebAuthn Level 3): registered by signed-in owners, and shown instead of a password or after one.

pub mod assert;
mod challenge;
pub mod options;
pub mod ports;
pub mod register;
