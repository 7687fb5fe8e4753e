//! What Jellyfin and Emby send, as far as it is looked at. Texts are borrowed from the answer wherever they
//! hold no escapes, so that a page of a thousand items costs few allocations.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer};
use watchstate_model::{
    Episode, Facts, Item, ItemKey, Kind, LibraryKey, Marks, Position, Show, Watch,
};

use super::date;
use super::ids::ProviderIds;
use crate::error::{Fault, ServerError};
use crate::lenient::{Maybe, Number, Scalar};
use crate::{Detail, Library, LibraryKind, User};

/// A text that is borrowed where it can be. A type of its own, because serde borrows a bare `Cow` but not
/// one inside an `Option`.
#[derive(Deserialize)]
pub(crate) struct Text<'a>(#[serde(borrow)] pub(crate) Cow<'a, str>);

/// A text, or a number as one; nothing where there is none, or anything else.
pub(crate) fn text<'de: 'a, 'a, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<Text<'a>>, D::Error> {
    Ok(Scalar::deserialize(from)?.text().map(Text))
}

fn owned(text: Option<Text<'_>>) -> String {
    text.map(|t| t.0.into_owned()).unwrap_or_default()
}

/// What may be so odd that nothing is known of it.
pub(crate) trait Readable {
    /// Whether it is.
    fn is_odd(&self) -> bool;
}

/// The entries of a list without what is no entry and what is odd: each costs itself. Where all are odd, it
/// is the server that speaks otherwise, and the answer is refused: it would be a library that lost
/// everything.
pub(crate) fn readable<E: Readable>(
    sent: Vec<Maybe<E>>,
    op: &'static str,
) -> Result<impl Iterator<Item = E>, ServerError> {
    let is_good = |entry: &Maybe<E>| entry.0.as_ref().is_some_and(|entry| !entry.is_odd());
    if !sent.is_empty() && !sent.iter().any(is_good) {
        return Err(ServerError::new(Fault::BadAnswer, op).with("no entry of a list can be read"));
    }
    Ok(sent.into_iter().filter_map(|entry| entry.0).filter(|entry| !entry.is_odd()))
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
    #[serde(borrow, default, deserialize_with = "text")]
    id: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text")]
    name: Option<Text<'a>>,
}

impl Account<'_> {
    /// The user; nothing for an account without an id, which could not be asked about.
    pub(crate) fn user(self) -> Option<User> {
        Some(User { id: self.id?.0.into_owned(), name: owned(self.name) })
    }

    /// The user of an answer that is about nobody else.
    pub(crate) fn only_user(self, op: &'static str) -> Result<User, ServerError> {
        self.user().ok_or_else(|| {
            ServerError::new(Fault::BadAnswer, op).with("it does not say which user that is")
        })
    }
}

/// Emby's `GET /Users/Query` (its document 4.8.11.0).
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Accounts<'a> {
    #[serde(borrow)]
    pub(crate) items: Vec<Maybe<Account<'a>>>,
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
    pub(crate) items: Vec<Maybe<View<'a>>>,
}

/// A library as a user sees it.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct View<'a> {
    #[serde(borrow, default, deserialize_with = "text")]
    id: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text")]
    name: Option<Text<'a>>,
    #[serde(borrow, default)]
    collection_type: Scalar<'a>,
    #[serde(borrow, default, deserialize_with = "text")]
    r#type: Option<Text<'a>>,
}

impl View<'_> {
    /// The library, if it is one of movies or series. A mixed one has no `CollectionType`; neither has a
    /// channel, which is none.
    pub(crate) fn library(self) -> Option<Library> {
        let kind = match &self.collection_type {
            Scalar::Absent => LibraryKind::Mixed,
            Scalar::Text(kind) => match kind.as_ref() {
                "movies" => LibraryKind::Movies,
                "tvshows" => LibraryKind::Shows,
                "" | "mixed" => LibraryKind::Mixed,
                _ => return None,
            },
            _ => return None,
        };
        if self.r#type.is_some_and(|t| t.0 == "Channel") {
            return None;
        }
        let key = LibraryKey(self.id?.0.into_owned());
        Some(Library { key, name: owned(self.name), kind })
    }
}

/// A stretch of a list of items: `jellyfin-10.10.7/28-items-page.json`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", bound(deserialize = "E: Deserialize<'de>"))]
pub(crate) struct List<E> {
    pub(crate) items: Vec<Maybe<E>>,
    #[serde(default, rename = "TotalRecordCount")]
    total: Number,
}

impl<E> List<E> {
    /// How many there are in all. Without it the end of a library could not be told.
    pub(crate) fn total(&self, op: &'static str) -> Result<u32, ServerError> {
        self.total.get().and_then(|total| u32::try_from(total).ok()).ok_or_else(|| {
            ServerError::new(Fault::BadAnswer, op).with("it does not say how many there are")
        })
    }
}

impl<E: Readable> List<E> {
    /// Its entries; see [`readable`].
    pub(crate) fn entries(self, op: &'static str) -> Result<impl Iterator<Item = E>, ServerError> {
        readable(self.items, op)
    }
}

/// A movie, an episode or a series: `jellyfin-10.10.7/26-items-all.json`.
///
/// Values are taken as they come and judged later, so that one absurd value costs one item, not the page.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Entry<'a> {
    #[serde(borrow, default, deserialize_with = "text")]
    pub(crate) id: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text")]
    name: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text")]
    r#type: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text")]
    location_type: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text")]
    date_created: Option<Text<'a>>,
    #[serde(default)]
    production_year: Number,
    #[serde(default)]
    parent_index_number: Number,
    #[serde(default)]
    index_number: Number,
    #[serde(default)]
    index_number_end: Number,
    #[serde(borrow, default, deserialize_with = "text")]
    series_id: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text")]
    series_name: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text")]
    path: Option<Text<'a>>,
    #[serde(default)]
    run_time_ticks: Number,
    #[serde(default)]
    provider_ids: Maybe<ProviderIds>,
    #[serde(borrow, default)]
    pub(crate) user_data: Maybe<UserData<'a>>,
}

