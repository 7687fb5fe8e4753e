//! Values of an answer that are not of the type that they should be.
//!
//! One odd value may cost what it belongs to, an item or a session, and never what is beside it: a library of
//! ten thousand films is read though one of them has a list for a year. What is odd is told apart from what
//! is absent, because an absent count is zero, and an odd one is unknown.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A single value of any type. Texts are borrowed where they can be.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) enum Scalar<'a> {
    /// There is none, or null.
    #[default]
    Absent,
    Flag(bool),
    Whole(i128),
    Fraction(f64),
    Text(Cow<'a, str>),
    /// A list or an object.
    Odd,
}

impl<'a> Scalar<'a> {
    /// A text, or a number as text; nothing where it is empty or anything else.
    pub(crate) fn text(self) -> Option<Cow<'a, str>> {
        match self {
            Self::Text(text) if text.is_empty() => None,
            Self::Text(text) => Some(text),
            Self::Whole(number) => Some(Cow::Owned(number.to_string())),
            Self::Fraction(number) => Some(Cow::Owned(number.to_string())),
            Self::Absent | Self::Flag(_) | Self::Odd => None,
        }
    }

    /// A flag: itself, 1 or 0, or as text; nothing where it is anything else.
    pub(crate) fn flag(&self) -> Option<bool> {
        match self {
            Self::Flag(flag) => Some(*flag),
            Self::Whole(0) => Some(false),
            Self::Whole(1) => Some(true),
            Self::Text(text) if text.eq_ignore_ascii_case("true") || text == "1" => Some(true),
            Self::Text(text) if text.eq_ignore_ascii_case("false") || text == "0" => Some(false),
            _ => None,
        }
    }

    pub(crate) fn is_absent(&self) -> bool {
        *self == Self::Absent
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Scalar<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Scalar<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }

            fn visit_unit<E>(self) -> Result<Scalar<'de>, E> {
                Ok(Scalar::Absent)
            }

            fn visit_bool<E>(self, flag: bool) -> Result<Scalar<'de>, E> {
                Ok(Scalar::Flag(flag))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Scalar<'de>, E> {
                Ok(Scalar::Whole(number.into()))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Scalar<'de>, E> {
                Ok(Scalar::Whole(number.into()))
            }

            fn visit_f64<E>(self, number: f64) -> Result<Scalar<'de>, E> {
                Ok(Scalar::Fraction(number))
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Scalar<'de>, E> {
                Ok(Scalar::Text(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Scalar<'de>, E> {
                Ok(Scalar::Text(Cow::Owned(text.to_owned())))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Scalar<'de>, A::Error> {
                skip(seq)?;
                Ok(Scalar::Odd)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Scalar<'de>, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Scalar::Odd)
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

fn skip<'de, A: SeqAccess<'de>>(mut seq: A) -> Result<(), A::Error> {
    while seq.next_element::<IgnoredAny>()?.is_some() {}
    Ok(())
}

/// A text, or a number as one, for a field; nothing where there is anything else.
pub(crate) fn text<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Ok(Scalar::deserialize(from)?.text().map(Cow::into_owned))
}

/// A flag for a field; see [`Scalar::flag`].
pub(crate) fn flag<'de, D: Deserializer<'de>>(from: D) -> Result<Option<bool>, D::Error> {
    Ok(Scalar::deserialize(from)?.flag())
}

/// A whole number, which may come as text.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Number {
    /// There is none: absent, null or empty.
    #[default]
    Absent,
    Is(i64),
    /// It is something else than a number, and unknown: never zero, because zero means unwatched.
    Odd,
}

impl Number {
    /// The number as sent.
    pub(crate) fn get(self) -> Option<i64> {
        match self {
            Self::Is(number) => Some(number),
            Self::Absent | Self::Odd => None,
        }
    }

    /// Whether there is something that is no number.
    pub(crate) fn is_odd(self) -> bool {
        self == Self::Odd
    }

    /// The number where it is more than zero: servers leave out what would be zero, and what is below zero
    /// means nothing either.
    pub(crate) fn above_zero(self) -> Option<u64> {
        self.get().and_then(|n| u64::try_from(n).ok()).filter(|n| *n > 0)
    }

    /// A count or a length of time; what does not fit is cut to the largest.
    pub(crate) fn count(self) -> Option<u32> {
        self.above_zero().map(|n| u32::try_from(n).unwrap_or(u32::MAX))
    }

    /// A number that fits, zero included.
    pub(crate) fn small(self) -> Option<u16> {
        self.get().and_then(|n| u16::try_from(n).ok())
    }
}

impl From<Scalar<'_>> for Number {
    fn from(value: Scalar<'_>) -> Self {
        match value {
            Scalar::Absent => Self::Absent,
            Scalar::Whole(n) => Self::Is(i64::try_from(n).unwrap_or(i64::MAX)),
            // The cast cuts the fraction off and ends at the limits.
            Scalar::Fraction(n) => Self::Is(n as i64),
            Scalar::Text(text) => match text.trim() {
                "" => Self::Absent,
                text => match (text.parse::<i64>(), text.parse::<f64>()) {
                    (Ok(n), _) => Self::Is(n),
                    (Err(_), Ok(n)) if n.is_finite() => Self::Is(n as i64),
                    _ => Self::Odd,
                },
            },
            Scalar::Flag(_) | Scalar::Odd => Self::Odd,
        }
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Scalar::deserialize(deserializer).map(Self::from)
    }
}

/// An object that is read as `T`, or nothing where anything else stands there. Left to itself, serde takes a
/// list for a struct as well, and fails at the rest.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Maybe<T>(pub(crate) Option<T>);

impl<T> Default for Maybe<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Maybe<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MaybeReader(PhantomData)).map(Self)
    }
}

