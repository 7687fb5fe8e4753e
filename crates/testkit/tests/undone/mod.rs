//! Three servers in agreement, and what it takes to take something back from them.

#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]

use std::collections::BTreeMap;

use watchstate_engine::{Consent, Undo, UndoPreview, Undone};
use watchstate_model::{BackendId, Marks, PersonId, RunId, State, TitleId, Watch};
use watchstate_servers::ServerKind;
use watchstate_store::FeedFilter;
use watchstate_testkit::fake::FakeServer;

use crate::household::{self, Household, assert_ok, written};

pub const ANA: PersonId = PersonId(1);

pub async fn start(kind: ServerKind, version: &'static str) -> FakeServer {
    FakeServer::of(kind, version).at(household::NOW).with_sample().start().await.unwrap()
}

/// Plex as `den`, Jellyfin as `attic` and Emby as `cellar`, in agreement.
pub async fn three() -> (Household, [FakeServer; 3]) {
    let servers = [
        start(ServerKind::Plex, "1.40.2").await,
        start(ServerKind::Jellyfin, "10.10.7").await,
        start(ServerKind::Emby, "4.8.11").await,
    ];
    let mut home = Household::new().await;
    for (name, server) in ["den", "attic", "cellar"].into_iter().zip(&servers) {
        let kind = server.library().kind();
        home.join(name, kind, server).await;
    }
    assert_ok(&home.sync().await);
    for server in &servers {
        server.pass(600);
    }
    (home, servers)
}

/// What every account shows for everything.
pub fn all(servers: &[FakeServer]) -> Vec<BTreeMap<String, Marks>> {
    servers
        .iter()
        .map(|server| {
            let entries: Vec<String> =
                server.library().entries().iter().map(|entry| entry.key.0.clone()).collect();
            entries
                .into_iter()
                .map(|key| {
                    let shows = server.shows(&key, "ana").unwrap();
                    (key, shows)
                })
                .collect()
        })
        .collect()
}

/// The latest run of a task on a backend.
pub async fn run_of(home: &Household, task: &str, backend: &str) -> RunId {
    let (runs, _) = home.store.kept_runs(0, 100).await.unwrap();
    let is_it =
        |run: &&watchstate_store::KeptRun| run.task == task && run.name.as_deref() == Some(backend);
    runs.iter().find(is_it).unwrap().id
}

pub async fn undo(home: &Household, what: Undo) -> Undone {
    home.clock.pass(600);
    let mut accounts = home.accounts().await;
    let undone = home.engine().undo(&mut accounts, ANA, what).await.unwrap().unwrap();
    assert_eq!(undone.report.run.error, None);
    undone
}

pub async fn preview(home: &Household, what: Undo) -> UndoPreview {
    let scratch = home.folder().join("undo.db");
    let accounts = home.accounts().await;
    let preview = home.engine().preview_undo(&accounts, ANA, what, &scratch).await.unwrap();
    std::fs::remove_file(scratch).unwrap();
    preview
}

/// The next syncs of all sorts write nothing, and everything stays as it is.
pub async fn assert_stays(home: &Household, servers: &[FakeServer]) {
    let before = all(servers);
    for _ in 0..2 {
        assert_eq!(written(&home.sync().await), 0);
        assert_ok(&home.import().await);
        assert_eq!(written(&home.export().await), 0);
    }
    let full = home.sync_with(Consent { yes: true, full: true }).await;
    assert_eq!(written(&full), 0);
    assert_eq!(all(servers), before);
}

/// The title that the latest line of the journal is about, and the line.
pub async fn last_line(home: &Household) -> watchstate_store::FeedLine {
    let (lines, _) = home.store.feed(ANA, &FeedFilter::default(), 0, 1).await.unwrap();
    lines.into_iter().next().unwrap()
}

/// The marks and places alone: what every kind of server takes.
pub fn marks(shown: &BTreeMap<String, Marks>) -> Vec<(String, Watch)> {
    shown.iter().map(|(key, marks)| (key.clone(), marks.watch)).collect()
}

/// What a server shows of a title.
pub fn watch_of(server: &FakeServer, title: &str) -> Watch {
    server.shows(title, "ana").unwrap().watch
}

pub async fn backend_of(home: &Household, name: &str) -> BackendId {
    let backends = home.store.backends().await.unwrap();
    backends.iter().find(|backend| backend.name == name).unwrap().id
}

/// The title of what a server calls so.
pub async fn title_of(home: &Household, name: &str, server: (&str, &FakeServer)) -> TitleId {
    let backend = backend_of(home, server.0).await;
    let key = server.1.key_of(name).unwrap();
    home.store.titles_of_keys(backend, &[&key]).await.unwrap()[0].1
}

/// What is held of a title.
pub async fn held(home: &Household, title: TitleId) -> State {
    let states = home.store.begin().await.unwrap().states(ANA, &[title]).await.unwrap();
    states.first().map_or(State::UNTOUCHED, |(_, state)| *state)
}
