//! What is wished of copies is found by the titles that they hold, and by whose they are.

#![allow(clippy::unwrap_used, reason = "what a test cannot do without may fail it")]

use std::collections::BTreeSet;

use watchstate_model::{
    BackendId, Because, ItemId, ItemKey, Marks, Moment, PersonId, State, TitleId, Wish,
};
use watchstate_store::{Import, ItemRow, NewBackend, NewTitle, Store};

const ANA: PersonId = PersonId(1);
const WISH: Wish =
    Wish { shows: Marks::UNTOUCHED, then: State::UNTOUCHED, told: false, because: Because::Undone };

fn title(id: i64) -> NewTitle {
    NewTitle {
        id: TitleId(id),
        show: None,
        place: None,
        name: format!("Title {id}"),
        show_name: String::new(),
        year: None,
        appeared_at: Moment(0),
    }
}

fn row(id: i64, title: i64) -> ItemRow {
    ItemRow {
        id: ItemId(id),
        key: ItemKey(format!("k{id}")),
        title: Some(TitleId(title)),
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
        because: Because::Delivered,
    }
}

#[tokio::test]
async fn a_wish_is_that_of_a_person_and_of_every_title_in_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open_scratch(&dir.path().join("store.sqlite")).await.unwrap();
    let mut tx = store.begin().await.unwrap();
    let ben = tx.add_person("ben").await.unwrap();
    for (person, name) in [(ANA, "ana's"), (ben, "ben's")] {
        let backend = NewBackend {
            person,
            name,
            kind: "jellyfin",
            url: "http://127.0.0.1:1",
            server_id: "s",
            user_id: name,
            user_name: name,
            import: Import::On,
            export: true,
            added_at: Moment(0),
        };
        tx.add_backend(&backend).await.unwrap();
    }
    tx.add_titles(&[title(1), title(2), title(3)]).await.unwrap();
    // Ana's file holds the first two titles, and of the third nothing is wished.
    tx.put_items(BackendId(1), &[row(10, 1), row(11, 3)]).await.unwrap();
    tx.put_also_covers(&[ItemId(10)], &[(ItemId(10), TitleId(2))]).await.unwrap();
    tx.put_items(BackendId(2), &[row(20, 1), row(21, 2)]).await.unwrap();
    let wished: Vec<_> = [10, 20, 21].map(|item| (ItemId(item), WISH)).into();
    tx.put_wishes(&wished, Moment(5)).await.unwrap();
    for (person, titles, items) in [
        (ANA, vec![1], vec![10]),
        (ANA, vec![2], vec![10]),
        (ANA, vec![1, 2, 3], vec![10]),
        (ANA, vec![3], vec![]),
        (ben, vec![1], vec![20]),
        (ben, vec![1, 2], vec![20, 21]),
        (ben, vec![], vec![]),
    ] {
        let titles: Vec<TitleId> = titles.into_iter().map(TitleId).collect();
        let found: BTreeSet<i64> =
            tx.wishes_of(person, &titles).await.unwrap().keys().map(|item| item.0).collect();
        assert_eq!(found, items.into_iter().collect(), "{person:?}: {titles:?}");
    }
}
