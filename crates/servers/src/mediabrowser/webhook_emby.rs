//! Webhooks of Emby, for servers with Emby Premiere.
//!
//! Emby posts JSON, or a form whose field `data` holds it, as its user chose. Programs in between wrap
//! it once more, as an object or as text: `{"data": {…}}`, `{"data": "{…}"}`.

use std::fmt;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::webhook::{named, subject};
use crate::lenient::Maybe;
use crate::webhook::said::Said;
use crate::webhook::{Event, NO_EVENT, UNREADABLE, Wrong, body, heard};
use crate::{Hooked, Playback, Whose};

/// The field of a form, and of what wraps a webhook.
const FIELD: &str = "data";

/// A webhook, as far as it is looked at.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Told {
    event: Said,
    server: Maybe<Known>,
    user: Maybe<Known>,
    item: Maybe<Thing>,
}

/// A server or a user.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Known {
    id: Said,
    name: Said,
}

/// What it is about.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Thing {
    id: Said,
    r#type: Said,
}

/// A webhook that may be wrapped.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Wrapping {
    data: Wrapped,
}

/// What is in the wrapping.
#[derive(Default)]
enum Wrapped {
    Text(String),
    Object(Box<Told>),
    #[default]
    Nothing,
}

impl<'de> Deserialize<'de> for Wrapped {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Value;
        impl<'de> Visitor<'de> for Value {
            type Value = Wrapped;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a webhook, or one as text")
            }

            fn visit_str<E>(self, text: &str) -> Result<Wrapped, E> {
                Ok(Wrapped::Text(text.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Wrapped, A::Error> {
                let told = Told::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Wrapped::Object(Box::new(told)))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Wrapped, A::Error> {
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Wrapped::Nothing)
            }

            fn visit_unit<E>(self) -> Result<Wrapped, E> {
                Ok(Wrapped::Nothing)
            }

            fn visit_bool<E>(self, _: bool) -> Result<Wrapped, E> {
                Ok(Wrapped::Nothing)
            }

            fn visit_i64<E>(self, _: i64) -> Result<Wrapped, E> {
                Ok(Wrapped::Nothing)
            }

            fn visit_u64<E>(self, _: u64) -> Result<Wrapped, E> {
                Ok(Wrapped::Nothing)
            }

            fn visit_f64<E>(self, _: f64) -> Result<Wrapped, E> {
                Ok(Wrapped::Nothing)
            }
        }
        deserializer.deserialize_any(Value)
    }
}

/// Reads a webhook of Emby.
pub(crate) fn read(content_type: &str, bytes: &[u8]) -> Result<Hooked, Wrong> {
    let json = body::read(content_type, bytes, FIELD)?.json(FIELD)?;
    let mut told: Told = serde_json::from_str(&json).map_err(|_| UNREADABLE)?;
    if told.event.get().is_none() {
        let wrapping: Wrapping = serde_json::from_str(&json).map_err(|_| UNREADABLE)?;
        told = match wrapping.data {
            Wrapped::Text(text) => {
                let told: Maybe<Told> = serde_json::from_str(&text).map_err(|_| UNREADABLE)?;
                told.0.ok_or(NO_EVENT)?
            }
            Wrapped::Object(told) => *told,
            Wrapped::Nothing => return Err(NO_EVENT),
        };
    }
    let (event, for_all) = match told.event.get().ok_or(NO_EVENT)? {
        "playback.start" | "playback.unpause" | "playback.progress" => {
            (Event::Plays(Playback::Runs), false)
        }
        "playback.pause" => (Event::Plays(Playback::Paused), false),
        "playback.stop" => (Event::Plays(Playback::Stopped), false),
        "item.markplayed" | "item.markunplayed" | "playback.scrobble" => (Event::Changed, false),
        "library.new" => (Event::Changed, true),
        _ => (Event::Other, false),
    };
    let item = told.item.0.unwrap_or_default();
    let subject = subject(&item.r#type);
    let user = told.user.0.filter(|_| !for_all).unwrap_or_default();
    let user = (user.id.take().map(Whose::Id)).or_else(|| user.name.take().map(Whose::Name));
    let server = told.server.0.unwrap_or_default().id.take();
    Ok(Hooked { server, user, heard: heard(event, subject, named(&item.id))? })
}
