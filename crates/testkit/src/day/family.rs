//! The family of a day: its servers, an account of each person on each of them, and the app that attends to
//! all of them, moved by hand.

use std::collections::{BTreeSet, VecDeque};
use std::path::Path;
use std::sync::{Arc, Mutex};

use watchstate_engine::attend::{Attending, Connection, Outcome};
use watchstate_engine::{Account, CancellationToken, Consent, Engine, Settings, Silent, Trouble};
use watchstate_model::{BackendId, ItemKey, LibraryKey, Moment, PersonId, Playback, Provider, Watch};
use watchstate_servers::{Heard, ServerKind};
use watchstate_store::{Import, NewBackend, Store};

use super::story::{Day, Fate, PEOPLE, PersonNo, SERVERS};
use crate::fake::calls::PlexState;
use crate::fake::library::Library;
use crate::fake::people::UserNo;
use crate::fake::titles::{Holds, NewItem};
use crate::fake::told::{News, Told};
use crate::simulator::direct::{Direct, SimClock, Tripwire, locked};
use crate::simulator::story::{ServerNo, TitleNo};
use crate::simulator::world::{DURATION_MS, KINDS, Template};

/// When days begin: 2026-01-01.
const BEGINNING: Moment = Moment(1_767_225_600);
/// More rounds than this mean that two accounts tell each other the same thing for ever.
const MOST_ROUNDS: usize = 60;

/// One account, and who attends to it.
pub(super) struct Desk {
    pub person: PersonNo,
    pub server: ServerNo,
    pub backend: BackendId,
    pub direct: Direct,
    pub attending: Attending,
    /// What was told and not heard yet.
    inbox: VecDeque<Heard>,
}

/// The family and its servers.
pub(super) struct Family {
    pub desks: Vec<Desk>,
    pub clock: SimClock,
    sections: Vec<LibraryKey>,
    libraries: Vec<Arc<Mutex<Library>>>,
    engine: Engine,
    store: Store,
    fates: Box<dyn Iterator<Item = Fate> + Send>,
    /// How often something was heard of somebody who is not known.
    pub strangers: u64,
}

impl Family {
    pub(super) async fn of(day: &Day, template: &Template, folder: &Path) -> anyhow::Result<Self> {
        let clock = SimClock::at(BEGINNING);
        let store = template.open(folder).await?;
        let (mut libraries, mut sections, mut desks) = (Vec::new(), Vec::new(), Vec::new());
        let mut tx = store.begin().await?;
        let mut people = vec![PersonId(1)];
        for person in 1..PEOPLE {
            people.push(tx.add_person(&format!("person{person}")).await?);
        }
        for (number, (kind, skew)) in day.servers.iter().enumerate() {
            let (kind, version) = KINDS[*kind];
            let mut library = Library::new(kind, version).seeded(number as u64 + 1);
            for person in 0..PEOPLE {
                library.add_user(&format!("person{person}"));
            }
            sections.push(library.add_section("Movies", Holds::Movies));
            let first = Direct::new(library, clock.clone(), *skew, Tripwire::default());
            libraries.push(Arc::clone(&first.library));
            for (person, id) in people.iter().enumerate() {
                let user = UserNo(person);
                let direct = Direct { user, record: Arc::default(), ..first.clone() };
                let backend = tx
                    .add_backend(&NewBackend {
                        person: *id,
                        name: &format!("server{number} of person{person}"),
                        kind: kind.name(),
                        url: "http://127.0.0.1",
                        server_id: &locked(&direct.library).server_id(),
                        user_id: &person.to_string(),
                        user_name: &format!("person{person}"),
                        import: Import::On,
                        export: true,
                        added_at: BEGINNING,
                    })
                    .await?;
                tx.approve_backend(backend, BEGINNING).await?;
                desks.push((person, number, backend, direct));
            }
        }
        tx.commit().await?;
        let backends = store.backends().await?;
        let desks = desks
            .into_iter()
            .filter_map(|(person, server, backend, direct)| {
                let row = backends.iter().find(|row| row.id == backend)?.clone();
                let attending = Attending::new(Account::new(row, Arc::new(direct.clone())));
                Some(Desk { person, server, backend, direct, attending, inbox: VecDeque::new() })
            })
            .collect();
        let settings = Settings { page_first: 4, page_most: 4, ..Settings::default() };
        let (silent, cancel) = (Arc::new(Silent), CancellationToken::new());
        let engine =
            Engine::new(store.clone(), Arc::new(clock.clone()), settings, silent, cancel);
        let fates = Box::new(day.fates());
        let strangers = 0;
        let family =
            Self { desks, clock, sections, libraries, engine, store, fates, strangers };
        for (server, title) in &day.has {
            family.add(*server, *title)?;
        }
        for (person, server, title) in &day.at_first {
            let desk = family.desk(*person, *server);
            let Some(key) = family.key(*server, *title) else { continue };
            let now = desk.direct.now();
            locked(&desk.direct.library).watch(desk.direct.user, key.as_str(), now)?;
        }
        Ok(family)
    }

