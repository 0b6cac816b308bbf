//! Connections: their limit, TLS, hostile clients.

pub(crate) mod connection_limit;
pub(crate) mod hostile;
pub(crate) mod limits;
pub(crate) mod panics;
pub(crate) mod readers;
pub(crate) mod switching;
pub(crate) mod tls;
