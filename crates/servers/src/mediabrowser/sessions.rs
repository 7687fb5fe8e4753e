//! Sessions: who is connected, and what each plays. `GET /Sessions` and the message `Sessions` have the same
//! form (`jellyfin-10.10.7/64-sessions-playing.json`, `jellyfin-10.10.7/websocket.jsonl`).

use serde::Deserialize;
use watchstate_model::{ItemKey, Position};

use super::same_id;
use super::wire::Text;
use crate::NowPlaying;

/// One of them. The session of an API key has no user in `emby-3.2.40/61-sessions.json`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Session<'a> {
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) user_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) user_name: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) device_id: Option<Text<'a>>,
    #[serde(borrow)]
    device_name: Option<Text<'a>>,
    #[serde(borrow)]
    client: Option<Text<'a>>,
    #[serde(borrow, default)]
    additional_users: Option<Vec<Guest<'a>>>,
    #[serde(borrow)]
    now_playing_item: Option<Playing<'a>>,
    play_state: Option<PlayState>,
}

/// Somebody who watches along.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Guest<'a> {
    #[serde(borrow)]
    user_id: Option<Text<'a>>,
}

/// What a session plays.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Playing<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow)]
    r#type: Option<Text<'a>>,
}

/// How far it is.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PlayState {
    position_ticks: Option<i64>,
    is_paused: Option<bool>,
}

impl Session<'_> {
    /// What tells it from another.
    pub(super) fn id(&self) -> Option<String> {
        self.id.as_ref().map(|id| id.0.clone().into_owned())
    }

    /// What it plays, if that is a movie or an episode, or it does not say what.
    pub(super) fn now_playing(&self) -> Option<NowPlaying> {
        let item = self.now_playing_item.as_ref()?;
        let is_ours = |kind: &Text<'_>| matches!(kind.0.as_ref(), "Movie" | "Episode");
        if !item.r#type.as_ref().is_none_or(is_ours) || item.id.0.is_empty() {
            return None;
        }
        let state = self.play_state.as_ref();
        let ticks = state.and_then(|state| u64::try_from(state.position_ticks?).ok());
        let device = [&self.device_name, &self.client].into_iter().flatten();
        Some(NowPlaying {
            key: ItemKey(item.id.0.clone().into_owned()),
            position: ticks.and_then(Position::from_ticks),
            paused: state.and_then(|state| state.is_paused).unwrap_or(false),
            device: device.map(|name| name.0.clone().into_owned()).find(|name| !name.is_empty()),
        })
    }
}

/// Those of a user, as the one who is signed in or as one who watches along. Our own device plays nothing: it
/// only writes positions.
pub(super) fn of_user<'a>(
    sessions: Vec<Session<'a>>,
    user: &str,
    our_device: &str,
) -> impl Iterator<Item = Session<'a>> {
    let is_the_user = |id: Option<&Text<'_>>| id.is_some_and(|id| same_id(&id.0, user));
    sessions.into_iter().filter(move |session| {
        let mut guests = session.additional_users.iter().flatten();
        let is_own = session.device_id.as_ref().is_some_and(|id| id.0 == our_device);
        !is_own
            && (is_the_user(session.user_id.as_ref())
                || guests.any(|guest| is_the_user(guest.user_id.as_ref())))
    })
}
