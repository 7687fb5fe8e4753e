//! A household on a bad day: three servers that agree, people who watch on, and what must be so afterwards.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use sqlx::Connection;
use sqlx::sqlite::SqliteConnection;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use watchstate_api::contract::{Event, Failure};
use watchstate_api::settings::Book;
use watchstate_model::{Marks, Watch};
use watchstate_testkit::fake::FakeServer;
use watchstate_testkit::fake::titles::What;

use crate::apart;
use crate::fault::{Fault, Told, other_program};
use crate::household::{Servers, Window};

/// So many titles are written to a server and read back at once.
pub(crate) const LETTER: usize = 100;

/// What an account shows for each of its items, by their keys.
type Shows = BTreeMap<String, Marks>;

/// Whoever waits for another program waits for nothing here, and need not wait for long.
const NO_PATIENCE: Duration = Duration::from_millis(20);

/// A household that agrees, and what it is about.
pub(crate) struct Story {
    pub servers: Servers,
    pub window: Window,
    /// Films, then episodes, that nobody has touched yet: enough for more than one letter to a server.
    pub titles: Vec<String>,
    /// How many of them are films.
    pub films: usize,
    /// What the three servers showed when they agreed.
    agreed: [Shows; 3],
    /// How many titles were held to be watched then.
    watched: u64,
}

impl Story {
    /// Three servers that agree, and a clock that starts tasks, on the disk that something will happen to.
    pub(crate) async fn begin(fault: &Fault) -> Self {
        let window = Window::open_by(fault.folder(), None, None, fault.secrets()).await;
        Self::of(Servers::start().await, window, fault).await
    }

    /// The same of what is there already.
    pub(crate) async fn of(servers: Servers, window: Window, fault: &Fault) -> Self {
        let mut events = window.app.events();
        let window = window.agree(&servers).await;
        nothing_goes_on(&window, &mut events).await;
        if *fault == Fault::DatabaseLocked {
            let household = window.app.household();
            household.store().wait_no_longer_than(NO_PATIENCE).await.unwrap();
        }
        // Nothing begins but what the story begins: the clock looks each minute of the real time.
        let by_hand = |name: &str| name.starts_with("WS_CRON_") && !name.ends_with("_AT");
        let book = Book::open(window.app.household().path(), |name| {
            by_hand(name).then(|| "false".to_owned())
        });
        window.app.start_schedule(Arc::new(book)).await.unwrap();
        window.clock.pass(3600);
        servers.pass(3600);
        let untouched = |name: &String| {
            let shows = |server: &&FakeServer| server.shows(name, "ana") == Ok(Marks::UNTOUCHED);
            servers.all().iter().all(shows)
        };
        let films: Vec<String> = films_of(&servers.plex).into_iter().filter(untouched).collect();
        let count = films.len();
        let episodes = episodes_of(&servers.plex).into_iter().filter(untouched);
        let titles: Vec<String> = films.into_iter().chain(episodes).collect();
        assert!(
            count > 50 && titles.len() > LETTER + 20 && titles.len() < 2 * LETTER,
            "two letters"
        );
        let agreed = servers.all().map(everything);
        let mut story = Self { servers, window, titles, films: count, agreed, watched: 0 };
        story.watched = story.holds().await;
        story
    }

    /// The data folder.
    pub(crate) fn data(&self) -> PathBuf {
        self.window.app.household().path().to_owned()
    }

    /// Ana watches all of these titles, each on the server whose place in the list is told.
    pub(crate) fn ana_watches(&self, on: impl Fn(usize) -> usize) {
        for (number, title) in self.titles.iter().enumerate() {
            self.servers.all()[on(number)].watch(title, "ana").unwrap();
        }
    }

    /// How many titles are held to be watched.
    pub(crate) async fn holds(&self) -> u64 {
        let household = self.window.app.household();
        household.store().totals(household.person()).await.unwrap().watched
    }

    /// The same since all agreed.
    pub(crate) async fn holds_more(&self) -> usize {
        usize::try_from(self.holds().await - self.watched).unwrap()
    }

    /// How many writes each server got so far.
    pub(crate) fn writes(&self) -> [usize; 3] {
        self.servers.all().map(|server| server.writes().len())
    }

    /// Begins a task, and comes back when it is over. Answers how that ended.
    pub(crate) async fn does(&self, task: &str) -> Value {
        let mut events = self.window.app.events();
        self.window.ask("run_task", json!({ "name": task })).await;
        self.done(task, &mut events).await
    }

