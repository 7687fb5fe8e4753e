//! Snapshots keep what was shown, and cost what has changed.

#![allow(clippy::unwrap_used, reason = "what a test cannot do without may fail it")]

use std::collections::BTreeMap;
use std::path::Path;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, SqliteConnection};
use watchstate_model::{
    BackendId, Because, ItemId, ItemKey, Marks, Moment, PersonId, Position, RunId, Watch,
};
use watchstate_store::{Import, ItemRow, KeepSnapshots, NewBackend, NewIdentity, Snapshot, Store};

const DEN: BackendId = BackendId(1);
const ITEMS: i64 = 5_000;
const ALL: KeepSnapshots = KeepSnapshots { most: 100, since: Moment(0) };

fn shows(id: i64) -> Marks {
    let position = Position::from_ms(if id % 7 == 0 { 90_000 } else { 0 });
    Marks {
        watch: Watch::from_flag(id % 2 == 0, position),
        plays: u32::try_from(id % 3).unwrap(),
        last_played: (id % 5 > 0).then_some(Moment(1_700_000_000 + id)),
    }
}

fn row(id: i64, seen: Marks) -> ItemRow {
    ItemRow {
        id: ItemId(id),
        key: ItemKey(format!("k{id}")),
        title: None,
        review: Some(Because::NoIds),
        ids: String::new(),
        path: None,
        duration_ms: None,
        facts_print: 1,
        present: true,
        added_at: None,
        seen,
        baseline: None,
        print: 1,
        because: Because::NoIds,
    }
}

async fn store(dir: &Path) -> Store {
    let store = Store::open_scratch(&dir.join("store.sqlite")).await.unwrap();
    let mut tx = store.begin().await.unwrap();
    for name in ["den", "attic"] {
        let backend = NewBackend {
            person: PersonId(1),
            name,
            kind: "jellyfin",
            url: "http://127.0.0.1:1",
            server_id: "s",
            user_id: "u",
            user_name: "ana",
            import: Import::On,
            export: true,
            added_at: Moment(0),
        };
        tx.add_backend(&backend).await.unwrap();
    }
    let rows: Vec<ItemRow> = (1..=ITEMS).map(|id| row(id, shows(id))).collect();
    tx.put_items(DEN, &rows).await.unwrap();
    tx.commit().await.unwrap();
    store
}

async fn take(store: &Store, run: i64, at: i64, keep: KeepSnapshots) -> bool {
    let mut tx = store.begin().await.unwrap();
    let taken = tx.take_snapshot(DEN, RunId(run), Moment(at), None, keep).await.unwrap();
    tx.commit().await.unwrap();
    taken
}

async fn show(store: &Store, id: i64, marks: Marks) {
    let mut tx = store.begin().await.unwrap();
    tx.put_items(DEN, &[row(id, marks)]).await.unwrap();
    tx.commit().await.unwrap();
}

/// All that a snapshot holds, and how many pieces it has.
async fn held(store: &Store, snapshot: &Snapshot) -> (Vec<(ItemId, Marks)>, usize) {
    let mut tx = store.begin().await.unwrap();
    let (mut all, mut pieces, mut after) = (Vec::new(), 0, i64::MIN);
    while let Some(part) = tx.snapshot_part(snapshot.id, after).await.unwrap() {
        all.extend(part.showed.unwrap());
        pieces += 1;
        after = part.place;
    }
    (all, pieces)
}

