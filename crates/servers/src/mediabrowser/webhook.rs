//! What webhooks of Jellyfin and Emby share.

use watchstate_model::ItemKey;

use crate::webhook::said::Said;
use crate::webhook::{Named, Subject};

/// The item that an id names. Keys are numbers (Emby 4) or 32 hexadecimal digits; anything that is no plain
/// word is none, and is never put into the path of a request.
pub(super) fn named(id: &Said) -> Named {
    let is_plain = |id: &str| {
        id.len() <= 64 && id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    };
    match id.get() {
        Some(id) if is_plain(id) => Named::Key(ItemKey::from(id)),
        Some(_) => Named::Elsewhere,
        None => Named::Unsaid,
    }
}

/// What a type of item is. A mark on a collection is one on each film in it, as with a season.
pub(super) fn subject(kind: &Said) -> Subject {
    match kind.get() {
        Some("Movie" | "Episode") => Subject::Title,
        Some("Series" | "Season" | "BoxSet") => Subject::Several,
        Some(_) => Subject::Other,
        None => Subject::Unsaid,
    }
}
