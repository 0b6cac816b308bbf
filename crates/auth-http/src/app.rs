//! The composition root: which adapter stands behind which port, and the use cases over them.

pub(crate) mod jobs;
pub(crate) mod oauth;
pub(crate) mod ports;
pub(crate) mod signing_keys;
pub mod use_cases;
