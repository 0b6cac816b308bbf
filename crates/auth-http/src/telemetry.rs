//! What the program says of itself: its log, its metrics, its traces.

pub(crate) mod http_metrics;
mod json_lines;
pub(crate) mod log;
#[cfg(not(feature = "otlp"))]
pub(crate) mod log_only;
pub(crate) mod once_a_minute;
#[cfg(feature = "otlp")]
pub(crate) mod otlp;
pub(crate) mod token_notes;
pub(crate) mod trace_parent;
