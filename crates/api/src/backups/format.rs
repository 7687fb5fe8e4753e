//! The words of a backup file.
//!
//! A backup is one JSON object, in UTF-8, with one title on each line:
//!
//! ```json
//! {"format":"watchstate-backup","version":1,"madeAt":1800000000,"app":"0.1.0",
//!  "person":"main","backend":{"name":"den","kind":"plex"},"titles":[
//! {"type":"movie","title":"Heat","year":1995,"ids":{"imdb":"tt0113277","tmdb":"949"},
//!  "path":"Heat (1995)/Heat.mkv","watched":true,"plays":2,"lastPlayed":1799990000},
//! {"type":"episode","title":"Pilot","show":"Lost","season":1,"episode":1,"ids":{"tvdb":"127131"},
//!  "showIds":{"tvdb":"73739"},"watched":false,"positionMs":600000,"plays":0}
//! ],"count":2,"notIdentified":0}
//! ```
//!
//! | field | meaning |
//! |---|---|
//! | `format`, `version` | always `watchstate-backup`; the version of this list, now 1. They come first |
//! | `madeAt` | when it was made: unix seconds, UTC |
//! | `app` | the version of WatchState that wrote it |
//! | `person`, `backend` | whose history, and which account; the kind is `plex`, `jellyfin`, `emby` or `kodi` |
//! | `type` | `movie` or `episode` |
//! | `title`, `year` | its own name and year; the year is left out where it is not known |
//! | `show`, `season`, `episode` | of an episode: the name of its series, and its place there; season 0 are specials |
//! | `ids` | its external ids: `imdb`, `tmdb`, `tvdb`, `tvmaze`, `tvrage`, `anidb`, `youtube`, `cmdb` |
//! | `showIds` | of an episode: the ids of its series |
//! | `path` | the last two parts of its path on the server, for people; never used to recognise it |
//! | `watched` | whether the watched mark is set |
//! | `positionMs` | where to go on, in milliseconds; left out where nothing was begun. Beside a mark: a rewatch |
//! | `plays` | how often it was played |
//! | `lastPlayed` | when it was last played: unix seconds, UTC; left out where that is not known |
//! | `count` | how many titles there are; a file that says another number is damaged |
//! | `notIdentified` | how many items of the account are not in it, because no id says what they are |
//!
//! Fields that are not known are passed over when a file is read, so that a later version may add some and
//! keep its number; the number rises when an old program would misread a file. Whoever reads one refuses a
//! number that is higher than the highest it knows.
//!
//! There is no token in it and no address.

use std::collections::BTreeMap;

use serde::Serialize;
use watchstate_model::{ExternalIds, Kept, Moment, Position, Watch};
use watchstate_store::KeptTitle;

/// What a backup calls itself.
pub(super) const FORMAT: &str = "watchstate-backup";
/// The version that is written, and the highest that is read.
pub(super) const VERSION: u64 = 1;

/// What stands before the titles.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Head<'a> {
    pub format: &'a str,
    pub version: u64,
    pub made_at: i64,
    pub app: &'a str,
    pub person: &'a str,
    pub backend: Account<'a>,
}

/// Which account a backup is of.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(super) struct Account<'a> {
    pub name: &'a str,
    pub kind: &'a str,
}

/// What stands behind the titles.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Foot {
    pub count: u64,
    pub not_identified: u64,
}

/// One title.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'a> {
    r#type: &'a str,
    title: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    year: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    show: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    season: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    episode: Option<u16>,
    ids: BTreeMap<&'a str, &'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    show_ids: Option<BTreeMap<&'a str, &'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    watched: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    position_ms: Option<u32>,
    plays: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_played: Option<i64>,
}

fn map(ids: &ExternalIds) -> BTreeMap<&str, &str> {
    ids.iter().map(|id| (id.provider().name(), id.value())).collect()
}

/// The head up to the titles.
pub(super) fn head(head: &Head<'_>) -> serde_json::Result<Vec<u8>> {
    let mut text = serde_json::to_vec(head)?;
    text.pop();
    text.extend_from_slice(b",\"titles\":[\n");
    Ok(text)
}

/// One title on a line of its own, without the end of the line.
pub(super) fn entry(
    title: &KeptTitle,
    show_ids: Option<&ExternalIds>,
) -> serde_json::Result<Vec<u8>> {
    let Kept { watch, plays, played_at } = title.kept;
    let (season, episode) = title.place.unzip();
    serde_json::to_vec(&Entry {
        r#type: if title.place.is_some() { "episode" } else { "movie" },
        title: &title.name,
        year: title.year,
        show: title.show_name.as_deref(),
        season,
        episode,
        ids: map(&title.ids),
        show_ids: show_ids.filter(|ids| !ids.is_empty()).map(map),
        path: title.path.as_deref().and_then(tail),
        watched: watch.is_watched(),
        position_ms: watch.position().map(Position::ms),
        plays,
        last_played: played_at.map(|Moment(at)| at),
    })
}