    /// Waits until a task is over that was begun after `events`. Answers how it ended.
    pub(crate) async fn done(&self, task: &str, events: &mut Receiver<Event>) -> Value {
        loop {
            let tasks = self.window.ask("tasks", json!({})).await;
            let is_it = |one: &&Value| one["name"] == task;
            let one = tasks.as_array().unwrap().iter().find(is_it).unwrap();
            if one["running"] == false {
                return one["last"].clone();
            }
            something_changed(events).await;
        }
    }

    /// Syncs, and comes back when nothing goes on any more.
    pub(crate) async fn syncs(&self) {
        let mut events = self.window.app.events();
        self.window.ask("sync_now", json!({})).await;
        self.nothing_goes_on(&mut events).await;
    }

    /// Waits until nothing goes on of what was begun after `events`.
    pub(crate) async fn nothing_goes_on(&self, events: &mut Receiver<Event>) {
        nothing_goes_on(&self.window, events).await;
    }

    /// A server has got a first letter and a part of the second since `before`, of as many titles as there are.
    pub(crate) fn is_in_its_second_letter(&self, place: usize, before: [usize; 3]) {
        let written = self.writes()[place] - before[place];
        let all = self.titles.len();
        assert!(LETTER < written && written < all, "{written} of {all} on server {place}");
    }

    /// The same for one that must go well.
    pub(crate) async fn does_well(&self, task: &str) {
        let ended = self.does(task).await;
        assert_eq!(ended["ok"], true, "{task}: {ended}");
    }

    /// Something went wrong, and whoever looks is told what and what to do, in words without a secret.
    pub(crate) async fn is_in_trouble(&self, told: Told) {
        let overview = self.window.ask("overview", json!({})).await;
        assert_eq!(overview["truth"], "trouble", "{overview}");
        let says = overview["says"].as_str().unwrap();
        assert!(says.contains(told.what), "{says}");
        assert_eq!(overview["todo"], told.todo);
        self.tells_no_secret().await;
    }

    /// A failure says what is wrong and what to do.
    pub(crate) fn failed_so(failure: &Failure, told: Told) {
        assert_eq!(failure.kind, told.kind, "{failure:?}");
        assert!(failure.what.contains(told.what), "{failure:?}");
        assert_eq!(failure.todo, told.todo, "{failure:?}");
    }

    /// A task says the same.
    pub(crate) fn ended_so(ended: &Value, told: Told) {
        assert_eq!(ended["ok"], false, "{ended}");
        let says = ended["says"].as_str().unwrap();
        assert!(says.contains(told.what) && says.ends_with(told.todo), "{says}");
    }

    /// What a window shows and what is written down for people holds no token and no password.
    async fn tells_no_secret(&self) {
        let mut secrets = vec!["ana-password".to_owned()];
        secrets.extend(self.servers.all().map(|server| server.token_of("ana").unwrap()));
        for asked in ["overview", "tasks", "backends", "backups"] {
            let answer = self.window.ask(asked, json!({})).await.to_string();
            assert!(!secrets.iter().any(|secret| answer.contains(secret)), "{asked}");
        }
        let runs = self.window.ask("runs", json!({ "from": 0, "size": 100 })).await.to_string();
        assert!(!secrets.iter().any(|secret| runs.contains(secret)));
    }

    /// People can look at everything meanwhile, and what they do by hand is kept or refused, and never half kept.
    pub(crate) async fn goes_on(&self, fault: &Fault) {
        let page = json!({ "filter": {}, "from": 0, "size": 50 });
        assert_eq!(
            self.window.ask("titles", page).await["rows"].as_array().unwrap().len(),
            50,
            "what is known is shown"
        );
        let den = self.window.ask("backends", json!({})).await[0]["id"].clone();
        let name = |name: &str| json!({ "backend": den, "name": name });
        if fault.is_of_the_database() {
            Self::failed_so(&self.window.fail("set_backend", name("study")).await, fault.told());
            let heat = self.window.title("Heat").await;
            let watched = heat["marks"]["watched"].clone();
            let wish = json!({ "title": heat["id"], "watched": watched == false });
            let by_hand = self.window.fail("mark_title", wish).await;
            Self::failed_so(&by_hand, fault.told());
            assert_eq!(self.window.title("Heat").await["marks"]["watched"], watched);
        } else {
            self.window.ask("set_backend", name("study")).await;
            self.window.ask("set_backend", name("den")).await;
        }
    }

