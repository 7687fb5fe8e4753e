//! A fake server as a [`MediaServer`], without HTTP: each call is a step at which the process may be killed,
//! the server may be down, or an answer may be lost.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use watchstate_model::playback::SILENT_S;
use watchstate_model::{
    Abilities, ClockOffset, Episode, Facts, Item, ItemKey, Kind, Marks, Moment, Show, Watch,
};
use watchstate_servers::{
    Detail, Fault, Glance, Library as Section, LibraryKind, MediaServer, Meter, Page, Playing,
    ServerError, ServerInfo, ServerKind, Stretch, Tells, User, Wanted, Write,
};

use crate::fake::calls::PlexState;
use crate::fake::habits::PartialWrites;
use crate::fake::library::{Library, Refused};
use crate::fake::marks::{Part, TICKS_PER_MS};
use crate::fake::people::{Device, UserNo};
use crate::fake::titles::{Entry, Holds, What};

/// The one clock of a simulated world, in unix seconds.
#[derive(Clone, Default, Debug)]
pub struct SimClock(Arc<AtomicI64>);

impl SimClock {
    /// A clock that stands at a moment.
    pub fn at(moment: Moment) -> Self {
        Self(Arc::new(AtomicI64::new(moment.0)))
    }

    /// Lets time pass.
    pub fn pass(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::Relaxed);
    }

    /// What time it is.
    pub fn now(&self) -> Moment {
        Moment(self.0.load(Ordering::Relaxed))
    }
}

impl watchstate_engine::Clock for SimClock {
    fn now(&self) -> Moment {
        self.now()
    }
}

/// What a killed process leaves its runtime with.
#[derive(Debug)]
pub struct Killed;

/// Counts steps, and kills the process at one of them.
#[derive(Clone, Default, Debug)]
pub struct Tripwire(Arc<AtomicU64>);

impl Tripwire {
    /// Sets it to go off at the `steps`th step from now; 0 never.
    pub fn set(&self, steps: u64) {
        self.0.store(steps, Ordering::Relaxed);
    }

    /// One step. Does not come back from the one it was set to.
    pub fn step(&self) {
        let left = self.0.load(Ordering::Relaxed);
        if left > 0 {
            self.0.store(left - 1, Ordering::Relaxed);
            if left == 1 {
                resume_unwind(Box::new(Killed));
            }
        }
    }
}

impl watchstate_engine::Report for Tripwire {
    fn step(&self, _step: watchstate_engine::Step) {
        Tripwire::step(self);
    }
}

/// What a server suffers from.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Weather {
    /// It cannot be reached.
    pub down: bool,
    /// So many of the next calls fail with a server error.
    pub failing: u32,
    /// So many of the next writes are done, and their answers get lost.
    pub losing: u32,
}

/// What is held against the engine.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Record {
    /// Writes that were done, by key.
    pub delivered: Vec<ItemKey>,
    /// What must never happen, in words.
    pub offences: Vec<String>,
    /// When each was last written.
    pub written_at: BTreeMap<ItemKey, Moment>,
    /// What happened to these, and nobody has read them since.
    pub unread: BTreeSet<ItemKey>,
    /// What the engine was told that the account's person is playing, and when it was told last.
    pub told_of: BTreeMap<ItemKey, Moment>,
}

/// What an account is told when it asks who plays what.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Sessions {
    /// What its person plays.
    #[default]
    Own,
    /// That it may not know (whoever has a share of a Plex): what the socket tells of its person is all.
    NotVisible,
    /// Nothing, whoever plays: as if nobody had asked. To prove that this is noticed.
    Unasked,
}

/// One account on one simulated server.
#[derive(Clone)]
pub struct Direct {
    /// The server's state; shared with the story.
    pub library: Arc<Mutex<Library>>,
    /// Whose account.
    pub user: UserNo,
    /// The world's clock.
    pub clock: SimClock,
    /// How far the server's clock is ahead of it.
    pub skew: i64,
    /// What it suffers from.
    pub weather: Arc<Mutex<Weather>>,
    /// What it saw.
    pub record: Arc<Mutex<Record>>,
    /// Where the process may be killed.
    pub tripwire: Tripwire,
    /// What it says of who plays what.
    pub sessions: Sessions,
    meter: Arc<Meter>,
}

