//! Kodi's row numbers as keys, and the calls that read them.

use serde_json::json;
use watchstate_model::ItemKey;

use super::calls::Call;
use super::files::Files;
use super::wire::{EPISODE, MOVIE, SHOW};

/// What an item of the library is, by its key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Entry {
    /// `movie/12`.
    Movie(u32),
    /// `episode/7`, or `episode/5+6` for a file with several.
    Episode(Vec<u32>),
    /// `tvshow/3`.
    Show(u32),
}

impl Entry {
    /// Nothing for a key that is none of Kodi's: 1 to 2^31 - 1 (`Library.Id` of JSONRPC.Introspect).
    pub(super) fn of(key: &ItemKey) -> Option<Self> {
        let (kind, id) = key.as_str().split_once('/')?;
        let rows: Vec<u32> = id.split('+').map(row).collect::<Option<_>>()?;
        match (kind, rows.as_slice()) {
            ("movie", [id]) => Some(Self::Movie(*id)),
            ("tvshow", [id]) => Some(Self::Show(*id)),
            ("episode", _) => Some(Self::Episode(rows)),
            _ => None,
        }
    }

    /// Its key.
    pub(super) fn key(&self) -> ItemKey {
        ItemKey(match self {
            Self::Movie(row) => format!("movie/{row}"),
            Self::Show(row) => format!("tvshow/{row}"),
            Self::Episode(rows) => {
                let rows: Vec<String> = rows.iter().map(u32::to_string).collect();
                format!("episode/{}", rows.join("+"))
            }
        })
    }

    /// With all episodes of its file.
    pub(super) fn in_its_file(self, files: &Files) -> Self {
        match self {
            Self::Episode(rows) => match rows.first().and_then(|row| files.with(*row)) {
                Some(together) => Self::Episode(together.rows.clone()),
                None => Self::Episode(rows),
            },
            other => other,
        }
    }

    /// The calls that read it: one for each row.
    pub(super) fn details(&self) -> Vec<Call> {
        match self {
            Self::Movie(id) => vec![Call::new(
                "VideoLibrary.GetMovieDetails",
                json!({ "movieid": id, "properties": MOVIE }),
            )],
            Self::Episode(rows) => rows
                .iter()
                .map(|id| {
                    let params = json!({ "episodeid": id, "properties": EPISODE });
                    Call::new("VideoLibrary.GetEpisodeDetails", params)
                })
                .collect(),
            Self::Show(id) => vec![Call::new(
                "VideoLibrary.GetTVShowDetails",
                json!({ "tvshowid": id, "properties": SHOW }),
            )],
        }
    }
}

fn row(text: &str) -> Option<u32> {
    text.parse().ok().filter(|row| (1..=i32::MAX.cast_unsigned()).contains(row))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys() {
        for (key, entry) in [
            ("movie/12", Some(Entry::Movie(12))),
            ("episode/7", Some(Entry::Episode(vec![7]))),
            ("episode/5+6", Some(Entry::Episode(vec![5, 6]))),
            ("tvshow/3", Some(Entry::Show(3))),
            ("movie/1+2", None),
            ("episode/", None),
            ("episode/5+", None),
            ("episode/0", None),
            ("movie/2147483648", None),
            ("album/1", None),
            ("7", None),
        ] {
            assert_eq!(Entry::of(&ItemKey::from(key)), entry, "{key}");
            if let Some(entry) = entry {
                assert_eq!(entry.key(), ItemKey::from(key));
            }
        }
    }
}
