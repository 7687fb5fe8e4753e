//! Hints of servers: kept once, bounded, and not forgotten with an older one.

#![allow(clippy::unwrap_used, reason = "what a test cannot do without may fail it")]

use watchstate_model::{BackendId, ItemKey, Moment, PersonId};
use watchstate_store::{HintHow, HintId, Import, MOST_HINTS, NewBackend, Store};

async fn with_backends() -> (tempfile::TempDir, Store, [BackendId; 2]) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("household.sqlite")).await.unwrap();
    let mut tx = store.begin().await.unwrap();
    let mut ids = Vec::new();
    for name in ["den", "attic"] {
        let new = NewBackend {
            person: PersonId(1),
            name,
            kind: "plex",
            url: "http://localhost",
            server_id: name,
            user_id: "1",
            user_name: "ana",
            import: Import::On,
            export: true,
            added_at: Moment(1),
        };
        ids.push(tx.add_backend(&new).await.unwrap());
    }
    tx.commit().await.unwrap();
    (folder, store, [ids[0], ids[1]])
}

fn key(key: &str) -> ItemKey {
    ItemKey(key.to_owned())
}

/// What is kept of a backend, without its numbers.
async fn told(store: &Store, backend: BackendId) -> Vec<(Option<ItemKey>, HintHow, Moment)> {
    let hints = store.hints(backend, u32::MAX).await.unwrap();
    hints.into_iter().map(|hint| (hint.key, hint.how, hint.received_at)).collect()
}

#[tokio::test]
async fn a_repeat_takes_the_place_of_the_one_before() {
    let (_folder, store, [den, attic]) = with_backends().await;
    let heat = key("7");
    let mut tx = store.begin().await.unwrap();
    tx.keep_hint(den, Some(&heat), HintHow::Runs, Moment(10)).await.unwrap();
    tx.keep_hint(den, None, HintHow::Changed, Moment(11)).await.unwrap();
    tx.keep_hint(den, Some(&heat), HintHow::Stopped, Moment(12)).await.unwrap();
    tx.keep_hint(attic, Some(&heat), HintHow::Changed, Moment(13)).await.unwrap();
    tx.commit().await.unwrap();
    let before = store.hints(den, 100).await.unwrap();
    assert_eq!(
        told(&store, den).await,
        [
            (Some(heat.clone()), HintHow::Runs, Moment(10)),
            (None, HintHow::Changed, Moment(11)),
            (Some(heat.clone()), HintHow::Stopped, Moment(12)),
        ]
    );
    assert_eq!(told(&store, attic).await, [(Some(heat.clone()), HintHow::Changed, Moment(13))]);
    assert_eq!(store.hints(den, 2).await.unwrap(), before[..2], "no more than is asked for");

    let mut tx = store.begin().await.unwrap();
    tx.keep_hint(den, Some(&heat), HintHow::Runs, Moment(20)).await.unwrap();
    tx.commit().await.unwrap();
    let after = store.hints(den, 100).await.unwrap();
    assert_eq!(after.len(), 3, "no more than before");
    assert_eq!(after[..2], before[1..]);
    assert_eq!((after[2].how, after[2].received_at), (HintHow::Runs, Moment(20)), "the last one");

    // Whoever looked after the first ones knows nothing of the later one.
    let seen: Vec<HintId> = before.iter().map(|hint| hint.id).collect();
    let mut tx = store.begin().await.unwrap();
    tx.forget_hints(&seen).await.unwrap();
    tx.forget_hints(&[]).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(store.hints(den, 100).await.unwrap(), after[2..], "what came meanwhile stays");
    assert_eq!(store.hints(attic, 100).await.unwrap().len(), 1);

    // The number of a hint that is gone is not given again.
    let last = after[2].id;
    let mut tx = store.begin().await.unwrap();
    tx.forget_hints(&[last]).await.unwrap();
    tx.keep_hint(den, Some(&heat), HintHow::Runs, Moment(30)).await.unwrap();
    tx.commit().await.unwrap();
    assert!(store.hints(den, 1).await.unwrap()[0].id > last);

    let mut tx = store.begin().await.unwrap();
    tx.remove_backend(den).await.unwrap();
    tx.commit().await.unwrap();
    assert!(store.hints(den, 100).await.unwrap().is_empty(), "a backend takes its hints along");
    assert_eq!(store.hints(attic, 100).await.unwrap().len(), 1);
}

#[tokio::test]
async fn more_than_can_be_looked_after_is_one_hint() {
    let (_folder, store, [den, attic]) = with_backends().await;
    let most = usize::try_from(MOST_HINTS).unwrap();
    let mut tx = store.begin().await.unwrap();
    for n in 0..most + 50 {
        let item = key(&format!("item-{n}"));
        tx.keep_hint(den, Some(&item), HintHow::Runs, Moment(10)).await.unwrap();
    }
    tx.keep_hint(den, Some(&key("item-0")), HintHow::Runs, Moment(11)).await.unwrap();
    tx.keep_hint(den, Some(&key("item-1")), HintHow::Stopped, Moment(12)).await.unwrap();
    tx.keep_hint(attic, Some(&key("item-0")), HintHow::Runs, Moment(11)).await.unwrap();
    tx.commit().await.unwrap();
    let of_den = told(&store, den).await;
    assert_eq!(of_den.len(), most + 1);
    assert_eq!(of_den[most - 1], (Some(key("item-0")), HintHow::Runs, Moment(11)), "told anew");
    assert_eq!(of_den[most], (None, HintHow::Changed, Moment(12)), "all of it is to be looked at");
    assert_eq!(told(&store, attic).await.len(), 1, "another backend has its own room");
}
