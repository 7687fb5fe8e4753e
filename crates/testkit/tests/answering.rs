//! What the brake holds waits for a person, who approves it, some of it, or refuses it; over real HTTP.

#![allow(clippy::unwrap_used, reason = "what a test cannot do without may fail it")]

mod household;

use std::collections::HashSet;

use household::{Household, NOW, assert_ok, of, written};
use watchstate_engine::{Answer, Consent, Say};
use watchstate_model::{Because, BrakePolicy, ItemId, PersonId, Watch};
use watchstate_servers::ServerKind;
use watchstate_store::{FeedFilter, HeldFilter, Import, Task};
use watchstate_testkit::fake::FakeServer;

const ANA: PersonId = PersonId(1);
const ALL: Answer = Answer { say: Say::Approve, backend: None, items: None };
/// More than pass by themselves.
const MANY: usize = 60;

/// Two servers in sync, of which the attic then loses many marks.
struct Lost {
    home: Household,
    den: FakeServer,
    attic: FakeServer,
    /// The names of the films that lost their marks.
    films: Vec<String>,
}

impl Lost {
    async fn happened() -> Self {
        let start = |kind, version: &'static str| async move {
            FakeServer::of(kind, version).at(NOW).with_sample().start().await.unwrap()
        };
        let den = start(ServerKind::Plex, "1.40.2").await;
        let attic = start(ServerKind::Jellyfin, "10.10.7").await;
        let mut home = Household::new().await;
        home.join("den", ServerKind::Plex, &den).await;
        home.join("attic", ServerKind::Jellyfin, &attic).await;
        let library = attic.library();
        let films: Vec<String> = library
            .entries()
            .iter()
            .filter(|entry| entry.name != "Heat" && attic_film(&entry.name))
            .map(|entry| entry.name.clone())
            .take(MANY)
            .collect();
        drop(library);
        for film in &films {
            attic.mark_watched(film, "ana").unwrap();
        }
        let lost = Self { home, den, attic, films };
        for server in [&lost.den, &lost.attic] {
            server.unwatch("Heat", "ana").unwrap();
        }
        assert_ok(&lost.home.sync().await);
        for film in &lost.films {
            lost.attic.unwatch(film, "ana").unwrap();
        }
        let reports = lost.home.sync().await;
        assert_ok(&reports);
        assert_eq!(of(&reports, Task::Import, "attic").run.held, MANY as u64);
        assert_eq!(written(&reports), 0);
        lost
    }

    async fn answer(&self, answer: &Answer) -> u64 {
        let accounts = self.home.accounts().await;
        self.home.engine().answer(&accounts, ANA, answer).await.unwrap()
    }

    async fn held(&self) -> Vec<ItemId> {
        let all = HeldFilter::default();
        let held = self.home.store.held(ANA, &all, 0, 1000).await.unwrap().0;
        held.into_iter().map(|row| row.item).collect()
    }

    /// How many of the films are watched on a server.
    fn watched(&self, server: &FakeServer) -> usize {
        let is_watched = |film: &&String| server.shows(film, "ana").unwrap().watch.is_watched();
        self.films.iter().filter(is_watched).count()
    }

    async fn lines(&self, what: &str, because: Because) -> usize {
        let filter = FeedFilter { what: Some(what.to_owned()), ..FeedFilter::default() };
        let lines = self.home.store.feed(ANA, &filter, 0, 10_000).await.unwrap().0;
        lines.iter().filter(|line| line.because == Some(because)).count()
    }
}

/// The invented films have two words; of the series' episodes none has.
fn attic_film(name: &str) -> bool {
    name.split(' ').count() == 2 && !name.starts_with("Episode")
}

#[tokio::test]
async fn refused_marks_are_given_back_to_the_account_that_lost_them() {
    let lost = Lost::happened().await;
    assert_eq!(lost.answer(&Answer::to_all(Say::Reject)).await, MANY as u64);
    assert!(lost.held().await.is_empty(), "nothing waits any more");
    assert_eq!(lost.watched(&lost.attic), 0, "it is owed and not written yet");
    // Whatever happens before it is written: it is owed. Here the attic is away for two rounds.
    lost.attic.refuse().await;
    lost.home.sync().await;
    lost.home.sync().await;
    lost.attic.heal().await;
    let reports = lost.home.sync().await;
    assert_ok(&reports);
    assert_eq!((lost.watched(&lost.attic), lost.watched(&lost.den)), (MANY, MANY));
    assert_eq!(of(&reports, Task::Export, "attic").run.written, MANY as u64);
    assert_eq!(lost.lines("kept", Because::Rejected).await, MANY);
    assert_eq!(lost.lines("took", Because::Unwatched).await, 0);
    for _ in 0..2 {
        let reports = lost.home.sync().await;
        assert_eq!(written(&reports), 0);
        assert!(!of(&reports, Task::Import, "attic").waits_for_yes, "it is not asked again");
    }
    // Another loss is another question.
    for film in &lost.films {
        lost.attic.unwatch(film, "ana").unwrap();
    }
    assert_eq!(of(&lost.home.sync().await, Task::Import, "attic").run.held, MANY as u64);
}

