//! Who we say we are.

use reqwest::header::HeaderValue;

use crate::error::{Fault, ServerError};

/// The scheme that Jellyfin takes from 10.8 to 12 in `Authorization`, and Emby in `X-Emby-Authorization`:
/// `MediaBrowser Client="…", Device="…", DeviceId="…", Version="…", Token="…"` (every recording with a
/// token, for example `jellyfin-10.10.7/12-users-me.json`). Without a token for signing in
/// (`11-auth-ok.json`), where leaving the header out is answered with 400 or 500 (`10-auth-no-header.json`).
pub(crate) fn media_browser(
    client_id: &str,
    token: Option<&str>,
) -> Result<HeaderValue, ServerError> {
    let mut text = format!(
        "MediaBrowser Client=\"WatchState\", Device=\"{}\", DeviceId=\"{}\", Version=\"{}\"",
        percent(std::env::consts::OS),
        percent(client_id),
        env!("CARGO_PKG_VERSION"),
    );
    if let Some(token) = token {
        text.push_str(", Token=\"");
        text.push_str(&percent(token));
        text.push('"');
    }
    secret(&text)
}

/// A header that is kept out of every debug output.
pub(crate) fn secret(text: &str) -> Result<HeaderValue, ServerError> {
    let mut value = HeaderValue::from_str(text).map_err(|_| {
        ServerError::new(Fault::Unauthorized, "connecting")
            .with("the token has characters that no token has")
    })?;
    value.set_sensitive(true);
    Ok(value)
}

/// Percent-encodes all but the unreserved characters of RFC 3986 section 2.3: for quoted values of the
/// header, which Jellyfin decodes, and for segments of a path.
pub(crate) fn percent(text: &str) -> String {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte));
            }
            _ => {
                encoded.push('%');
                encoded.push(char::from(HEX[usize::from(byte >> 4)]));
                encoded.push(char::from(HEX[usize::from(byte & 15)]));
            }
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header() {
        let value = media_browser("our-id", Some("c27160f6")).unwrap();
        let os = std::env::consts::OS;
        let version = env!("CARGO_PKG_VERSION");
        assert_eq!(
            value.to_str().unwrap(),
            format!(
                "MediaBrowser Client=\"WatchState\", Device=\"{os}\", DeviceId=\"our-id\", \
                 Version=\"{version}\", Token=\"c27160f6\""
            )
        );
        assert!(!format!("{value:?}").contains("c27160f6"), "no debug output shows it");
        assert!(!media_browser("our-id", None).unwrap().to_str().unwrap().contains("Token"));
    }

    #[test]
    fn hostile_values_stay_inside_their_quotes() {
        let value = media_browser("a\"b", Some("x\", Token=\"y\r\nHost: z")).unwrap();
        let text = value.to_str().unwrap();
        assert_eq!(text.matches("Token=").count(), 1);
        assert!(text.contains("DeviceId=\"a%22b\""));
        assert_eq!(percent("a/b?c é"), "a%2Fb%3Fc%20%C3%A9");
        let refused = secret("line\nbreak").unwrap_err();
        assert!(!refused.to_string().contains("break"));
    }
}
