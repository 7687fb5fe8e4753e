//! Our own clients against the fakes: what the clients say after a write is what the fake shows, on each
//! kind and version of server.

#![allow(clippy::unwrap_used, reason = "what a test cannot do without may fail it")]

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use watchstate_model::{Kind, Moment, Position, Watch};
use watchstate_servers::{
    Address, Detail, Fault as Told, Limits, MediaServer, Pause, Sensitive, ServerKind, Stretch,
    Wanted, Write, connect,
};
use watchstate_testkit::fake::{FakeServer, Fault, Trouble};

const NOW: Moment = Moment(1_800_000_000);

/// No time passes between two tries.
struct Still;

impl Pause for Still {
    fn pause(&self, _: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(std::future::ready(()))
    }

    fn now(&self) -> Moment {
        NOW
    }
}

const SERVERS: [(ServerKind, &str); 5] = [
    (ServerKind::Plex, "1.40.2"),
    (ServerKind::Jellyfin, "10.10.7"),
    (ServerKind::Jellyfin, "10.8.6"),
    (ServerKind::Emby, "4.8.11.0"),
    (ServerKind::Emby, "3.2.40.0"),
];

async fn started(kind: ServerKind, version: &str) -> (FakeServer, Arc<dyn MediaServer>) {
    let fake = FakeServer::of(kind, version).at(NOW).with_sample().start().await.unwrap();
    let address = Address {
        kind,
        url: fake.url(),
        user: Some(fake.id_of("ana").unwrap()),
        token: Sensitive::new(fake.token_of("ana").unwrap()),
        client_id: "6f1c2f0e-0000-4000-8000-000000000000".to_owned(),
    };
    let limits = Limits { retries: 1, ..Limits::default() };
    let client = connect(address, limits, Arc::new(Still)).unwrap();
    (fake, client)
}

#[tokio::test]
async fn what_is_read_is_what_the_fake_shows() {
    for (kind, version) in SERVERS {
        let (fake, client) = started(kind, version).await;
        let info = client.check().await.unwrap();
        assert_eq!((info.version.as_str(), info.clock.0), (version, 0));
        assert_eq!(client.user().await.unwrap().name, "ana", "{kind:?}");
        let libraries = client.libraries().await.unwrap();
        let names: Vec<_> = libraries.iter().map(|library| library.name.as_str()).collect();
        assert_eq!(names, ["Movies", "Shows"], "{kind:?} {version}");
        let mut seen = 0;
        for library in &libraries {
            let (mut from, mut total) = (0, 1);
            while from < total {
                let stretch = Stretch { from, size: 50 };
                let page = client.items(library, stretch, Detail::Full).await.unwrap();
                for item in &page.entries {
                    let shown = fake.shows(item.key.as_str(), "ana").unwrap();
                    assert_eq!(item.marks, shown, "{kind:?} {version} {:?}", item.facts);
                    let facts = item.facts.as_ref().unwrap();
                    let entry = fake.library().entry(item.key.as_str()).cloned().unwrap();
                    assert_eq!((&facts.ids, facts.name.as_str()), (&entry.ids, &*entry.name));
                    assert_eq!(facts.duration_ms, Some(entry.duration_ms));
                    assert_eq!(item.added_at, Some(entry.added_at));
                }
                (from, total) = (from + page.sent, page.total);
                seen += page.entries.len();
            }
        }
        assert_eq!(seen, fake.library().entries().len(), "{kind:?} {version}");
        let shows = client.shows(&libraries[1], Stretch { from: 0, size: 100 }).await.unwrap();
        assert_eq!(shows.entries.len(), 12, "{kind:?} {version}");
    }
}

