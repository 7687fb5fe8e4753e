//! A household of fake servers over real HTTP, the real clients, the real engine and a real database.

#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]

use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use watchstate_engine::{
    Account, CancellationToken, Consent, Engine, Report, RunReport, Settings, Silent,
};
use watchstate_model::{Item, ItemKey, Marks, Moment, PersonId};
use watchstate_servers::{
    Address, Detail, Limits, MediaServer, Pause, Sensitive, ServerKind, Stretch, connect,
};
use watchstate_store::{Import, NewBackend, Store, Task};
use watchstate_testkit::fake::FakeServer;
use watchstate_testkit::simulator::direct::SimClock;

/// When these stories begin.
pub const NOW: Moment = Moment(1_800_000_000);
/// Who we are to servers.
pub const CLIENT: &str = "6f1c2f0e-0000-4000-8000-000000000001";

/// No time passes between two tries.
struct Still(SimClock);

impl Pause for Still {
    fn pause(&self, _: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(std::future::ready(()))
    }

    fn now(&self) -> Moment {
        self.0.now()
    }
}

/// Limits that a busy machine does not come up against.
fn patient() -> Limits {
    let long = Duration::from_secs(60);
    Limits {
        connect_timeout: long,
        read_timeout: long,
        total_timeout: 2 * long,
        retries: 1,
        ..Limits::default()
    }
}

/// Limits under which a server that hangs is noticed soon: for tests in which one does.
pub fn impatient() -> Limits {
    Limits {
        connect_timeout: Duration::from_millis(1_500),
        read_timeout: Duration::from_millis(1_500),
        total_timeout: Duration::from_secs(10),
        retries: 1,
        ..Limits::default()
    }
}

/// A household: its store, its clock, and its backends in the order in which they joined.
pub struct Household {
    pub store: Store,
    pub clock: SimClock,
    pub settings: Settings,
    pub report: Arc<dyn Report>,
    pub cancel: CancellationToken,
    /// How clients wait, and what their sockets go by.
    pub pause: Arc<dyn Pause>,
    /// How long clients wait.
    pub limits: Limits,
    servers: Vec<Arc<dyn MediaServer>>,
    _folder: tempfile::TempDir,
}

