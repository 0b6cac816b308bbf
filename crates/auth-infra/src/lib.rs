//! The adapters: each file turns one technology into ports of the domain.

pub mod audit;
pub mod cancellation;
pub mod client_secrets;
pub mod db;
pub mod encryption;
pub mod hashing;
pub mod jwt;
pub mod metrics;
pub mod proof_codec;
pub mod system;
pub mod webauthn;
mod worker;