    fn add(&self, server: ServerNo, title: TitleNo) -> anyhow::Result<()> {
        let movie = NewItem::movie(&format!("Title {title}"), 2020)
            .id(Provider::Tmdb, &(1000 + title).to_string())
            .lasting_ms(DURATION_MS);
        locked(&self.libraries[server]).add_movie(&self.sections[server], movie, BEGINNING)?;
        Ok(())
    }

    fn place(&self, person: PersonNo, server: ServerNo) -> usize {
        server * PEOPLE + person
    }

    pub(super) fn desk(&self, person: PersonNo, server: ServerNo) -> &Desk {
        &self.desks[self.place(person, server)]
    }

    /// What a server calls a title; nothing when it has none.
    pub(super) fn key(&self, server: ServerNo, title: TitleNo) -> Option<ItemKey> {
        locked(&self.libraries[server]).find(&format!("Title {title}"))
    }

    /// What a person is shown for a title.
    pub(super) fn shows(&self, person: PersonNo, server: ServerNo, title: TitleNo) -> Option<Watch> {
        let key = self.key(server, title)?;
        let library = locked(&self.libraries[server]);
        library.shows(UserNo(person), key.as_str()).ok().map(|mark| mark.shown().watch)
    }

    /// Whether a person is watching a title somewhere.
    pub(super) fn plays(&self, person: PersonNo, title: TitleNo) -> bool {
        (0..SERVERS).any(|server| {
            let Some(key) = self.key(server, title) else { return false };
            let library = locked(&self.libraries[server]);
            library.sittings().iter().any(|s| s.user == UserNo(person) && s.item == key)
        })
    }

    /// What a server can hold beside a mark.
    pub(super) fn keeps_rewatches(&self, server: ServerNo) -> bool {
        let library = locked(&self.libraries[server]);
        let partial = library.habits().partial_writes;
        crate::simulator::direct::abilities(library.kind(), partial).rewatch_positions
    }

    /// A server goes away, and all sockets to it with it; or it is back.
    pub(super) fn is_down(&mut self, server: ServerNo, down: bool) {
        locked(&self.desk(0, server).direct.weather).down = down;
        if down {
            for person in 0..PEOPLE {
                self.cut(person, server);
            }
        }
    }

    /// A socket breaks: what was told and not heard is lost with it.
    pub(super) fn cut(&mut self, person: PersonNo, server: ServerNo) {
        let place = self.place(person, server);
        self.desks[place].inbox.clear();
        self.desks[place].attending.lost();
    }

    /// Somebody who is not known did something.
    pub(super) fn stranger(&mut self, person: PersonNo, server: ServerNo) {
        let place = self.place(person, server);
        if self.desks[place].attending.connection() == Connection::Live {
            self.desks[place].inbox.push_back(Heard::Foreign);
            self.strangers += 1;
        }
    }

    /// The first offence that a server saw.
    pub(super) fn offence(&self) -> Option<String> {
        self.desks.iter().find_map(|desk| locked(&desk.direct.record).offences.first().cloned())
    }

    /// How many writes were made.
    pub(super) fn writes(&self) -> usize {
        self.desks.iter().map(|desk| locked(&desk.direct.record).delivered.len()).sum()
    }

    /// The hourly sync, beside all else.
    pub(super) async fn sync(&mut self) -> Result<bool, String> {
        let mut accounts = self.accounts().await?;
        let reports = self.engine.sync(&mut accounts, Consent::default()).await;
        let reports = reports.map_err(|e| format!("the sync failed: {e}"))?;
        self.settle().await?;
        Ok(reports.iter().all(|report| report.ok))
    }

    async fn accounts(&mut self) -> Result<Vec<Account>, String> {
        let backends = self.store.backends().await.map_err(|e| e.to_string())?;
        for desk in &mut self.desks {
            if let Some(row) = backends.iter().find(|row| row.id == desk.backend) {
                desk.attending.is_now(row.clone());
            }
        }
        Ok(self.desks.iter().map(|desk| desk.attending.account().clone()).collect())
    }

