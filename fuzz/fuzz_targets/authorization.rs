//! Hands what the fuzzer thinks of to `auth_fuzz::authorization`, where the properties stand.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| auth_fuzz::authorization::check(data));
