//! The program as a client meets it: the real binary, over TCP, with a database of its own, on every engine.
#![expect(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test program exports nothing, and fails by panicking"
)]

pub(crate) mod accounts;
pub(crate) mod admin;
pub(crate) mod audit;
pub(crate) mod cli;
pub(crate) mod factors;
pub(crate) mod mail;
pub(crate) mod maintenance;
pub(crate) mod middleware;
pub(crate) mod net;
pub(crate) mod passkeys;
pub(crate) mod passwords;
mod service;
pub(crate) mod sessions;
pub(crate) mod sign_in;
pub(crate) mod signing_keys;
pub(crate) mod telemetry;

mod faults;
mod oauth;
mod openapi;
