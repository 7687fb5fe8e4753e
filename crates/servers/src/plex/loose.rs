//! Values that Plex sends now as numbers, now as text.
//!
//! `ratingKey` is text in library lists and a number beside them (`grandparentRatingKey` of a season's
//! list), `User.id` of a session is either.

use serde::de::{Deserialize, Deserializer};

pub(super) use crate::lenient::Number;
use crate::lenient::Scalar;

/// A text, or nothing where the field is absent, null, empty, or neither text nor number.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Text(Option<String>);

impl Text {
    /// The text.
    pub(super) fn as_str(&self) -> Option<&str> {
        self.0.as_deref()
    }

    /// The text, or an empty one.
    pub(super) fn or_empty(&self) -> String {
        self.0.clone().unwrap_or_default()
    }

    /// The text of a key that Plex counts. Anything but digits is no key of a library, and is never put
    /// into the path of a request.
    pub(super) fn key(&self) -> Option<&str> {
        self.as_str().filter(|key| is_key(key))
    }
}

/// Whether a text can be a key: Plex numbers libraries and items.
pub(super) fn is_key(text: &str) -> bool {
    (1..=20).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Scalar::deserialize(deserializer)?;
        Ok(Self(value.text().map(|text| text.into_owned())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_keys() {
        for (json, text, key, why) in [
            ("\"42\"", Some("42"), Some("42"), "a key as text"),
            ("42", Some("42"), Some("42"), "a key as a number"),
            ("\"1/../../accounts\"", Some("1/../../accounts"), None, "a path is no key"),
            ("-4", Some("-4"), None, "nor is what is below zero"),
            ("\"\"", None, None, "empty is absent"),
            ("null", None, None, "null is absent"),
            ("[1]", None, None, "a list is no text"),
            ("{\"id\":1}", None, None, "nor an object"),
            ("true", None, None, "nor a flag"),
        ] {
            let read: Text = serde_json::from_str(json).unwrap();
            assert_eq!((read.as_str(), read.key()), (text, key), "{why}");
        }
    }
}
