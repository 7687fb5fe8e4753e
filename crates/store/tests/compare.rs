//! A page is compared with the rows that were read ahead; what is not among them is looked up by its key.
//! Both ways must say the same, wherever the reading begins.

#![allow(clippy::unwrap_used, reason = "what a test cannot do without may fail it")]

use std::path::Path;

use watchstate_model::{
    BackendId, Because, Change, ItemId, ItemKey, Marks, Moment, PersonId, Target, Watch,
};
use watchstate_store::{
    Compared, Import, ItemRow, KnownPage, Looked, NewBackend, Store, page_print,
};

const FIRST: BackendId = BackendId(1);
const SECOND: BackendId = BackendId(2);

fn row(id: i64, print: i64) -> ItemRow {
    ItemRow {
        id: ItemId(id),
        key: ItemKey(format!("k{id}")),
        title: None,
        review: Some(Because::NoIds),
        ids: String::new(),
        path: None,
        duration_ms: None,
        facts_print: id * 100,
        present: true,
        added_at: None,
        seen: Marks::UNTOUCHED,
        baseline: None,
        print,
        because: Because::NoIds,
    }
}

/// Rows 1 to 40: odd ones of one backend, even ones of another; row 7 is gone.
async fn store(dir: &Path) -> Store {
    let store = Store::open(&dir.join("store.sqlite")).await.unwrap();
    let mut tx = store.begin().await.unwrap();
    for name in ["one", "two"] {
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
    for (backend, odd) in [(FIRST, 1), (SECOND, 0)] {
        let rows: Vec<ItemRow> =
            (1..=40).filter(|id| id % 2 == odd).map(|id| row(id, id * 10)).collect();
        tx.put_items(backend, &rows).await.unwrap();
    }
    tx.gone(&[ItemId(7)]).await.unwrap();
    tx.commit().await.unwrap();
    store
}

#[tokio::test]
async fn reading_ahead_says_what_looking_up_says() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path()).await;
    let keys: Vec<String> = (0..50).map(|id| format!("k{id}")).collect();
    let look = |id: usize, more: i64, facts: Option<i64>| {
        let print = i64::try_from(id).unwrap() * 10 + more;
        Looked(&keys[id], print, facts)
    };
    for (page, same, differ, known, why) in [
        (vec![look(1, 0, None), look(3, 0, None)], vec![1, 3], vec![], vec![], "all as it was"),
        (vec![look(3, 0, None), look(1, 0, None)], vec![1, 3], vec![], vec![], "in another order"),
        (vec![look(1, 1, None), look(3, 0, None)], vec![3], vec![0], vec![0], "other marks"),
        (vec![look(1, 0, None), look(7, 0, None)], vec![1], vec![1], vec![1], "one that was gone"),
        (
            vec![look(2, 0, None), look(5, 0, None)],
            vec![5],
            vec![0],
            vec![],
            "another backend's key",
        ),
        (vec![look(49, 0, None), look(39, 0, None)], vec![39], vec![0], vec![], "a new one"),
        (vec![look(1, 0, Some(100))], vec![1], vec![], vec![], "the same facts"),
        (vec![look(1, 0, Some(101))], vec![], vec![0], vec![0], "other facts"),
        (vec![look(1, 0, None), look(1, 0, None)], vec![1], vec![], vec![], "one of them twice"),
        (vec![], vec![], vec![], vec![], "an empty page"),
    ] {
        for after in [None, Some(0), Some(2), Some(20), Some(40), Some(i64::MAX)] {
            let mut tx = store.begin().await.unwrap();
            let said = tx.compare(FIRST, &page, after.map(ItemId)).await.unwrap();
            let Compared { same: rows, same_in_review: _, differ: places, known: with_row, .. } =
                said;
            assert_eq!(rows.iter().collect::<Vec<_>>(), same, "{why}, after {after:?}");
            assert_eq!(
                (places, with_row),
                (differ.clone(), known.clone()),
                "{why}, after {after:?}"
            );
        }
    }
}

