//! What an undo reaches and what it leaves: what is owed besides, what is not delivered yet, what a server lost in the
//! middle of it; over real HTTP.

#![allow(clippy::unwrap_used, reason = "what a test cannot do without may fail it")]

mod household;
mod undone;

use household::{Household, assert_ok, written};
use undone::{
    ANA, all, assert_stays, backend_of, marks, preview, run_of, start, three, title_of, undo,
    watch_of,
};
use watchstate_engine::{Undo, Undone};
use watchstate_model::{Marks, Moment, RunId, Watch};
use watchstate_servers::ServerKind;
use watchstate_testkit::fake::titles::What;
use watchstate_testkit::fake::{FakeServer, Fault, Trouble};

/// An undo while a server is in trouble.
async fn undo_in_trouble(home: &Household, what: Undo) -> Undone {
    home.clock.pass(600);
    let mut accounts = home.accounts().await;
    home.engine().undo(&mut accounts, ANA, what).await.unwrap().unwrap()
}

async fn trouble_of(home: &Household, backend: &str) -> Option<String> {
    let backends = home.store.backends().await.unwrap();
    backends.into_iter().find(|known| known.name == backend).unwrap().trouble
}

async fn can_undo(home: &Household, run: RunId) -> bool {
    let (runs, _) = home.store.kept_runs(0, 100).await.unwrap();
    runs.iter().find(|kept| kept.id == run).unwrap().can_undo
}

#[tokio::test]
async fn an_undo_writes_what_it_showed_and_nothing_that_is_owed_besides() {
    let (home, servers) = three().await;
    let [den, attic, cellar] = &servers;
    let films: Vec<String> = den
        .library()
        .entries()
        .iter()
        .filter(|entry| entry.what == What::Movie)
        .map(|entry| entry.name.clone())
        .collect();
    let bare: Vec<&String> = films
        .iter()
        .filter(|film| servers.iter().all(|server| watch_of(server, film) == Watch::Unwatched))
        .collect();
    assert!(bare.len() > 60);
    // Every third is written, and what is owed besides stands between: more than are looked through at once.
    let (told, besides): (Vec<_>, Vec<_>) = bare.iter().enumerate().partition(|(n, _)| n % 3 == 0);
    for (_, film) in &told {
        den.watch(film, "ana").unwrap();
    }
    assert_ok(&home.sync().await);
    let run = run_of(&home, "export", "attic").await;
    for (_, film) in &besides {
        den.watch(film, "ana").unwrap();
    }
    assert_ok(&home.import().await);

    let seen = preview(&home, Undo::Run(run)).await;
    assert_eq!(seen.changes.len(), told.len());
    let undone = undo(&home, Undo::Run(run)).await;
    assert_eq!(
        (undone.report.run.planned, undone.report.run.written),
        (told.len() as u64, told.len() as u64)
    );
    for server in [attic, cellar] {
        for (_, film) in &besides {
            assert_eq!(watch_of(server, film), Watch::Unwatched, "{film} is for the next export");
        }
    }
    assert_eq!(written(&home.export().await), 2 * besides.len() as u64);
    for (_, film) in &told {
        assert_eq!(watch_of(attic, film), Watch::Unwatched, "{film} stays taken back");
    }
    assert_stays(&home, &servers).await;
}

/// A mark without a date can be brought back where a date is shown only by taking all away first.
#[tokio::test]
async fn a_mark_that_was_cleared_to_be_brought_back_and_was_not_is_no_un_watch() {
    for (place, kind) in [(1, "Jellyfin"), (2, "Emby")] {
        let (home, servers) = three().await;
        let (server, name) = (&servers[place], ["den", "attic", "cellar"][place]);
        server.mark_without_date("Heat", "ana").unwrap();
        assert_ok(&home.sync().await);
        assert_eq!(server.shows("Heat", "ana").unwrap().last_played, None);
        let before = server.shows("Heat", "ana").unwrap();
        for other in &servers {
            other.pass(6_000);
        }
        home.clock.pass(6_000);
        servers[0].watch("Heat", "ana").unwrap();
        assert_ok(&home.sync().await);
        assert!(
            server.shows("Heat", "ana").unwrap().last_played.is_some(),
            "{kind} has a date now"
        );

        let run = run_of(&home, "export", name).await;
        server.fail(Fault::new(Trouble::Dropped).of_method("POST").on("UserData"));
        let undone = undo_in_trouble(&home, Undo::Run(run)).await;
        assert!(undone.report.run.error.is_some(), "{kind}");
        assert_eq!(server.shows("Heat", "ana").unwrap(), Marks::UNTOUCHED, "{kind}: half of it");
        server.heal().await;
        for _ in 0..2 {
            home.sync().await;
            for other in &servers {
                assert!(watch_of(other, "Heat").is_watched(), "{kind}: no mark is lost");
            }
        }
        assert_eq!(server.shows("Heat", "ana").unwrap(), before, "{kind}: and it is brought back");
        assert_stays(&home, &servers).await;
    }
}

