//! Who an account is: ids, addresses, the account itself, and where a request comes from. Every other room builds on it.

pub mod email;
pub mod request_context;
pub mod unicode;
pub mod user;
