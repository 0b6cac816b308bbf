//! What resource servers ask: introspection, revocation, and the list of what is revoked.

pub mod authenticate_client;
pub mod client;
pub mod clients;
pub mod either_kind;
pub mod introspect;
pub mod ports;
pub mod revocation_list;
pub mod revoke;
pub mod scope;