#[tokio::test]
async fn refused_marks_are_not_asked_about_while_they_are_owed() {
    let lost = Lost::happened().await;
    lost.answer(&Answer::to_all(Say::Reject)).await;
    // Imported again before anything is written: the silence there is known.
    let reports = lost.home.import().await;
    assert!(!of(&reports, Task::Import, "attic").waits_for_yes);
    assert!(lost.held().await.is_empty());
    assert_ok(&lost.home.export().await);
    assert_eq!(lost.watched(&lost.attic), MANY);
}

#[tokio::test]
async fn approved_un_watches_go_everywhere() {
    let lost = Lost::happened().await;
    assert_eq!(lost.answer(&Answer::to_all(Say::Approve)).await, MANY as u64);
    assert_ok(&lost.home.sync().await);
    assert_eq!((lost.watched(&lost.attic), lost.watched(&lost.den)), (0, 0));
    assert_eq!(lost.lines("took", Because::Approved).await, MANY, "and the journal says who");
    assert_eq!(lost.answer(&Answer::to_all(Say::Approve)).await, 0, "nothing is left to answer");
    assert_eq!(written(&lost.home.sync().await), 0);
}

#[tokio::test]
async fn some_are_approved_some_refused_and_some_wait_on() {
    let lost = Lost::happened().await;
    let held = lost.held().await;
    let some =
        |from: usize, to: usize| Some(held[from..to].iter().copied().collect::<HashSet<_>>());
    let say = |say, items| Answer { say, backend: None, items };
    assert_eq!(lost.answer(&say(Say::Approve, some(0, 5))).await, 5);
    assert_eq!(lost.answer(&say(Say::Reject, some(5, 15))).await, 10);
    for _ in 0..2 {
        assert_ok(&lost.home.sync().await);
        // Five are gone everywhere, ten are back, and what is left waits, however few they were alone.
        assert_eq!((lost.watched(&lost.den), lost.watched(&lost.attic)), (MANY - 5, 10));
        assert_eq!(lost.held().await.len(), MANY - 15);
    }
    let den = Answer { backend: Some(watchstate_model::BackendId(1)), ..say(Say::Approve, None) };
    assert_eq!(lost.answer(&den).await, 0, "nothing waits there");
    assert_eq!(lost.answer(&say(Say::Reject, some(0, MANY))).await, (MANY - 15) as u64);
    assert_ok(&lost.home.sync().await);
    assert_eq!((lost.watched(&lost.den), lost.watched(&lost.attic)), (MANY - 5, MANY - 5));
}

#[tokio::test]
async fn nothing_else_is_blocked_by_what_waits() {
    let lost = Lost::happened().await;
    lost.den.watch("Heat", "ana").unwrap();
    assert_ok(&lost.home.sync().await);
    assert!(lost.attic.shows("Heat", "ana").unwrap().watch.is_watched());
    // A person takes a mark away elsewhere: that is no part of the loss.
    lost.den.unwatch("Heat", "ana").unwrap();
    assert_ok(&lost.home.sync().await);
    assert_eq!(lost.attic.shows("Heat", "ana").unwrap().watch, Watch::Unwatched);
    assert_eq!(lost.held().await.len(), MANY);
    // Nor is it decided by the way, when everything is compared and written.
    assert_ok(&lost.home.sync_with(Consent { yes: false, full: true }).await);
    assert_eq!((lost.watched(&lost.attic), lost.watched(&lost.den)), (0, MANY));
    assert_eq!(lost.held().await.len(), MANY);
}

/// Whoever says yes to the writes they were shown does not say yes to what was shown as waiting.
#[tokio::test]
async fn a_yes_to_an_export_lets_nothing_go() {
    let lost = Lost::happened().await;
    let mut accounts = lost.home.accounts().await;
    let all: Vec<_> = accounts.iter().map(|account| account.backend.id).collect();
    let yes = Consent { yes: true, full: true };
    assert_ok(&lost.home.engine().export(&mut accounts, &all, yes).await.unwrap());
    assert_eq!((lost.watched(&lost.attic), lost.watched(&lost.den)), (0, MANY));
    assert_eq!(lost.held().await.len(), MANY);
}

