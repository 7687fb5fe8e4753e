//! What Jellyfin and Emby send, as far as it is looked at. Texts are borrowed from the answer wherever they
//! hold no escapes, so that a page of a thousand items costs few allocations.

use std::borrow::Cow;

use serde::Deserialize;
use watchstate_model::{
    Episode, Facts, Item, ItemKey, Kind, LibraryKey, Marks, Position, Show, Watch,
};

use super::date;
use super::ids::ProviderIds;
use crate::{Detail, Library, LibraryKind, User};

/// A text that is borrowed where it can be. A type of its own, because serde borrows a bare `Cow` but not
/// one inside an `Option`.
#[derive(Deserialize)]
pub(crate) struct Text<'a>(#[serde(borrow)] pub(crate) Cow<'a, str>);

fn owned(text: Option<Text<'_>>) -> String {
    text.map(|t| t.0.into_owned()).unwrap_or_default()
}

/// `GET /System/Info/Public`: `jellyfin-10.10.7/01-public-info.json`. Emby sends no `ProductName`
/// (`emby-3.2.40/01-public-info.json`; nor does Emby 4.8 document one). All is optional because other
/// servers answer there as well.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PublicInfo<'a> {
    #[serde(borrow)]
    pub(crate) id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) server_name: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) version: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) product_name: Option<Text<'a>>,
}

/// A user: `jellyfin-10.10.7/13-users.json`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Account<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    name: Option<Text<'a>>,
}

impl From<Account<'_>> for User {
    fn from(account: Account<'_>) -> Self {
        Self { name: owned(account.name), id: account.id.into_owned() }
    }
}

/// Emby's `GET /Users/Query` (its document 4.8.11.0).
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Accounts<'a> {
    #[serde(borrow)]
    pub(crate) items: Vec<Account<'a>>,
}

/// `POST /Users/AuthenticateByName`: `jellyfin-10.10.7/11-auth-ok.json`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Authenticated<'a> {
    pub(crate) access_token: String,
    #[serde(borrow)]
    pub(crate) user: Account<'a>,
}

/// `GET /Users/{id}/Views`: `jellyfin-10.10.7/25-views.json`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Views<'a> {
    #[serde(borrow)]
    pub(crate) items: Vec<View<'a>>,
}

/// A library as a user sees it.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct View<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    collection_type: Option<Text<'a>>,
    #[serde(borrow)]
    r#type: Option<Text<'a>>,
}

impl View<'_> {
    /// The library, if it is one of movies or series. A mixed one has no `CollectionType`; neither has a
    /// channel, which is none.
    pub(crate) fn library(self) -> Option<Library> {
        let kind = match self.collection_type.as_ref().map(|t| t.0.as_ref()) {
            Some("movies") => LibraryKind::Movies,
            Some("tvshows") => LibraryKind::Shows,
            Some("" | "mixed") | None => LibraryKind::Mixed,
            Some(_) => return None,
        };
        if self.r#type.is_some_and(|t| t.0 == "Channel") {
            return None;
        }
        Some(Library { key: LibraryKey(self.id.into_owned()), name: owned(self.name), kind })
    }
}

/// A stretch of a list of items: `jellyfin-10.10.7/28-items-page.json`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", bound(deserialize = "E: Deserialize<'de>"))]
pub(crate) struct List<E> {
    pub(crate) items: Vec<E>,
    #[serde(rename = "TotalRecordCount")]
    pub(crate) total: u32,
}

/// A movie, an episode or a series: `jellyfin-10.10.7/26-items-all.json`.
///
/// Numbers are taken as they come and judged later, so that one absurd value costs one item, not the page.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Entry<'a> {
    #[serde(borrow)]
    pub(crate) id: Cow<'a, str>,
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    r#type: Option<Text<'a>>,
    #[serde(borrow)]
    location_type: Option<Text<'a>>,
    #[serde(borrow)]
    date_created: Option<Text<'a>>,
    production_year: Option<i64>,
    parent_index_number: Option<i64>,
    index_number: Option<i64>,
    index_number_end: Option<i64>,
    #[serde(borrow)]
    series_id: Option<Text<'a>>,
    #[serde(borrow)]
    series_name: Option<Text<'a>>,
    #[serde(borrow)]
    path: Option<Text<'a>>,
    run_time_ticks: Option<i64>,
    #[serde(default)]
    provider_ids: ProviderIds,
    #[serde(borrow)]
    pub(crate) user_data: Option<UserData<'a>>,
}

