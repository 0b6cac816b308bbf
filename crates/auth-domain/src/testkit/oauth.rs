//! The clauses of the ports for resource servers.

pub mod client_secrets;
pub mod client_store;
pub mod client_token_codec;
mod fake_client_tokens;
