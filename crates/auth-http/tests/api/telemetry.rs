//! Metrics and traces.

pub(crate) mod metrics;
#[cfg(feature = "otlp")]
mod otlp;
