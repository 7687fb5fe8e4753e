//! What Plex sends, and what it means in the model's words.
//!
//! Sources: the official API document 1.2.0 and the recordings in `tests/recordings/plex/`. Fields that
//! would be zero or empty are absent (`viewCount`, `lastViewedAt`, `viewOffset`: `film_cleared.json`).

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use watchstate_model::{
    Episode, ExternalIds, Facts, Item, ItemKey, Kind, LibraryKey, Marks, Moment, Position, Show,
    Watch,
};

use super::agents::{self, Of};
use super::file_name::last_episode;
use super::loose::{Number, Text};
use crate::error::{Fault, ServerError};
use crate::lenient::{Each, Maybe};
use crate::{Detail, Library, LibraryKind, NowPlaying, User};

/// Every answer is one of these.
#[derive(Deserialize)]
#[serde(bound(deserialize = "T: Deserialize<'de>"))]
pub(super) struct Envelope<T> {
    #[serde(rename = "MediaContainer", deserialize_with = "object")]
    pub(super) container: T,
}

/// Reads an object and nothing else. Left to itself, serde takes a list for a struct as well, and an empty
/// list would be a container without libraries: a server that lost everything.
fn object<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<T, D::Error> {
    struct Object<T>(PhantomData<T>);
    impl<'de, T: Deserialize<'de>> Visitor<'de> for Object<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<T, M::Error> {
            T::deserialize(MapAccessDeserializer::new(map))
        }
    }
    from.deserialize_map(Object(PhantomData))
}

/// `GET /identity`.
#[derive(Deserialize)]
pub(super) struct Identity {
    #[serde(default, rename = "machineIdentifier")]
    pub(super) id: Text,
    #[serde(default)]
    pub(super) version: Text,
}

/// `GET /`, as far as it is of use.
#[derive(Deserialize)]
pub(super) struct Root {
    #[serde(default, rename = "friendlyName")]
    pub(super) name: Text,
    /// The plex.tv name of the owner.
    #[serde(default, rename = "myPlexUsername")]
    pub(super) owner: Text,
}

/// The entries of a list that may be left out where there are none. A list that has some and sends none is
/// not empty but unreadable: of libraries it would be a server that lost everything.
pub(super) fn entries<T>(
    sent: Option<Vec<T>>,
    size: Number,
    op: &'static str,
) -> Result<Vec<T>, ServerError> {
    match sent {
        Some(entries) => Ok(entries),
        None if size.above_zero().is_some() || size.is_odd() => {
            Err(ServerError::new(Fault::BadAnswer, op).with("the entries of a list are missing"))
        }
        None => Ok(Vec::new()),
    }
}

/// `GET /accounts`.
#[derive(Deserialize)]
pub(super) struct Accounts {
    #[serde(default)]
    size: Number,
    #[serde(default, rename = "Account")]
    accounts: Option<Vec<Maybe<Account>>>,
}

#[derive(Deserialize)]
struct Account {
    #[serde(default)]
    id: Text,
    #[serde(default)]
    name: Text,
}

impl Accounts {
    /// The accounts of people: the list has one of number 0 without a name, which is nobody's.
    pub(super) fn users(self, op: &'static str) -> Result<Vec<User>, ServerError> {
        let accounts = entries(self.accounts, self.size, op)?;
        let users = accounts.iter().filter_map(|account| {
            let account = account.0.as_ref()?;
            let id = account.id.as_str().filter(|id| *id != "0")?;
            Some(User { id: id.to_owned(), name: account.name.as_str().unwrap_or(id).to_owned() })
        });
        Ok(users.collect())
    }
}

/// `GET /library/sections`.
#[derive(Deserialize)]
pub(super) struct Sections {
    #[serde(default)]
    size: Number,
    #[serde(default, rename = "Directory")]
    sections: Option<Vec<Maybe<Section>>>,
}

#[derive(Deserialize)]
struct Section {
    #[serde(default)]
    key: Text,
    #[serde(default)]
    title: Text,
    #[serde(default, rename = "type")]
    kind: Text,
}

impl Sections {
    /// Those of movies and of series.
    pub(super) fn libraries(self, op: &'static str) -> Result<Vec<Library>, ServerError> {
        let sections = entries(self.sections, self.size, op)?;
        let libraries = sections.iter().filter_map(|section| {
            let section = section.0.as_ref()?;
            let kind = match section.kind.as_str()? {
                "movie" => LibraryKind::Movies,
                "show" => LibraryKind::Shows,
                _ => return None,
            };
            let key = LibraryKey(section.key.key()?.to_owned());
            Some(Library { key, name: section.title.or_empty(), kind })
        });
        Ok(libraries.collect())
    }
}

