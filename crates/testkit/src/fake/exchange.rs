//! One question and its answer, free of any HTTP library: the fakes' routes are plain functions from
//! [`Asked`] to [`Reply`].

use std::collections::HashMap;

use serde_json::Value;

/// A request.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// `GET`, `POST`, ….
    pub method: String,
    /// The path's parts, decoded, as they were written.
    pub parts: Vec<String>,
    /// The query, decoded, in order.
    pub query: Vec<(String, String)>,
    /// The headers, names in lower case.
    pub headers: HashMap<String, String>,
    /// The body.
    pub body: Vec<u8>,
}

impl Asked {
    /// A request from its method and its target (path and query, as on the wire).
    pub fn new(method: &str, target: &str) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let parts = path.split('/').filter(|part| !part.is_empty()).map(decoded).collect();
        let query = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        Self { method: method.to_owned(), parts, query, ..Self::default() }
    }

    /// A value of the query; names are matched without regard to case, as all three servers do.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(key, value)| key.eq_ignore_ascii_case(name) && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }

    /// A whole number of the query.
    pub fn number(&self, name: &str) -> Option<usize> {
        self.value(name)?.trim().parse().ok()
    }

    /// Whether the query says `true` (or 1).
    pub fn says(&self, name: &str) -> bool {
        self.value(name).is_some_and(|v| v.eq_ignore_ascii_case("true") || v == "1")
    }

    /// A list with commas from the query, in lower case.
    pub fn list(&self, name: &str) -> Vec<String> {
        self.value(name)
            .map(|list| list.split(',').map(|entry| entry.trim().to_ascii_lowercase()).collect())
            .unwrap_or_default()
    }

    /// A header, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// The path as one text in lower case, for matching.
    pub fn path(&self) -> String {
        format!("/{}", self.parts.join("/")).to_ascii_lowercase()
    }
}

/// Decodes `%2C` and its like; a plus sign in a path is a plus sign.
fn decoded(part: &str) -> String {
    let plus = part.replace('+', "%2B");
    url::form_urlencoded::parse(plus.as_bytes()).next().map_or_else(String::new, |(key, value)| {
        if value.is_empty() { key.into_owned() } else { format!("{key}={value}") }
    })
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Reply {
    /// Its status.
    pub status: u16,
    /// The type of its body.
    pub content_type: Option<&'static str>,
    /// Further headers.
    pub headers: Vec<(&'static str, String)>,
    /// Its body.
    pub body: Body,
}

/// The body of an answer.
#[derive(Clone, Debug)]
pub enum Body {
    /// None.
    Empty,
    /// JSON, not yet written, so that a fault may still change it.
    Json(Value),
    /// Text.
    Text(String),
    /// Bytes.
    Bytes(bytes::Bytes),
}

impl Reply {
    /// JSON with 200, as Jellyfin, Emby and Plex label it.
    pub fn json(value: Value) -> Self {
        Self {
            status: 200,
            content_type: Some("application/json; charset=utf-8"),
            headers: Vec::new(),
            body: Body::Json(value),
        }
    }

    /// Text.
    pub fn text(status: u16, content_type: &'static str, text: impl Into<String>) -> Self {
        Self {
            status,
            content_type: Some(content_type),
            headers: Vec::new(),
            body: Body::Text(text.into()),
        }
    }

    /// No body.
    pub fn empty(status: u16) -> Self {
        Self { status, content_type: None, headers: Vec::new(), body: Body::Empty }
    }

    /// With another status.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// With a header.
    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The body as it goes over the wire.
    pub fn bytes(&self) -> bytes::Bytes {
        match &self.body {
            Body::Empty => bytes::Bytes::new(),
            Body::Json(value) => value.to_string().into(),
            Body::Text(text) => text.clone().into(),
            Body::Bytes(bytes) => bytes.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_asked() {
        let asked = Asked::new("GET", "/library/metadata/1%2C2?X-Plex-Token=a%2Bb&Limit=5&empty=");
        assert_eq!(asked.parts, ["library", "metadata", "1,2"]);
        assert_eq!(asked.value("x-plex-token"), Some("a+b"));
        assert_eq!(asked.number("limit"), Some(5));
        assert_eq!(asked.value("empty"), None, "an empty value is none");
        assert_eq!(Asked::new("GET", "//Users//Me").path(), "/users/me");
    }
}