#[tokio::test]
async fn what_is_written_is_shown() {
    for (kind, version) in SERVERS {
        let (fake, client) = started(kind, version).await;
        client.check().await.unwrap();
        let key = fake.key_of("Breaking Bad S02E03").unwrap();
        fake.unwatch(key.as_str(), "ana").unwrap();
        let targets = [
            (Watch::WATCHED, "watched"),
            (Watch::Unwatched, "not watched"),
            (Watch::Started(Position::from_ms(900_000).unwrap()), "begun"),
            (Watch::WATCHED, "watched at last"),
        ];
        for (watch, why) in targets {
            if watch.position().is_some() && !client.abilities().positions {
                continue;
            }
            let before = client.read(std::slice::from_ref(&key)).await.unwrap().remove(0);
            let to = watchstate_model::Target {
                watch,
                plays: u32::from(watch.is_watched()),
                played_at: Some(Moment(NOW.0 - 86_400)),
            };
            let duration_ms = before.facts.as_ref().and_then(|facts| facts.duration_ms);
            let write = Write { key: key.clone(), from: before.marks, to, duration_ms };
            client.write(&write).await.unwrap();
            let shown = fake.shows(key.as_str(), "ana").unwrap();
            assert_eq!(shown.watch, watch, "{kind:?} {version}: {why}");
            if watch.is_watched() && client.abilities().dates {
                assert_eq!(shown.last_played, to.played_at, "{kind:?} {version}: {why}");
            }
            let read = client.read(std::slice::from_ref(&key)).await.unwrap().remove(0);
            assert_eq!(read.marks, shown, "{kind:?} {version}: {why}");
        }
    }
}

#[tokio::test]
async fn who_plays_what_and_where_a_title_is() {
    for (kind, version) in SERVERS {
        let (fake, client) = started(kind, version).await;
        client.check().await.unwrap();
        assert!(client.playing().await.unwrap().is_just(&[]), "{kind:?} {version}");
        fake.play("Dune", "ana").unwrap();
        fake.play("Alien", "ben").unwrap();
        let dune = fake.key_of("Dune").unwrap();
        assert!(client.playing().await.unwrap().is_just(std::slice::from_ref(&dune)));
        let ids = fake.library().entry(dune.as_str()).unwrap().ids.clone();
        let found = client.find(&Wanted::Movie { name: "Dune".to_owned(), ids }).await.unwrap();
        assert_eq!(found.len(), 1, "{kind:?} {version}");
        assert_eq!(found[0].key, dune);
        let show = fake.library().all_series()[0].clone();
        let wanted =
            Wanted::Episode { show_name: show.name, show_ids: show.ids, season: 2, number: 3 };
        let found = client.find(&wanted).await.unwrap();
        assert_eq!(found.len(), 1, "{kind:?} {version}");
        let facts = found[0].facts.as_ref().unwrap();
        assert!(matches!(&facts.kind, Kind::Episode(e) if (e.season, e.number) == (2, 3)));
    }
}

#[tokio::test]
async fn what_goes_wrong_is_told() {
    let troubles = [
        (Trouble::Status(503), Told::ServerTrouble),
        (Trouble::TooMany(None), Told::Busy { after: None }),
        (Trouble::ExpiredToken, Told::Unauthorized),
        (Trouble::OtherJson, Told::BadAnswer),
        (Trouble::BrokenJson, Told::BadAnswer),
        (Trouble::CutBody, Told::BadAnswer),
    ];
    for (kind, version) in SERVERS {
        let (fake, client) = started(kind, version).await;
        client.check().await.unwrap();
        for (trouble, told) in troubles {
            fake.fail(Fault::new(trouble));
            let fault = client.libraries().await.map_err(|error| error.fault);
            assert_eq!(fault, Err(told), "{kind:?} {version}: {trouble:?}");
            fake.heal().await;
        }
        fake.fail(Fault::new(Trouble::Dropped).next(1));
        assert!(client.libraries().await.is_ok(), "{kind:?} {version}: one try more");
        fake.refuse().await;
        assert_eq!(client.libraries().await.unwrap_err().fault, Told::Unreachable);
    }
}
