//! What servers answer to a question, and what of it is believed.

use std::net::IpAddr;

use serde::Deserialize;
use url::Url;

use super::{Found, How, Question};
use crate::ServerKind;

/// Answers have some hundred bytes; larger ones are not looked at.
pub(super) const LARGEST: usize = 4096;
/// How long a name or an id may be, in signs.
const LONGEST: usize = 100;

/// Reads an answer that came from an address. Nothing for what is none.
pub(super) fn read(question: Question, answer: &[u8], from: IpAddr) -> Option<Found> {
    if answer.len() > LARGEST {
        return None;
    }
    match question {
        Question::Plex => plex(answer, from),
        _ => media_browser(question.kind(), answer),
    }
}

/// Jellyfin's and Emby's: `{"Address":"http://192.168.1.5:8096","Id":"…","Name":"…"}`.
fn media_browser(kind: ServerKind, answer: &[u8]) -> Option<Found> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Sent {
        address: String,
        #[serde(default)]
        id: Option<String>,
        #[serde(default)]
        name: Option<String>,
    }
    let sent: Sent = serde_json::from_slice(answer).ok()?;
    let url = address(&sent.address)?;
    let id = sent.id.as_deref().and_then(clean);
    let name = sent.name.as_deref().and_then(clean);
    Some(found(kind, name, url, id))
}

/// Plex's: a status line and headers as in HTTP.
fn plex(answer: &[u8], from: IpAddr) -> Option<Found> {
    let text = std::str::from_utf8(answer).ok()?;
    let mut lines = text.lines();
    let status = lines.next()?;
    if !status.starts_with("HTTP/1.") || status.split_whitespace().nth(1) != Some("200") {
        return None;
    }
    let headers: Vec<_> = lines.filter_map(|line| line.split_once(':')).collect();
    let header = |name: &str| {
        let found = headers.iter().find(|(key, _)| key.trim().eq_ignore_ascii_case(name));
        found.and_then(|(_, value)| clean(value))
    };
    // Players answer to the same question with another type.
    if header("Content-Type").is_some_and(|kind| kind != "plex/media-server") {
        return None;
    }
    let port = match header("Port") {
        Some(port) => port.parse::<u16>().ok().filter(|port| *port > 0)?,
        None => 32400,
    };
    let url = Url::parse(&format!("http://{}:{port}", host(from))).ok()?;
    Some(found(ServerKind::Plex, header("Name"), url, header("Resource-Identifier")))
}

fn found(kind: ServerKind, name: Option<String>, url: Url, id: Option<String>) -> Found {
    let name = name.unwrap_or_else(|| kind.title().to_owned());
    Found { kind, name, url, id, how: How::Network }
}

/// An address of a server: http or https with a host, without user name, query and fragment.
fn address(text: &str) -> Option<Url> {
    if text.len() > 2 * LONGEST {
        return None;
    }
    let mut url = Url::parse(text.trim()).ok()?;
    let plain = url.username().is_empty() && url.password().is_none();
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() || !plain {
        return None;
    }
    url.set_query(None);
    url.set_fragment(None);
    Some(url)
}

