//! Servers that are not what they were: set up anew at the same address, another user behind the credentials,
//! restored from an old back-up. Recognised, asked about, never merged blindly.

#![allow(clippy::unwrap_used, reason = "what a test cannot do without may fail it")]

mod household;

use household::{Household, assert_ok, of, written};
use watchstate_engine::{Consent, Trouble};
use watchstate_model::{PersonId, Provider};
use watchstate_servers::ServerKind;
use watchstate_store::{Backend, FeedFilter, NewIdentity, Task};
use watchstate_testkit::fake::{FakeServer, Holds, NewItem, Setup};

const FILMS: u32 = 100;
/// So many of them are watched.
const HALF: usize = 50;

/// A server with films whose keys are in this order: another order gives the same key to another film.
fn with_films(kind: ServerKind, version: &str, backwards: bool) -> Setup {
    FakeServer::of(kind, version)
        .with_people(&["ana", "ben"])
        .with(move |library, now| {
            let movies = library.add_section("Movies", Holds::Movies);
            for place in 0..FILMS {
                let number = if backwards { FILMS - 1 - place } else { place };
                let film = NewItem::movie(&format!("Film {number:02}"), 2000)
                    .id(Provider::Imdb, &format!("tt77{number:05}"))
                    .lasting_ms(5_400_000);
                library.add_movie(&movies, film, now).unwrap();
            }
        })
        .at(household::NOW)
}

fn film(number: u32) -> String {
    format!("Film {number:02}")
}

/// How many films a server shows as watched.
fn watched_on(server: &FakeServer, user: &str) -> usize {
    (0..FILMS).filter(|n| server.shows(&film(*n), user).unwrap().watch.is_watched()).count()
}

/// A Plex and a Jellyfin that agree on half of the films being watched.
async fn agreed() -> (Household, FakeServer, FakeServer) {
    let plex = with_films(ServerKind::Plex, "1.40.2", false).start().await.unwrap();
    let jellyfin = with_films(ServerKind::Jellyfin, "10.10.7", false).start().await.unwrap();
    let mut home = Household::new().await;
    home.join("den", ServerKind::Plex, &plex).await;
    home.join("attic", ServerKind::Jellyfin, &jellyfin).await;
    for number in 0..FILMS / 2 {
        jellyfin.watch(&film(number), "ana").unwrap();
    }
    assert_ok(&home.sync().await);
    assert_eq!(watched_on(&plex, "ana"), HALF);
    (home, plex, jellyfin)
}

async fn backend(home: &Household, name: &str) -> Backend {
    let all = home.store.backends().await.unwrap();
    all.into_iter().find(|backend| backend.name == name).unwrap()
}