#[tokio::test]
async fn what_is_not_delivered_yet_can_be_taken_back_and_done_once_more() {
    let (home, servers) = three().await;
    let [den, attic, _] = &servers;
    den.watch("Heat", "ana").unwrap();
    assert_ok(&home.sync().await);
    let told = all(&servers);
    let run = run_of(&home, "export", "attic").await;
    attic.refuse().await;
    let undone = undo_in_trouble(&home, Undo::Run(run)).await;
    assert!(can_undo(&home, undone.run).await, "though nothing was written");
    let redone = undo_in_trouble(&home, Undo::Run(undone.run)).await;
    assert_eq!(redone.left, []);
    attic.heal().await;
    assert_ok(&home.sync().await);
    assert_eq!(all(&servers), told, "what was taken back in time is not written later");
    assert_stays(&home, &servers).await;

    // And back once more, delivered by the next sync.
    attic.refuse().await;
    let again = undo_in_trouble(&home, Undo::Run(redone.run)).await;
    attic.heal().await;
    assert_eq!(written(&home.sync().await), 1);
    assert_eq!(attic.shows("Heat", "ana").unwrap(), Marks::UNTOUCHED);
    assert_stays(&home, &servers).await;
    // It is still that undo which is done once more, whichever run delivered it.
    let last = undo(&home, Undo::Run(again.run)).await;
    assert_eq!((last.report.run.written, last.left), (1, vec![]));
    assert_eq!(all(&servers), told);
    assert!(!can_undo(&home, again.run).await);
    assert_stays(&home, &servers).await;
}

#[tokio::test]
async fn trouble_is_told_of_the_server_that_has_it() {
    let (home, servers) = three().await;
    let [den, attic, cellar] = &servers;
    den.watch("Heat", "ana").unwrap();
    assert_ok(&home.sync().await);
    attic.refuse().await;
    let run = run_of(&home, "import", "den").await;
    let undone = undo_in_trouble(&home, Undo::Run(run)).await;
    assert_eq!((undone.report.name.as_str(), undone.report.ok), ("den", false));
    let error = undone.report.run.error.unwrap();
    assert!(error.starts_with("attic: "), "{error}");
    assert_eq!(trouble_of(&home, "attic").await, Some(error));
    for sound in ["den", "cellar"] {
        assert_eq!(trouble_of(&home, sound).await, None, "{sound}");
    }
    assert_eq!(watch_of(cellar, "Heat"), Watch::Unwatched, "the others are told all the same");
    attic.heal().await;
    assert_ok(&home.sync().await);
    assert_eq!(watch_of(attic, "Heat"), Watch::Unwatched);
}

#[tokio::test]
async fn all_that_happened_to_a_title_is_taken_back() {
    let (home, servers) = three().await;
    let [den, attic, cellar] = &servers;
    let before = all(&servers);
    let pass = || {
        servers.iter().for_each(|server| server.pass(6_000));
        home.clock.pass(6_000);
    };
    attic.watch("Heat", "ana").unwrap();
    assert_ok(&home.sync().await);
    pass();
    den.unwatch("Heat", "ana").unwrap();
    assert_ok(&home.sync().await);
    pass();
    cellar.watch_until("Heat", "ana", 1_800_000).unwrap();
    assert_ok(&home.sync().await);
    let title = title_of(&home, "Heat", ("attic", attic)).await;
    // One of them was taken back before, and done once more.
    let once = undo(&home, Undo::Run(run_of(&home, "import", "cellar").await)).await;
    undo(&home, Undo::Run(once.run)).await;
    let changed = all(&servers);
    assert_ne!(changed, before);

    let seen = preview(&home, Undo::Title(title)).await;
    assert_eq!((seen.titles, seen.taken.len(), seen.changes.len()), (1, 1, 3));
    let undone = undo(&home, Undo::Title(title)).await;
    assert_eq!(undone.left, seen.left);
    assert_eq!(all(&servers)[1..], before[1..]);
    assert_eq!(marks(&all(&servers)[0]), marks(&before[0]));
    assert_stays(&home, &servers).await;
    assert_eq!(preview(&home, Undo::Title(title)).await.titles, 0, "nothing is left of it");

    undo(&home, Undo::Run(undone.run)).await;
    assert_eq!(all(&servers)[1..], changed[1..]);
    assert_stays(&home, &servers).await;
}