impl Household {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open_scratch(&folder.path().join("household.db")).await.unwrap();
        let clock = SimClock::at(NOW);
        Self {
            store,
            pause: Arc::new(Still(clock.clone())),
            clock,
            settings: Settings::default(),
            report: Arc::new(Silent),
            cancel: CancellationToken::new(),
            limits: patient(),
            servers: Vec::new(),
            _folder: folder,
        }
    }

    pub fn folder(&self) -> &Path {
        self._folder.path()
    }

    /// A fake server joins, two-way and approved.
    pub async fn join(&mut self, name: &str, kind: ServerKind, fake: &FakeServer) {
        self.join_unasked(name, kind, fake, "ana").await;
        self.approve(name).await;
    }

    /// An account of a fake server joins, two-way, and nobody has said yes to its first export.
    pub async fn join_unasked(
        &mut self,
        name: &str,
        kind: ServerKind,
        fake: &FakeServer,
        user: &str,
    ) {
        let id = Some(fake.id_of(user).unwrap());
        self.join_unasked_at(name, kind, fake.url(), id, &fake.token_of(user).unwrap()).await;
    }

    /// A person says yes to the first export to a backend.
    pub async fn approve(&self, name: &str) {
        let backends = self.store.backends().await.unwrap();
        let backend = backends.iter().find(|backend| backend.name == name).unwrap();
        let mut tx = self.store.begin().await.unwrap();
        tx.approve_backend(backend.id, NOW).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Any server joins, two-way and approved.
    pub async fn join_at(
        &mut self,
        name: &str,
        kind: ServerKind,
        url: url::Url,
        user: Option<String>,
        token: &str,
    ) {
        self.join_unasked_at(name, kind, url, user, token).await;
        self.approve(name).await;
    }

    async fn join_unasked_at(
        &mut self,
        name: &str,
        kind: ServerKind,
        url: url::Url,
        user: Option<String>,
        token: &str,
    ) {
        let address = Address {
            kind,
            url: url.clone(),
            user,
            token: Sensitive::new(token.to_owned()),
            client_id: CLIENT.to_owned(),
        };
        let server = connect(address, self.limits, self.pause.clone()).unwrap();
        let info = server.check().await.unwrap();
        let user = server.user().await.unwrap();
        let mut tx = self.store.begin().await.unwrap();
        tx.add_backend(&NewBackend {
            person: PersonId(1),
            name,
            kind: kind.name(),
            url: url.as_str(),
            server_id: &info.id,
            user_id: &user.id,
            user_name: &user.name,
            import: Import::On,
            export: true,
            added_at: NOW,
        })
        .await
        .unwrap();
        tx.commit().await.unwrap();
        self.servers.push(server);
    }

    /// The backend that joined at this place is reached at another server, or as another user; what is kept
    /// of it stays as it is.
    pub fn reached_by(&mut self, place: usize, kind: ServerKind, fake: &FakeServer, user: &str) {
        let address = Address {
            kind,
            url: fake.url(),
            user: Some(fake.id_of(user).unwrap()),
            token: Sensitive::new(fake.token_of(user).unwrap()),
            client_id: "6f1c2f0e-0000-4000-8000-000000000001".to_owned(),
        };
        let pause = Arc::new(Still(self.clock.clone()));
        self.servers[place] = connect(address, self.limits, pause).unwrap();
    }

    pub async fn accounts(&self) -> Vec<Account> {
        let backends = self.store.backends().await.unwrap();
        backends
            .into_iter()
            .zip(&self.servers)
            .map(|(backend, server)| Account::new(backend, server.clone()))
            .collect()
    }

    /// An item of a backend, by its name, as its client reads it.
    async fn item(&self, name: &str, backend: &str) -> Item {
        let backends = self.store.backends().await.unwrap();
        let place = backends.iter().position(|b| b.name == backend).unwrap();
        let server = &self.servers[place];
        let all = Stretch { from: 0, size: 10_000 };
        for library in server.libraries().await.unwrap() {
            let page = server.items(&library, all, Detail::Full).await.unwrap();
            let found = page
                .entries
                .into_iter()
                .find(|item| item.facts.as_ref().is_some_and(|facts| facts.name == name));
            if let Some(item) = found {
                return item;
            }
        }
        panic!("{backend} has no {name}");
    }

    /// What a backend shows for a title.
    pub async fn shown(&self, name: &str, backend: &str) -> Marks {
        self.item(name, backend).await.marks
    }

    /// What a backend calls a title.
    pub async fn key(&self, name: &str, backend: &str) -> ItemKey {
        self.item(name, backend).await.key
    }

    pub fn engine(&self) -> Engine {
        Engine::new(
            self.store.clone(),
            Arc::new(self.clock.clone()),
            self.settings,
            self.report.clone(),
            self.cancel.clone(),
        )
    }

    /// Both ways, some time later.
    pub async fn sync(&self) -> Vec<RunReport> {
        self.sync_with(Consent::default()).await
    }

    pub async fn sync_with(&self, consent: Consent) -> Vec<RunReport> {
        self.clock.pass(600);
        self.engine().sync(&mut self.accounts().await, consent).await.unwrap()
    }

    pub async fn import(&self) -> Vec<RunReport> {
        self.clock.pass(600);
        self.engine().import(&mut self.accounts().await, Consent::default()).await.unwrap()
    }

    pub async fn export(&self) -> Vec<RunReport> {
        self.clock.pass(600);
        let mut accounts = self.accounts().await;
        let all: Vec<_> = accounts.iter().map(|account| account.backend.id).collect();
        self.engine().export(&mut accounts, &all, Consent::default()).await.unwrap()
    }
}

/// The report of one backend's part of a task.
pub fn of<'a>(reports: &'a [RunReport], task: Task, name: &str) -> &'a RunReport {
    reports.iter().find(|r| r.task == task && r.name == name).unwrap()
}

/// How many writes a sync made.
pub fn written(reports: &[RunReport]) -> u64 {
    reports.iter().map(|report| report.run.written).sum()
}

/// That all went well.
pub fn assert_ok(reports: &[RunReport]) {
    let errors: Vec<_> = reports.iter().filter_map(|report| report.run.error.as_ref()).collect();
    assert!(errors.is_empty(), "{errors:?}");
}