impl Entry<'_> {
    fn is(&self, kind: &str) -> bool {
        self.r#type.as_ref().is_some_and(|t| t.0 == kind)
    }

    /// The movie or the episode; nothing for any other entry, for an episode without season or number, for
    /// one that has no file (`LocationType` `Virtual`: a missing or unaired episode), and for one whose
    /// marks are not told: unknown is never unwatched.
    pub(crate) fn item(self, detail: Detail) -> Option<Item> {
        let numbers = [self.parent_index_number, self.index_number, self.index_number_end];
        let place = place(self.r#type.as_ref(), self.location_type.as_ref(), numbers)?;
        let marks = self.user_data?.marks()?;
        let facts = (detail == Detail::Full).then(|| Facts {
            kind: match place {
                Place::Movie => Kind::Movie,
                Place::Episode(season, number, last) => Kind::Episode(Episode {
                    show_key: self.series_id.map(|id| ItemKey(id.0.into_owned())),
                    show_name: owned(self.series_name),
                    season,
                    number,
                    last,
                }),
            },
            name: owned(self.name),
            year: year(self.production_year),
            ids: self.provider_ids.0,
            path: self.path.map(|p| p.0.into_owned()).filter(|p| !p.is_empty()),
            duration_ms: self
                .run_time_ticks
                .and_then(|ticks| u32::try_from(ticks / 10_000).ok())
                .filter(|ms| *ms > 0),
        });
        Some(Item {
            key: ItemKey(self.id.into_owned()),
            marks,
            added_at: self.date_created.and_then(|at| date::parse(&at.0)),
            facts,
        })
    }

    /// The series; nothing for any other entry.
    pub(crate) fn show(self) -> Option<Show> {
        self.is("Series").then(|| Show {
            key: ItemKey(self.id.into_owned()),
            name: owned(self.name),
            year: year(self.production_year),
            ids: self.provider_ids.0,
        })
    }
}

/// The same as [`Entry`] as far as a lean page looks at it: texts that nobody looks at need not be read.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct LeanEntry<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    r#type: Option<Text<'a>>,
    #[serde(borrow)]
    location_type: Option<Text<'a>>,
    #[serde(borrow)]
    date_created: Option<Text<'a>>,
    parent_index_number: Option<i64>,
    index_number: Option<i64>,
    index_number_end: Option<i64>,
    #[serde(borrow)]
    user_data: Option<UserData<'a>>,
}

impl LeanEntry<'_> {
    fn place(&self) -> Option<Place> {
        let numbers = [self.parent_index_number, self.index_number, self.index_number_end];
        place(self.r#type.as_ref(), self.location_type.as_ref(), numbers)
    }

    /// The key of a movie or an episode that [`LeanEntry::item`] would take as well, whatever its marks.
    pub(crate) fn key(self) -> Option<ItemKey> {
        self.place()?;
        Some(ItemKey(self.id.into_owned()))
    }

    /// As [`Entry::item`].
    pub(crate) fn item(self) -> Option<Item> {
        self.place()?;
        Some(Item {
            marks: self.user_data?.marks()?,
            key: ItemKey(self.id.into_owned()),
            added_at: self.date_created.and_then(|at| date::parse(&at.0)),
            facts: None,
        })
    }
}

/// What an item is one of.
enum Place {
    Movie,
    /// Season, first and last episode.
    Episode(u16, u16, u16),
}

/// What an entry is, if it is a movie or an episode with a file, a season and a number.
fn place(
    kind: Option<&Text<'_>>,
    location: Option<&Text<'_>>,
    [season, number, last]: [Option<i64>; 3],
) -> Option<Place> {
    if location.is_some_and(|location| location.0 == "Virtual") {
        return None;
    }
    match kind?.0.as_ref() {
        "Movie" => Some(Place::Movie),
        "Episode" => {
            let number = u16::try_from(number?).ok()?;
            let last = last.and_then(|last| u16::try_from(last).ok());
            let season = u16::try_from(season?).ok()?;
            Some(Place::Episode(season, number, last.map_or(number, |last| last.max(number))))
        }
        _ => None,
    }
}

fn year(year: Option<i64>) -> Option<u16> {
    year.and_then(|year| u16::try_from(year).ok()).filter(|year| *year > 0)
}

/// What a user did with an item: `jellyfin-10.10.7/66-after-stop-half.json`. Its `ItemId` is all zeros in
/// REST answers of 10.10.7 and is not read.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct UserData<'a> {
    played: Option<bool>,
    play_count: Option<i64>,
    playback_position_ticks: Option<i64>,
    #[serde(borrow)]
    last_played_date: Option<Text<'a>>,
    is_favorite: Option<bool>,
    rating: Option<f64>,
}

