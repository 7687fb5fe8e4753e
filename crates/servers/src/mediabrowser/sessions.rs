//! Sessions: who is connected, and what each plays. `GET /Sessions` and the message `Sessions` have the same
//! form (`jellyfin-10.10.7/64-sessions-playing.json`, `jellyfin-10.10.7/websocket.jsonl`).

use serde::{Deserialize, Deserializer};
use watchstate_model::{ItemKey, Position};

use super::same_id;
use super::wire::{Text, text};
use crate::NowPlaying;
use crate::lenient::{Each, Maybe, Number, Scalar};

/// All of them. What is none is left out, and only a list is one: anything else says nothing of who plays.
pub(crate) struct Sessions<'a>(pub(crate) Vec<Session<'a>>);

impl<'de: 'a, 'a> Deserialize<'de> for Sessions<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let sent = Vec::<Maybe<Session<'a>>>::deserialize(from)?;
        Ok(Self(sent.into_iter().filter_map(|session| session.0).collect()))
    }
}

/// One of them. The session of an API key has no user in `emby-3.2.40/61-sessions.json`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Session<'a> {
    #[serde(borrow, default, deserialize_with = "text")]
    id: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text")]
    pub(crate) user_id: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text")]
    pub(crate) user_name: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text")]
    pub(crate) device_id: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text")]
    device_name: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text")]
    client: Option<Text<'a>>,
    #[serde(borrow, default)]
    additional_users: Each<Guest<'a>>,
    #[serde(borrow, default)]
    now_playing_item: Maybe<Playing<'a>>,
    #[serde(borrow, default)]
    play_state: Maybe<PlayState<'a>>,
}

/// Somebody who watches along.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Guest<'a> {
    #[serde(borrow, default, deserialize_with = "text")]
    user_id: Option<Text<'a>>,
}

/// What a session plays.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Playing<'a> {
    #[serde(borrow, default, deserialize_with = "text")]
    id: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text")]
    r#type: Option<Text<'a>>,
}

/// How far it is.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PlayState<'a> {
    #[serde(default)]
    position_ticks: Number,
    #[serde(borrow, default)]
    is_paused: Scalar<'a>,
}

impl Session<'_> {
    /// What tells it from another.
    pub(super) fn id(&self) -> Option<String> {
        self.id.as_ref().map(|id| id.0.clone().into_owned())
    }

    /// What it plays, if that is a movie or an episode, or it does not say what. What has no id is streamed
    /// from elsewhere.
    pub(super) fn now_playing(&self) -> Option<NowPlaying> {
        let item = self.now_playing_item.0.as_ref()?;
        let is_ours = |kind: &Text<'_>| matches!(kind.0.as_ref(), "Movie" | "Episode");
        if !item.r#type.as_ref().is_none_or(is_ours) {
            return None;
        }
        let state = self.play_state.0.as_ref();
        let ticks = state.and_then(|state| state.position_ticks.above_zero());
        let device = [&self.device_name, &self.client].into_iter().flatten();
        Some(NowPlaying {
            key: ItemKey(item.id.as_ref()?.0.clone().into_owned()),
            position: ticks.and_then(Position::from_ticks),
            paused: state.and_then(|state| state.is_paused.flag()).unwrap_or(false),
            device: device.map(|name| name.0.clone().into_owned()).next(),
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
        let mut guests = session.additional_users.0.iter();
        let is_own = session.device_id.as_ref().is_some_and(|id| id.0 == our_device);
        !is_own
            && (is_the_user(session.user_id.as_ref())
                || guests.any(|guest| is_the_user(guest.user_id.as_ref())))
    })
}
