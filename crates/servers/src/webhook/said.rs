//! Single values of webhooks.
//!
//! Templates put numbers between quotes and leave quotes away, and a field that does not apply is absent,
//! null, or empty.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// The longest value that is looked at, in bytes. The longest that servers send are the 40 characters of a
/// Plex server's id, and names of users.
const LONGEST: usize = 200;

/// A text, or a number or a flag as text; nothing where the field is absent, null, empty, longer than
/// [`LONGEST`], with control characters in it, or no single value.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Said(Option<String>);

impl Said {
    /// Of a text.
    pub(crate) fn new(text: &str) -> Self {
        let text = text.trim();
        let is_value = (1..=LONGEST).contains(&text.len()) && !text.contains(char::is_control);
        Self(is_value.then(|| text.to_owned()))
    }

    /// The text.
    pub(crate) fn get(&self) -> Option<&str> {
        self.0.as_deref()
    }

    /// The text, given away.
    pub(crate) fn take(self) -> Option<String> {
        self.0
    }
}

impl<'de> Deserialize<'de> for Said {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Value;
        impl<'de> Visitor<'de> for Value {
            type Value = Said;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }

            fn visit_str<E>(self, text: &str) -> Result<Said, E> {
                Ok(Said::new(text))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Said, E> {
                Ok(Said(Some(number.to_string())))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Said, E> {
                Ok(Said(Some(number.to_string())))
            }

            fn visit_f64<E>(self, _: f64) -> Result<Said, E> {
                // No id is a fraction, or larger than 64 bits.
                Ok(Said(None))
            }

            fn visit_bool<E>(self, flag: bool) -> Result<Said, E> {
                Ok(Said(Some(flag.to_string())))
            }

            fn visit_unit<E>(self) -> Result<Said, E> {
                Ok(Said(None))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Said, A::Error> {
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Said(None))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Said, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Said(None))
            }
        }
        deserializer.deserialize_any(Value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values() {
        let long = format!("\"{}\"", "a".repeat(LONGEST + 1));
        for (json, said, why) in [
            ("\"movie\"", Some("movie"), "a text"),
            ("\" 7 \"", Some("7"), "spaces of a template"),
            ("7", Some("7"), "a number"),
            ("-7", Some("-7"), "below zero"),
            ("true", Some("true"), "a flag"),
            ("18446744073709551615", Some("18446744073709551615"), "the largest number"),
            ("18446744073709551616", None, "a larger one is none"),
            ("1.5", None, "nor is a fraction"),
            ("null", None, "nothing"),
            ("\"\"", None, "nor an empty text"),
            ("[1,[2]]", None, "nor a list"),
            ("{\"a\":{\"b\":1}}", None, "nor an object"),
            ("\"a\\u0000b\"", None, "nor what has control characters"),
            (long.as_str(), None, "nor what is too long"),
        ] {
            let read: Said = serde_json::from_str(json).unwrap();
            assert_eq!(read.get(), said, "{why}");
        }
    }
}