/// A poisoned lock is what a kill leaves behind: the data are whole, as no step is half done.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Direct {
    /// An account of the first user.
    pub fn new(library: Library, clock: SimClock, skew: i64, tripwire: Tripwire) -> Self {
        Self {
            library: Arc::new(Mutex::new(library)),
            user: UserNo(0),
            clock,
            skew,
            weather: Arc::default(),
            record: Arc::default(),
            tripwire,
            sessions: Sessions::default(),
            meter: Arc::default(),
        }
    }

    /// The account of another user of the same server.
    #[must_use]
    pub fn of_another(&self, user: UserNo) -> Self {
        Self { user, record: Arc::default(), ..self.clone() }
    }

    /// The server's own time.
    pub fn now(&self) -> Moment {
        Moment(self.clock.now().0 + self.skew)
    }

    /// What the account shows for an item, as its client would read it.
    pub fn marks(&self, entry: &Entry) -> Marks {
        locked(&self.library).shown(self.user, entry).shown()
    }

    fn reached(&self, op: &'static str) -> Result<(), ServerError> {
        self.tripwire.step();
        let mut weather = locked(&self.weather);
        if weather.down {
            return Err(ServerError::new(Fault::Unreachable, op));
        }
        if weather.failing > 0 {
            weather.failing -= 1;
            return Err(ServerError::new(Fault::ServerTrouble, op));
        }
        Ok(())
    }

    /// Something happened to an item, for the engine to find out.
    pub fn is_unread(&self, key: &ItemKey) {
        locked(&self.record).unread.insert(key.clone());
    }

    fn are_read(&self, items: &[Item]) {
        let mut record = locked(&self.record);
        if !record.unread.is_empty() {
            record.unread.retain(|key| items.iter().all(|item| item.key != *key));
        }
    }

    fn item(&self, library: &Library, entry: &Entry, detail: Detail) -> Item {
        let facts = (detail == Detail::Full).then(|| Facts {
            kind: match &entry.what {
                What::Movie => Kind::Movie,
                What::Episode { show, season, number, last } => Kind::Episode(Episode {
                    show_key: Some(show.clone()),
                    show_name: library
                        .series(show.as_str())
                        .map(|s| s.name.clone())
                        .unwrap_or_default(),
                    season: *season,
                    number: *number,
                    last: *last,
                }),
            },
            name: entry.name.clone(),
            year: entry.year,
            ids: entry.ids.clone(),
            path: Some(entry.path.clone()),
            duration_ms: Some(entry.duration_ms),
        });
        Item {
            key: entry.key.clone(),
            marks: library.shown(self.user, entry).shown(),
            added_at: Some(entry.added_at),
            facts,
        }
    }

    fn partial(&self) -> bool {
        locked(&self.library).habits().partial_writes != PartialWrites::None
    }

    fn is_plex(&self) -> bool {
        locked(&self.library).kind() == ServerKind::Plex
    }

    /// Does a write as the kind's client would, request by request.
    fn do_write(&self, write: &Write) -> Result<(), Refused> {
        let (key, now, user) = (write.key.as_str(), self.now(), self.user);
        let date = write.to.played_at.map(|at| Moment(at.0 + self.skew));
        let (from, to) = (write.from.watch, write.to.watch);
        let position = to.position().map_or(0, |position| u64::from(position.ms()));
        if self.is_plex() {
            if to.is_watched() && !from.is_watched() {
                locked(&self.library).scrobble(user, key, now)?;
                self.tripwire.step();
            } else if from.is_watched() && !to.is_watched() || to == Watch::Unwatched {
                locked(&self.library).unscrobble(user, key, now)?;
                self.tripwire.step();
            }
            let kept = locked(&self.library).shows(user, key)?.position_ms();
            if kept != position {
                let device = Device { id: "watchstate".to_owned(), ..Device::default() };
                locked(&self.library).timeline(
                    user,
                    key,
                    position,
                    PlexState::Stopped,
                    &device,
                    now,
                )?;
            }
            return Ok(());
        }
        if to == Watch::Unwatched {
            return locked(&self.library).mark_unplayed(user, key, now);
        }
        if self.partial() {
            let part = Part {
                played: Some(to.is_watched()),
                plays: Some(write.to.plays.max(write.from.plays)),
                last_played: date,
                position_ticks: Some(position * TICKS_PER_MS),
                ..Part::default()
            };
            return locked(&self.library).post_user_data(user, key, part, now);
        }
        if to.is_watched() {
            return locked(&self.library).mark_played(user, key, date, now);
        }
        if from.is_watched() {
            locked(&self.library).mark_unplayed(user, key, now)?;
            self.tripwire.step();
        }
        let device = Device { id: "watchstate".to_owned(), ..Device::default() };
        let ticks = position * TICKS_PER_MS;
        locked(&self.library).session_start(user, key, ticks, device.clone(), now)?;
        self.tripwire.step();
        locked(&self.library).session_stop(user, key, Some(ticks), &device, now)
    }

    /// Holds a write against the engine that should not have been made.
    fn examine(&self, write: &Write) {
        let library = locked(&self.library);
        let Some(entry) = library.entry(write.key.as_str()) else { return };
        let shown = library.shown(self.user, entry).shown();
        let mut offences = Vec::new();
        let progress = watchstate_model::marks::ProgressRule::default();
        let abilities = abilities(library.kind(), library.habits().partial_writes);
        let agrees =
            write.to.is_shown_by(shown.watch, &abilities, progress, Some(entry.duration_ms));
        let newer =
            write.to.played_at.map(|at| at.0 + self.skew) > shown.last_played.map(|at| at.0);
        if agrees && !(abilities.dates && write.to.watch.is_watched() && newer) {
            offences.push(format!("wrote {:?} to {}, which agreed already", write.to, entry.name));
        }
        let record = locked(&self.record);
        let told = record.told_of.get(&entry.key);
        let knows = self.sessions != Sessions::NotVisible
            || told.is_some_and(|told| self.clock.now().0 - told.0 <= SILENT_S);
        drop(record);
        let plays = library.sittings().iter().any(|s| s.user == self.user && s.item == entry.key);
        if plays && knows {
            offences.push(format!("wrote to {}, which was being watched", entry.name));
        }
        locked(&self.record).offences.extend(offences);
    }
}

