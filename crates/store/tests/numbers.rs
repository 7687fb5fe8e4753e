//! A number that was given is never given again: what is kept of what is gone would be of something else.

#![allow(clippy::unwrap_used, reason = "what a test cannot do without may fail it")]

use watchstate_model::{
    BackendId, Because, ItemId, ItemKey, Marks, Moment, PersonId, RunId, State, Target, TitleId,
    Watch,
};
use watchstate_store::{
    ChangeRow, Changed, CopyChange, Import, ItemRow, KeepSnapshots, NewBackend, NewIdentity,
    NewTitle, NextIds, Store, Task, Tx,
};

const ANA: PersonId = PersonId(1);
const ALL: KeepSnapshots = KeepSnapshots { most: 100, since: Moment(0) };

async fn add(tx: &mut Tx, name: &str) -> BackendId {
    let new = NewBackend {
        person: ANA,
        name,
        kind: "jellyfin",
        url: "http://localhost",
        server_id: name,
        user_id: "u",
        user_name: "ana",
        import: Import::On,
        export: true,
        added_at: Moment(0),
    };
    tx.add_backend(&new).await.unwrap()
}

/// A film that nobody has, and a backend's copy of it. Answers the copy and the film.
async fn film(tx: &mut Tx, backend: BackendId) -> (ItemId, TitleId) {
    let NextIds { title, item, .. } = tx.next_ids().await.unwrap();
    let (item, title) = (ItemId(item), TitleId(title));
    let new = NewTitle {
        id: title,
        show: None,
        place: None,
        name: format!("film {title}"),
        show_name: String::new(),
        year: None,
        appeared_at: Moment(1),
    };
    tx.add_titles(&[new]).await.unwrap();
    let row = ItemRow {
        id: item,
        key: ItemKey(format!("k{item}")),
        title: Some(title),
        review: None,
        ids: String::new(),
        path: None,
        duration_ms: None,
        facts_print: 1,
        present: true,
        added_at: None,
        seen: Marks::UNTOUCHED,
        baseline: None,
        print: 1,
        because: Because::NewTitle,
    };
    tx.put_items(backend, &[row]).await.unwrap();
    (item, title)
}

/// What was changed of a copy in a run, by a person there and by us; before that a snapshot was taken.
async fn change(tx: &mut Tx, run: RunId, backend: BackendId, item: ItemId, title: TitleId) {
    tx.take_snapshot(backend, run, Moment(run.0), None, ALL).await.unwrap();
    let watched = Marks { watch: Watch::WATCHED, ..Marks::UNTOUCHED };
    let copy = CopyChange { backend, item, showed: Marks::UNTOUCHED, shows: watched };
    let holds = State { watch: Watch::WATCHED, by: Some(backend), ..State::UNTOUCHED };
    let meant = Target { watch: Watch::WATCHED, plays: 1, played_at: None };
    let rows = [
        Changed::Took { held: State::UNTOUCHED, holds, copy: Some(copy) },
        Changed::Told { copy, meant },
    ]
    .map(|changed| ChangeRow { title, changed, because: Because::Differs });
    tx.add_changes(run, ANA, Moment(run.0), &rows).await.unwrap();
}

/// How a backend goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Going {
    Replaced,
    Removed,
    Forgotten,
}

impl Going {
    async fn go(self, tx: &mut Tx, backend: BackendId) {
        match self {
            Self::Replaced => {
                let who = NewIdentity { server_id: "new", user_id: "u", user_name: "ana" };
                tx.begin_anew(backend, who).await.unwrap();
            }
            Self::Removed => tx.remove_backend(backend).await.unwrap(),
            Self::Forgotten => {
                tx.forget_backend(backend).await.unwrap();
                tx.remove_backend(backend).await.unwrap();
            }
        }
    }
}

