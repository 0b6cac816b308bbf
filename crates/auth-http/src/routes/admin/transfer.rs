//! Accounts on their way from one server to another.

pub(crate) mod export;
mod factors;
pub(crate) mod import;
pub(crate) mod line;
pub(crate) mod splitter;
mod spool;

/// JSON objects, one a line.
const NDJSON: &str = "application/x-ndjson";
