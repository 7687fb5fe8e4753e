//! Messages of the sockets of Jellyfin and Emby, one a line.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| watchstate_fuzz::socket_mediabrowser(input));