#[tokio::test]
async fn what_is_gone_keeps_its_number() {
    for going in [Going::Replaced, Going::Removed, Going::Forgotten] {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open_scratch(&dir.path().join("store.sqlite")).await.unwrap();
        let mut tx = store.begin().await.unwrap();
        let den = add(&mut tx, "den").await;
        film(&mut tx, den).await;
        tx.begin_run(Task::Import, den, Moment(1)).await.unwrap();
        let attic = add(&mut tx, "attic").await;
        let first = film(&mut tx, attic).await;
        let last = film(&mut tx, attic).await;
        assert_eq!((last.0.0, last.1.0), (first.0.0 + 1, first.1.0 + 1), "one after the other");
        let run = tx.begin_run(Task::Export, attic, Moment(2)).await.unwrap();
        going.go(&mut tx, attic).await;

        let loft = add(&mut tx, "loft").await;
        assert!(loft > attic, "{going:?}: {loft:?}");
        let new = film(&mut tx, loft).await;
        assert!(new.0 > last.0 && new.1 > last.1, "{going:?}: {new:?} after {last:?}");
        let next = tx.begin_run(Task::Undo, loft, Moment(3)).await.unwrap();
        assert!(next > run, "{going:?}: {next:?}");
        tx.commit().await.unwrap();

        // A copy of it, as a preview and the next start have it, knows them as well.
        let copy = dir.path().join("copy.sqlite");
        let mut tx = store.begin().await.unwrap();
        going.go(&mut tx, loft).await;
        tx.commit().await.unwrap();
        store.copy_to(&copy).await.unwrap();
        let copy = Store::open_scratch(&copy).await.unwrap();
        let mut tx = copy.begin().await.unwrap();
        let shed = add(&mut tx, "shed").await;
        assert!(shed > loft, "{going:?}: {shed:?}");
        let newer = film(&mut tx, shed).await;
        assert!(newer.0 > new.0 && newer.1 > new.1, "{going:?}: {newer:?} after {new:?}");
        assert!(tx.begin_run(Task::Import, shed, Moment(4)).await.unwrap() > next, "{going:?}");
    }
}

#[tokio::test]
async fn what_was_changed_of_copies_goes_with_them_and_what_we_hold_can_be_taken_back() {
    for going in [Going::Replaced, Going::Removed, Going::Forgotten] {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("store.sqlite");
        let store = Store::open_scratch(&file).await.unwrap();
        let mut tx = store.begin().await.unwrap();
        let (den, attic) = (add(&mut tx, "den").await, add(&mut tx, "attic").await);
        let (dens, alien) = film(&mut tx, den).await;
        let (attics, heat) = film(&mut tx, attic).await;
        change(&mut tx, RunId(7), den, dens, alien).await;
        change(&mut tx, RunId(8), attic, attics, heat).await;
        let before = tx.changes_of(&[alien], 0).await.unwrap();
        assert_eq!(before.len(), 2);
        let held = tx.changes_of(&[heat], 0).await.unwrap()[0].row.changed;
        going.go(&mut tx, attic).await;

        assert_eq!(
            tx.changes_of(&[alien], 0).await.unwrap(),
            before,
            "{going:?}: another backend's"
        );
        let after: Vec<Changed> = tx
            .changes_of(&[heat], 0)
            .await
            .unwrap()
            .iter()
            .map(|change| change.row.changed)
            .collect();
        let Changed::Took { held, holds, .. } = held else { panic!("{held:?}") };
        let stays = Changed::Took { held, holds, copy: None };
        let kept = if going == Going::Forgotten { vec![] } else { vec![stays] };
        assert_eq!(after, kept, "{going:?}");
        tx.commit().await.unwrap();
        let of: Vec<BackendId> =
            store.snapshots().await.unwrap().iter().map(|snapshot| snapshot.backend).collect();
        assert_eq!(of, [den], "{going:?}");
        store.close().await;
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&file);
        let mut raw = sqlx::ConnectOptions::connect(&options).await.unwrap();
        let pieces: i64 = sqlx::query_scalar("SELECT count(*) FROM snapshot_pieces")
            .fetch_one(&mut raw)
            .await
            .unwrap();
        assert_eq!(pieces, 1, "{going:?}: nothing is kept for nobody");
    }
}
