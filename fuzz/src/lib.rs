//! What is done with an input of each target, and what has to hold whatever it is.
//!
//! The targets feed these with what the fuzzer makes up; a test of `watchstate-servers` feeds them with the
//! corpus, so that they are held to it on machines as well where no fuzzer can be built.

use std::collections::BTreeSet;

use watchstate_model::ItemKey;
use watchstate_servers::jellyfin::Ear;
use watchstate_servers::{Heard, Hooked, ServerKind, Whose, plex, read_webhook};

/// What a target does with an input.
pub type Target = fn(&[u8]);

/// Every target with its name: that of its program and of its folder of the corpus.
pub const TARGETS: &[(&str, Target)] = &[
    ("socket_plex", socket_plex),
    ("socket_mediabrowser", socket_mediabrowser),
    ("webhook_plex", webhook_plex),
    ("webhook_jellyfin", webhook_jellyfin),
    ("webhook_emby", webhook_emby),
];

/// A message of Plex's socket.
pub fn socket_plex(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    for heard in plex::told(&text).iter().flatten() {
        is_heard(heard);
        for key in keys(heard) {
            let key = key.as_str();
            assert!(key.bytes().all(|byte| byte.is_ascii_digit()), "{key:?} is no key of Plex");
        }
    }
}

/// Messages of the socket of Jellyfin or Emby, one a line, of which the last is understood by those before.
pub fn socket_mediabrowser(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let mut ear = Ear::new("a1b2", "our-own");
    for line in text.lines() {
        let Some(said) = ear.hear(line) else { continue };
        said.heard.iter().for_each(is_heard);
        if let Some(wants) = said.wants {
            let seconds = wants.each.as_secs();
            assert!((1..=60).contains(&seconds), "a sign of life each {seconds} s");
        }
        // The same once more changes nothing about what is played.
        let again = ear.hear(line).unwrap_or_default().heard;
        let is_playback = |heard: &Heard| matches!(heard, Heard::Playback { .. });
        assert!(!again.iter().any(is_playback), "{again:?} is told twice");
    }
}

/// Webhooks of Plex and Tautulli.
pub fn webhook_plex(input: &[u8]) {
    webhook(ServerKind::Plex, input);
}

/// Webhooks of Jellyfin's plugin.
pub fn webhook_jellyfin(input: &[u8]) {
    webhook(ServerKind::Jellyfin, input);
}

/// Webhooks of Emby.
pub fn webhook_emby(input: &[u8]) {
    webhook(ServerKind::Emby, input);
}

/// The first line of an input is the content type, the rest the body.
fn webhook(kind: ServerKind, input: &[u8]) {
    let line = input.iter().position(|byte| *byte == b'\n').unwrap_or(input.len());
    let content_type = String::from_utf8_lossy(&input[..line]);
    let body = input.get(line + 1..).unwrap_or_default();
    match read_webhook(kind, &content_type, body) {
        Ok(hooked) => {
            let Hooked { server, user, heard } = &hooked;
            is_shown(server.as_deref());
            is_shown(user.as_ref().map(|(Whose::Id(text) | Whose::Name(text))| text.as_str()));
            is_heard(heard);
            keys(heard).iter().for_each(is_plain);
            assert!(
                read_webhook(kind, &content_type, body) == Ok(hooked),
                "read twice, it differs"
            );
        }
        Err(error) => assert!(error.kind == kind),
    }
}

/// The items that are named.
fn keys(heard: &Heard) -> &[ItemKey] {
    match heard {
        Heard::Items(keys) => keys.as_slice(),
        Heard::Playback { key, .. } => std::slice::from_ref(key),
        Heard::Something | Heard::Foreign | Heard::Nothing => &[],
    }
}

/// What is heard names at least one item where it names any, each once, and by something.
fn is_heard(heard: &Heard) {
    let keys = keys(heard);
    assert!(!matches!(heard, Heard::Items(_)) || !keys.is_empty(), "no items changed");
    assert!(keys.iter().all(|key| !key.as_str().is_empty()), "an item without a key");
    let once: BTreeSet<_> = keys.iter().map(ItemKey::as_str).collect();
    assert!(once.len() == keys.len(), "an item twice: {keys:?}");
}

/// A stranger's key can stand in the path of a request.
fn is_plain(key: &ItemKey) {
    let key = key.as_str();
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    assert!((1..=64).contains(&key.len()) && key.bytes().all(is_plain), "{key:?} is no key");
}

/// What may be shown or logged has no control characters, and is not endless.
fn is_shown(text: Option<&str>) {
    let is_good = |text: &str| (1..=200).contains(&text.len()) && !text.contains(char::is_control);
    assert!(text.is_none_or(is_good), "{text:?} cannot be shown");
}
