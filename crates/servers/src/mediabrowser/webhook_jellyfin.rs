//! Webhooks of Jellyfin, by its webhook plugin.
//!
//! Its generic destination posts either all that the plugin knows as JSON of one level (*send all
//! properties*), or what the user's own template makes of it. Facts of the plugin 18
//! (`DataObjectHelpers`, `GenericClient`, the notifiers): the content type is `text/plain` unless a header
//! says otherwise; ids have dashes in templates and none in the JSON; of texts that are filled in, some have
//! their quotes escaped (titles) and some nothing at all (user names, paths, names of streams), so that
//! `{"Path": "{{Path}}"}` is no JSON on Windows, and a quote in a name ends its field. What is needed
//! here, ids and words of the program, has no such signs: where the JSON is broken, these fields are
//! picked out of the text.

use serde::Deserialize;
use uuid::Uuid;

use super::webhook::{named, subject};
use crate::webhook::body::{self, Body};
use crate::webhook::said::Said;
use crate::webhook::{Event, NO_EVENT, UNREADABLE, Wrong, heard};
use crate::{Hooked, Playback, Whose};

/// A webhook, as far as it is looked at.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Told {
    notification_type: Said,
    server_id: Said,
    user_id: Said,
    notification_username: Said,
    item_id: Said,
    item_type: Said,
    save_reason: Said,
    is_paused: Said,
}

impl Told {
    /// From fields that are found by their names. The name of a user is never looked for where the JSON is
    /// broken: that name may be what broke it.
    fn of(said: impl Fn(&str) -> Said) -> Self {
        Self {
            notification_type: said("NotificationType"),
            server_id: said("ServerId"),
            user_id: said("UserId"),
            notification_username: Said::default(),
            item_id: said("ItemId"),
            item_type: said("ItemType"),
            save_reason: said("SaveReason"),
            is_paused: said("IsPaused"),
        }
    }
}

/// Reads a webhook of Jellyfin's plugin.
pub(crate) fn read(content_type: &str, bytes: &[u8]) -> Result<Hooked, Wrong> {
    let told = match body::read(content_type, bytes, "data")? {
        // The plugin's form destination has the same names as fields.
        Body::Form(fields) => Told::of(|name| {
            let field = fields.iter().find(|(field, _)| field == name);
            field.map(|(_, text)| Said::new(text)).unwrap_or_default()
        }),
        Body::Json(json) => match serde_json::from_str(json) {
            Ok(told) => told,
            Err(error) if error.is_syntax() || error.is_eof() => {
                let told = Told::of(|name| Said::new(picked(json, name).unwrap_or_default()));
                if told.notification_type.get().is_none() {
                    return Err(UNREADABLE);
                }
                told
            }
            Err(_) => return Err(UNREADABLE),
        },
    };
    let (event, for_all) = match told.notification_type.get().ok_or(NO_EVENT)? {
        "PlaybackStart" | "PlaybackProgress" if is_true(&told.is_paused) => {
            (Event::Plays(Playback::Paused), false)
        }
        "PlaybackStart" | "PlaybackProgress" => (Event::Plays(Playback::Runs), false),
        "PlaybackStop" => (Event::Plays(Playback::Stopped), false),
        // Saved every few seconds while something plays; what is saved at its end counts as a change.
        "UserDataSaved" => match told.save_reason.get() {
            Some("PlaybackStart" | "PlaybackProgress") => (Event::Plays(Playback::Runs), false),
            _ => (Event::Changed, false),
        },
        "ItemAdded" => (Event::Changed, true),
        _ => (Event::Other, false),
    };
    let subject = subject(&told.item_type);
    let user = match for_all {
        true => None,
        false => (plain(told.user_id).take().map(Whose::Id))
            .or_else(|| told.notification_username.take().map(Whose::Name)),
    };
    Ok(Hooked {
        server: plain(told.server_id).take(),
        user,
        heard: heard(event, subject, named(&plain(told.item_id)))?,
    })
}

/// An id without dashes and in lower case, as Jellyfin's API writes it. The id of nobody, which the plugin
/// sends for sessions without a user, is none.
fn plain(id: Said) -> Said {
    match id.get().map(Uuid::try_parse) {
        Some(Ok(uuid)) if uuid.is_nil() => Said::default(),
        Some(Ok(uuid)) => Said::new(&uuid.simple().to_string()),
        _ => id,
    }
}

/// Whether a flag is set, as JSON (`true`) or as a template writes it (`True`).
fn is_true(flag: &Said) -> bool {
    flag.get().is_some_and(|flag| flag.eq_ignore_ascii_case("true"))
}

/// The value of a field in text that is no JSON: the letters, digits and dashes after its first mention as a
/// field, with quotes or without. Who put a field like it into a title before it is believed: it is a hint.
fn picked<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.match_indices(name).find_map(|(at, _)| {
        let before = text[..at].strip_suffix('"');
        let after = text[at + name.len()..].strip_prefix('"').filter(|_| before.is_some())?;
        let value = after.trim_start().strip_prefix(':')?.trim_start();
        let value = value.strip_prefix('"').unwrap_or(value);
        let end = value.find(|c: char| !c.is_ascii_alphanumeric() && c != '-')?;
        Some(&value[..end])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_picked_out_of_broken_json() {
        for (text, value, why) in [
            (r#"{"Name":"say "hi"","ItemId":"ab-12","#, Some("ab-12"), "after a quote too many"),
            (r#"{"ItemId" : "ab12" }"#, Some("ab12"), "with spaces"),
            (r#"{"ItemId":42}"#, Some("42"), "without quotes"),
            (r#"{"ItemId":}"#, Some(""), "left empty by the template"),
            (r#"{"XItemId":"no","ItemId":"yes"}"#, Some("yes"), "the end of another name"),
            (r#"{"ItemId":"ab12"#, None, "cut off: the id may be too"),
            (r#"{"ItemId""#, None, "no value"),
            (r#"{"Name":"ItemId","ItemId":"yes"}"#, Some("yes"), "a film of that name"),
            (r#"{"Items":1}"#, None, "not there"),
            ("ItemId", None, "no field at all"),
        ] {
            assert_eq!(picked(text, "ItemId"), value, "{why}");
        }
    }

    #[test]
    fn ids_are_as_the_api_writes_them() {
        for (sent, id) in [
            ("6C1A0F3E-52B7-4D94-8E0B-93D1C5F7A286", Some("6c1a0f3e52b74d948e0b93d1c5f7a286")),
            ("6c1a0f3e52b74d948e0b93d1c5f7a286", Some("6c1a0f3e52b74d948e0b93d1c5f7a286")),
            ("00000000-0000-0000-0000-000000000000", None),
            ("some-key", Some("some-key")),
            ("", None),
        ] {
            assert_eq!(plain(Said::new(sent)).get(), id, "{sent}");
        }
    }
}
