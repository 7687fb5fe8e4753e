//! Messages of Plex's socket.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| watchstate_fuzz::socket_plex(input));