/// A text without control characters and without what turns the direction of writing, cut; nothing where
/// nothing is left.
pub(crate) fn clean(text: &str) -> Option<String> {
    let turns = |sign: char| matches!(sign, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    let kept = text.trim().chars().filter(|sign| !sign.is_control() && !turns(*sign));
    let kept: String = kept.take(LONGEST).collect();
    let kept = kept.trim();
    (!kept.is_empty()).then(|| kept.to_owned())
}

/// An address as the host of a URL.
pub(super) fn host(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    const FROM: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 168, 1, 5));

    #[test]
    fn what_servers_answer() {
        let jellyfin = r#"{"Address":"http://192.168.1.5:8096","Id":"ca8e","Name":"Den","EndpointAddress":null}"#;
        let told = read(Question::Jellyfin, jellyfin.as_bytes(), FROM).unwrap();
        assert_eq!((told.kind, told.name.as_str()), (ServerKind::Jellyfin, "Den"));
        assert_eq!(
            (told.url.as_str(), told.id.as_deref()),
            ("http://192.168.1.5:8096/", Some("ca8e"))
        );
        let emby = br#"{"Address":"https://home.example/emby?x=1","Id":"","Name":null}"#;
        let told = read(Question::Emby, emby, FROM).unwrap();
        assert_eq!(
            (told.url.as_str(), told.id, told.name.as_str()),
            ("https://home.example/emby", None, "Emby")
        );
        let plex = b"HTTP/1.0 200 OK\r\nContent-Type: plex/media-server\r\nHost: x.plex.direct\r\n\
                     Name: Attic \r\nPort: 32401\r\nResource-Identifier: 6e0f\r\nVersion: 1.40\r\n\r\n";
        let told = read(Question::Plex, plex, FROM).unwrap();
        assert_eq!((told.name.as_str(), told.url.as_str()), ("Attic", "http://192.168.1.5:32401/"));
        assert_eq!(told.id.as_deref(), Some("6e0f"));
        let bare = read(Question::Plex, b"HTTP/1.0 200 OK\n\n", FROM).unwrap();
        assert_eq!((bare.name.as_str(), bare.url.as_str()), ("Plex", "http://192.168.1.5:32400/"));
    }

    #[test]
    fn what_is_no_answer() {
        let deep = "[".repeat(4000);
        let long = format!(r#"{{"Address":"http://{}"}}"#, "a".repeat(300));
        for (question, answer, why) in [
            (Question::Jellyfin, "", "nothing"),
            (Question::Jellyfin, "who is JellyfinServer?", "our own question"),
            (Question::Jellyfin, "{}", "no address"),
            (Question::Jellyfin, r#"{"Address":5}"#, "no text"),
            (Question::Jellyfin, r#"{"Address":"javascript:alert(1)"}"#, "a script"),
            (Question::Jellyfin, r#"{"Address":"file:///etc/passwd"}"#, "a file"),
            (Question::Jellyfin, r#"{"Address":"http://u:p@host"}"#, "credentials"),
            (Question::Jellyfin, r#"{"Address":"http://"}"#, "no host"),
            (Question::Emby, deep.as_str(), "a deep nest"),
            (Question::Emby, long.as_str(), "a long address"),
            (Question::Plex, "M-SEARCH * HTTP/1.0", "our own question"),
            (Question::Plex, "HTTP/1.0 404 Not Found\r\n\r\n", "a refusal"),
            (Question::Plex, "HTTP/1.0 200 OK\r\nPort: 99999\r\n", "no port"),
            (Question::Plex, "HTTP/1.0 200 OK\r\nPort: 0\r\n", "port zero"),
            (Question::Plex, "HTTP/1.0 200 OK\r\nPort: 80/../x\r\n", "more than a port"),
            (Question::Plex, "HTTP/1.0 200 OK\r\nContent-Type: plex/media-player\r\n", "a player"),
        ] {
            assert_eq!(read(question, answer.as_bytes(), FROM), None, "{why}");
        }
        assert_eq!(read(Question::Plex, &[0xff; 100], FROM), None, "no text");
        let large = format!("HTTP/1.0 200 OK\r\nName: {}", "a".repeat(LARGEST));
        assert_eq!(read(Question::Plex, large.as_bytes(), FROM), None, "too large");
    }

    #[test]
    fn names_are_cleaned() {
        assert_eq!(clean(" a\r\nb\u{1b}[2J\u{202e}c ").as_deref(), Some("ab[2Jc"));
        assert_eq!(clean(" \n\u{202e} "), None);
        assert_eq!(clean(&"é".repeat(500)).unwrap().chars().count(), LONGEST);
    }
}
