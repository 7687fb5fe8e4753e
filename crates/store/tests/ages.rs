//! How old a mark is: since when it is agreed on, whatever else was decided since.

#![allow(clippy::unwrap_used, reason = "what a test cannot do without may fail it")]

use watchstate_model::{
    BackendId, Because, ItemId, ItemKey, Marks, Moment, PersonId, Position, TitleId, Watch,
};
use watchstate_store::{Baseline, Import, ItemRow, NewBackend, NewTitle, Store};

const DEN: BackendId = BackendId(1);

fn row(agreed: Option<(Marks, i64)>) -> ItemRow {
    ItemRow {
        id: ItemId(1),
        key: ItemKey("k1".to_owned()),
        title: Some(TitleId(1)),
        review: None,
        ids: String::new(),
        path: None,
        duration_ms: None,
        facts_print: 1,
        present: true,
        added_at: None,
        seen: agreed.map_or(Marks::UNTOUCHED, |(marks, _)| marks),
        baseline: agreed.map(|(marks, at)| Baseline { marks, at: Moment(at) }),
        print: 1,
        because: Because::SameAsBaseline,
    }
}

#[tokio::test]
async fn a_mark_is_as_old_as_the_agreement_on_it() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open_scratch(&dir.path().join("store.sqlite")).await.unwrap();
    let mut tx = store.begin().await.unwrap();
    let new = NewBackend {
        person: PersonId(1),
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
    tx.add_backend(&new).await.unwrap();
    let heat = NewTitle {
        id: TitleId(1),
        show: None,
        place: None,
        name: "Heat".to_owned(),
        show_name: String::new(),
        year: Some(1995),
        appeared_at: Moment(1),
    };
    tx.add_titles(&[heat]).await.unwrap();
    let watched =
        |played: i64| Marks { watch: Watch::WATCHED, plays: 1, last_played: Some(Moment(played)) };
    let again = Watch::Watched { rewatch: Position::from_ms(900_000) };
    for (agreed, since, why) in [
        (Some((watched(5), 100)), Some(100), "agreed on for the first time"),
        (Some((watched(5), 200)), Some(100), "decided on again, and it stays"),
        (Some((watched(300), 300)), Some(100), "our own write has another date"),
        (Some((Marks { watch: again, ..watched(300) }, 400)), Some(100), "a rewatch"),
        (Some((watched(5), 500)), Some(100), "and again"),
        (Some((Marks::UNTOUCHED, 600)), None, "taken away"),
        (Some((Marks::UNTOUCHED, 700)), None, "and so it stays"),
        (Some((watched(800), 800)), Some(800), "watched anew"),
        (Some((watched(800), 900)), Some(800), "which stays"),
        (None, None, "another title, of which nothing is agreed on"),
        (Some((watched(1), 1_000)), Some(1_000), "and then something is"),
    ] {
        tx.put_items(DEN, &[row(agreed)]).await.unwrap();
        let ages = tx.mark_ages(DEN).await.unwrap();
        let played = agreed.and_then(|(marks, _)| marks.last_played);
        let expected: Vec<_> =
            since.into_iter().map(|since| ((Moment(since), played), false)).collect();
        assert_eq!(ages, expected, "{why}");
    }
}