/// What the kind's client can be told.
pub fn abilities(kind: ServerKind, partial: PartialWrites) -> Abilities {
    let partial = partial != PartialWrites::None;
    let plex = kind == ServerKind::Plex;
    Abilities {
        dates: !plex,
        plays: partial && !plex,
        positions: true,
        rewatch_positions: plex || partial,
        position_unit_ms: 1,
        unwatch_clears_traces: true,
    }
}

#[async_trait]
impl MediaServer for Direct {
    fn abilities(&self) -> Abilities {
        let library = locked(&self.library);
        abilities(library.kind(), library.habits().partial_writes)
    }

    async fn check(&self) -> Result<ServerInfo, ServerError> {
        self.reached("checking")?;
        let library = locked(&self.library);
        Ok(ServerInfo {
            id: library.server_id(),
            name: library.name().to_owned(),
            version: library.version().to_owned(),
            clock: ClockOffset(if self.skew.abs() <= 5 { 0 } else { self.skew }),
        })
    }

    async fn user(&self) -> Result<User, ServerError> {
        Ok(User { id: "0".to_owned(), name: "ana".to_owned() })
    }

    async fn users(&self) -> Result<Vec<User>, ServerError> {
        Ok(vec![self.user().await?])
    }

    async fn libraries(&self) -> Result<Vec<Section>, ServerError> {
        self.reached("listing libraries")?;
        let library = locked(&self.library);
        Ok(library
            .sections()
            .iter()
            .filter_map(|section| {
                let kind = match section.holds {
                    Holds::Movies => LibraryKind::Movies,
                    Holds::Shows => LibraryKind::Shows,
                    Holds::Mixed => LibraryKind::Mixed,
                    Holds::Music => return None,
                };
                Some(Section { key: section.key.clone(), name: section.name.clone(), kind })
            })
            .collect())
    }

    async fn shows(&self, section: &Section, stretch: Stretch) -> Result<Page<Show>, ServerError> {
        self.reached("listing series")?;
        let library = locked(&self.library);
        let all: Vec<Show> = library
            .all_series()
            .iter()
            .filter(|series| series.section == section.key)
            .map(show)
            .collect();
        Ok(page(&all, stretch))
    }

    async fn items(
        &self,
        section: &Section,
        stretch: Stretch,
        detail: Detail,
    ) -> Result<Page<Item>, ServerError> {
        self.reached("reading a page")?;
        let library = locked(&self.library);
        let all: Vec<Item> = library
            .entries_of(section.key.as_str())
            .map(|entry| self.item(&library, entry, detail))
            .collect();
        let page = page(&all, stretch);
        self.are_read(&page.entries);
        Ok(page)
    }

