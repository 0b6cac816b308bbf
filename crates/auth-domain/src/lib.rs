//! Accounts, passwords, sessions and tokens: the rules, the ports they need, and the use cases. No I/O, no clock, no randomness.

pub mod accounts;
pub mod admin;
pub mod audit;
pub mod factors;
#[cfg(test)]
mod fault_injection;
pub mod identity;
pub mod mail;
pub mod mailbox;
pub mod maintenance;
pub mod mfa;
pub mod oauth;
#[cfg(test)]
mod outage_tests;
pub mod passkeys;
pub mod passwords;
pub mod rate_limits;
pub mod sessions;
pub mod sign_in;
pub mod signing_keys;
#[cfg(test)]
mod testing;
#[cfg(any(test, feature = "testkit"))]
pub mod testkit;