struct MaybeReader<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for MaybeReader<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Option<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Some)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Option<T>, A::Error> {
        skip(seq)?;
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_str<E>(self, _: &str) -> Result<Option<T>, E> {
        Ok(None)
    }
}

/// The objects of a list. An object that stands where the list should is the only one; what is no object is
/// left out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Each<T>(pub(crate) Vec<T>);

impl<T> Default for Each<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Each<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Reader<T> {
            type Value = Each<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of objects")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Each<T>, A::Error> {
                let mut all = Vec::new();
                while let Some(Maybe(one)) = seq.next_element()? {
                    all.extend(one);
                }
                Ok(Each(all))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Each<T>, A::Error> {
                MaybeReader(PhantomData).visit_map(map).map(|one| Each(Vec::from_iter(one)))
            }

            fn visit_unit<E>(self) -> Result<Each<T>, E> {
                Ok(Each::default())
            }

            fn visit_bool<E>(self, _: bool) -> Result<Each<T>, E> {
                Ok(Each::default())
            }

            fn visit_i64<E>(self, _: i64) -> Result<Each<T>, E> {
                Ok(Each::default())
            }

            fn visit_u64<E>(self, _: u64) -> Result<Each<T>, E> {
                Ok(Each::default())
            }

            fn visit_f64<E>(self, _: f64) -> Result<Each<T>, E> {
                Ok(Each::default())
            }

            fn visit_str<E>(self, _: &str) -> Result<Each<T>, E> {
                Ok(Each::default())
            }
        }
        deserializer.deserialize_any(Reader(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[test]
    fn numbers() {
        for (json, read, why) in [
            ("1", Number::Is(1), "a number"),
            ("\"1\"", Number::Is(1), "a number as text"),
            ("-1", Number::Is(-1), "below zero"),
            ("3.9", Number::Is(3), "a fraction is cut off"),
            ("\"3.9\"", Number::Is(3), "as text too"),
            ("18446744073709551615", Number::Is(i64::MAX), "larger than any time: the largest"),
            ("99999999999999999999", Number::Is(i64::MAX), "and larger than that"),
            ("null", Number::Absent, "null is absent"),
            ("\"\"", Number::Absent, "empty is absent"),
            ("\"many\"", Number::Odd, "a word is not zero"),
            ("\"inf\"", Number::Odd, "nor is what a parser of fractions would take"),
            ("[]", Number::Odd, "a list is not zero"),
            ("{\"a\":[1]}", Number::Odd, "an object is not zero"),
            ("true", Number::Odd, "a flag is not one"),
        ] {
            assert_eq!(serde_json::from_str::<Number>(json).unwrap(), read, "{why}");
        }
    }

    #[test]
    fn texts_and_flags() {
        for (json, text, flag, why) in [
            ("\"a b\"", Some("a b"), None, "a text"),
            ("\"\\u0061\"", Some("a"), None, "with an escape"),
            ("\"\"", None, None, "empty is absent"),
            ("7", Some("7"), None, "a number"),
            ("18446744073709551615", Some("18446744073709551615"), None, "the largest"),
            ("1.5", Some("1.5"), None, "a fraction"),
            ("1", Some("1"), Some(true), "a one is a flag as well"),
            ("\"0\"", Some("0"), Some(false), "and a zero as text"),
            ("\"True\"", Some("True"), Some(true), "as a template writes it"),
            ("false", None, Some(false), "a flag is no text"),
            ("null", None, None, "nothing"),
            ("[\"a\"]", None, None, "a list"),
            ("{\"a\":true}", None, None, "an object"),
        ] {
            let value: Scalar<'_> = serde_json::from_str(json).unwrap();
            assert_eq!(value.flag(), flag, "{why}");
            assert_eq!(value.text().as_deref(), text, "{why}");
        }
        let borrowed: Scalar<'_> = serde_json::from_str("\"a\"").unwrap();
        assert!(matches!(borrowed, Scalar::Text(Cow::Borrowed("a"))), "costs no allocation");
    }

    #[derive(Deserialize, PartialEq, Eq, Debug)]
    struct Thing {
        #[serde(default)]
        n: Number,
    }

    #[test]
    fn objects() {
        let thing = |n| Thing { n };
        for (json, read, why) in [
            (r#"{"n":7,"m":[{}]}"#, Some(thing(Number::Is(7))), "an object"),
            ("{}", Some(thing(Number::Absent)), "an empty one"),
            (r#"{"n":{}}"#, Some(thing(Number::Odd)), "one with an odd value"),
            ("[7]", None, "a list is no object"),
            ("[]", None, "nor is an empty one"),
            ("null", None, "nor nothing"),
            ("7", None, "nor a number"),
            ("-7", None, "below zero"),
            ("7.5", None, "or a fraction"),
            ("true", None, "nor a flag"),
            ("\"{}\"", None, "nor a text"),
        ] {
            let Maybe(one) = serde_json::from_str::<Maybe<Thing>>(json).unwrap();
            assert_eq!(one, read, "{why}");
            // Where a list should stand, an object is its only entry, and anything but a list is empty.
            if !json.starts_with('[') {
                let Each(all) = serde_json::from_str::<Each<Thing>>(json).unwrap();
                assert_eq!(all, Vec::from_iter(read), "{why}");
            }
        }
        let Each(all) =
            serde_json::from_str::<Each<Thing>>(r#"[{"n":1},null,"x",[{"n":2}],{"n":3}]"#).unwrap();
        assert_eq!(all, [thing(Number::Is(1)), thing(Number::Is(3))]);
        assert!(serde_json::from_str::<Each<Thing>>(r#"[{"n":1}"#).is_err(), "cut off");
    }
}