/// A movie, an episode, a series, or something else.
#[derive(Deserialize)]
pub(super) struct Metadata {
    #[serde(default, rename = "ratingKey")]
    key: Text,
    #[serde(default, rename = "type")]
    kind: Text,
    #[serde(default)]
    title: Text,
    #[serde(default)]
    year: Number,
    #[serde(default, rename = "originallyAvailableAt")]
    released: Text,
    #[serde(default)]
    guid: Text,
    #[serde(default, rename = "Guid")]
    guids: Each<Guid>,
    #[serde(default, rename = "viewCount")]
    plays: Number,
    #[serde(default, rename = "lastViewedAt")]
    last_played: Number,
    #[serde(default, rename = "viewOffset")]
    position_ms: Number,
    #[serde(default, rename = "addedAt")]
    added: Number,
    #[serde(default, rename = "duration")]
    duration_ms: Number,
    #[serde(default)]
    index: Number,
    #[serde(default, rename = "parentIndex")]
    season: Number,
    #[serde(default, rename = "grandparentRatingKey")]
    show_key: Text,
    #[serde(default, rename = "grandparentTitle")]
    show_name: Text,
    #[serde(default, rename = "Media")]
    media: Each<Media>,
    #[serde(default, rename = "User")]
    user: Maybe<SessionUser>,
    #[serde(default, rename = "Player")]
    player: Maybe<Player>,
}

#[derive(Deserialize)]
struct Guid {
    #[serde(default)]
    id: Text,
}

#[derive(Deserialize)]
struct Media {
    #[serde(default, rename = "duration")]
    duration_ms: Number,
    #[serde(default, rename = "Part")]
    parts: Each<Part>,
}

#[derive(Deserialize)]
struct Part {
    #[serde(default)]
    file: Text,
}

#[derive(Deserialize)]
struct SessionUser {
    #[serde(default)]
    id: Text,
    #[serde(default, rename = "title")]
    name: Text,
}

/// What a session plays on (`sessions.json`).
#[derive(Deserialize)]
struct Player {
    #[serde(default)]
    state: Text,
    #[serde(default, rename = "title")]
    name: Text,
    #[serde(default)]
    product: Text,
}

impl Metadata {
    /// What the server calls it.
    pub(super) fn key(&self) -> Option<ItemKey> {
        self.key.key().map(ItemKey::from)
    }

    /// Whether it says something of its marks that cannot be understood. Then they are unknown, and unknown
    /// is never unwatched.
    pub(super) fn is_odd(&self) -> bool {
        self.plays.is_odd() || self.position_ms.is_odd()
    }

    /// The movie or the episode; nothing for anything else, nor for an episode without season or number
    /// (of a show that is ordered by date), which stands nowhere.
    pub(super) fn item(&self, detail: Detail) -> Option<Item> {
        let place = match self.kind.as_str()? {
            "movie" => None,
            "episode" => Some((self.season.small()?, self.index.small().filter(|n| *n > 0)?)),
            _ => return None,
        };
        let facts = (detail == Detail::Full).then(|| self.facts(place));
        let added_at = self.added.get().filter(|at| *at != 0).map(Moment);
        Some(Item { key: self.key()?, marks: self.marks(), added_at, facts })
    }

    /// The series; nothing for anything else.
    pub(super) fn show(&self) -> Option<Show> {
        (self.kind.as_str()? == "show").then_some(())?;
        Some(Show {
            key: self.key()?,
            name: self.title.or_empty(),
            year: self.year(),
            ids: self.ids(Of::Show),
        })
    }

    /// Whether a session is this user's. One that does not say whose it is is taken for anybody's: a write
    /// that waits does no harm, one into a running session does.
    pub(super) fn is_played_by(&self, user: &User) -> bool {
        self.user.0.as_ref().is_none_or(|theirs| match (theirs.id.as_str(), theirs.name.as_str()) {
            (None, None) => true,
            (id, name) => id == Some(&user.id) || name == Some(&user.name),
        })
    }

    /// A session as what is being played. While it buffers it runs.
    pub(super) fn now_playing(&self) -> Option<NowPlaying> {
        let player = self.player.0.as_ref();
        let device = player.and_then(|player| player.name.as_str().or(player.product.as_str()));
        Some(NowPlaying {
            key: self.key()?,
            position: self.position_ms.above_zero().and_then(Position::from_ms),
            paused: player.is_some_and(|player| player.state.as_str() == Some("paused")),
            device: device.map(str::to_owned),
        })
    }

    fn marks(&self) -> Marks {
        let plays = self.plays.count().unwrap_or(0);
        let position = self.position_ms.above_zero().and_then(Position::from_ms);
        let last_played =
            self.last_played.above_zero().and_then(|at| i64::try_from(at).ok()).map(Moment);
        Marks { watch: Watch::from_flag(plays > 0, position), plays, last_played }
    }

    fn facts(&self, place: Option<(u16, u16)>) -> Facts {
        let media = &self.media.0;
        let path = media
            .iter()
            .flat_map(|media| &media.parts.0)
            .find_map(|part| part.file.as_str())
            .map(str::to_owned);
        let duration_ms = self
            .duration_ms
            .count()
            .or_else(|| media.iter().find_map(|media| media.duration_ms.count()));
        let (of, kind) = match place {
            None => (Of::Movie, Kind::Movie),
            Some((season, number)) => {
                let last = path.as_deref().map_or(number, |p| last_episode(p, season, number));
                let show_key = self.show_key.key().map(ItemKey::from);
                let show_name = self.show_name.or_empty();
                (Of::Episode, Kind::Episode(Episode { show_key, show_name, season, number, last }))
            }
        };
        let name = self.title.or_empty();
        Facts { kind, name, year: self.year(), ids: self.ids(of), path, duration_ms }
    }

