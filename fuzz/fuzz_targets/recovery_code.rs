//! Passes the fuzzer's input to `auth_fuzz::recovery_code`, which checks the properties.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| auth_fuzz::recovery_code::check(data));
