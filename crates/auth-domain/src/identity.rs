//! Who an account is: ids, addresses, the account itself, and where a request comes from. Every other room builds on it.

pub mod administrator;
pub mod clock;
pub mod document;
pub mod editable;
pub mod email;
pub mod encrypted;
pub mod host;
pub mod ids;
pub mod language;
pub mod method;
pub(crate) mod named;
pub mod password_hash;
pub mod port_error;
pub mod request_context;
pub mod role;
pub mod unicode;
pub mod user;
