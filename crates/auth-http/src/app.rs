//! The composition root: which adapter stands behind which port, and the use cases over them, a file for each room.

pub(crate) mod accounts;
pub mod admin;
pub(crate) mod audit;
pub(crate) mod jobs;
pub(crate) mod mail;
pub(crate) mod maintenance;
pub(crate) mod mfa;
pub(crate) mod oauth;
pub(crate) mod passwords;
pub mod ports;
pub(crate) mod rate_limits;
pub(crate) mod sessions;
pub(crate) mod sign_in;
pub(crate) mod signing_keys;
pub mod use_cases;
