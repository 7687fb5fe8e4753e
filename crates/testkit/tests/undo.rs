//! What was changed is taken back, exactly, and stays so: over real HTTP.

#![allow(clippy::unwrap_used, reason = "what a test cannot do without may fail it")]

mod household;

use std::collections::{BTreeMap, BTreeSet};

use household::{Household, assert_ok, written};
use watchstate_engine::{Consent, Restore, Undo, UndoPreview, Undone};
use watchstate_model::{Because, Kept, Marks, Moment, PersonId, RunId, TitleId, Watch, Way};
use watchstate_servers::ServerKind;
use watchstate_store::FeedFilter;
use watchstate_testkit::fake::FakeServer;
use watchstate_testkit::fake::titles::What;

const ANA: PersonId = PersonId(1);

async fn start(kind: ServerKind, version: &'static str) -> FakeServer {
    FakeServer::of(kind, version).at(household::NOW).with_sample().start().await.unwrap()
}

/// Plex as `den`, Jellyfin as `attic` and Emby as `cellar`, in agreement.
async fn three() -> (Household, [FakeServer; 3]) {
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
fn all(servers: &[FakeServer]) -> Vec<BTreeMap<String, Marks>> {
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
async fn run_of(home: &Household, task: &str, backend: &str) -> RunId {
    let (runs, _) = home.store.kept_runs(0, 100).await.unwrap();
    let is_it =
        |run: &&watchstate_store::KeptRun| run.task == task && run.name.as_deref() == Some(backend);
    runs.iter().find(is_it).unwrap().id
}

async fn undo(home: &Household, what: Undo) -> Undone {
    home.clock.pass(600);
    let mut accounts = home.accounts().await;
    let undone = home.engine().undo(&mut accounts, ANA, what).await.unwrap().unwrap();
    assert_eq!(undone.report.run.error, None);
    undone
}

async fn preview(home: &Household, what: Undo) -> UndoPreview {
    let scratch = home.folder().join("undo.db");
    let accounts = home.accounts().await;
    let preview = home.engine().preview_undo(&accounts, ANA, what, &scratch).await.unwrap();
    std::fs::remove_file(scratch).unwrap();
    preview
}

/// The next syncs of all sorts write nothing, and everything stays as it is.
async fn assert_stays(home: &Household, servers: &[FakeServer]) {
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
async fn last_line(home: &Household) -> watchstate_store::FeedLine {
    let (lines, _) = home.store.feed(ANA, &FeedFilter::default(), 0, 1).await.unwrap();
    lines.into_iter().next().unwrap()
}

#[tokio::test]
async fn a_write_that_is_undone_stays_undone_until_something_new_happens() {
    let (home, servers) = three().await;
    let [den, attic, cellar] = &servers;
    attic.watch_until("Heat", "ana", 1_800_000).unwrap();
    assert_ok(&home.sync().await);
    let before = all(&servers);
    den.watch("Heat", "ana").unwrap();
    assert_ok(&home.sync().await);
    assert!(attic.shows("Heat", "ana").unwrap().watch.is_watched());

    let undone = undo(&home, Undo::Run(run_of(&home, "export", "attic").await)).await;
    assert_eq!((undone.report.run.written, undone.left.len()), (1, 0));
    assert_eq!(all(&servers)[1], before[1], "mark, place, count and date are as they were");
    assert!(cellar.shows("Heat", "ana").unwrap().watch.is_watched(), "the others keep theirs");
    let line = last_line(&home).await;
    assert_eq!((line.what.as_str(), line.because), ("told", Some(Because::Undone)));
    assert_stays(&home, &servers).await;

    // Something new happens, on another server.
    den.pass(3_000);
    den.unwatch("Heat", "ana").unwrap();
    assert_ok(&home.sync().await);
    den.watch("Heat", "ana").unwrap();
    assert_ok(&home.sync().await);
    assert!(attic.shows("Heat", "ana").unwrap().watch.is_watched());
    assert_stays(&home, &servers).await;
}

#[tokio::test]
async fn a_person_who_moves_that_copy_is_heard() {
    let (home, servers) = three().await;
    let [den, attic, _] = &servers;
    den.watch("Heat", "ana").unwrap();
    assert_ok(&home.sync().await);
    undo(&home, Undo::Run(run_of(&home, "export", "attic").await)).await;
    attic.pass(3_000);
    attic.watch_until("Heat", "ana", 2_400_000).unwrap();
    assert_ok(&home.sync().await);
    let place = den.shows("Heat", "ana").unwrap().watch.position().unwrap();
    assert_eq!(place.ms(), 2_400_000, "a rewatch, told to the others as ever");
    assert!(attic.shows("Heat", "ana").unwrap().watch.is_watched(), "and all agree again");
    assert_stays(&home, &servers).await;
}

#[tokio::test]
async fn a_change_that_we_took_is_taken_back_where_it_was_made_and_wherever_it_was_told() {
    let (home, servers) = three().await;
    let [den, attic, cellar] = &servers;
    for server in [den, attic, cellar] {
        server.watch("Heat", "ana").unwrap();
        server.pass(900);
    }
    assert_ok(&home.sync().await);
    assert_ok(&home.sync().await);
    let before = all(&servers);
    attic.unwatch("Heat", "ana").unwrap();
    assert_ok(&home.sync().await);
    assert_eq!(den.shows("Heat", "ana").unwrap().watch, Watch::Unwatched);

    let run = run_of(&home, "import", "attic").await;
    let seen = preview(&home, Undo::Run(run)).await;
    assert_eq!((seen.titles, seen.taken.len(), seen.changes.len()), (1, 1, 3));
    assert!(attic.shows("Heat", "ana").unwrap().watch == Watch::Unwatched, "only looked at");
    let undone = undo(&home, Undo::Run(run)).await;
    assert_eq!(undone.left, seen.left, "what was shown is what was done");
    let after = all(&servers);
    assert_eq!(after[1..], before[1..], "count and date are back, each account's own");
    assert!(den.shows("Heat", "ana").unwrap().watch.is_watched());
    let partly: Vec<_> = undone.left.iter().map(|left| (left.because, left.partly)).collect();
    assert_eq!(partly, [(Because::TracesNotTaken, true)], "Plex stamps a date of its own");
    assert_stays(&home, &servers).await;

    // And back again.
    let redone = undo(&home, Undo::Run(undone.run)).await;
    assert_eq!(redone.report.run.written, 3);
    for server in &servers {
        let shows = server.shows("Heat", "ana").unwrap();
        assert_eq!(shows, Marks::UNTOUCHED);
    }
    assert_stays(&home, &servers).await;
}

#[tokio::test]
async fn undoing_a_first_import_takes_nothing_from_the_server_that_knew() {
    let servers =
        [start(ServerKind::Jellyfin, "10.10.7").await, start(ServerKind::Emby, "4.8.11").await];
    let [attic, cellar] = &servers;
    for title in ["Heat", "Alien", "Jaws"] {
        attic.watch(title, "ana").unwrap();
    }
    cellar.watch("Jaws", "ana").unwrap();
    let before = all(&servers);
    let mut home = Household::new().await;
    home.join("attic", ServerKind::Jellyfin, attic).await;
    home.join("cellar", ServerKind::Emby, cellar).await;
    assert_ok(&home.sync().await);
    assert!(cellar.shows("Heat", "ana").unwrap().watch.is_watched());
    undo(&home, Undo::Run(run_of(&home, "import", "attic").await)).await;
    assert_eq!(all(&servers), before);
    assert_stays(&home, &servers).await;
}

#[tokio::test]
async fn what_changed_since_and_what_is_gone_is_left_alone_and_listed() {
    let (home, servers) = three().await;
    let [den, attic, _] = &servers;
    for title in ["Heat", "Alien", "Jaws"] {
        den.watch(title, "ana").unwrap();
    }
    assert_ok(&home.sync().await);
    let run = run_of(&home, "export", "attic").await;
    attic.pass(3_000);
    attic.unwatch("Heat", "ana").unwrap();
    let jaws = attic.key_of("Jaws").unwrap();
    attic.library().remove(&jaws.0).unwrap();
    assert_ok(&home.sync().await);
    let kept = all(&servers)[1].clone();

    let undone = undo(&home, Undo::Run(run)).await;
    let mut why: Vec<_> =
        undone.left.iter().map(|left| (left.name.clone(), left.because)).collect();
    why.sort();
    let names: Vec<&str> = why.iter().map(|(name, _)| name.as_str()).collect();
    assert!(names[0].starts_with("Heat") && names[1].starts_with("Jaws"), "{names:?}");
    assert_eq!((why[0].1, why[1].1), (Because::ChangedSince, Because::ItemGone));
    assert_eq!(undone.report.run.written, 1, "Alien goes back");
    let alien = attic.key_of("Alien").unwrap().0;
    let now = all(&servers)[1].clone();
    let others = |shown: &BTreeMap<String, Marks>| {
        shown.iter().filter(|(key, _)| **key != alien).map(|(_, marks)| *marks).collect::<Vec<_>>()
    };
    assert_eq!(others(&now), others(&kept));
    assert_eq!(now[&alien].watch, Watch::Unwatched);
    assert_stays(&home, &servers).await;
}

#[tokio::test]
async fn one_line_of_the_journal_is_undone_alone() {
    let (home, servers) = three().await;
    let [den, attic, cellar] = &servers;
    den.watch("Heat", "ana").unwrap();
    assert_ok(&home.sync().await);
    let title = last_line(&home).await.title;
    let lines = home.store.feed_of(ANA, title, 10).await.unwrap();
    let told = lines
        .iter()
        .find(|line| line.backend.as_ref().is_some_and(|(_, name)| name == "cellar"))
        .unwrap();
    let change = home.store.change_of_line(told.id).await.unwrap().unwrap();
    undo(&home, Undo::Change(change)).await;
    assert_eq!(cellar.shows("Heat", "ana").unwrap(), Marks::UNTOUCHED);
    assert!(attic.shows("Heat", "ana").unwrap().watch.is_watched());
    assert_stays(&home, &servers).await;

    // The latest change of the title is what was taken from den: all of it.
    undo(&home, Undo::Title(title)).await;
    assert_eq!(den.shows("Heat", "ana").unwrap(), Marks::UNTOUCHED);
    assert_eq!(attic.shows("Heat", "ana").unwrap(), Marks::UNTOUCHED);
    assert_stays(&home, &servers).await;
}

#[tokio::test]
async fn a_server_that_joins_and_agrees_ends_no_undo() {
    let (mut home, mut servers) = {
        let (home, servers) = three().await;
        (home, Vec::from(servers))
    };
    servers[0].watch("Heat", "ana").unwrap();
    assert_ok(&home.sync().await);
    undo(&home, Undo::Run(run_of(&home, "export", "attic").await)).await;
    let shed = start(ServerKind::Jellyfin, "10.10.7").await;
    shed.pass(1_800);
    shed.mark_watched("Heat", "ana").unwrap();
    home.join("shed", ServerKind::Jellyfin, &shed).await;
    servers.push(shed);
    assert_ok(&home.sync().await);
    assert_ok(&home.sync().await);
    assert_eq!(servers[1].shows("Heat", "ana").unwrap().watch, Watch::Unwatched);
    assert_stays(&home, &servers).await;
}

#[tokio::test]
async fn a_mark_by_hand_is_undone_too() {
    let (home, servers) = three().await;
    let [den, attic, _] = &servers;
    attic.watch_at("Heat", "ana", Moment(household::NOW.0 - 90_000)).unwrap();
    assert_ok(&home.sync().await);
    let before = all(&servers);
    let title = last_line(&home).await.title;
    home.clock.pass(60);
    home.engine().mark(&home.accounts().await, ANA, title, false).await.unwrap();
    assert_ok(&home.export().await);
    assert_eq!(attic.shows("Heat", "ana").unwrap(), Marks::UNTOUCHED);
    undo(&home, Undo::Title(title)).await;
    assert_eq!(all(&servers)[1..], before[1..]);
    assert!(den.shows("Heat", "ana").unwrap().watch.is_watched());
    assert_stays(&home, &servers).await;
}

#[tokio::test]
async fn what_a_person_wants_left_alone_and_where_export_is_off_nothing_is_undone() {
    let (home, servers) = three().await;
    let [den, attic, _] = &servers;
    den.watch("Heat", "ana").unwrap();
    assert_ok(&home.sync().await);
    let title = last_line(&home).await.title;
    let run = run_of(&home, "export", "attic").await;
    let accounts = home.accounts().await;
    home.engine().leave_alone(&accounts, ANA, title, true).await.unwrap();
    assert_eq!(preview(&home, Undo::Run(run)).await.left[0].because, Because::LeftAlone);
    home.engine().leave_alone(&accounts, ANA, title, false).await.unwrap();
    let mut accounts = home.accounts().await;
    for account in &mut accounts {
        account.backend.export = false;
    }
    let before = attic.writes().len();
    let undone = home.engine().undo(&mut accounts, ANA, Undo::Run(run)).await.unwrap().unwrap();
    assert_eq!(undone.left[0].because, Because::ExportOff);
    assert_eq!(attic.writes().len(), before);
}

/// The clocks of two servers are wrong, each in its own way: what goes back goes back to the second.
#[tokio::test]
async fn hundreds_of_changes_go_back_exactly_on_all_kinds_at_the_price_of_the_run() {
    let (home, servers) = three().await;
    let [den, attic, cellar] = &servers;
    attic.skew(31_536_000);
    cellar.skew(-777);
    assert_ok(&home.sync().await);
    // A history of its own on each: places, counts and dates.
    let films: Vec<String> = den
        .library()
        .entries()
        .iter()
        .filter(|entry| entry.what == What::Movie)
        .map(|entry| entry.name.clone())
        .collect();
    let names: Vec<&String> = films.iter().collect();
    for (place, name) in names.iter().enumerate() {
        let server = [den, attic, cellar][place % 3];
        match place % 4 {
            0 => server.watch_until(name, "ana", 1_200_000).unwrap(),
            1 => {
                server.watch(name, "ana").unwrap();
                server.watch(name, "ana").unwrap();
            }
            _ => {}
        }
    }
    assert_ok(&home.sync().await);
    assert_ok(&home.sync().await);
    let before = all(&servers);
    for server in &servers {
        server.pass(7_200);
    }
    home.clock.pass(7_200);
    for name in &names {
        if den.shows(name, "ana").unwrap().watch.is_watched() {
            den.unwatch(name, "ana").unwrap();
        } else {
            den.watch(name, "ana").unwrap();
        }
    }
    // Of those that were told in the run; an undo goes to the one where the person acted as well.
    let asked = |servers: &[FakeServer]| servers[1..].iter().map(FakeServer::asked).sum::<u64>();
    let at_first = asked(&servers);
    assert_ok(&home.sync_with(Consent { yes: true, full: false }).await);
    let of_the_run = asked(&servers) - at_first;
    let changed = all(&servers);
    let differing = |server: usize| {
        before[server].iter().filter(|(key, marks)| changed[server][*key] != **marks).count()
    };
    assert!((0..3).all(|server| differing(server) > 100), "{:?}", [0, 1, 2].map(differing));

    let at_first = asked(&servers);
    let undone = undo(&home, Undo::Run(run_of(&home, "import", "den").await)).await;
    let of_the_undo = asked(&servers) - at_first;
    assert!(of_the_undo * 2 <= of_the_run * 3, "{of_the_undo} requests, {of_the_run} before");
    let after = all(&servers);
    assert_eq!(after[1], before[1], "Jellyfin");
    assert_eq!(after[2], before[2], "Emby");
    let marks = |shown: &BTreeMap<String, Marks>| -> Vec<(String, Watch)> {
        shown.iter().map(|(key, marks)| (key.clone(), marks.watch)).collect()
    };
    assert_eq!(marks(&after[0]), marks(&before[0]), "Plex: marks and places");
    // What it cannot take is listed, title by title. (Of Emby nobody promises that it takes a count.)
    let inexact = before[0].iter().filter(|(key, marks)| after[0][*key] != **marks).count();
    let backends = home.store.backends().await.unwrap();
    let den_is = backends.iter().find(|backend| backend.name == "den").map(|backend| backend.id);
    let listed = undone.left.iter().filter(|left| left.partly && left.backend == den_is).count();
    assert_eq!(listed, inexact);
    assert!(undone.left.iter().all(|left| left.partly));
    assert_stays(&home, &servers).await;

    let redone = undo(&home, Undo::Run(undone.run)).await;
    assert!(redone.left.iter().all(|left| left.partly), "{:?}", redone.left.first());
    let again = all(&servers);
    assert_eq!(again[1], changed[1], "Jellyfin");
    assert_eq!(again[2], changed[2], "Emby");
    assert_eq!(marks(&again[0]), marks(&changed[0]), "Plex: marks and places");
    assert_stays(&home, &servers).await;
}

#[tokio::test]
async fn a_snapshot_is_taken_before_the_first_write_of_a_run_and_restored() {
    let (home, servers) = three().await;
    let [den, attic, cellar] = &servers;
    attic.watch_until("Alien", "ana", 1_200_000).unwrap();
    assert_ok(&home.sync().await);
    let before = all(&servers);
    let taken = home.store.snapshots().await.unwrap().len();
    assert_eq!(written(&home.sync().await), 0);
    assert_eq!(home.store.snapshots().await.unwrap().len(), taken, "none without a write");
    for title in ["Heat", "Alien", "Jaws"] {
        den.watch(title, "ana").unwrap();
    }
    assert_ok(&home.sync().await);
    den.watch("Dune", "ana").unwrap();
    assert_ok(&home.sync().await);
    let snapshots = home.store.snapshots().await.unwrap();
    assert_eq!(snapshots.len(), taken + 4, "of attic and cellar, for each of two runs");
    let entries = attic.library().entries().len() as u64;
    let backends = home.store.backends().await.unwrap();
    let attic_is = backends.iter().find(|backend| backend.name == "attic").unwrap().id;
    let first = snapshots.iter().rfind(|s| s.id > taken as i64 && s.backend == attic_is).unwrap();
    assert_eq!(first.items, entries);

    let seen = preview(&home, Undo::Since(first.id)).await;
    let restored = undo(&home, Undo::Since(first.id)).await;
    assert_eq!(seen.changes.len() as u64, restored.report.run.written);
    let after = all(&servers);
    let differs = |one: &BTreeMap<String, Marks>, other: &BTreeMap<String, Marks>| {
        one.iter().filter(|(key, marks)| other[*key] != **marks).count()
    };
    assert_eq!(differs(&after[1], &before[1]), 0, "exactly as it was");
    assert!(cellar.shows("Heat", "ana").unwrap().watch.is_watched(), "the others keep theirs");
    assert_stays(&home, &servers).await;

    let run = restored.run;
    let redone = undo(&home, Undo::Run(run)).await;
    assert_eq!(redone.report.run.written, restored.report.run.written);
    assert!(attic.shows("Dune", "ana").unwrap().watch.is_watched());
    assert_stays(&home, &servers).await;
}

/// A backup that says something else of every film, restored exactly to one server and told to the others by the
/// next sync: the restore is one run, and taking it back takes back all of it.
#[tokio::test]
async fn a_restore_from_a_backup_is_taken_back_on_every_account() {
    let (home, servers) = three().await;
    let [_, attic, cellar] = &servers;
    let titles = home.store.history(ANA, "", 10_000).await.unwrap();
    let is_film = |name: &str| name.ends_with(')');
    let (films, others): (Vec<_>, Vec<_>) = titles.iter().partition(|entry| is_film(&entry.name));
    assert!(films.len() > 100, "{}", films.len());
    // Places, counts and dates that are to come back.
    for (place, server) in [attic, cellar].into_iter().enumerate() {
        for entry in films.iter().skip(place).step_by(5) {
            let name = entry.name.rsplit_once(" (").unwrap().0;
            server.watch_until(name, "ana", 1_200_000).unwrap();
        }
    }
    assert_ok(&home.sync().await);
    assert_ok(&home.sync().await);
    let before = all(&servers);
    let says = |entry: &watchstate_store::Entry| {
        if entry.watch.is_watched() {
            Kept { watch: Watch::Unwatched, plays: 0, played_at: None }
        } else {
            let played_at = Some(Moment(household::NOW.0 - 777 - entry.title.0));
            Kept { watch: Watch::WATCHED, plays: 3, played_at }
        }
    };
    let backends = home.store.backends().await.unwrap();
    let den = backends.iter().find(|backend| backend.name == "den").unwrap().id;
    let wish = Restore {
        person: ANA,
        way: Way::Exact,
        to: vec![den],
        titles: films.iter().map(|entry| (entry.title, says(entry))).collect(),
        spared: others.iter().map(|entry| entry.title).collect::<BTreeSet<TitleId>>(),
    };
    for server in &servers {
        server.pass(600);
    }
    home.clock.pass(600);
    let mut accounts = home.accounts().await;
    let restored = home.engine().restore_backup(&mut accounts, &wish).await.unwrap();
    assert_ok(&restored.runs);
    assert_ok(&home.sync_with(Consent { yes: true, full: false }).await);
    let changed = all(&servers);
    for server in 0..3 {
        let differ = before[server].iter().filter(|(key, was)| changed[server][*key] != **was);
        assert!(differ.count() >= films.len(), "each film is another on server {server}");
    }

    let undone = undo(&home, Undo::Run(run_of(&home, "restore", "den").await)).await;
    let after = all(&servers);
    assert_eq!(after[1], before[1], "Jellyfin");
    assert_eq!(after[2], before[2], "Emby");
    let marks = |shown: &BTreeMap<String, Marks>| -> Vec<(String, Watch)> {
        shown.iter().map(|(key, marks)| (key.clone(), marks.watch)).collect()
    };
    assert_eq!(marks(&after[0]), marks(&before[0]), "Plex: marks and places");
    assert!(undone.left.iter().all(|left| left.partly), "{:?}", undone.left.first());
    assert_stays(&home, &servers).await;
}
