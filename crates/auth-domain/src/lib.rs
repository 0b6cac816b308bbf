//! Accounts, passwords, sessions and tokens: the rules, the ports they need, and the use cases. No I/O, no clock, no randomness.

pub mod attempts;
pub mod audit;
pub mod client;
pub mod email;
pub mod keys;
pub mod origin;
pub mod password;
pub mod ports;
pub mod session;
#[cfg(any(test, feature = "testkit"))]
pub mod testkit;
pub mod token;
mod unicode;
pub mod usecases;
pub mod user;