#[tokio::test]
async fn a_snapshot_holds_what_was_shown_whatever_comes_after() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path()).await;
    assert!(take(&store, 7, 100, ALL).await);
    assert!(!take(&store, 7, 100, ALL).await, "once a run");
    show(&store, 3_000, Marks::UNTOUCHED).await;
    let mut tx = store.begin().await.unwrap();
    tx.gone(&[ItemId(4_000)]).await.unwrap();
    tx.commit().await.unwrap();
    assert!(take(&store, 8, 200, ALL).await);
    let kept = store.snapshots().await.unwrap();
    let [second, first] = kept.as_slice() else { panic!("two: {kept:?}") };
    let was: Vec<_> = (1..=ITEMS).map(|id| (ItemId(id), shows(id))).collect();
    assert_eq!(held(&store, first).await, (was.clone(), 5));
    let is: Vec<_> = was
        .into_iter()
        .filter(|(item, _)| item.0 != 4_000)
        .map(|(item, marks)| (item, if item.0 == 3_000 { Marks::UNTOUCHED } else { marks }))
        .collect();
    assert_eq!(held(&store, second).await, (is, 5));
    assert_eq!((first.items, second.items), (5_000, 4_999));
    assert!(first.bytes < 5_000 * 8, "{} bytes", first.bytes);
}

#[tokio::test]
async fn outside_of_runs_one_is_enough_for_a_while() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path()).await;
    let mut tx = store.begin().await.unwrap();
    for (at, since, taken) in [(100, -3_500, true), (3_000, -600, false), (4_000, 400, true)] {
        let (at, since) = (Moment(at), Some(Moment(since)));
        assert_eq!(tx.take_snapshot(DEN, RunId(0), at, since, ALL).await.unwrap(), taken);
    }
    // One that has nothing needs none.
    let attic = BackendId(2);
    assert!(!tx.take_snapshot(attic, RunId(9), Moment(1), None, ALL).await.unwrap());
}

/// The clock of this computer was ahead for a while: what was kept then is none that was just made.
#[tokio::test]
async fn one_from_the_future_is_not_enough() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path()).await;
    let mut tx = store.begin().await.unwrap();
    for (at, taken) in [(1_000_000, true), (5_000, true), (6_000, false), (8_601, true)] {
        let (at, since) = (Moment(at), Some(Moment(at - 3_600)));
        assert_eq!(tx.take_snapshot(DEN, RunId(0), at, since, ALL).await.unwrap(), taken, "{at:?}");
    }
}

/// A piece that cannot be read is told, and the others are read all the same.
#[tokio::test]
async fn a_piece_that_cannot_be_read_is_not_an_empty_one() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path()).await;
    assert!(take(&store, 7, 100, ALL).await);
    let options = SqliteConnectOptions::new().filename(dir.path().join("store.sqlite"));
    let mut raw = options.connect().await.unwrap();
    sqlx::query("UPDATE snapshot_pieces SET marks = x'ffffffff' WHERE id = 2")
        .execute(&mut raw)
        .await
        .unwrap();
    let snapshot = store.snapshots().await.unwrap()[0].id;
    let mut tx = store.begin().await.unwrap();
    let (mut after, mut read) = (i64::MIN, Vec::new());
    while let Some(part) = tx.snapshot_part(snapshot, after).await.unwrap() {
        read.push(part.showed.map(|showed| showed.len()));
        after = part.place;
    }
    assert_eq!(read, [Some(1_023), None, Some(1_024), Some(1_024), Some(905)]);
}

#[tokio::test]
async fn old_ones_go_by_count_and_by_age_and_what_is_shared_stays() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path()).await;
    for run in 1..=6 {
        show(&store, run, Marks { plays: 40, ..shows(run) }).await;
        let keep = KeepSnapshots { most: 4, since: Moment(300) };
        assert!(take(&store, run, run * 100, keep).await);
    }
    let kept = store.snapshots().await.unwrap();
    assert_eq!(kept.iter().map(|s| s.run.0).collect::<Vec<_>>(), [6, 5, 4, 3]);
    for snapshot in &kept {
        let (items, _) = held(&store, snapshot).await;
        assert_eq!(items.len(), 5_000);
        assert_eq!(
            items.iter().filter(|(_, marks)| marks.plays == 40).count() as i64,
            snapshot.run.0
        );
    }
    let keep = KeepSnapshots { most: 1, since: Moment(0) };
    assert!(take(&store, 7, 700, keep).await);
    assert_eq!(store.snapshots().await.unwrap().len(), 1);
}

