//! Between the sockets and the layers: connections, their limit, TLS, and the listener for metrics.

pub(crate) mod connection;
pub(crate) mod connection_limit;
pub(crate) mod fd_limit;
pub(crate) mod metrics_listener;
pub mod server;
pub(crate) mod stream;
pub(crate) mod tls;
