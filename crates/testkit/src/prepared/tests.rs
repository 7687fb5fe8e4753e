use std::sync::Arc;
use std::time::Duration;

use watchstate_engine::SystemClock;
use watchstate_model::{Kind, Moment, Target, Watch};
use watchstate_servers::{
    Address, Detail, LibraryKind, Limits, MediaServer, Sensitive, ServerKind, Stretch, Write,
    connect,
};

use super::*;

fn stock(server: u32) -> Stock {
    Stock { titles: 200, server, seed: 7, watched: true, own: false }
}

async fn client(stock: Stock) -> Arc<dyn MediaServer> {
    let address = serve(stock).await.unwrap();
    let address = Address {
        kind: ServerKind::Jellyfin,
        url: format!("http://{address}").parse().unwrap(),
        user: None,
        token: Sensitive::new("any".to_owned()),
        client_id: "test".to_owned(),
    };
    let limits = Limits { read_timeout: Duration::from_secs(5), ..Limits::default() };
    connect(address, limits, Arc::new(SystemClock)).unwrap()
}

#[tokio::test]
async fn our_client_reads_it_to_the_end() {
    let client = client(stock(0)).await;
    client.check().await.unwrap();
    let libraries = client.libraries().await.unwrap();
    assert_eq!(
        libraries.iter().map(|l| l.kind).collect::<Vec<_>>(),
        [LibraryKind::Movies, LibraryKind::Shows]
    );
    let (mut seen, mut watched) = (std::collections::BTreeSet::new(), 0);
    for library in &libraries {
        for from in [0, 30, 60, 90] {
            let stretch = Stretch { from, size: 30 };
            let page = client.items(library, stretch, Detail::Full).await.unwrap();
            let lean = client.items(library, stretch, Detail::Lean).await.unwrap();
            assert_eq!(page.total, 100);
            assert_eq!(page.entries.len(), usize::try_from(30.min(100 - from)).unwrap());
            for (item, lean) in page.entries.iter().zip(&lean.entries) {
                let facts = item.facts.as_ref().unwrap();
                assert!(facts.ids.iter().count() >= 2, "ids are told");
                assert!(facts.path.is_some() && facts.duration_ms.is_some());
                assert_eq!((&lean.key, lean.marks), (&item.key, item.marks), "lean says the same");
                assert!(seen.insert(item.key.clone()), "nothing comes twice");
                watched += u32::from(item.marks.watch.is_watched());
            }
        }
    }
    assert_eq!((seen.len(), watched), (200, 60));
    let shows = Stretch { from: 0, size: 100 };
    assert_eq!(client.shows(&libraries[1], shows).await.unwrap().entries.len(), 5);
    assert!(client.playing().await.unwrap().is_just(&[]));
}

#[tokio::test]
async fn both_servers_have_the_same_titles_under_other_keys() {
    let mut all = Vec::new();
    for server in [0, 1] {
        let client = client(stock(server)).await;
        let mut titles = std::collections::BTreeMap::new();
        for library in client.libraries().await.unwrap() {
            let stretch = Stretch { from: 0, size: 500 };
            for item in client.items(&library, stretch, Detail::Full).await.unwrap().entries {
                let facts = item.facts.unwrap();
                titles.insert(facts.ids.to_text(), (item.key, item.marks.watch, facts.kind));
            }
        }
        all.push(titles);
    }
    assert_eq!(all[0].len(), 200, "ids are no title's but one's");
    assert!(all[0].keys().eq(all[1].keys()));
    for ((key, watch, kind), (other, there, kind_there)) in all[0].values().zip(all[1].values()) {
        assert_ne!(key, other);
        assert_eq!(watch, there);
        if let (Kind::Episode(one), Kind::Episode(two)) = (kind, kind_there) {
            assert_eq!((one.season, one.number), (two.season, two.number));
        }
    }
}

#[tokio::test]
async fn a_write_is_shown_by_every_list() {
    let client = client(stock(0)).await;
    client.check().await.unwrap();
    let library = client.libraries().await.unwrap().remove(0);
    let stretch = Stretch { from: 0, size: 100 };
    let page = client.items(&library, stretch, Detail::Lean).await.unwrap();
    let item = page.entries.iter().find(|item| item.marks.watch == Watch::Unwatched).unwrap();
    let to = Target { watch: Watch::WATCHED, plays: 4, played_at: Some(Moment(1_709_673_247)) };
    let write = Write { key: item.key.clone(), from: item.marks, to, duration_ms: None };
    client.write(&write).await.unwrap();
    let read = client.read(std::slice::from_ref(&item.key)).await.unwrap();
    let again = client.items(&library, stretch, Detail::Lean).await.unwrap();
    let listed = again.entries.iter().find(|other| other.key == item.key).unwrap();
    for marks in [read[0].marks, listed.marks] {
        assert_eq!(marks.watch, Watch::WATCHED);
        assert_eq!((marks.plays, marks.last_played), (4, Some(Moment(1_709_673_247))));
    }
    let others = |entries: &[watchstate_model::Item]| {
        entries.iter().filter(|other| other.key != item.key).cloned().collect::<Vec<_>>()
    };
    assert_eq!(others(&page.entries), others(&again.entries), "and nothing else has changed");
}