impl Readable for Entry<'_> {
    fn is_odd(&self) -> bool {
        self.id.is_none() || self.user_data.0.as_ref().is_some_and(UserData::is_odd)
    }
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
        let marks = self.user_data.0?.marks()?;
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
            ids: self.provider_ids.0.unwrap_or_default().0,
            path: self.path.map(|p| p.0.into_owned()),
            duration_ms: self
                .run_time_ticks
                .get()
                .and_then(|ticks| u32::try_from(ticks / 10_000).ok())
                .filter(|ms| *ms > 0),
        });
        Some(Item {
            key: ItemKey(self.id?.0.into_owned()),
            marks,
            added_at: self.date_created.and_then(|at| date::parse(&at.0)),
            facts,
        })
    }

    /// The series; nothing for any other entry.
    pub(crate) fn show(self) -> Option<Show> {
        self.is("Series").then_some(())?;
        Some(Show {
            key: ItemKey(self.id?.0.into_owned()),
            name: owned(self.name),
            year: year(self.production_year),
            ids: self.provider_ids.0.unwrap_or_default().0,
        })
    }
}

/// The same as [`Entry`] as far as a lean page looks at it: texts that nobody looks at need not be read.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct LeanEntry<'a> {
    #[serde(borrow, default, deserialize_with = "text")]
    id: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text")]
    r#type: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text")]
    location_type: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text")]
    date_created: Option<Text<'a>>,
    #[serde(default)]
    parent_index_number: Number,
    #[serde(default)]
    index_number: Number,
    #[serde(default)]
    index_number_end: Number,
    #[serde(borrow, default)]
    user_data: Maybe<UserData<'a>>,
}

impl Readable for LeanEntry<'_> {
    fn is_odd(&self) -> bool {
        self.id.is_none() || self.user_data.0.as_ref().is_some_and(UserData::is_odd)
    }
}

impl LeanEntry<'_> {
    fn place(&self) -> Option<Place> {
        let numbers = [self.parent_index_number, self.index_number, self.index_number_end];
        place(self.r#type.as_ref(), self.location_type.as_ref(), numbers)
    }

    /// The key of a movie or an episode that [`LeanEntry::item`] would take as well, whatever its marks.
    pub(crate) fn key(self) -> Option<ItemKey> {
        self.place()?;
        Some(ItemKey(self.id?.0.into_owned()))
    }

    /// As [`Entry::item`].
    pub(crate) fn item(self) -> Option<Item> {
        self.place()?;
        Some(Item {
            marks: self.user_data.0?.marks()?,
            key: ItemKey(self.id?.0.into_owned()),
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
    [season, number, last]: [Number; 3],
) -> Option<Place> {
    if location.is_some_and(|location| location.0 == "Virtual") {
        return None;
    }
    match kind?.0.as_ref() {
        "Movie" => Some(Place::Movie),
        "Episode" => {
            let (season, number) = (season.small()?, number.small()?);
            let last = last.small().map_or(number, |last| last.max(number));
            Some(Place::Episode(season, number, last))
        }
        _ => None,
    }
}

fn year(year: Number) -> Option<u16> {
    year.small().filter(|year| *year > 0)
}

/// What a user did with an item: `jellyfin-10.10.7/66-after-stop-half.json`. Its `ItemId` is all zeros in
/// REST answers of 10.10.7 and is not read.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct UserData<'a> {
    #[serde(borrow, default)]
    played: Scalar<'a>,
    #[serde(default)]
    play_count: Number,
    #[serde(default)]
    playback_position_ticks: Number,
    #[serde(borrow, default, deserialize_with = "text")]
    last_played_date: Option<Text<'a>>,
    #[serde(borrow, default)]
    is_favorite: Scalar<'a>,
    #[serde(borrow, default)]
    rating: Scalar<'a>,
}

impl UserData<'_> {
    /// Whether it says something of the marks that cannot be understood. Not said at all is another thing: so
    /// are items that are asked for without a user.
    fn is_odd(&self) -> bool {
        (self.played.flag().is_none() && !self.played.is_absent())
            || self.playback_position_ticks.is_odd()
    }

    fn marks(&self) -> Option<Marks> {
        let ticks = self.playback_position_ticks.above_zero();
        Some(Marks {
            watch: Watch::from_flag(self.played.flag()?, ticks.and_then(Position::from_ticks)),
            plays: self.play_count.count().unwrap_or(0),
            last_played: self.last_played_date.as_ref().and_then(|at| date::parse(&at.0)),
        })
    }

    /// What is no concern of ours and must outlive a write; nothing where it cannot be understood, and would be
    /// lost.
    pub(crate) fn kept(&self) -> Option<Kept> {
        let favorite = match &self.is_favorite {
            Scalar::Absent => false,
            said => said.flag()?,
        };
        let rating = match &self.rating {
            Scalar::Absent => None,
            Scalar::Whole(rating) => Some(*rating as f64),
            Scalar::Fraction(rating) => Some(*rating),
            Scalar::Text(_) | Scalar::Flag(_) | Scalar::Odd => return None,
        };
        Some(Kept { favorite, rating })
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
mod tests;
