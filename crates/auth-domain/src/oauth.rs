//! What resource servers ask: introspection, revocation, the list of what is revoked, and tokens of their own.

pub mod authenticate_client;
pub mod authenticate_client_token;
pub mod client;
pub mod client_token;
pub mod clients;
pub mod either_kind;
pub mod introspect;
pub mod issue_client_token;
pub mod ports;
pub mod revocation_list;
pub mod revoke;
pub mod scope;