/// How many pieces there are, whosever they are.
async fn pieces(dir: &Path) -> i64 {
    let options = SqliteConnectOptions::new().filename(dir.join("store.sqlite"));
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    let count = "SELECT count(*) FROM snapshot_pieces";
    sqlx::query_scalar(count).fetch_one(&mut connection).await.unwrap()
}

#[tokio::test]
async fn each_one_holds_what_is_shown_however_little_was_written_since() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path()).await;
    let attic = BackendId(2);
    let mut shown: BTreeMap<i64, Marks> = (1..=ITEMS).map(|id| (id, shows(id))).collect();
    for run in 1..=30_i64 {
        // Some are written, of one range or of several, some go, new ones come, and so do those of another backend.
        let mut tx = store.begin().await.unwrap();
        let some = (0..run % 4).map(|n| (run * 977 + n * 1_300) % ITEMS + 1).collect::<Vec<_>>();
        for id in some {
            let marks = Marks { plays: u32::try_from(run + 40).unwrap(), ..shows(id) };
            tx.put_items(DEN, &[row(id, marks)]).await.unwrap();
            shown.insert(id, marks);
        }
        if run % 3 == 0 {
            let gone = run * 131 % ITEMS + 1;
            tx.gone(&[ItemId(gone)]).await.unwrap();
            shown.remove(&gone);
        }
        if run % 5 == 0 {
            let new = 10_000 + run * 100;
            tx.put_items(DEN, &[row(new, shows(new))]).await.unwrap();
            tx.put_items(attic, &[row(new + 1, shows(new))]).await.unwrap();
            shown.insert(new, shows(new));
        }
        let at = Moment(run);
        assert!(tx.take_snapshot(DEN, RunId(run), at, None, ALL).await.unwrap());
        tx.commit().await.unwrap();
        let latest = store.snapshots().await.unwrap()[0];
        let (held, _) = held(&store, &latest).await;
        let expected: Vec<_> = shown.iter().map(|(id, marks)| (ItemId(*id), *marks)).collect();
        assert!(held == expected, "run {run}");
        assert_eq!(latest.items, expected.len() as u64);
    }
    // What is told of its size is the size of what it has.
    let whole = store.snapshots().await.unwrap()[0];
    let keep = KeepSnapshots { most: 0, since: Moment(0) };
    assert!(take(&store, 31, 31, keep).await, "none is wanted");
    assert_eq!((store.snapshots().await.unwrap().len(), pieces(dir.path()).await), (0, 0));
    assert!(take(&store, 32, 32, ALL).await);
    let anew = store.snapshots().await.unwrap()[0];
    assert_eq!((anew.items, anew.bytes), (whole.items, whole.bytes));
}

#[tokio::test]
async fn those_of_a_server_that_is_no_more_go_with_all_their_pieces() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path()).await;
    let who = NewIdentity { server_id: "other", user_id: "u", user_name: "ana" };
    for run in 1..=2 {
        assert!(take(&store, run, run, ALL).await);
        assert_eq!(pieces(dir.path()).await, 5);
        let mut tx = store.begin().await.unwrap();
        match run {
            1 => tx.begin_anew(DEN, who).await.unwrap(),
            _ => tx.remove_backend(DEN).await.unwrap(),
        }
        tx.commit().await.unwrap();
        assert_eq!((store.snapshots().await.unwrap().len(), pieces(dir.path()).await), (0, 0));
        if run == 1 {
            let rows: Vec<ItemRow> = (1..=ITEMS).map(|id| row(id, shows(id + 1))).collect();
            let mut tx = store.begin().await.unwrap();
            tx.put_items(DEN, &rows).await.unwrap();
            tx.commit().await.unwrap();
        }
    }
}