/// What closes the list of titles and the file.
pub(super) fn foot(foot: &Foot) -> serde_json::Result<Vec<u8>> {
    let mut text = b"\n],".to_vec();
    // An object of its own, without its opening brace.
    text.extend(serde_json::to_vec(foot)?.into_iter().skip(1));
    text.push(b'\n');
    Ok(text)
}

/// The last two parts of a path, on whatever system it lies.
fn tail(path: &str) -> Option<String> {
    let mut parts = path.rsplit(['/', '\\']).filter(|part| !part.is_empty());
    let file = parts.next()?;
    Some(match parts.next() {
        // The letter of a drive, or the name of a server with a login in it, is no folder.
        Some(folder) if !folder.contains([':', '@']) => format!("{folder}/{file}"),
        _ => file.to_owned(),
    })
}

/// What a file says of a mark.
pub(super) fn watch(watched: bool, position_ms: Option<u64>) -> Watch {
    Watch::from_flag(watched, position_ms.and_then(Position::from_ms))
}

#[cfg(test)]
mod tests {
    use watchstate_model::TitleId;

    use super::*;

    fn film() -> KeptTitle {
        KeptTitle {
            title: TitleId(7),
            place: None,
            name: "A \"quote\"\nand a line".to_owned(),
            year: Some(1995),
            show: None,
            show_name: None,
            ids: ExternalIds::from_text("imdb:tt0113277 tmdb:949"),
            path: Some("/media/films/Heat (1995)/Heat.mkv".to_owned()),
            kept: Kept { watch: Watch::WATCHED, plays: 2, played_at: Some(Moment(9)) },
        }
    }

    #[test]
    fn a_file_is_one_object_with_a_title_on_each_line() {
        let mut text = head(&Head {
            format: FORMAT,
            version: VERSION,
            made_at: 5,
            app: "1.2.3",
            person: "main",
            backend: Account { name: "den", kind: "plex" },
        })
        .unwrap();
        text.extend(entry(&film(), None).unwrap());
        text.extend(b",\n");
        let episode = KeptTitle {
            place: Some((0, 12)),
            show_name: Some("Lost".to_owned()),
            year: None,
            path: None,
            kept: Kept { watch: watch(false, Some(600_000)), plays: 0, played_at: None },
            ..film()
        };
        let show_ids = ExternalIds::from_text("tvdb:73739");
        text.extend(entry(&episode, Some(&show_ids)).unwrap());
        text.extend(foot(&Foot { count: 2, not_identified: 3 }).unwrap());
        let text = String::from_utf8(text).unwrap();
        assert_eq!(text.lines().count(), 4, "{text}");
        let all: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            all,
            serde_json::json!({
                "format": "watchstate-backup", "version": 1, "madeAt": 5, "app": "1.2.3",
                "person": "main", "backend": {"name": "den", "kind": "plex"},
                "titles": [
                    {
                        "type": "movie", "title": "A \"quote\"\nand a line", "year": 1995,
                        "ids": {"imdb": "tt0113277", "tmdb": "949"}, "path": "Heat (1995)/Heat.mkv",
                        "watched": true, "plays": 2, "lastPlayed": 9,
                    },
                    {
                        "type": "episode", "title": "A \"quote\"\nand a line", "show": "Lost",
                        "season": 0, "episode": 12, "ids": {"imdb": "tt0113277", "tmdb": "949"},
                        "showIds": {"tvdb": "73739"}, "watched": false, "positionMs": 600_000,
                        "plays": 0,
                    },
                ],
                "count": 2, "notIdentified": 3,
            })
        );
    }

    #[test]
    fn the_end_of_a_path_names_no_server() {
        for (path, end) in [
            ("/media/Heat (1995)/Heat.mkv", Some("Heat (1995)/Heat.mkv")),
            ("D:\\Films\\Heat.mkv", Some("Films/Heat.mkv")),
            ("D:\\Heat.mkv", Some("Heat.mkv")),
            ("smb://ana:secret@nas/Heat.mkv", Some("Heat.mkv")),
            ("Heat.mkv", Some("Heat.mkv")),
            ("/", None),
            ("", None),
        ] {
            assert_eq!(tail(path).as_deref(), end, "{path}");
        }
    }
}
