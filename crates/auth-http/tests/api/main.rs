//! The program as a client meets it: the real binary, over TCP, with a database of its own, on every engine.
#![expect(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test program exports nothing, and fails by panicking"
)]

mod service;

mod account;
mod audit;
mod clients;
mod configuration;
mod cors;
mod crowd;
mod faults;
mod general;
mod guessing;
mod health;
mod hostile;
mod import;
mod interleavings;
mod journal;
mod keys;
mod lifecycle;
mod limits;
mod login;
mod logout;
mod manual;
mod me;
mod metrics;
mod oauth;
mod openapi;
#[cfg(feature = "otlp")]
mod otlp;
mod outage;
mod panics;
mod password;
mod paths;
mod races;
mod readers;
mod refresh;
mod register;
mod revocations;
mod sessions;
mod spellings;
mod switching;
mod tls;
mod tokens;
mod trail;
mod upgrade;
mod users;
