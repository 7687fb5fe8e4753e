//! Webhooks of every kind, as they are sent, as templates break them, and as somebody sends them who means
//! harm.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod emby;
mod hostile;
mod jellyfin;
mod plex;
mod tautulli;

use watchstate_servers::{Heard, Hooked, Playback, ServerKind, Whose, read_webhook};

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

/// What a body is read as, in one line: `server / user / what was heard`, or what is wrong with it.
fn read(kind: ServerKind, content_type: &str, body: impl AsRef<[u8]>) -> String {
    let Hooked { server, user, heard } = match read_webhook(kind, content_type, body.as_ref()) {
        Ok(hooked) => hooked,
        Err(error) => return error.what.to_owned(),
    };
    let user = match user {
        Some(Whose::Id(id)) => id,
        Some(Whose::Name(name)) => format!("called {name}"),
        None => "-".into(),
    };
    let heard = match heard {
        Heard::Items(keys) => {
            let keys: Vec<_> = keys.iter().map(|key| key.as_str()).collect();
            format!("items {}", keys.join(" "))
        }
        Heard::Playback { key, how: Playback::Runs } => format!("runs {}", key.as_str()),
        Heard::Playback { key, how: Playback::Paused } => format!("paused {}", key.as_str()),
        Heard::Playback { key, how: Playback::Stopped } => format!("stopped {}", key.as_str()),
        Heard::Something => "something".into(),
        Heard::Foreign => "foreign".into(),
        Heard::Nothing => "nothing".into(),
    };
    format!("{} / {user} / {heard}", server.as_deref().unwrap_or("-"))
}

/// A form of several parts with one text, after a picture as Plex sends it and before another.
fn parts(name: &str, text: impl AsRef<[u8]>) -> (String, Vec<u8>) {
    const BOUNDARY: &str = "----------------------------5f1b0c77a2d4";
    let picture: Vec<u8> = (0..=255).cycle().take(40_000).collect();
    let mut body = Vec::new();
    for (name, more, content) in [
        ("thumb", "; filename=\"a.jpg\"\r\nContent-Type: image/jpeg", picture.as_slice()),
        (name, "\r\nContent-Type: application/json", text.as_ref()),
        ("thumb", "; filename=\"b.jpg\"\r\nContent-Type: image/jpeg", picture.as_slice()),
    ] {
        body.extend(
            format!(
                "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"{more}\r\n\r\n"
            )
            .bytes(),
        );
        body.extend(content);
        body.extend(b"\r\n");
    }
    body.extend(format!("--{BOUNDARY}--\r\n").bytes());
    (format!("multipart/form-data; boundary={BOUNDARY}"), body)
}

/// A form with these fields.
fn form(fields: &[(&str, &str)]) -> String {
    let mut form = String::new();
    for (name, value) in fields {
        let encoded: String = value
            .bytes()
            .map(|byte| match byte.is_ascii_alphanumeric() {
                true => char::from(byte).to_string(),
                false => format!("%{byte:02X}"),
            })
            .collect();
        form.push_str(&format!("{}{name}={encoded}", if form.is_empty() { "" } else { "&" }));
    }
    form
}
