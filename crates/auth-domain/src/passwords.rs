//! What a password must be, how a guess is counted, and how one is verified.

pub mod common;
pub mod policy;
pub mod ports;
pub mod throttle;
pub mod verify;
