//! Values as other programs write them: a number as a text, a flag as 0 or 1, no ids as an empty list.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// So many ids of one title are looked at; there are eight providers.
const MOST_IDS: usize = 64;

/// A whole number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Number(pub i64);

/// Yes or no.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Flag(pub bool);

/// A text; a number where a name is one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Text(pub String);

/// Names of providers with their ids.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Ids(pub Vec<(String, String)>);

macro_rules! reads {
    ($name:ident, $words:literal, { $($visits:tt)* }) => {
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
                struct Reads;
                impl<'de> Visitor<'de> for Reads {
                    type Value = $name;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($words)
                    }

                    $($visits)*
                }
                json.deserialize_any(Reads)
            }
        }
    };
}

reads!(Number, "a whole number", {
    fn visit_i64<E: Error>(self, number: i64) -> Result<Number, E> {
        Ok(Number(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Number, E> {
        Ok(Number(i64::try_from(number).unwrap_or(i64::MAX)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Number, E> {
        text.trim()
            .parse()
            .map(Number)
            .map_err(|_| E::custom("a text stands where a number should"))
    }
});

reads!(Flag, "true or false", {
    fn visit_bool<E: Error>(self, flag: bool) -> Result<Flag, E> {
        Ok(Flag(flag))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Flag, E> {
        match number {
            0 => Ok(Flag(false)),
            1 => Ok(Flag(true)),
            _ => Err(E::custom("a number stands where true or false should")),
        }
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Flag, E> {
        match text {
            "0" | "false" => Ok(Flag(false)),
            "1" | "true" => Ok(Flag(true)),
            _ => Err(E::custom("a text stands where true or false should")),
        }
    }
});

reads!(Text, "a text", {
    fn visit_str<E: Error>(self, text: &str) -> Result<Text, E> {
        Ok(Text(text.to_owned()))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Text, E> {
        Ok(Text(number.to_string()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Text, E> {
        Ok(Text(number.to_string()))
    }
});

reads!(Ids, "ids by their providers", {
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Ids, A::Error> {
        let mut ids = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            if ids.len() == MOST_IDS {
                return Err(A::Error::custom("a title has more ids than there are providers"));
            }
            if let Some(Text(value)) = map.next_value()? {
                ids.push((name, value));
            }
        }
        Ok(Ids(ids))
    }

    // How the reference writes that there are none.
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Ids, A::Error> {
        match list.next_element::<IgnoredAny>()? {
            None => Ok(Ids(Vec::new())),
            Some(_) => Err(A::Error::custom("a list stands where ids should")),
        }
    }
});
