//! The state of one server: its people, its libraries, everyone's marks, and the writes it received.
//!
//! Pure and synchronous: no network, and the time is an argument (always the server's own clock). The
//! HTTP fakes stand upon it, and so can anything that wants a server without HTTP.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use watchstate_model::{ItemKey, LibraryKey, Moment};
use watchstate_servers::ServerKind;

use super::habits::{Habits, Version};
use super::marks::{Mark, Part, TICKS_PER_MS};
use super::people::{ApiKey, Person, SignIn, Sitting, UserNo};
use super::titles::{Entry, Holds, NewItem, NewShow, Season, Section, Series, What};
use super::told::{News, Told};

/// Why a server did not do what it was asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refused {
    /// There is no such item.
    NoSuchItem,
    /// There is no such user.
    NoSuchUser,
    /// There is no such section.
    NoSuchSection,
    /// This kind or version has no such call.
    NoSuchCall,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoSuchItem => "the fake has no such item",
            Self::NoSuchUser => "the fake has no such user",
            Self::NoSuchSection => "the fake has no such library",
            Self::NoSuchCall => "this version of the fake has no such call",
        })
    }
}

impl std::error::Error for Refused {}

/// A write that arrived over the protocol. What people do in front of the server is not among them.
#[derive(Clone, PartialEq, Debug)]
pub struct Wrote {
    /// When, on the server's clock.
    pub at: Moment,
    /// Whose marks.
    pub user: UserNo,
    /// The item, season or series that was named.
    pub item: ItemKey,
    /// What was asked.
    pub call: Call,
}

/// The calls that change marks.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Call {
    /// `POST PlayedItems`, with its date.
    Played(Option<Moment>),
    /// `DELETE PlayedItems`.
    Unplayed,
    /// `POST UserData`.
    Part(Part),
    /// A session began.
    Start,
    /// A session told its position, in milliseconds.
    Progress(u64),
    /// A session ended, at a position in milliseconds where it told one.
    Stop(Option<u64>),
    /// Plex's `scrobble`.
    Scrobble,
    /// Plex's `unscrobble`.
    Unscrobble,
    /// Plex's `timeline` or `progress`, with its position in milliseconds and whether it stopped.
    Timeline {
        /// The position in milliseconds.
        time_ms: u64,
        /// Whether playing stopped there.
        stopped: bool,
    },
}

