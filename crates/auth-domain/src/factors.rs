//! What proves an account's owner besides a password: one-time codes, recovery codes and passkeys, as they are stored and used up.

pub mod factor;
pub mod one_time_token;
pub mod passkey;
pub mod policy;
pub mod ports;
pub mod recovery_code;
pub mod second_step;
pub mod totp;
