//! Passes the fuzzer's input to `auth_fuzz::one_time_token`, which checks the properties.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| auth_fuzz::one_time_token::check(data));
