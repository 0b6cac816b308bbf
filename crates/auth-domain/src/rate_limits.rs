//! How many requests a client may send: whose budget a request draws on, how large it is, and the port to what counts for all servers.

pub mod client_key;
pub mod ports;
pub mod rate_limit;