    async fn read(&self, keys: &[ItemKey]) -> Result<Vec<Item>, ServerError> {
        self.reached("reading items")?;
        let library = locked(&self.library);
        let items: Vec<Item> = keys
            .iter()
            .filter_map(|key| library.entry(key.as_str()))
            .map(|entry| self.item(&library, entry, Detail::Full))
            .collect();
        self.are_read(&items);
        Ok(items)
    }

    fn read_at_once(&self) -> usize {
        3
    }

    async fn read_shows(&self, keys: &[ItemKey]) -> Result<Vec<Show>, ServerError> {
        self.reached("reading series")?;
        let library = locked(&self.library);
        Ok(keys.iter().filter_map(|key| library.series(key.as_str())).map(show).collect())
    }

    async fn find(&self, wanted: &Wanted) -> Result<Vec<Item>, ServerError> {
        self.reached("searching")?;
        let library = locked(&self.library);
        let Wanted::Movie { ids, .. } = wanted else { return Ok(Vec::new()) };
        Ok(library
            .entries()
            .iter()
            .filter(|entry| entry.ids.iter().any(|id| ids.of(id.provider()) == Some(id)))
            .map(|entry| self.item(&library, entry, Detail::Full))
            .collect())
    }

    async fn write(&self, write: &Write) -> Result<(), ServerError> {
        self.reached("writing a mark")?;
        self.examine(write);
        {
            let mut record = locked(&self.record);
            record.delivered.push(write.key.clone());
            record.written_at.insert(write.key.clone(), self.clock.now());
            record.unread.insert(write.key.clone());
        }
        self.do_write(write).map_err(|_| ServerError::new(Fault::NotFound, "writing a mark"))?;
        self.tripwire.step();
        let mut weather = locked(&self.weather);
        if weather.losing > 0 {
            weather.losing -= 1;
            return Err(ServerError::new(Fault::Timeout, "writing a mark"));
        }
        Ok(())
    }

    async fn playing(&self) -> Result<Playing, ServerError> {
        self.reached("reading sessions")?;
        match self.sessions {
            Sessions::Own => {}
            Sessions::NotVisible => return Ok(Playing::NotVisible),
            Sessions::Unasked => return Ok(Playing::Items(Vec::new())),
        }
        let library = locked(&self.library);
        Ok(Playing::Items(
            library
                .sittings()
                .iter()
                .filter(|sitting| sitting.user == self.user)
                .map(|sitting| sitting.item.clone().into())
                .collect(),
        ))
    }

    fn tells(&self) -> Tells {
        if self.is_plex() { Tells::Playback } else { Tells::Everything }
    }

    async fn glance(
        &self,
        section: &Section,
        since: Option<Moment>,
        most: u32,
    ) -> Result<Glance, ServerError> {
        self.reached("looking for changes")?;
        let library = locked(&self.library);
        let mut recent: Vec<Item> = library
            .entries_of(section.key.as_str())
            .map(|entry| self.item(&library, entry, Detail::Lean))
            .collect();
        let watched = recent.iter().filter(|item| item.marks.watch.is_watched()).count();
        recent.retain(|item| item.marks.last_played.is_some() && item.marks.last_played >= since);
        recent.sort_by_key(|item| std::cmp::Reverse(item.marks.last_played));
        recent.truncate(most as usize);
        self.are_read(&recent);
        Ok(Glance { watched: u32::try_from(watched).unwrap_or(u32::MAX), recent })
    }

    async fn watched(
        &self,
        section: &Section,
        stretch: Stretch,
    ) -> Result<Page<ItemKey>, ServerError> {
        self.reached("reading what is watched")?;
        let library = locked(&self.library);
        let all: Vec<ItemKey> = library
            .entries_of(section.key.as_str())
            .filter(|entry| library.shown(self.user, entry).shown().watch.is_watched())
            .map(|entry| entry.key.clone())
            .collect();
        Ok(page(&all, stretch))
    }

    fn meter(&self) -> &Meter {
        &self.meter
    }
}

fn show(series: &crate::fake::titles::Series) -> Show {
    Show {
        key: series.key.clone(),
        name: series.name.clone(),
        year: series.year,
        ids: series.ids.clone(),
    }
}

fn page<T: Clone>(all: &[T], stretch: Stretch) -> Page<T> {
    let (from, size) = (stretch.from as usize, stretch.size as usize);
    let entries: Vec<T> = all.iter().skip(from).take(size).cloned().collect();
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Page { sent: count(entries.len()), total: count(all.len()), entries }
}
