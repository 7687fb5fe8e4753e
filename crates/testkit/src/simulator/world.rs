//! The household a story plays in.

use std::path::PathBuf;
use std::sync::Arc;

use watchstate_engine::{Account, CancellationToken, Engine, Merge, Settings};
use watchstate_model::{ItemKey, LibraryKey, Moment, PersonId, Provider, Watch};
use watchstate_servers::ServerKind;
use watchstate_store::{Import, NewBackend, Store};

use super::direct::{Direct, SimClock, Tripwire, locked};
use super::story::{ServerNo, Story, TitleNo};
use crate::fake::library::Library;
use crate::fake::titles::{Holds, NewItem};

/// The servers that stories draw from.
pub const KINDS: [(ServerKind, &str); 5] = [
    (ServerKind::Plex, "1.40.2"),
    (ServerKind::Jellyfin, "10.10.7"),
    (ServerKind::Jellyfin, "10.8.6"),
    (ServerKind::Emby, "4.8.11"),
    (ServerKind::Emby, "3.2.40"),
];

/// When stories begin: 2026-01-01.
const BEGINNING: Moment = Moment(1_767_225_600);
/// How long the titles last: 100 minutes, so that a percentage is a minute.
pub const DURATION_MS: u32 = 6_000_000;

/// A simulated household.
pub struct World {
    /// Its servers.
    pub servers: Vec<Direct>,
    /// The section of each.
    pub sections: Vec<LibraryKey>,
    /// The clock.
    pub clock: SimClock,
    /// Where the process may be killed.
    pub tripwire: Tripwire,
    /// The rule that its engine decides by.
    pub merge: Merge,
    file: PathBuf,
    store: Store,
}

/// What it takes to begin many worlds: an empty database of the present form, made once.
pub struct Template(Vec<u8>);

impl Template {
    /// Makes it.
    pub async fn make(folder: &std::path::Path) -> anyhow::Result<Self> {
        let file = folder.join("template.db");
        let store = Store::open_scratch(&file).await?;
        let whole = folder.join("whole.db");
        store.copy_to(&whole).await?;
        store.close().await;
        Ok(Self(std::fs::read(whole)?))
    }

    /// A new world's database in a folder, in place of any before it.
    pub(crate) async fn open(&self, folder: &std::path::Path) -> anyhow::Result<Store> {
        for name in ["world.db", "world.db-wal", "world.db-shm"] {
            let _ = std::fs::remove_file(folder.join(name));
        }
        let file = folder.join("world.db");
        std::fs::write(&file, &self.0)?;
        Ok(Store::open_scratch(&file).await?)
    }
}

impl World {
    /// The world at the beginning of a story.
    pub async fn begin(
        story: &Story,
        template: &Template,
        folder: &std::path::Path,
        merge: Merge,
    ) -> anyhow::Result<Self> {
        let clock = SimClock::at(BEGINNING);
        let tripwire = Tripwire::default();
        let mut servers = Vec::new();
        let mut sections = Vec::new();
        for (number, (kind, skew)) in story.servers.iter().enumerate() {
            let (kind, version) = KINDS[*kind];
            let mut library = Library::new(kind, version).seeded(number as u64 + 1);
            library.add_user("ana");
            sections.push(library.add_section("Movies", Holds::Movies));
            servers.push(Direct::new(library, clock.clone(), *skew, tripwire.clone()));
        }
        let file = folder.join("world.db");
        let store = template.open(folder).await?;
        let mut tx = store.begin().await?;
        for (number, server) in servers.iter().enumerate() {
            let server_id = locked(&server.library).server_id();
            let kind = locked(&server.library).kind();
            let name = format!("server{number}");
            let id = tx
                .add_backend(&NewBackend {
                    person: PersonId(1),
                    name: &name,
                    kind: kind.name(),
                    url: "http://127.0.0.1",
                    server_id: &server_id,
                    user_id: "0",
                    user_name: "ana",
                    import: Import::On,
                    export: true,
                    added_at: BEGINNING,
                })
                .await?;
            tx.approve_backend(id, BEGINNING).await?;
        }
        tx.commit().await?;
        let world = Self { servers, sections, clock, tripwire, merge, file, store };
        for (server, title, watched) in &story.at_first {
            world.add(*server, *title)?;
            if *watched {
                let key = world.key(*server, *title).unwrap_or_else(|| "".into());
                let now = world.servers[*server].now();
                let mut library = locked(&world.servers[*server].library);
                library.watch(world.servers[*server].user, key.as_str(), now)?;
            }
        }
        Ok(world)
    }

    /// The process is started again after it was killed.
    pub async fn restart(&mut self) -> anyhow::Result<()> {
        self.tripwire.set(0);
        self.store.close().await;
        self.store = Store::open_scratch(&self.file).await?;
        Ok(())
    }

    /// Ends the world.
    pub async fn end(self) {
        self.store.close().await;
    }

    /// The engine of this process.
    pub fn engine(&self) -> Engine {
        let settings = Settings {
            // One thing after the other: the same seed is the same history.
            backends_at_once: 1,
            writes_at_once: 1,
            // Small, so that lists have pages.
            page_first: 2,
            page_most: 2,
            ..Settings::default()
        };
        Engine::new(
            self.store.clone(),
            Arc::new(self.clock.clone()),
            settings,
            Arc::new(self.tripwire.clone()),
            CancellationToken::new(),
        )
        .deciding_by(self.merge)
    }

    /// The accounts, as they stand in the database.
    pub async fn accounts(&self) -> anyhow::Result<Vec<Account>> {
        let backends = self.store.backends().await?;
        Ok(backends
            .into_iter()
            .zip(&self.servers)
            .map(|(backend, server)| Account::new(backend, Arc::new(server.clone())))
            .collect())
    }

    /// Puts a title on a server.
    pub fn add(&self, server: ServerNo, title: TitleNo) -> anyhow::Result<()> {
        let now = self.servers[server].now();
        let movie = NewItem::movie(&format!("Title {title}"), 2020)
            .id(Provider::Tmdb, &(1000 + title).to_string())
            .id(Provider::Imdb, &format!("tt{}", 7_000_000 + title))
            .lasting_ms(DURATION_MS);
        locked(&self.servers[server].library).add_movie(&self.sections[server], movie, now)?;
        Ok(())
    }

    /// What a server calls a title; nothing when it has none.
    pub fn key(&self, server: ServerNo, title: TitleNo) -> Option<ItemKey> {
        locked(&self.servers[server].library).find(&format!("Title {title}"))
    }

    /// What a server shows for a title.
    pub fn shows(&self, server: ServerNo, title: TitleNo) -> Option<Watch> {
        let key = self.key(server, title)?;
        let library = locked(&self.servers[server].library);
        library.shows(self.servers[server].user, key.as_str()).ok().map(|mark| mark.shown().watch)
    }

    /// Whether somebody is watching a title somewhere.
    pub fn is_watched_now(&self, title: TitleNo) -> bool {
        (0..self.servers.len()).any(|server| {
            let Some(key) = self.key(server, title) else { return false };
            locked(&self.servers[server].library).sittings().iter().any(|s| s.item == key)
        })
    }
}