    fn ids(&self, of: Of) -> ExternalIds {
        let listed = self.guids.0.iter().map(|guid| &guid.id);
        agents::own_ids(of, listed.chain([&self.guid]).filter_map(Text::as_str))
    }

    fn year(&self) -> Option<u16> {
        let released = || self.released.as_str()?.get(..4)?.parse().ok();
        self.year.small().or_else(released).filter(|year| *year > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_absent_when_zero_and_come_as_numbers_or_text() {
        let at = |ms| Position::from_ms(ms).unwrap();
        for (fields, watch, plays, last_played, why) in [
            ("", Watch::Unwatched, 0, None, "never played"),
            (r#","viewCount":0,"viewOffset":0"#, Watch::Unwatched, 0, None, "zero is as absent"),
            (
                r#","viewOffset":70000,"lastViewedAt":1683736823"#,
                Watch::Started(at(70_000)),
                0,
                Some(Moment(1_683_736_823)),
                "begun",
            ),
            (
                r#","viewCount":"2","lastViewedAt":"1683736823""#,
                Watch::WATCHED,
                2,
                Some(Moment(1_683_736_823)),
                "watched twice, as text",
            ),
            (
                r#","viewCount":1,"viewOffset":"5000""#,
                Watch::Watched { rewatch: Some(at(5_000)) },
                1,
                None,
                "a rewatch",
            ),
            (r#","viewCount":-1,"viewOffset":-5"#, Watch::Unwatched, 0, None, "below zero is none"),
        ] {
            let json = format!(r#"{{"ratingKey":"1","type":"movie"{fields}}}"#);
            let item: Metadata = serde_json::from_str(&json).unwrap();
            let item = item.item(Detail::Lean).unwrap();
            assert_eq!(item.marks, Marks { watch, plays, last_played }, "{why}");
        }
        for (fields, is_odd, why) in [
            (r#""viewCount":{"n":1}"#, true, "unknown is never unwatched"),
            (r#""viewCount":"often""#, true, "nor is a word"),
            (r#""viewOffset":true"#, true, "and an unknown place is not the start"),
            (r#""viewCount":null,"viewOffset":"""#, false, "absent is zero"),
            (r#""lastViewedAt":[]"#, false, "a mark may be without a date"),
            (
                r#""year":{},"title":[],"Media":"","Guid":7,"User":"","addedAt":"?""#,
                false,
                "others",
            ),
        ] {
            let json = format!(r#"{{"ratingKey":"1","type":"movie",{fields}}}"#);
            let entry: Metadata = serde_json::from_str(&json).unwrap();
            assert_eq!(entry.is_odd(), is_odd, "{why}");
            assert!(is_odd || entry.item(Detail::Full).is_some(), "{why}");
        }
    }

    #[test]
    fn what_is_no_item() {
        for (json, is_item, why) in [
            (r#"{"ratingKey":"1","type":"movie"}"#, true, "a movie"),
            (r#"{"ratingKey":1,"type":"movie"}"#, true, "its key as a number"),
            (r#"{"ratingKey":"1","type":"clip"}"#, false, "a trailer"),
            (r#"{"ratingKey":"1"}"#, false, "of no type"),
            (r#"{"type":"movie"}"#, false, "without a key"),
            (r#"{"ratingKey":"1/../2","type":"movie"}"#, false, "with a path for a key"),
            (r#"{"ratingKey":"1","type":"episode","parentIndex":0,"index":3}"#, true, "a special"),
            (r#"{"ratingKey":"1","type":"episode","parentIndex":1}"#, false, "without a number"),
            (r#"{"ratingKey":"1","type":"episode","index":3}"#, false, "without a season"),
            (r#"{"ratingKey":"1","type":"episode","parentIndex":1,"index":-1}"#, false, "below 0"),
            (r#"{"ratingKey":"1","type":"episode","parentIndex":1,"index":70000}"#, false, "huge"),
        ] {
            let entry: Metadata = serde_json::from_str(json).unwrap();
            for detail in [Detail::Lean, Detail::Full] {
                assert_eq!(entry.item(detail).is_some(), is_item, "{why}");
            }
        }
    }

    #[test]
    fn whose_session() {
        let user = User { id: "1".into(), name: "anna".into() };
        for (json, hers, why) in [
            (r#"{"User":{"id":"1","title":"anna"}}"#, true, "her id"),
            (r#"{"User":{"id":1}}"#, true, "her id as a number"),
            (r#"{"User":{"id":"7001234","title":"ben"}}"#, false, "another's"),
            (r#"{"User":{"id":"7001234","title":"anna"}}"#, true, "her name: taken for hers"),
            (r#"{"User":{}}"#, true, "nobody's: taken for hers"),
            (r#"{"User":null}"#, true, "nobody's: taken for hers"),
        ] {
            let session: Metadata = serde_json::from_str(json).unwrap();
            assert_eq!(session.is_played_by(&user), hers, "{why}");
        }
    }
}