/// What a key stands for.
#[derive(Clone, Copy, Debug)]
pub enum Named<'a> {
    /// A film or an episode.
    Item(&'a Entry),
    /// A series.
    Series(&'a Series),
    /// A season of a series.
    Season(&'a Series, &'a Season),
}

/// The state of one server.
#[derive(Clone, Debug)]
pub struct Library {
    kind: ServerKind,
    version: String,
    habits: Habits,
    pub(super) seed: u64,
    name: String,
    pub(super) people: Vec<Person>,
    pub(super) api_keys: Vec<ApiKey>,
    pub(super) sign_ins: Vec<SignIn>,
    /// How often somebody signed in, and how many keys were made: no token comes twice.
    pub(super) signed_in: u64,
    pub(super) keys_made: u64,
    pub(super) sittings: Vec<Sitting>,
    sections: Vec<Section>,
    pub(super) entries: Vec<Entry>,
    pub(super) series: Vec<Series>,
    pub(super) places: HashMap<ItemKey, usize>,
    slots: HashMap<String, usize>,
    /// How many entries use each slot.
    pub(super) copies: Vec<u32>,
    pub(super) marks: Vec<Vec<Mark>>,
    /// What a copy goes on showing although the other was written: by user and serial.
    pub(super) lagging: BTreeMap<(usize, u32), Mark>,
    given: u32,
    wrote: Vec<Wrote>,
    /// What is still to be told, and how much was told.
    pub(super) told: Vec<Told>,
    pub(super) messages: u64,
    /// How many sessions there were.
    pub(super) sat: u64,
}

impl Library {
    /// An empty server of a kind and version, without users.
    pub fn new(kind: ServerKind, version: &str) -> Self {
        Self {
            kind,
            version: version.to_owned(),
            habits: Habits::of(kind, Version::parse(version)),
            seed: format!("{} {version}", kind.name())
                .bytes()
                .fold(1, |seed, byte| mixed(seed ^ u64::from(byte))),
            name: "house".to_owned(),
            people: Vec::new(),
            api_keys: Vec::new(),
            sign_ins: Vec::new(),
            signed_in: 0,
            keys_made: 0,
            sittings: Vec::new(),
            sections: Vec::new(),
            entries: Vec::new(),
            series: Vec::new(),
            places: HashMap::new(),
            slots: HashMap::new(),
            copies: Vec::new(),
            marks: Vec::new(),
            lagging: BTreeMap::new(),
            given: 0,
            wrote: Vec::new(),
            told: Vec::new(),
            messages: 0,
            sat: 0,
        }
    }

    /// The same with other ids, keys and tokens: two servers of one kind and version would share them.
    #[must_use]
    pub fn seeded(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Which kind of server.
    pub fn kind(&self) -> ServerKind {
        self.kind
    }

    /// Its version, as it says.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// How it behaves.
    pub fn habits(&self) -> &Habits {
        &self.habits
    }

    /// How it behaves, to be changed for a test.
    pub fn habits_mut(&mut self) -> &mut Habits {
        &mut self.habits
    }

    /// Its id: 32 hex digits.
    pub fn server_id(&self) -> String {
        self.hex(0x5e17)
    }

    /// The name its owner gave it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Gives it a name.
    pub fn rename(&mut self, name: &str) {
        name.clone_into(&mut self.name);
    }

    /// 32 hex digits that stay the same for a seed and a number.
    pub(super) fn hex(&self, number: u64) -> String {
        let high = mixed(self.seed.wrapping_mul(0x1_0000_0001).wrapping_add(number));
        format!("{high:016x}{:016x}", mixed(high ^ number))
    }

    pub(super) fn next(&mut self) -> u32 {
        self.given += 1;
        self.given
    }

    pub(super) fn key_of(&self, serial: u32) -> ItemKey {
        if self.habits.numeric_keys {
            ItemKey(serial.to_string())
        } else {
            ItemKey(self.hex(u64::from(serial)))
        }
    }

    // What is in it.

    /// Adds a section.
    pub fn add_section(&mut self, name: &str, holds: Holds) -> LibraryKey {
        let serial = self.next();
        let key = LibraryKey(self.key_of(serial).0);
        self.add_section_keyed(name, holds, key.as_str())
    }

    /// Adds a section with a key of the test's choice.
    pub fn add_section_keyed(&mut self, name: &str, holds: Holds, key: &str) -> LibraryKey {
        let key = LibraryKey(key.to_owned());
        self.sections.push(Section { key: key.clone(), name: name.to_owned(), holds });
        key
    }

    /// The sections, in the order in which they were added.
    pub fn sections(&self) -> &[Section] {
        &self.sections
    }

    /// A section by its key.
    pub fn section(&self, key: &str) -> Option<&Section> {
        self.sections.iter().find(|section| section.key.as_str() == key)
    }

    /// Adds a film to a section.
    pub fn add_movie(
        &mut self,
        section: &LibraryKey,
        movie: NewItem,
        at: Moment,
    ) -> Result<ItemKey, Refused> {
        self.section(section.as_str()).ok_or(Refused::NoSuchSection)?;
        Ok(self.add_entry(section.clone(), movie, What::Movie, at))
    }

    /// Adds a series, without episodes.
    pub fn add_show(
        &mut self,
        section: &LibraryKey,
        show: NewShow,
        at: Moment,
    ) -> Result<ItemKey, Refused> {
        self.section(section.as_str()).ok_or(Refused::NoSuchSection)?;
        let serial = self.next();
        let key = show.key.unwrap_or_else(|| self.key_of(serial));
        let path =
            show.path.unwrap_or_else(|| format!("/media/tv/{}", titled(&show.name, show.year)));
        self.series.push(Series {
            key: key.clone(),
            section: section.clone(),
            name: show.name,
            year: show.year,
            ids: show.ids,
            path,
            added_at: at,
            seasons: Vec::new(),
        });
        Ok(key)
    }

    /// Gives a season a key of the test's choice; without it a season comes with its first episode.
    pub fn add_season(&mut self, show: &ItemKey, number: u16, key: &str) -> Result<(), Refused> {
        let series = self.series.iter_mut().find(|s| s.key == *show).ok_or(Refused::NoSuchItem)?;
        series.seasons.push(Season { key: key.into(), number });
        series.seasons.sort_by_key(|season| season.number);
        Ok(())
    }

    /// Adds an episode to a series. The key is that of the first item: Plex has an item for each episode
    /// of a file, the others one for all of them.
    pub fn add_episode(
        &mut self,
        show: &ItemKey,
        episode: NewItem,
        at: Moment,
    ) -> Result<ItemKey, Refused> {
        let series = self.series(show.as_str()).ok_or(Refused::NoSuchItem)?;
        let (section, folder) = (series.section.clone(), series.path.clone());
        let (season, number, last) = episode.place.unwrap_or((1, 1, 1));
        let name = series.name.clone();
        if series.season(season).is_none() {
            let serial = self.next();
            let key = self.key_of(serial);
            self.add_season(show, season, key.as_str())?;
        }
        let span = if last > number { format!("-E{last:02}") } else { String::new() };
        let path = episode.path.clone().unwrap_or_else(|| {
            format!("{folder}/Season {season:02}/{name} - S{season:02}E{number:02}{span}.mkv")
        });
        let at_path = episode.at_path(&path);
        let show = || show.clone();
        if self.habits.range_is_one_item || last == number {
            let what = What::Episode { show: show(), season, number, last };
            return Ok(self.add_entry(section, at_path, what, at));
        }
        let first = What::Episode { show: show(), season, number, last: number };
        let key = self.add_entry(section.clone(), at_path.clone(), first, at);
        for number in number + 1..=last {
            let mut other = at_path.clone().named(&format!("Episode {number}"));
            (other.key, other.ids) = (None, watchstate_model::ExternalIds::NONE);
            let what = What::Episode { show: show(), season, number, last: number };
            self.add_entry(section.clone(), other, what, at);
        }
        Ok(key)
    }

    fn add_entry(&mut self, section: LibraryKey, new: NewItem, what: What, at: Moment) -> ItemKey {
        let serial = self.next();
        let key = new.key.unwrap_or_else(|| self.key_of(serial));
        let path = new.path.unwrap_or_else(|| {
            let titled = titled(&new.name, new.year);
            format!("/media/movies/{titled}/{titled}.mkv")
        });
        let mut entry = Entry {
            key: key.clone(),
            section,
            name: new.name,
            year: new.year,
            ids: new.ids,
            path,
            duration_ms: new.duration_ms,
            added_at: at,
            what,
            serial,
            slot: 0,
        };
        entry.slot = self.slot_for(&entry);
        self.places.insert(key.clone(), self.entries.len());
        self.entries.push(entry);
        self.tell(None, &key, News::Added);
        key
    }

    fn slot_for(&mut self, entry: &Entry) -> usize {
        let text = self.marks_key(entry);
        let fresh = self.copies.len();
        let slot = *self.slots.entry(text).or_insert(fresh);
        if slot == fresh {
            self.fresh_slot();
        }
        self.copies[slot] += 1;
        slot
    }

    pub(super) fn fresh_slot(&mut self) -> usize {
        self.copies.push(0);
        for marks in &mut self.marks {
            marks.push(Mark::default());
        }
        self.copies.len() - 1
    }

    pub(super) fn make_room_for_user(&mut self) {
        self.marks.push(vec![Mark::default(); self.copies.len()]);
    }

    /// The key under which an item's marks are kept, as `UserData.Key` shows it.
    pub fn marks_key(&self, entry: &Entry) -> String {
        let series = match &entry.what {
            What::Episode { show, .. } => self.series(show.as_str()),
            What::Movie => None,
        };
        if self.habits.shares_marks {
            entry.marks_key(series)
        } else {
            format!("#{}", entry.serial)
        }
    }

    /// All films and episodes, in the order in which they were added.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The films and episodes of a section, in the order in which they were added.
    pub fn entries_of<'a>(&'a self, section: &'a str) -> impl Iterator<Item = &'a Entry> {
        self.entries.iter().filter(move |entry| entry.section.as_str() == section)
    }

    /// All series.
    pub fn all_series(&self) -> &[Series] {
        &self.series
    }

    /// A film or an episode.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.place(key).map(|place| &self.entries[place])
    }

    /// A series.
    pub fn series(&self, key: &str) -> Option<&Series> {
        self.series.iter().find(|series| series.key.as_str() == key)
    }

    /// What a key stands for.
    pub fn named(&self, key: &str) -> Option<Named<'_>> {
        if let Some(entry) = self.entry(key) {
            return Some(Named::Item(entry));
        }
        self.series.iter().find_map(|series| {
            if series.key.as_str() == key {
                return Some(Named::Series(series));
            }
            let season = series.seasons.iter().find(|season| season.key.as_str() == key)?;
            Some(Named::Season(series, season))
        })
    }

    /// The episodes of a series, or of one of its seasons, in their order.
    pub fn episodes_of(&self, show: &str, season: Option<u16>) -> Vec<&Entry> {
        let mut episodes: Vec<_> = self
            .entries
            .iter()
            .filter_map(|entry| match &entry.what {
                What::Episode { show: of, season: s, number, .. }
                    if of.as_str() == show && season.is_none_or(|wanted| wanted == *s) =>
                {
                    Some(((*s, *number), entry))
                }
                _ => None,
            })
            .collect();
        episodes.sort_by_key(|(place, _)| *place);
        episodes.into_iter().map(|(_, entry)| entry).collect()
    }

    /// The key of a title as a person names it: `Dune`, or `Breaking Bad S01E02`, or a key itself.
    pub fn find(&self, name: &str) -> Option<ItemKey> {
        if let Some(entry) = self.entry(name).or_else(|| {
            self.entries.iter().find(|entry| entry.name == name && entry.what == What::Movie)
        }) {
            return Some(entry.key.clone());
        }
        let (show, place) = name.rsplit_once(' ')?;
        let (season, number) = place.strip_prefix('S')?.split_once('E')?;
        let (season, number): (u16, u16) = (season.parse().ok()?, number.parse().ok()?);
        let series = self.series.iter().find(|series| series.name == show)?;
        self.episodes_of(series.key.as_str(), Some(season))
            .into_iter()
            .find(|entry| {
                matches!(entry.what,
                What::Episode { number: first, last, .. } if (first..=last).contains(&number))
            })
            .map(|entry| entry.key.clone())
    }

    pub(super) fn place(&self, key: &str) -> Option<usize> {
        self.places.get(&ItemKey(key.to_owned())).copied()
    }

    // Marks.

    /// What a user is shown for an item.
    pub fn shows(&self, user: UserNo, key: &str) -> Result<Mark, Refused> {
        let entry = self.entry(key).ok_or(Refused::NoSuchItem)?;
        self.marks.get(user.0).ok_or(Refused::NoSuchUser)?;
        Ok(self.shown(user, entry))
    }

    /// What a user is shown for an item at hand.
    pub fn shown(&self, user: UserNo, entry: &Entry) -> Mark {
        self.lagging.get(&(user.0, entry.serial)).copied().unwrap_or_else(|| self.kept(user, entry))
    }

    /// What is kept for an item: what the server's own filters go by.
    pub fn kept(&self, user: UserNo, entry: &Entry) -> Mark {
        self.marks.get(user.0).and_then(|marks| marks.get(entry.slot)).copied().unwrap_or_default()
    }

    /// Changes a mark, as an act of a person or a call does, and tells of it.
    pub(super) fn change(
        &mut self,
        user: UserNo,
        key: &str,
        act: impl Fn(&mut Mark, &Entry, &Habits),
    ) -> Result<(), Refused> {
        self.change_quietly(user, key, act)?;
        for place in self.leaves(key)? {
            let key = self.entries[place].key.clone();
            self.tell(Some(user), &key, News::Marked);
        }
        Ok(())
    }

    /// Changes a mark without telling of it.
    pub(super) fn change_quietly(
        &mut self,
        user: UserNo,
        key: &str,
        act: impl Fn(&mut Mark, &Entry, &Habits),
    ) -> Result<(), Refused> {
        if user.0 >= self.marks.len() {
            return Err(Refused::NoSuchUser);
        }
        for place in self.leaves(key)? {
            let entry = &self.entries[place];
            let mut mark = self.shown(user, entry);
            act(&mut mark, entry, &self.habits);
            let unit = self.habits.place_unit_ms.max(1) * TICKS_PER_MS;
            mark.position_ticks -= mark.position_ticks % unit;
            let (slot, serial) = (entry.slot, entry.serial);
            if self.habits.copies_lag && self.copies[slot] > 1 {
                for other in self.entries.iter().filter(|e| e.slot == slot && e.serial != serial) {
                    let shown = self.shown(user, other);
                    self.lagging.insert((user.0, other.serial), shown);
                }
            }
            self.lagging.remove(&(user.0, serial));
            self.marks[user.0][slot] = mark;
        }
        Ok(())
    }

    /// The items that a key stands for: itself, or all episodes of a series or a season.
    fn leaves(&self, key: &str) -> Result<Vec<usize>, Refused> {
        if let Some(place) = self.place(key) {
            return Ok(vec![place]);
        }
        let episodes = match self.named(key).ok_or(Refused::NoSuchItem)? {
            Named::Item(entry) => vec![entry],
            Named::Series(series) => self.episodes_of(series.key.as_str(), None),
            Named::Season(series, season) => {
                self.episodes_of(series.key.as_str(), Some(season.number))
            }
        };
        Ok(episodes.iter().filter_map(|entry| self.place(entry.key.as_str())).collect())
    }

    // The writes it received.

    pub(super) fn log(&mut self, user: UserNo, key: &str, call: Call, at: Moment) {
        self.wrote.push(Wrote { at, user, item: key.into(), call });
    }

    /// Every write that arrived over the protocol and was done, in order.
    pub fn writes(&self) -> &[Wrote] {
        &self.wrote
    }

    /// How many of them named an item.
    pub fn writes_to(&self, key: &str) -> usize {
        self.wrote.iter().filter(|wrote| wrote.item.as_str() == key).count()
    }

    /// Forgets the writes, to count anew.
    pub fn forget_writes(&mut self) {
        self.wrote.clear();
    }
}

fn titled(name: &str, year: Option<u16>) -> String {
    year.map_or_else(|| name.to_owned(), |year| format!("{name} ({year})"))
}

/// A number well mixed (the finaliser of SplitMix64), so that ids look like ids and stay the same.
pub(super) fn mixed(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
