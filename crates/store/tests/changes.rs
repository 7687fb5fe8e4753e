//! What was changed comes back as it was kept, and goes by age.

#![allow(clippy::unwrap_used, reason = "what a test cannot do without may fail it")]

use watchstate_model::{
    BackendId, Because, ItemId, Marks, Moment, PersonId, Position, RunId, State, Target, TitleId,
    Watch,
};
use watchstate_store::{ChangeRow, Changed, CopyChange, NewIdentity, Store};

const ANA: PersonId = PersonId(1);

fn rows() -> [ChangeRow; 3] {
    let place = Position::from_ms(90_000);
    let copy = CopyChange {
        backend: BackendId(3),
        item: ItemId(30),
        showed: Marks {
            watch: Watch::from_flag(false, place),
            plays: 2,
            last_played: Some(Moment(-7)),
        },
        shows: Marks { watch: Watch::Watched { rewatch: place }, plays: 3, last_played: None },
    };
    let holds = State {
        watch: Watch::WATCHED,
        plays: 3,
        played_at: Some(Moment(9)),
        decided_at: Moment(10),
        by: Some(BackendId(3)),
    };
    let took = |copy| Changed::Took { held: State::UNTOUCHED, holds, copy };
    let meant = Target { watch: Watch::WATCHED, plays: 3, played_at: Some(Moment(9)) };
    [
        ChangeRow { title: TitleId(1), changed: took(Some(copy)), because: Because::Watched },
        ChangeRow { title: TitleId(2), changed: took(None), because: Because::MarkedByHand },
        ChangeRow {
            title: TitleId(1),
            changed: Changed::Told { copy, meant },
            because: Because::Differs,
        },
    ]
}

#[tokio::test]
async fn what_was_kept_comes_back_until_it_is_too_old() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open_scratch(&dir.path().join("store.sqlite")).await.unwrap();
    let mut tx = store.begin().await.unwrap();
    for (run, at) in [(7, 100), (8, 200)] {
        tx.add_changes(RunId(run), ANA, Moment(at), &rows()).await.unwrap();
    }
    let both = [TitleId(1), TitleId(2)];
    let kept = tx.changes_of(&both).await.unwrap();
    let of_first: Vec<ChangeRow> =
        kept.iter().filter(|c| c.run == RunId(7)).map(|c| c.row).collect();
    assert_eq!(of_first, rows());
    assert!(kept.is_sorted_by_key(|change| change.id) && kept.len() == 6);
    let first = TitleId(i64::MIN);
    assert_eq!(tx.titles_changed_in(RunId(7), first, 10).await.unwrap(), both);
    assert_eq!(tx.titles_changed_in(RunId(7), TitleId(1), 10).await.unwrap(), [TitleId(2)]);
    tx.undone(&[kept[1].id], RunId(9)).await.unwrap();
    assert_eq!(tx.titles_changed_in(RunId(7), first, 10).await.unwrap(), [TitleId(1)]);
    assert_eq!(tx.changes_of(&[TitleId(2)]).await.unwrap()[0].undone_by, Some(RunId(9)));

    assert_eq!(tx.forget_changes_before(Moment(100)).await.unwrap(), 0);
    assert_eq!(tx.forget_changes_before(Moment(101)).await.unwrap(), 3);
    assert_eq!(tx.forget_changes_before(Moment(1_000)).await.unwrap(), 3);
    assert!(tx.changes_of(&both).await.unwrap().is_empty());
    tx.commit().await.unwrap();
    assert_eq!(store.change(kept[0].id).await.unwrap(), None);
}

/// Other items may get the numbers of those that went.
#[tokio::test]
async fn what_was_told_to_a_server_that_is_no_more_is_forgotten_and_what_was_decided_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open_scratch(&dir.path().join("store.sqlite")).await.unwrap();
    let who = NewIdentity { server_id: "other", user_id: "u", user_name: "ana" };
    for step in 0..2 {
        let mut tx = store.begin().await.unwrap();
        tx.add_changes(RunId(7), ANA, Moment(100), &rows()).await.unwrap();
        match step {
            0 => tx.begin_anew(BackendId(3), who).await.unwrap(),
            _ => tx.remove_backend(BackendId(3)).await.unwrap(),
        }
        let kept = tx.changes_of(&[TitleId(1), TitleId(2)]).await.unwrap();
        let took: Vec<_> =
            kept.iter().map(|change| (change.row.title, change.row.changed.copy())).collect();
        assert_eq!(took, [(TitleId(1), None), (TitleId(2), None)]);
        // Dropped, so that the second begins as the first did.
    }
}