impl UserData<'_> {
    fn marks(&self) -> Option<Marks> {
        let ticks = self.playback_position_ticks.and_then(|ticks| u64::try_from(ticks).ok());
        let plays = self.play_count.unwrap_or(0).max(0);
        Some(Marks {
            watch: Watch::from_flag(self.played?, ticks.and_then(Position::from_ticks)),
            plays: u32::try_from(plays).unwrap_or(u32::MAX),
            last_played: self.last_played_date.as_ref().and_then(|at| date::parse(&at.0)),
        })
    }

    /// What is no concern of ours and must outlive a write.
    pub(crate) fn kept(&self) -> Kept {
        Kept { favorite: self.is_favorite.unwrap_or(false), rating: self.rating }
    }
}

/// What a write of Emby's whole user data must hand back unchanged.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Kept {
    /// Whether the user likes it best.
    pub favorite: bool,
    /// The user's own rating.
    pub rating: Option<f64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(json: &str) -> Entry<'_> {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn entries_that_are_no_items() {
        const DATA: &str = r#""UserData":{"Played":false,"PlayCount":0}"#;
        for (json, taken, why) in [
            (r#""Type":"Movie""#, true, "a movie"),
            (r#""Type":"Movie","LocationType":"Virtual""#, false, "without a file"),
            (r#""Type":"Series""#, false, "a series"),
            (r#""Type":"MusicVideo""#, false, "something else"),
            (r#""Name":"?""#, false, "nobody says what"),
            (r#""Type":"Episode","ParentIndexNumber":0,"IndexNumber":1"#, true, "a special"),
            (r#""Type":"Episode","IndexNumber":1"#, false, "no season"),
            (r#""Type":"Episode","ParentIndexNumber":1"#, false, "no number"),
            (r#""Type":"Episode","ParentIndexNumber":-1,"IndexNumber":1"#, false, "no such season"),
            (r#""Type":"Episode","ParentIndexNumber":1,"IndexNumber":70000"#, false, "nor number"),
        ] {
            let json = format!(r#"{{"Id":"a",{json},{DATA}}}"#);
            assert_eq!(entry(&json).item(Detail::Full).is_some(), taken, "{why}");
            let lean: LeanEntry<'_> = serde_json::from_str(&json).unwrap();
            assert_eq!(lean.item().is_some(), taken, "{why}, in a lean page");
        }
    }

    #[test]
    fn unknown_marks_are_not_unwatched() {
        for (json, marks, why) in [
            (r#""X":1"#, None, "no user data at all"),
            (r#""UserData":null"#, None, "null"),
            (r#""UserData":{"PlayCount":1}"#, None, "not said whether played"),
            (r#""UserData":{"Played":false}"#, Some(Marks::UNTOUCHED), "said to be not played"),
            (
                r#""UserData":{"Played":true,"PlayCount":-3,"PlaybackPositionTicks":-1}"#,
                Some(Marks { watch: Watch::WATCHED, ..Marks::UNTOUCHED }),
                "absurd numbers are none",
            ),
            (
                r#""UserData":{"Played":true,"PlayCount":99999999999,"LastPlayedDate":"soon"}"#,
                Some(Marks { watch: Watch::WATCHED, plays: u32::MAX, last_played: None }),
                "and neither are absurd dates",
            ),
        ] {
            let json = format!(r#"{{"Id":"a","Type":"Movie",{json}}}"#);
            assert_eq!(entry(&json).item(Detail::Full).map(|i| i.marks), marks, "{why}");
        }
    }

    #[test]
    fn several_episodes_in_a_file() {
        for (end, last, why) in [("3", 3, "two"), ("1", 2, "backwards"), ("null", 2, "one")] {
            let json = format!(
                r#"{{"Id":"a","Type":"Episode","ParentIndexNumber":1,"IndexNumber":2,
                "IndexNumberEnd":{end},"UserData":{{"Played":false}}}}"#
            );
            let Some(Facts { kind: Kind::Episode(episode), .. }) =
                entry(&json).item(Detail::Full).unwrap().facts
            else {
                panic!("an episode");
            };
            assert_eq!((episode.number, episode.last), (2, last), "{why}");
        }
    }

    #[test]
    fn libraries() {
        for (json, kind, why) in [
            (r#""CollectionType":"movies""#, Some(LibraryKind::Movies), "movies"),
            (r#""CollectionType":"tvshows""#, Some(LibraryKind::Shows), "series"),
            (r#""Type":"CollectionFolder""#, Some(LibraryKind::Mixed), "mixed"),
            (r#""CollectionType":null"#, Some(LibraryKind::Mixed), "mixed"),
            (r#""CollectionType":"music""#, None, "music"),
            (r#""CollectionType":"boxsets""#, None, "collections hold nothing of their own"),
            (r#""Type":"Channel""#, None, "a channel"),
        ] {
            let json = format!(r#"{{"Id":"a",{json}}}"#);
            let view: View<'_> = serde_json::from_str(&json).unwrap();
            assert_eq!(view.library().map(|l| l.kind), kind, "{why}");
        }
    }
}