#[tokio::test]
async fn what_comes_back_by_itself_waits_no_more() {
    let lost = Lost::happened().await;
    for film in &lost.films[..50] {
        lost.attic.watch(film, "ana").unwrap();
    }
    assert_ok(&lost.home.sync().await);
    // Ten would have passed alone. They were a part of the loss, and wait.
    assert_eq!(lost.held().await.len(), 10);
    assert_eq!(lost.watched(&lost.den), MANY);
}

#[tokio::test]
async fn where_marks_are_not_taken_any_more_nothing_waits_and_nothing_is_approved() {
    for import in [Import::Off, Import::Metadata] {
        let lost = Lost::happened().await;
        let attic = watchstate_model::BackendId(2);
        // Asked by a window that was open before it was switched off.
        let mut accounts = lost.home.accounts().await;
        accounts[1].backend.import = import;
        let few = Answer { items: Some(lost.held().await[..3].iter().copied().collect()), ..ALL };
        assert_eq!(lost.home.engine().answer(&accounts, ANA, &few).await.unwrap(), 0);

        let mut tx = lost.home.store.begin().await.unwrap();
        tx.set_switches(attic, import, true).await.unwrap();
        tx.commit().await.unwrap();
        assert!(lost.held().await.is_empty(), "{import:?}");
        assert_eq!(lost.answer(&ALL).await, 0, "{import:?}");
        assert_ok(&lost.home.sync().await);
        // It is a target now, and shows what is held.
        assert_eq!((lost.watched(&lost.den), lost.watched(&lost.attic)), (MANY, MANY));
        assert_eq!(lost.lines("took", Because::Approved).await, 0);
    }
}

#[tokio::test]
async fn un_watches_wait_on_while_marks_are_taken() {
    let lost = Lost::happened().await;
    let mut tx = lost.home.store.begin().await.unwrap();
    tx.set_switches(watchstate_model::BackendId(2), Import::On, false).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(lost.held().await.len(), MANY);
    assert_eq!(lost.answer(&ALL).await, MANY as u64);
}

#[tokio::test]
async fn a_preview_of_an_answer_shows_what_it_leads_to() {
    let lost = Lost::happened().await;
    let accounts = lost.home.accounts().await;
    let wanted: Vec<_> = accounts.iter().map(|account| account.backend.id).collect();
    for (say, name, becomes) in
        [(Say::Approve, "den", Watch::Unwatched), (Say::Reject, "attic", Watch::WATCHED)]
    {
        let file = lost.home.folder().join(format!("{say:?}.db"));
        let engine = lost.home.engine();
        let answer = Answer::to_all(say);
        let seen = engine.preview_answer(&accounts, &wanted, ANA, &answer, &file).await.unwrap();
        assert_eq!(seen.changes.len(), MANY, "{say:?}");
        let as_said = |c: &watchstate_engine::PreviewChange| {
            c.backend_name == name && c.to == becomes && c.held.is_none()
        };
        assert!(seen.changes.iter().all(as_said), "{say:?}: {:?}", seen.changes[0]);
    }
    assert_eq!(lost.held().await.len(), MANY, "it was a look");
    assert_eq!((lost.watched(&lost.attic), lost.watched(&lost.den)), (0, MANY));
}

#[tokio::test]
async fn the_brake_is_tuned_for_a_person_and_for_a_server() {
    let off = BrakePolicy { off: true, ..BrakePolicy::default() };
    let strict = BrakePolicy { at_least: 0, percent: 0, latest: 0, off: false };
    let attic = Some(watchstate_model::BackendId(2));
    for (rules, held, why) in [
        (vec![], 0, "one passes"),
        (vec![(None, strict)], 1, "the person wants to be asked of each"),
        (vec![(attic, strict)], 1, "of each on that server"),
        (vec![(None, strict), (attic, off)], 0, "the server's own rule comes first"),
        (vec![(None, off), (attic, strict)], 1, "whichever it is"),
    ] {
        let lost = Lost::happened().await;
        lost.answer(&Answer::to_all(Say::Reject)).await;
        assert_ok(&lost.home.sync().await);
        let mut tx = lost.home.store.begin().await.unwrap();
        for (backend, policy) in rules {
            tx.set_brake(ANA, backend, Some(policy)).await.unwrap();
        }
        tx.commit().await.unwrap();
        lost.attic.unwatch(&lost.films[0], "ana").unwrap();
        assert_ok(&lost.home.sync().await);
        assert_eq!(lost.held().await.len(), held, "{why}");
        assert_eq!(lost.watched(&lost.den), MANY - 1 + held, "{why}");
    }
}
