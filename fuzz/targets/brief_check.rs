#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| postacert_fuzz::properties::brief_check(bytes));