#[tokio::test]
async fn the_next_page_begins_where_this_one_ended() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path()).await;
    let mut tx = store.begin().await.unwrap();
    let page = |ids: &[(&'static str, i64)]| -> Vec<Looked<'static>> {
        ids.iter().map(|(key, id)| Looked(key, id * 10, None)).collect()
    };
    for (ids, after, last, why) in [
        (page(&[("k1", 1), ("k3", 3)]), Some(0), Some(3), "the last of those read ahead"),
        (page(&[("k1", 1), ("k39", 39)]), Some(0), Some(1), "one far away does not lead there"),
        (page(&[("k21", 21), ("k23", 23)]), Some(0), Some(23), "all are elsewhere: on from there"),
        (page(&[("k21", 21), ("k23", 23)]), None, Some(23), "and so without a beginning"),
        (page(&[("new", 1)]), Some(0), None, "nobody knows"),
    ] {
        let said = tx.compare(FIRST, &ids, after.map(ItemId)).await.unwrap();
        assert_eq!(said.last, last.map(ItemId), "{why}");
    }
}

/// A page that was kept is passed as a whole, until one of its items is written by whatever road.
#[tokio::test]
async fn a_page_is_forgotten_when_one_of_its_items_is_written() {
    let page = |items: &[u64]| KnownPage { items: items.iter().copied().collect(), in_review: 1 };
    let kept = page(&[1, 3, 5]);
    for (road, stays, why) in [
        (Road::Nothing, true, "nothing happened"),
        (Road::Put(ItemId(3)), false, "one of them shows something else"),
        (Road::Put(ItemId(11)), true, "an item that is on another page"),
        (Road::Gone(ItemId(5)), false, "one of them is gone"),
        (Road::Switch, false, "all are decided anew"),
        (Road::OtherPages, false, "the last sweep did not meet it"),
        (Road::ThisPage, true, "the last sweep met it"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let store = store(dir.path()).await;
        let mut tx = store.begin().await.unwrap();
        tx.keep_page(FIRST, 77, &kept).await.unwrap();
        match road {
            Road::Nothing => {}
            Road::Put(id) => tx.put_items(FIRST, &[row(id.0, 5)]).await.unwrap(),
            Road::Gone(id) => tx.gone(&[id]).await.unwrap(),
            Road::Switch => tx.set_switches(FIRST, Import::On, false).await.unwrap(),
            Road::OtherPages => tx.keep_only_pages(FIRST, &[76]).await.unwrap(),
            Road::ThisPage => tx.keep_only_pages(FIRST, &[76, 77]).await.unwrap(),
        }
        tx.commit().await.unwrap();
        assert_eq!(store.known_page(SECOND, 77).await.unwrap(), None, "a page is of one backend");
        let known = store.known_page(FIRST, 77).await.unwrap();
        assert_eq!(known, stays.then(|| kept.clone()), "{why}");
    }
}

#[derive(Clone, Copy)]
enum Road {
    Nothing,
    Put(ItemId),
    Gone(ItemId),
    Switch,
    OtherPages,
    ThisPage,
}

/// Two pages look the same only if each item is the same, in the same order.
#[test]
fn what_makes_a_page_another() {
    let page = [Looked("a", 1, None), Looked("b", 2, None)];
    let print = page_print(&page);
    assert_eq!(print, page_print(&[Looked("a", 1, Some(9)), Looked("b", 2, None)]), "facts aside");
    for (other, why) in [
        (vec![Looked("a", 1, None), Looked("b", 3, None)], "other marks"),
        (vec![Looked("b", 2, None), Looked("a", 1, None)], "another order"),
        (vec![Looked("a", 1, None)], "one less"),
        (vec![Looked("ab", 1, None), Looked("", 2, None)], "other keys"),
    ] {
        assert_ne!(print, page_print(&other), "{why}");
    }
}

/// An item that is owed nothing says so; one that is says what.
#[tokio::test]
async fn what_an_item_is_owed() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path()).await;
    let mut tx = store.begin().await.unwrap();
    let change = Change {
        item: ItemId(3),
        backend: FIRST,
        from: Marks::UNTOUCHED,
        to: Target { watch: Watch::WATCHED, plays: 2, played_at: None },
        because: Because::NoIds,
    };
    tx.owe(&[change], Moment(5)).await.unwrap();
    let items = tx.items(&[ItemId(1), ItemId(3)]).await.unwrap();
    let owed: Vec<_> = items.iter().map(|(_, item)| item.owed.map(|owed| owed.target)).collect();
    assert_eq!(owed, [None, Some(change.to)]);
    assert_eq!(items[0].1.marked_at, None);
}
