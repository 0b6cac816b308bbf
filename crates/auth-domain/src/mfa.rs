//! Second factors: authenticator apps and recovery codes, and what is common to them and to passkeys.

pub mod ports;
pub mod throttle;
