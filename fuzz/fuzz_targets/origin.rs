//! Passes the fuzzer's input to `auth_fuzz::origin`, which checks the properties.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| auth_fuzz::origin::check(data));
