//! The sockets: connections, their limit, TLS, and the listener for metrics. `server` joins them and the layers.

pub(crate) mod connection;
pub(crate) mod connection_limit;
pub(crate) mod fd_limit;
pub(crate) mod metrics_listener;
pub(crate) mod tls;
