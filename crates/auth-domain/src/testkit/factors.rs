//! The clauses of the factors room's ports, and fakes that anybody can read.

pub mod fake_one_time_tokens;
pub mod fake_recovery_codes;
pub mod fake_totp;
pub mod one_time_token_codec;
pub mod recovery_code_maker;
pub mod samples;
pub mod second_step_store;
pub mod totp_codec;
