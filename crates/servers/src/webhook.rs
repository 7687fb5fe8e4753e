//! Reading webhooks: what a server, one of its plugins or Tautulli posts when something happens.
//!
//! Whoever knows the address can post to it, so that nothing here may fail on any bytes, and nothing that is
//! said is believed: [`Heard`] is a hint. What matters of a webhook is small: what happened, to what, on
//! which server and whose. Titles, pictures, positions and dates are not looked at; they are read from the
//! server itself.

pub(crate) mod body;
pub(crate) mod said;

use watchstate_model::ItemKey;

use crate::{Heard, Hooked, NoWebhook, Playback, ServerKind, mediabrowser, plex};

/// As much JSON as a webhook may have, in bytes. Plex's own are of some 10 KiB, those of Jellyfin's plugin
/// of some 20 KiB with all that it can send.
pub(crate) const LARGEST: usize = 1024 * 1024;

/// Reads the body of a webhook. `content_type` is the header as sent, empty where there was none. Waits for
/// nothing and asks nobody.
///
/// An error means that this is no webhook of that kind of server, or that it does not say enough: it is for
/// the log, and tells nothing of what was sent.
pub fn read_webhook(
    kind: ServerKind,
    content_type: &str,
    body: &[u8],
) -> Result<Hooked, NoWebhook> {
    let read = match kind {
        ServerKind::Plex => plex::webhook::read(content_type, body),
        ServerKind::Jellyfin => mediabrowser::webhook_jellyfin::read(content_type, body),
        ServerKind::Emby => mediabrowser::webhook_emby::read(content_type, body),
        ServerKind::Kodi => Err("Kodi sends none"),
    };
    read.map_err(|what| NoWebhook { kind, what })
}

/// What is wrong with a body, in words for the log.
pub(crate) type Wrong = &'static str;

/// The JSON cannot be read, or is not shaped like a webhook.
pub(crate) const UNREADABLE: Wrong = "its JSON cannot be read";
/// It has more than [`LARGEST`].
pub(crate) const TOO_LARGE: Wrong = "it is too large";
/// It is JSON, and of something else.
pub(crate) const NO_EVENT: Wrong = "it does not say what happened";

/// What happened, as far as it concerns marks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Event {
    /// Something may show another mark than before, or is new.
    Changed,
    /// Somebody plays.
    Plays(Playback),
    /// Nothing that concerns marks.
    Other,
}

/// What it happened to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Subject {
    /// A movie or an episode.
    Title,
    /// What has titles in it: a series, a season.
    Several,
    /// Music, a photo, a trailer, a channel.
    Other,
    /// It does not say.
    Unsaid,
}

/// The item it happened to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Named {
    /// By a key of the server.
    Key(ItemKey),
    /// By something that is no key of a library: what is streamed from elsewhere.
    Elsewhere,
    /// Not at all.
    Unsaid,
}

/// What all of that tells. What is needed and not said is an error: the user's own template leaves it out,
/// and that should be seen in the log.
pub(crate) fn heard(event: Event, subject: Subject, named: Named) -> Result<Heard, Wrong> {
    Ok(match (event, subject, named) {
        (Event::Other, _, _) => Heard::Nothing,
        (_, Subject::Unsaid, _) => return Err("it does not say what kind of item it is about"),
        (_, Subject::Title, Named::Unsaid) => return Err("it does not say which item it is about"),
        (Event::Changed, Subject::Title, Named::Key(key)) => Heard::Items(vec![key]),
        (Event::Plays(how), Subject::Title, Named::Key(key)) => Heard::Playback { key, how },
        (Event::Changed, Subject::Several, _) => Heard::Something,
        (_, Subject::Title, Named::Elsewhere)
        | (Event::Plays(_), Subject::Several, _)
        | (_, Subject::Other, _) => Heard::Nothing,
    })
}
