//! The relying party of WebAuthn Level 3: what a browser and an authenticator say of a passkey, judged to the byte.
//!
//! No clock, no storage and no randomness. Whoever calls makes challenges and uses them up, finds credentials, compares user
//! handles, and keeps what a ceremony has shown.

mod authenticator_data;
pub mod cbor;
mod client_data;
mod public_key;
mod relying_party;

pub use relying_party::WebAuthn;

#[cfg(any(test, feature = "testkit"))]
pub mod authenticator;
#[cfg(test)]
mod tests;
