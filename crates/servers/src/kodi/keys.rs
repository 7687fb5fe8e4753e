//! Kodi's row numbers as keys, and the calls that read them.

use serde_json::json;
use watchstate_model::ItemKey;

use super::calls::Call;
use super::wire::{EPISODE, MOVIE, SHOW};

/// What an entry of the library is, by its key.
#[derive(Clone, Copy)]
pub(super) enum Entry {
    /// `movie/12`.
    Movie(u32),
    /// `episode/7`.
    Episode(u32),
    /// `tvshow/3`.
    Show(u32),
}

impl Entry {
    /// Nothing for a key that is none of Kodi's: 1 to 2^31 - 1 (`Library.Id` of JSONRPC.Introspect).
    pub(super) fn of(key: &ItemKey) -> Option<Self> {
        let (kind, id) = key.as_str().split_once('/')?;
        let id = id.parse().ok().filter(|id| (1..=i32::MAX.cast_unsigned()).contains(id))?;
        match kind {
            "movie" => Some(Self::Movie(id)),
            "episode" => Some(Self::Episode(id)),
            "tvshow" => Some(Self::Show(id)),
            _ => None,
        }
    }

    /// The call that reads it.
    pub(super) fn details(self) -> Call {
        match self {
            Self::Movie(id) => Call::new(
                "VideoLibrary.GetMovieDetails",
                json!({ "movieid": id, "properties": MOVIE }),
            ),
            Self::Episode(id) => Call::new(
                "VideoLibrary.GetEpisodeDetails",
                json!({ "episodeid": id, "properties": EPISODE }),
            ),
            Self::Show(id) => Call::new(
                "VideoLibrary.GetTVShowDetails",
                json!({ "tvshowid": id, "properties": SHOW }),
            ),
        }
    }
}