    /// Time has passed: whoever is away is tried again, and the others look at their clocks.
    pub(super) async fn tick(&mut self) -> Result<(), String> {
        for place in 0..self.desks.len() {
            let accounts = self.accounts().await?;
            let desk = &mut self.desks[place];
            if desk.attending.connection() == Connection::Live {
                let ticked = desk.attending.tick(&self.engine, &accounts).await;
                self.came_of(place, ticked, false).await?;
                continue;
            }
            match desk.attending.reach(&self.engine).await {
                Err(trouble) => is_weather(&trouble)?,
                Ok(()) => {
                    let done = desk.attending.connected(&self.engine, &accounts, true).await;
                    self.came_of(place, done, true).await?;
                }
            }
        }
        self.settle().await
    }

    /// What was told is heard, and what came of it is told and heard, until nobody has anything to say.
    pub(super) async fn settle(&mut self) -> Result<(), String> {
        for _ in 0..MOST_ROUNDS {
            self.tell();
            let Some(place) = self.desks.iter().position(|desk| !desk.inbox.is_empty()) else {
                return Ok(());
            };
            let accounts = self.accounts().await?;
            let heard: Vec<Heard> = self.desks[place].inbox.drain(..).collect();
            let outcome = self.desks[place].attending.heard(&self.engine, &accounts, heard).await;
            self.came_of(place, outcome, false).await?;
        }
        Err("the accounts go on telling each other something".to_owned())
    }

    /// What servers have to say reaches those who listen, or does not.
    fn tell(&mut self) {
        for server in 0..SERVERS {
            let all = locked(&self.libraries[server]).take_told();
            for told in all {
                for person in 0..PEOPLE {
                    let place = self.place(person, server);
                    if self.desks[place].attending.connection() != Connection::Live
                        || !locked(&self.libraries[server]).reaches(&told, UserNo(person))
                    {
                        continue;
                    }
                    let kind = locked(&self.libraries[server]).kind();
                    let Some(heard) = as_heard(&told, kind) else { continue };
                    let inbox = &mut self.desks[place].inbox;
                    match self.fates.next() {
                        None | Some(Fate::Arrives) => inbox.push_back(heard),
                        Some(Fate::Lost) => {}
                        Some(Fate::Early) => inbox.push_front(heard),
                        Some(Fate::Twice) => inbox.extend([heard.clone(), heard]),
                    }
                }
            }
        }
    }

    async fn came_of(
        &mut self,
        place: usize,
        outcome: Result<Outcome, Trouble>,
        connected: bool,
    ) -> Result<(), String> {
        let outcome = match outcome {
            Ok(outcome) => outcome,
            Err(trouble) => {
                is_weather(&trouble)?;
                self.desks[place].attending.lost();
                return Ok(());
            }
        };
        let mut owed: BTreeSet<BackendId> = outcome.followed.owed;
        let here = self.desks[place].backend;
        if connected || outcome.stopped {
            owed.insert(here);
        }
        let accounts = self.accounts().await?;
        for desk in &mut self.desks {
            if !owed.contains(&desk.backend) || desk.attending.connection() == Connection::Offline {
                continue;
            }
            let at_once = desk.backend == here && (connected || outcome.stopped);
            let passed = desk.attending.pass_on(&self.engine, &accounts, at_once).await;
            if let Err(trouble) = passed {
                is_weather(&trouble)?;
                desk.attending.lost();
            }
        }
        Ok(())
    }

    pub(super) async fn end(self) {
        self.store.close().await;
    }
}

/// A server that is away or fails is what the day is about; all else is a fault.
fn is_weather(trouble: &Trouble) -> Result<(), String> {
    match trouble {
        Trouble::Server(_) | Trouble::SomeFailed { .. } => Ok(()),
        other => Err(format!("the engine failed: {other}")),
    }
}

/// A message as the kind's client would understand it.
fn as_heard(told: &Told, kind: ServerKind) -> Option<Heard> {
    let key = told.key.clone();
    Some(match &told.news {
        News::Marked | News::Opened => Heard::Items(vec![key]),
        News::Added | News::Refreshed if kind == ServerKind::Plex => Heard::Items(vec![key]),
        News::Added | News::Refreshed => Heard::Something,
        News::Removed { .. } => return None,
        News::Playback { state, .. } => {
            let how = match state {
                PlexState::Playing => Playback::Runs,
                PlexState::Paused => Playback::Paused,
                PlexState::Stopped => Playback::Stopped,
            };
            Heard::Playback { key, how }
        }
    })
}