    /// The pages of the database fit together, its rows belong to each other, and no file is there of which only a
    /// part was written.
    pub(crate) async fn is_whole(&self) {
        let mut other = other_program(&self.data()).await;
        assert_whole(&mut other).await;
        other.close().await.unwrap();
        assert_eq!(half_written(&self.data()), Vec::<PathBuf>::new());
    }

    /// All three servers show these titles as they should, and everything else as it was when they agreed. Each was
    /// told just what it had to be told, once, since `before`.
    pub(crate) async fn all_agree(&self, shows: Watch, told: [usize; 3], before: [usize; 3]) {
        for (place, server) in self.servers.all().into_iter().enumerate() {
            let mut should = self.agreed[place].clone();
            for title in &self.titles {
                let key = server.key_of(title).unwrap();
                let marks = server.shows(title, "ana").unwrap();
                assert_eq!(marks.watch, shows, "{title} on server {place}");
                let played = if shows.is_watched() { 1 } else { 0 };
                assert_eq!(marks.plays, played, "{title} on server {place}");
                assert!(shows.is_watched() || marks == Marks::UNTOUCHED, "{title}: {marks:?}");
                should.insert(key.0.clone(), marks);
            }
            assert_eq!(everything(server), should, "the others are as they were");
            let written = server.writes().split_off(before[place]);
            assert_eq!(written.len(), told[place], "writes to server {place}");
            let mut items: Vec<_> = written.iter().map(|wrote| wrote.item.clone()).collect();
            items.sort();
            items.dedup();
            assert_eq!(items.len(), told[place], "each once on server {place}");
        }
        let (truth, says) = self.window.truth().await;
        assert_eq!(truth, "inSync", "{says}");
        let runs = self.window.ask("runs", json!({ "from": 0, "size": 100 })).await;
        let open = runs["rows"].as_array().unwrap().iter().find(|run| run["endedAt"].is_null());
        assert_eq!(open, None, "nothing seems to go on for ever");
        // And it stays so: nobody is owed anything, and nothing is found that was not known.
        let writes = self.writes();
        self.syncs().await;
        assert_eq!(self.writes(), writes);
        assert_eq!(self.window.truth().await.0, "inSync");
        self.is_whole().await;
    }
}

async fn nothing_goes_on(window: &Window, events: &mut Receiver<Event>) {
    while window.ask("overview", json!({})).await["running"] == true {
        something_changed(events).await;
    }
}

/// Whoever was too slow has to take everything for changed.
async fn something_changed(events: &mut Receiver<Event>) {
    let news = events.recv().await;
    assert!(
        !matches!(news, Err(RecvError::Closed)),
        "there is an app as long as there is a window"
    );
}

fn everything(server: &FakeServer) -> Shows {
    let keys: Vec<String> =
        server.library().entries().iter().map(|entry| entry.key.0.clone()).collect();
    let shown = |key: String| {
        let marks = server.shows(&key, "ana").unwrap();
        (key, marks)
    };
    keys.into_iter().map(shown).collect()
}

fn films_of(server: &FakeServer) -> Vec<String> {
    let library = server.library();
    let films = library.entries().iter().filter(|entry| entry.what == What::Movie);
    films.map(|entry| entry.name.clone()).collect()
}

/// Episodes as people call them, those left out whose file may hold two.
fn episodes_of(server: &FakeServer) -> Vec<String> {
    let library = server.library();
    let mut all = Vec::new();
    for series in library.all_series() {
        for (season, number) in (1..=2).flat_map(|season| (1..=8).map(move |n| (season, n))) {
            let name = format!("{} S{season:02}E{number:02}", series.name);
            all.extend(library.find(&name).map(|_| name));
        }
    }
    all
}

/// Files of which only a part may have been written, in a folder and below.
pub(crate) fn half_written(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            all.extend(half_written(&entry.path()));
        } else if apart::is_half_written(&entry.file_name()) {
            all.push(entry.path());
        }
    }
    all
}

/// The pages of a database fit together, and its rows belong to each other.
pub(crate) async fn assert_whole(database: &mut SqliteConnection) {
    let said: String =
        sqlx::query_scalar("PRAGMA integrity_check").fetch_one(&mut *database).await.unwrap();
    assert_eq!(said, "ok");
    let orphans = sqlx::query("PRAGMA foreign_key_check").fetch_all(database).await.unwrap();
    assert_eq!(orphans.len(), 0, "rows without those that they belong to");
}