/// A person says that whoever answers is new in the place of the old one.
async fn in_its_place(home: &Household, name: &str, server: &FakeServer, user: &str) {
    let id = server.id_of(user).unwrap();
    let server_id = server.library().server_id();
    let who = NewIdentity { server_id: &server_id, user_id: &id, user_name: user };
    let mut tx = home.store.begin().await.unwrap();
    tx.begin_anew(backend(home, name).await.id, who).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_server_set_up_anew_at_the_same_address_takes_nothing_away() {
    for kind in [ServerKind::Plex, ServerKind::Jellyfin, ServerKind::Emby] {
        let version = match kind {
            ServerKind::Plex => "1.40.2",
            ServerKind::Jellyfin => "10.10.7",
            _ => "4.8.11.0",
        };
        let (mut home, plex, jellyfin) = agreed().await;
        let old = with_films(kind, version, false).start().await.unwrap();
        home.join("cellar", kind, &old).await;
        assert_ok(&home.sync().await);
        assert_eq!(watched_on(&old, "ana"), HALF);

        // Its keys mean other films now, and nobody ever watched anything there.
        let port = old.url().port().unwrap();
        old.refuse().await;
        drop(old);
        let new = with_films(kind, version, true).seeded(7).on_port(port).start().await.unwrap();
        let reports = home.sync().await;
        let trouble = of(&reports, Task::Import, "cellar").run.error.clone().unwrap();
        assert!(trouble.contains(&Trouble::AnotherServer.to_string()), "{kind:?}: {trouble}");
        assert!(of(&reports, Task::Export, "cellar").run.error.is_some(), "{kind:?}");
        assert_eq!(new.writes().len(), 0, "{kind:?}: nothing is written to a stranger");
        let strangers = home.store.strangers().await.unwrap();
        assert_eq!(strangers.len(), 1, "{kind:?}");
        assert_eq!(strangers[0].server_id, new.library().server_id(), "{kind:?}");
        assert_eq!(
            (watched_on(&plex, "ana"), watched_on(&jellyfin, "ana")),
            (HALF, HALF),
            "{kind:?}"
        );

        // "It is a new server in its place."
        home.reached_by(2, kind, &new, "ana");
        in_its_place(&home, "cellar", &new, "ana").await;
        assert_eq!(home.store.strangers().await.unwrap(), []);
        let reports = home.sync().await;
        assert_ok(&reports);
        assert_eq!(of(&reports, Task::Import, "cellar").run.held, 0, "{kind:?}: no un-watch");
        assert!(of(&reports, Task::Export, "cellar").waits_for_yes, "{kind:?}: a preview first");
        assert_eq!(new.writes().len(), 0, "{kind:?}");
        assert_eq!(
            (watched_on(&plex, "ana"), watched_on(&jellyfin, "ana")),
            (HALF, HALF),
            "{kind:?}"
        );
        assert_ok(&home.sync_with(Consent { yes: true, full: false }).await);
        for number in 0..FILMS {
            let is = new.shows(&film(number), "ana").unwrap().watch.is_watched();
            assert_eq!(is, number < FILMS / 2, "{kind:?}: {} by its id", film(number));
        }
        assert_eq!(
            (watched_on(&plex, "ana"), watched_on(&jellyfin, "ana")),
            (HALF, HALF),
            "{kind:?}"
        );
        assert_eq!(written(&home.sync().await), 0, "{kind:?}");
    }
}

#[tokio::test]
async fn the_one_that_is_known_comes_back_and_nothing_is_asked_any_more() {
    let (mut home, plex, jellyfin) = agreed().await;
    let other = with_films(ServerKind::Jellyfin, "10.10.7", false).seeded(7).start().await.unwrap();
    home.reached_by(1, ServerKind::Jellyfin, &other, "ana");
    home.sync().await;
    assert_eq!(home.store.strangers().await.unwrap()[0].user_name, "ana");
    assert!(backend(&home, "attic").await.trouble.is_some());
    home.reached_by(1, ServerKind::Jellyfin, &jellyfin, "ana");
    assert_ok(&home.sync().await);
    assert_eq!(home.store.strangers().await.unwrap(), []);
    assert_eq!(backend(&home, "attic").await.trouble, None);
    assert_eq!((watched_on(&plex, "ana"), other.writes().len()), (HALF, 0));
}

#[tokio::test]
async fn another_user_behind_the_credentials_is_not_taken_for_the_one_that_was() {
    let (mut home, plex, jellyfin) = agreed().await;
    // Ben never watched anything: to whoever takes him for ana, she has un-watched it all.
    home.reached_by(1, ServerKind::Jellyfin, &jellyfin, "ben");
    let reports = home.sync().await;
    let trouble = of(&reports, Task::Import, "attic").run.error.clone().unwrap();
    assert!(trouble.contains(&Trouble::AnotherUser.to_string()), "{trouble}");
    assert_eq!(home.store.strangers().await.unwrap()[0].user_name, "ben");
    assert_eq!((watched_on(&plex, "ana"), watched_on(&jellyfin, "ben")), (HALF, 0));
    // And should a person say that he takes her place, he takes nothing away.
    in_its_place(&home, "attic", &jellyfin, "ben").await;
    assert_ok(&home.sync_with(Consent { yes: true, full: false }).await);
    assert_eq!((watched_on(&plex, "ana"), watched_on(&jellyfin, "ben")), (HALF, HALF));
    assert_eq!(watched_on(&jellyfin, "ana"), HALF, "what she has there is left alone");
}

#[tokio::test]
async fn a_server_restored_from_an_old_back_up_is_held_and_explained() {
    let (home, plex, jellyfin) = agreed().await;
    // Months ago: five of the marks were there, and ten films were not.
    for number in 5..50 {
        jellyfin.unwatch(&film(number), "ana").unwrap();
    }
    for number in 40..50 {
        let key = jellyfin.key_of(&film(number)).unwrap();
        jellyfin.library().remove(key.as_str()).unwrap();
    }
    let reports = home.sync().await;
    let import = of(&reports, Task::Import, "attic");
    assert_eq!(import.run.error, None, "it is the same server: nothing is wrong with it");
    assert!(import.waits_for_yes, "{import:?}");
    assert_eq!(import.run.held, 35, "what is gone is not un-watched; all others wait");
    assert_eq!(written(&reports), 0);
    assert_eq!(watched_on(&plex, "ana"), HALF, "no mark is lost");
    let held = FeedFilter { what: Some("held".to_owned()), ..FeedFilter::default() };
    let (lines, count) = home.store.feed(PersonId(1), &held, 0, 50).await.unwrap();
    assert_eq!(count, 35);
    assert!(lines.iter().all(|line| line.because == Some(watchstate_model::Because::Brake)));
    // A mark that a person makes meanwhile is not blocked, and what waits goes on waiting.
    plex.watch(&film(80), "ana").unwrap();
    home.sync().await;
    assert!(jellyfin.shows(&film(80), "ana").unwrap().watch.is_watched());
    assert_eq!(watched_on(&plex, "ana"), HALF + 1);
}
