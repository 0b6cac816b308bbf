//! The adapters: each file turns one technology into ports of the domain.

pub mod account_files;
pub mod audit;
mod base32;
pub mod cancellation;
pub mod client_secrets;
pub mod cursors;
pub mod db;
mod derived_key;
pub mod encryption;
mod foreign_time;
pub mod hashing;
pub mod jwt;
pub mod metrics;
pub mod one_time_tokens;
pub mod proof_codec;
pub mod rate_limits;
pub mod recovery_codes;
pub mod system;
pub mod totp;
pub mod webauthn;
mod worker;
