//! What was changed comes back as it was kept, and goes by age.

#![allow(clippy::unwrap_used, reason = "what a test cannot do without may fail it")]

use watchstate_model::{
    BackendId, Because, ItemId, ItemKey, Marks, Moment, PersonId, Position, RunId, State, Target,
    TitleId, Watch, Wish,
};
use watchstate_store::{
    ChangeRow, Changed, CopyChange, FeedFilter, Import, ItemRow, JournalRow, NewBackend,
    NewIdentity, NewTitle, Store, What,
};

const ANA: PersonId = PersonId(1);

fn rows() -> [ChangeRow; 5] {
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
    let wish = Wish { shows: copy.showed, then: holds, told: true, because: Because::Restored };
    let wished = |was, is| Changed::Wished { copy, was, is };
    let meant = Target { watch: Watch::WATCHED, plays: 3, played_at: Some(Moment(9)) };
    [
        ChangeRow { title: TitleId(1), changed: took(Some(copy)), because: Because::Watched },
        ChangeRow { title: TitleId(2), changed: took(None), because: Because::MarkedByHand },
        ChangeRow {
            title: TitleId(1),
            changed: Changed::Told { copy, meant },
            because: Because::Differs,
        },
        ChangeRow { title: TitleId(1), changed: wished(None, Some(wish)), because: wish.because },
        ChangeRow { title: TitleId(1), changed: wished(Some(wish), None), because: wish.because },
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
    let kept = tx.changes_of(&both, 0).await.unwrap();
    let of_first: Vec<ChangeRow> =
        kept.iter().filter(|c| c.run == RunId(7)).map(|c| c.row).collect();
    assert_eq!(of_first, rows());
    assert!(kept.is_sorted_by_key(|change| change.id) && kept.len() == 10);
    let first = TitleId(i64::MIN);
    assert_eq!(tx.titles_changed_in(RunId(7), first, 10).await.unwrap(), both);
    assert_eq!(tx.titles_changed_in(RunId(7), TitleId(1), 10).await.unwrap(), [TitleId(2)]);
    tx.undone(&[kept[1].id], RunId(9)).await.unwrap();
    assert_eq!(tx.titles_changed_in(RunId(7), first, 10).await.unwrap(), [TitleId(1)]);
    tx.undone(&[kept[1].id], RunId(10)).await.unwrap();
    let undone = tx.changes_of(&[TitleId(2)], 0).await.unwrap()[0].undone_by;
    assert_eq!(undone, Some(RunId(9)), "it was taken back once");

    assert_eq!(tx.forget_changes_before(Moment(100)).await.unwrap(), 0);
    assert_eq!(tx.forget_changes_before(Moment(101)).await.unwrap(), 5);
    assert_eq!(tx.forget_changes_before(Moment(1_000)).await.unwrap(), 5);
    assert!(tx.changes_of(&both, 0).await.unwrap().is_empty());
    tx.commit().await.unwrap();
    assert_eq!(store.change(kept[0].id).await.unwrap(), None);
}

/// A file with two episodes is written once: each of their lines leads to that one change, in the lists as well.
#[tokio::test]
async fn what_the_lists_say_can_be_taken_back_is_what_can_be() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open_scratch(&dir.path().join("store.sqlite")).await.unwrap();
    let [first, second, other] = [TitleId(1), TitleId(2), TitleId(3)];
    let mut tx = store.begin().await.unwrap();
    let new = NewBackend {
        person: ANA,
        name: "den",
        kind: "plex",
        url: "http://localhost",
        server_id: "s",
        user_id: "u",
        user_name: "ana",
        import: Import::On,
        export: true,
        added_at: Moment(0),
    };
    let den = tx.add_backend(&new).await.unwrap();
    let titles = [first, second, other].map(|id| NewTitle {
        id,
        show: None,
        place: None,
        name: format!("episode {}", id.0),
        show_name: String::new(),
        year: None,
        appeared_at: Moment(1),
    });
    tx.add_titles(&titles).await.unwrap();
    let item = ItemId(30);
    let row = ItemRow {
        id: item,
        key: ItemKey("k30".to_owned()),
        title: Some(first),
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
    tx.put_items(den, &[row]).await.unwrap();
    tx.put_also_covers(&[item], &[(item, second)]).await.unwrap();
    let watched = Marks { watch: Watch::WATCHED, ..Marks::UNTOUCHED };
    let copy = CopyChange { backend: den, item, showed: Marks::UNTOUCHED, shows: watched };
    let meant = Target { watch: Watch::WATCHED, plays: 1, played_at: None };
    let changed = Changed::Told { copy, meant };
    let change = ChangeRow { title: first, changed, because: Because::Differs };
    let line = |title| JournalRow {
        title,
        backend: Some(den),
        what: What::Told,
        was: Watch::Unwatched,
        became: Watch::WATCHED,
        because: Because::Differs,
    };
    // Outside of runs, as live changes are; the third was told before, and nothing is kept of that.
    tx.journal(RunId(0), ANA, Moment(50), &[line(first), line(other)]).await.unwrap();
    tx.add_changes(RunId(0), ANA, Moment(60), &[change]).await.unwrap();
    tx.journal(RunId(0), ANA, Moment(60), &[line(first), line(second)]).await.unwrap();
    tx.commit().await.unwrap();

    let told = async |expected: &[(i64, TitleId, bool)]| {
        let (lines, _) = store.feed(ANA, &FeedFilter::default(), 0, 10).await.unwrap();
        let said: Vec<_> =
            lines.iter().map(|line| (line.at.0, line.title, line.can_undo)).collect();
        assert_eq!(said, expected);
        for line in &lines {
            let change = store.change_of_line(line.id).await.unwrap();
            assert_eq!(change.is_some(), line.can_undo, "{line:?}");
            let opened = store.feed_of(ANA, line.title, 10).await.unwrap();
            assert!(opened.contains(line), "{opened:?}");
        }
    };
    told(&[(60, second, true), (60, first, true), (50, other, false), (50, first, false)]).await;
    let kept = store.begin().await.unwrap().changes_of(&[first], 0).await.unwrap();
    let mut tx = store.begin().await.unwrap();
    tx.undone(&[kept[0].id], RunId(9)).await.unwrap();
    tx.commit().await.unwrap();
    told(&[(60, second, false), (60, first, false), (50, other, false), (50, first, false)]).await;
}

/// There is nothing left that it could be taken back on.
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
        let kept = tx.changes_of(&[TitleId(1), TitleId(2)], 0).await.unwrap();
        let took: Vec<_> =
            kept.iter().map(|change| (change.row.title, change.row.changed.copy())).collect();
        assert_eq!(took, [(TitleId(1), None), (TitleId(2), None)]);
        // Dropped, so that the second begins as the first did.
    }
}
