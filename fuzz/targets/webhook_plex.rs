//! Webhooks of Plex: the first line of an input is the content type, the rest the body.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| watchstate_fuzz::webhook_plex(input));
