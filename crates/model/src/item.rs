//! What a server says an item is.

use crate::external_id::ExternalIds;
use crate::keys::ItemKey;
use crate::marks::Marks;
use crate::moment::Moment;

/// An item as read from a server: always its key and its marks; its facts where they were asked for.
///
/// A lean sweep reads [`Item::facts`] as `None` and costs a server and us a fraction of a full one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Item {
    /// What the server calls it.
    pub key: ItemKey,
    /// What the account shows for it.
    pub marks: Marks,
    /// When the server says it was added, on its clock. Moves when a file is replaced.
    pub added_at: Option<Moment>,
    /// What it is; absent in lean reads.
    pub facts: Option<Facts>,
}

/// What an item is a copy of, as the server tells it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Facts {
    /// A movie, or an episode of which series.
    pub kind: Kind,
    /// The movie's or the episode's own name.
    pub name: String,
    /// The year of release.
    pub year: Option<u16>,
    /// Its own external ids.
    pub ids: ExternalIds,
    /// The path of its first file, as the server sees it.
    pub path: Option<String>,
    /// Its running time in milliseconds.
    pub duration_ms: Option<u32>,
}

/// A movie, or an episode of a series.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A movie.
    Movie,
    /// One episode, or several in one file.
    Episode(Episode),
}

/// Where an episode stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Episode {
    /// What the server calls the series. Absent where the server does not say.
    pub show_key: Option<ItemKey>,
    /// The name of the series.
    pub show_name: String,
    /// The season; 0 holds the specials.
    pub season: u16,
    /// The (first) episode in the season, from 1.
    pub number: u16,
    /// The last episode, where one file holds several: never less than `number`.
    pub last: u16,
}

impl Episode {
    /// The episodes that the file covers.
    pub fn numbers(&self) -> std::ops::RangeInclusive<u16> {
        self.number..=self.last.max(self.number)
    }
}

/// A series as read from a server.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Show {
    /// What the server calls it.
    pub key: ItemKey,
    /// Its name.
    pub name: String,
    /// The year of its first episode.
    pub year: Option<u16>,
    /// Its external ids: what its episodes are identified by.
    pub ids: ExternalIds,
}
