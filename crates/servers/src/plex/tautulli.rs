//! Webhooks of Tautulli, which watches a Plex server and tells what it sees.
//!
//! Its webhook agent posts the JSON that its user typed, with parameters such as `{rating_key}` filled in;
//! the settings of its notifications list them. Two shapes are read: that of Plex's own webhooks with an `event`
//! of `tautulli.{action}`, which may be set up already because other programs ask for it, and one without
//! levels:
//!
//! ```json
//! {"action": "{action}", "server_id": "{server_machine_id}", "user_id": "{user_id}",
//!  "username": "{username}", "media_type": "{media_type}", "rating_key": "{rating_key}"}
//! ```
//!
//! Its script agent may post the second as a form.

use serde::Deserialize;

use super::webhook::Told;
use crate::Playback;
use crate::webhook::Event;
use crate::webhook::body::Fields;
use crate::webhook::said::Said;

/// What an event of Plex's shape says, where it is Tautulli's.
pub(super) fn event(told: &str) -> Option<(Event, bool)> {
    told.strip_prefix("tautulli.").map(action)
}

/// What a trigger of Tautulli says, and whether it is for all accounts.
fn action(action: &str) -> (Event, bool) {
    match action {
        "play" | "start" | "resume" | "buffer" => (Event::Plays(Playback::Runs), false),
        "pause" => (Event::Plays(Playback::Paused), false),
        // After an error nothing plays any more.
        "stop" | "error" => (Event::Plays(Playback::Stopped), false),
        "watched" => (Event::Changed, false),
        "created" => (Event::Changed, true),
        _ => (Event::Other, false),
    }
}

/// The shape of one level.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Flat {
    action: Said,
    server_id: Said,
    user_id: Said,
    username: Said,
    media_type: Said,
    rating_key: Said,
}

impl Flat {
    /// From the fields of a form; nothing where it names no action.
    pub(super) fn of(fields: &Fields<'_>) -> Option<Self> {
        let said = |name: &str| {
            let field = fields.iter().find(|(field, _)| field == name);
            field.map(|(_, text)| Said::new(text)).unwrap_or_default()
        };
        let action = said("action");
        action.get()?;
        Some(Self {
            action,
            server_id: said("server_id"),
            user_id: said("user_id"),
            username: said("username"),
            media_type: said("media_type"),
            rating_key: said("rating_key"),
        })
    }

    /// What matters of it.
    pub(super) fn told(self) -> Told {
        let (event, for_all) = action(self.action.get().unwrap_or_default());
        Told {
            event,
            for_all,
            server: self.server_id,
            user_id: self.user_id,
            user_name: self.username,
            key: self.rating_key,
            kind: self.media_type,
        }
    }
}
