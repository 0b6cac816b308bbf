//! Passes the fuzzer's input to `auth_fuzz::webauthn`, which checks the properties.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| auth_fuzz::webauthn::check(data));
