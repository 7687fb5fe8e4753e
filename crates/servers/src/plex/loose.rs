//! Values that Plex sends now as numbers, now as text.
//!
//! `ratingKey` is text in library lists and a number beside them (`grandparentRatingKey` of a season's
//! list), `User.id` of a session is either. What is neither number nor text is an answer that cannot be
//! read: it is never taken for zero, because zero means unwatched.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, Visitor};

/// A whole number, or nothing where the field is absent, null or empty.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Number(Option<i64>);

impl Number {
    /// The number as sent.
    pub(super) fn get(self) -> Option<i64> {
        self.0
    }

    /// The number where it is more than zero: Plex leaves fields out that would be zero, and what is below
    /// zero means nothing either.
    pub(super) fn above_zero(self) -> Option<u64> {
        self.0.and_then(|n| u64::try_from(n).ok()).filter(|n| *n > 0)
    }

    /// A count or a length of time; what does not fit is cut to the largest.
    pub(super) fn count(self) -> Option<u32> {
        self.above_zero().map(|n| u32::try_from(n).unwrap_or(u32::MAX))
    }

    /// A number that fits, zero included.
    pub(super) fn small(self) -> Option<u16> {
        self.0.and_then(|n| u16::try_from(n).ok())
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl Visitor<'_> for Reader {
            type Value = Number;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number, or a number as text")
            }

            fn visit_i64<E: de::Error>(self, n: i64) -> Result<Number, E> {
                Ok(Number(Some(n)))
            }

            fn visit_u64<E: de::Error>(self, n: u64) -> Result<Number, E> {
                Ok(Number(Some(i64::try_from(n).unwrap_or(i64::MAX))))
            }

            fn visit_f64<E: de::Error>(self, n: f64) -> Result<Number, E> {
                // The cast cuts the fraction off and ends at the limits.
                Ok(Number(Some(n as i64)))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Number, E> {
                match text.trim() {
                    "" => Ok(Number(None)),
                    text => match (text.parse::<i64>(), text.parse::<f64>()) {
                        (Ok(n), _) => self.visit_i64(n),
                        (Err(_), Ok(n)) if n.is_finite() => self.visit_f64(n),
                        _ => Err(E::invalid_value(de::Unexpected::Other("text"), &self)),
                    },
                }
            }

            fn visit_unit<E: de::Error>(self) -> Result<Number, E> {
                Ok(Number(None))
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

/// A text, or nothing where the field is absent, null or empty.
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
        struct Reader;
        impl Visitor<'_> for Reader {
            type Value = Text;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a number")
            }

            fn visit_i64<E: de::Error>(self, n: i64) -> Result<Text, E> {
                Ok(Text(Some(n.to_string())))
            }

            fn visit_u64<E: de::Error>(self, n: u64) -> Result<Text, E> {
                Ok(Text(Some(n.to_string())))
            }

            fn visit_f64<E: de::Error>(self, n: f64) -> Result<Text, E> {
                Ok(Text(Some(n.to_string())))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Text, E> {
                Ok(Text((!text.is_empty()).then(|| text.to_owned())))
            }

            fn visit_unit<E: de::Error>(self) -> Result<Text, E> {
                Ok(Text(None))
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        for (json, read, why) in [
            ("1", Some(Some(1)), "a number"),
            ("\"1\"", Some(Some(1)), "a number as text"),
            ("-1", Some(Some(-1)), "below zero"),
            ("3.9", Some(Some(3)), "a fraction is cut off"),
            ("\"3.9\"", Some(Some(3)), "as text too"),
            ("99999999999999999999", Some(Some(i64::MAX)), "larger than any time: the largest"),
            ("null", Some(None), "null is absent"),
            ("\"\"", Some(None), "empty is absent"),
            ("\"many\"", None, "a word is not zero"),
            ("\"inf\"", None, "nor is what a parser of fractions would take"),
            ("[]", None, "a list is not zero"),
            ("{}", None, "an object is not zero"),
            ("true", None, "a flag is not one"),
        ] {
            let number = serde_json::from_str::<Number>(json).ok().map(Number::get);
            assert_eq!(number, read, "{why}");
        }
    }

    #[test]
    fn texts_and_keys() {
        for (json, text, key, why) in [
            ("\"42\"", Some("42"), Some("42"), "a key as text"),
            ("42", Some("42"), Some("42"), "a key as a number"),
            ("\"1/../../accounts\"", Some("1/../../accounts"), None, "a path is no key"),
            ("-4", Some("-4"), None, "nor is what is below zero"),
            ("\"\"", None, None, "empty is absent"),
            ("null", None, None, "null is absent"),
        ] {
            let read: Text = serde_json::from_str(json).unwrap();
            assert_eq!((read.as_str(), read.key()), (text, key), "{why}");
        }
        assert!(serde_json::from_str::<Text>("[1]").is_err());
    }
}
