//! Passes the fuzzer's input to `auth_fuzz::account_file`, which checks the properties.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| auth_fuzz::account_file::check(data));
