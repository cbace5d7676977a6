#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| postacert_fuzz::properties::compose_parse_verify(bytes));
