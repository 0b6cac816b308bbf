//! Passes the fuzzer's input to `auth_fuzz::mail`, which checks the properties.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| auth_fuzz::mail::check(data));
