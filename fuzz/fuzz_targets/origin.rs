//! Hands what the fuzzer thinks of to `auth_fuzz::origin`, where the properties stand.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| auth_fuzz::origin::check(data));
