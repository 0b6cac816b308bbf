//! One module per parser at the edge: `check` takes the fuzzer's input, and panics where a property does not hold.

pub mod account_file;
pub mod authorization;
pub mod database_url;
pub mod email;
pub mod forwarded;
pub mod mail;
pub mod one_time_token;
pub mod origin;
pub mod password_hash;
pub mod recovery_code;
pub mod request_body;
pub mod token;
pub mod webauthn;
