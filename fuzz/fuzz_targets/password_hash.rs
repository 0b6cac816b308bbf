//! Passes the fuzzer's input to `auth_fuzz::password_hash`, which checks the properties.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| auth_fuzz::password_hash::check(data));
