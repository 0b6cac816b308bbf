//! Second factors: authenticator apps and recovery codes, and what is common to them and to passkeys.

pub mod add;
pub mod confirm_totp;
pub mod enrol_totp;
pub mod list;
pub mod ports;
pub mod reencrypt;
pub mod remove;
pub mod rename;
pub mod replace_recovery_codes;
pub mod reset;
pub mod start_up;
pub mod throttle;
