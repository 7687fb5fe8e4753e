//! Films, series and episodes: as they are put into a library, and as a library holds them.

use watchstate_model::{ExternalId, ExternalIds, ItemKey, LibraryKey, Moment, Provider};

/// A film or an episode to be added. What is not said gets a sensible value.
#[derive(Clone, Debug)]
pub struct NewItem {
    pub(super) name: String,
    pub(super) year: Option<u16>,
    pub(super) ids: ExternalIds,
    pub(super) path: Option<String>,
    pub(super) duration_ms: u32,
    pub(super) key: Option<ItemKey>,
    pub(super) place: Option<(u16, u16, u16)>,
}

impl NewItem {
    /// A film of two hours.
    pub fn movie(name: &str, year: u16) -> Self {
        Self {
            name: name.to_owned(),
            year: Some(year),
            ids: ExternalIds::NONE,
            path: None,
            duration_ms: 7_200_000,
            key: None,
            place: None,
        }
    }

    /// An episode of 45 minutes.
    pub fn episode(season: u16, number: u16) -> Self {
        Self {
            name: format!("Episode {number}"),
            year: None,
            duration_ms: 2_700_000,
            place: Some((season, number, number)),
            ..Self::movie("", 0)
        }
    }

    /// A file that holds this episode and the following ones up to `last`.
    #[must_use]
    pub fn up_to(mut self, last: u16) -> Self {
        if let Some((_, number, end)) = &mut self.place {
            *end = last.max(*number);
        }
        self
    }

    /// With a name.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    /// Of a year.
    #[must_use]
    pub fn of_year(mut self, year: u16) -> Self {
        self.year = Some(year);
        self
    }

    /// With an external id; one that has not the provider's format is passed over.
    #[must_use]
    pub fn id(mut self, provider: Provider, value: &str) -> Self {
        if let Some(id) = ExternalId::new(provider, value) {
            self.ids.add(id);
        }
        self
    }

    /// With a running time in milliseconds.
    #[must_use]
    pub fn lasting_ms(mut self, ms: u32) -> Self {
        self.duration_ms = ms;
        self
    }

    /// With the path of its file, as the server sees it.
    #[must_use]
    pub fn at_path(mut self, path: &str) -> Self {
        self.path = Some(path.to_owned());
        self
    }

    /// With a key of the test's choice.
    #[must_use]
    pub fn keyed(mut self, key: &str) -> Self {
        self.key = Some(key.into());
        self
    }
}

/// A series to be added; its episodes follow one by one.
#[derive(Clone, Debug)]
pub struct NewShow {
    pub(super) name: String,
    pub(super) year: Option<u16>,
    pub(super) ids: ExternalIds,
    pub(super) path: Option<String>,
    pub(super) key: Option<ItemKey>,
}

impl NewShow {
    /// A series.
    pub fn new(name: &str, year: u16) -> Self {
        Self {
            name: name.to_owned(),
            year: Some(year),
            ids: ExternalIds::NONE,
            path: None,
            key: None,
        }
    }

    /// With an external id; one that has not the provider's format is passed over.
    #[must_use]
    pub fn id(mut self, provider: Provider, value: &str) -> Self {
        if let Some(id) = ExternalId::new(provider, value) {
            self.ids.add(id);
        }
        self
    }

    /// With a folder of the test's choice.
    #[must_use]
    pub fn at_path(mut self, path: &str) -> Self {
        self.path = Some(path.to_owned());
        self
    }

    /// With a key of the test's choice.
    #[must_use]
    pub fn keyed(mut self, key: &str) -> Self {
        self.key = Some(key.into());
        self
    }
}

/// What a section of the library holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Holds {
    /// Films.
    Movies,
    /// Series.
    Shows,
    /// Both; Plex has no such thing.
    Mixed,
    /// Something that is of no interest to anyone here: music.
    Music,
}

/// One of the libraries of the server, as users call it: "Movies", "Shows".
#[derive(Clone, Debug)]
pub struct Section {
    /// What the server calls it.
    pub key: LibraryKey,
    /// Its name.
    pub name: String,
    /// What it holds.
    pub holds: Holds,
}

/// A film or an episode that is in the library.
#[derive(Clone, Debug)]
pub struct Entry {
    /// What the server calls it.
    pub key: ItemKey,
    /// The section it is in.
    pub section: LibraryKey,
    /// Its name.
    pub name: String,
    /// Its year.
    pub year: Option<u16>,
    /// Its ids.
    pub ids: ExternalIds,
    /// The path of its file.
    pub path: String,
    /// Its running time in milliseconds.
    pub duration_ms: u32,
    /// When it was added, on the server's clock.
    pub added_at: Moment,
    /// A film, or an episode of which series.
    pub what: What,
    /// Never given twice, whatever becomes of the key.
    pub(super) serial: u32,
    /// Where its marks are kept.
    pub(super) slot: usize,
}

/// A film, or an episode.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum What {
    /// A film.
    Movie,
    /// An episode.
    Episode {
        /// The series' key.
        show: ItemKey,
        /// The season; 0 holds the specials.
        season: u16,
        /// The (first) episode.
        number: u16,
        /// The last episode of the file.
        last: u16,
    },
}

/// A series that is in the library.
#[derive(Clone, Debug)]
pub struct Series {
    /// What the server calls it.
    pub key: ItemKey,
    /// The section it is in.
    pub section: LibraryKey,
    /// Its name.
    pub name: String,
    /// The year of its first episode.
    pub year: Option<u16>,
    /// Its ids.
    pub ids: ExternalIds,
    /// Its folder.
    pub path: String,
    /// When it was added, on the server's clock.
    pub added_at: Moment,
    /// Its seasons, in order.
    pub seasons: Vec<Season>,
}

impl Series {
    /// A season by its number.
    pub fn season(&self, number: u16) -> Option<&Season> {
        self.seasons.iter().find(|season| season.number == number)
    }
}

/// A season of a series.
#[derive(Clone, Debug)]
pub struct Season {
    /// What the server calls it.
    pub key: ItemKey,
    /// Its number; 0 holds the specials.
    pub number: u16,
}

impl Season {
    /// Its name as servers show it.
    pub fn name(&self) -> String {
        match self.number {
            0 => "Specials".to_owned(),
            number => format!("Season {number}"),
        }
    }
}

impl Entry {
    /// The key under which Jellyfin and Emby keep a title's marks: the tmdb id of a film, else its imdb
    /// id; of an episode the series' tvdb (else imdb) id with three digits each of season and episode
    /// (recording 26). What has no id is kept under its own key.
    pub(super) fn marks_key(&self, series: Option<&Series>) -> String {
        let of = |ids: &ExternalIds, first, second| {
            ids.of(first).or_else(|| ids.of(second)).map(|id| id.value().to_owned())
        };
        match &self.what {
            What::Movie => {
                of(&self.ids, Provider::Tmdb, Provider::Imdb).unwrap_or_else(|| self.key.0.clone())
            }
            What::Episode { show, season, number, .. } => {
                let of_show = series
                    .and_then(|series| of(&series.ids, Provider::Tvdb, Provider::Imdb))
                    .unwrap_or_else(|| show.0.clone());
                format!("{of_show}{season:03}{number:03}")
            }
        }
    }
}