/// A file with two episodes is wished one thing, though they were watched on two days.
#[tokio::test]
async fn a_server_that_joins_and_agrees_on_a_file_with_two_episodes_ends_no_undo() {
    let (mut home, servers) = three().await;
    let [den, attic, _] = &servers;
    let episodes = |show: &str| ["09", "10"].map(|number| format!("{show} S02E{number}"));
    let shows: Vec<String> =
        den.library().all_series().iter().map(|series| series.name.clone()).collect();
    let is_bare = |show: &&String| {
        let [first, second] = episodes(show);
        [first, second].iter().all(|episode| {
            servers.iter().all(|server| {
                server.key_of(episode).is_ok() && watch_of(server, episode) == Watch::Unwatched
            })
        }) && attic.key_of(&episodes(show)[0]).ok() == attic.key_of(&episodes(show)[1]).ok()
    };
    let [first, second] = episodes(shows.iter().find(is_bare).unwrap());
    den.watch(&first, "ana").unwrap();
    servers.iter().for_each(|server| server.pass(600));
    den.watch(&second, "ana").unwrap();
    assert_ok(&home.sync().await);
    assert!(watch_of(attic, &first).is_watched());
    undo(&home, Undo::Run(run_of(&home, "export", "attic").await)).await;
    assert_eq!(watch_of(attic, &first), Watch::Unwatched);

    // It was watched there later than the first of them elsewhere, and before the second.
    let shed = start(ServerKind::Jellyfin, "10.10.7").await;
    shed.pass(1_800);
    shed.watch_at(&first, "ana", Moment(household::NOW.0 + 900)).unwrap();
    home.join("shed", ServerKind::Jellyfin, &shed).await;
    assert_ok(&home.sync().await);
    assert_ok(&home.sync().await);
    assert_eq!(watch_of(attic, &first), Watch::Unwatched);
    let [den, attic, cellar] = servers;
    assert_stays(&home, &[den, attic, cellar, shed] as &[FakeServer]).await;
}

#[tokio::test]
async fn a_snapshot_is_what_a_server_shows_afterwards_whatever_it_was_owed() {
    let (home, servers) = three().await;
    let [den, attic, _] = &servers;
    let before = all(&servers)[1].clone();
    den.watch("Alien", "ana").unwrap();
    assert_ok(&home.sync().await);
    let attic_is = backend_of(&home, "attic").await;
    let snapshots = home.store.snapshots().await.unwrap();
    let snapshot = snapshots.iter().find(|one| one.backend == attic_is).unwrap().id;
    // It is owed another mark, and shows what it showed then.
    den.watch("Heat", "ana").unwrap();
    assert_ok(&home.import().await);

    let seen = preview(&home, Undo::Since(snapshot)).await;
    assert_eq!((seen.titles, seen.changes.len()), (2, 1));
    let restored = undo(&home, Undo::Since(snapshot)).await;
    assert_eq!(restored.report.run.written, 1);
    assert_eq!(all(&servers)[1], before);
    assert_eq!(written(&home.export().await), 1, "the cellar is told");
    assert_eq!(all(&servers)[1], before, "and the attic stays as it was");
    assert_stays(&home, &servers).await;

    let redone = undo(&home, Undo::Run(restored.run)).await;
    assert_eq!((redone.report.run.written, redone.left), (2, vec![]));
    for title in ["Alien", "Heat"] {
        assert!(watch_of(attic, title).is_watched(), "{title}");
    }
    assert_stays(&home, &servers).await;
}
