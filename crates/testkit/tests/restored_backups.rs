//! A backup that was restored can be taken back as one: what it made of titles, and what servers were told of it.

#![allow(clippy::unwrap_used, reason = "what a test cannot do without may fail it")]

mod household;
mod undone;

use std::collections::{BTreeMap, BTreeSet};

use household::{Household, NOW, assert_ok};
use undone::{
    ANA, all, assert_stays, backend_of, held, last_line, marks, preview, run_of, start, three,
    title_of, undo, watch_of,
};
use watchstate_engine::{CancellationToken, Restore, Restored, Trouble, Undo};
use watchstate_model::restore::{Kept, Way};
use watchstate_model::{BackendId, Because, ItemKey, Moment, TitleId, Watch};
use watchstate_servers::ServerKind;
use watchstate_store::KnownItem;

fn once(to: BackendId, way: Way, title: TitleId, kept: Kept) -> Restore {
    let titles = BTreeMap::from([(title, kept)]);
    Restore { person: ANA, way, to: vec![to], titles, spared: BTreeSet::new() }
}

async fn restore(home: &Household, wish: &Restore) -> Result<Restored, Trouble> {
    home.clock.pass(600);
    home.engine().restore_backup(&mut home.accounts().await, wish).await
}

#[tokio::test]
async fn a_restore_is_taken_back_as_one() {
    let (home, servers) = three().await;
    let attic = &servers[1];
    for title in ["Heat", "Alien", "Jaws"] {
        attic.watch(title, "ana").unwrap();
        attic.pass(900);
    }
    assert_ok(&home.sync().await);
    assert_ok(&home.sync().await);
    let before = all(&servers);
    let heat = title_of(&home, "Heat", ("attic", attic)).await;
    let kept = Kept { watch: Watch::WATCHED, plays: 1, played_at: Some(Moment(NOW.0 - 90_000)) };
    let wish = once(backend_of(&home, "attic").await, Way::Exact, heat, kept);
    let restored = restore(&home, &wish).await.unwrap();
    assert_ok(&restored.runs);
    assert!(restored.changed > 50, "{}", restored.changed);
    assert_ok(&home.sync().await);
    for server in &servers {
        assert!(watch_of(server, "Heat").is_watched());
        assert_eq!(watch_of(server, "Alien"), Watch::Unwatched, "no other was listed");
    }
    let emptied = all(&servers);

    let run = run_of(&home, "restore", "attic").await;
    let seen = preview(&home, Undo::Run(run)).await;
    assert_eq!(seen.taken.len() as u64, restored.changed);
    let undone = undo(&home, Undo::Run(run)).await;
    assert_eq!(seen.changes.len() as u64, undone.report.run.written);
    assert_eq!(undone.report.run.changed, restored.changed);
    let after = all(&servers);
    assert_eq!(after[1..], before[1..], "Jellyfin and Emby: to the date and the count");
    assert_eq!(marks(&after[0]), marks(&before[0]), "Plex: marks and places");
    assert!(undone.left.iter().all(|left| left.partly), "{:?}", undone.left.first());
    assert_stays(&home, &servers).await;

    undo(&home, Undo::Run(undone.run)).await;
    assert_eq!(marks(&all(&servers)[1]), marks(&emptied[1]), "and done once more");
    assert_stays(&home, &servers).await;
}

#[tokio::test]
async fn counts_and_dates_that_a_restore_changes_are_kept_to_be_taken_back() {
    let (home, servers) = three().await;
    let attic = &servers[1];
    for _ in 0..3 {
        attic.watch("Heat", "ana").unwrap();
        attic.pass(900);
    }
    assert_ok(&home.sync().await);
    let heat = title_of(&home, "Heat", ("attic", attic)).await;
    let before = held(&home, heat).await;
    assert_eq!((before.watch, before.plays), (Watch::WATCHED, 3));
    let kept = Kept { watch: Watch::WATCHED, plays: 1, played_at: Some(Moment(NOW.0 - 90_000)) };
    let keys: Vec<ItemKey> =
        attic.library().entries().iter().map(|entry| entry.key.clone()).collect();
    let keys: Vec<&str> = keys.iter().map(ItemKey::as_str).collect();
    let attic_is = backend_of(&home, "attic").await;
    let mut tx = home.store.begin().await.unwrap();
    // A file may hold several episodes.
    let known = tx.items_with_keys(attic_is, &keys).await.unwrap();
    drop(tx);
    let spared = known.iter().flat_map(KnownItem::titles).collect();
    let wish = Restore { spared, ..once(attic_is, Way::Exact, heat, kept) };
    assert_eq!(restore(&home, &wish).await.unwrap().changed, 1);
    let now = held(&home, heat).await;
    assert_eq!((now.plays, now.played_at), (1, kept.played_at));
    let line = last_line(&home).await;
    assert_eq!((line.title, line.because), (heat, Some(Because::RestoredFromBackup)));
    assert!(line.can_undo);

    undo(&home, Undo::Run(run_of(&home, "restore", "attic").await)).await;
    let after = held(&home, heat).await;
    assert_eq!((after.plays, after.played_at), (before.plays, before.played_at));
    assert_stays(&home, &servers).await;
}

#[tokio::test]
async fn a_restore_that_did_not_happen_approves_nothing() {
    let attic = start(ServerKind::Jellyfin, "10.10.7").await;
    let mut home = Household::new().await;
    home.join_unasked("attic", ServerKind::Jellyfin, &attic, "ana").await;
    assert_ok(&home.import().await);
    let heat = title_of(&home, "Heat", ("attic", &attic)).await;
    let kept = Kept { watch: Watch::WATCHED, plays: 1, played_at: None };
    let wish = once(backend_of(&home, "attic").await, Way::Union, heat, kept);
    home.cancel.cancel();
    let ended = restore(&home, &wish).await;
    assert!(matches!(ended, Err(Trouble::Cancelled)), "{ended:?}");
    assert_eq!(home.store.backends().await.unwrap()[0].approved_at, None);
    assert_eq!(held(&home, heat).await.watch, Watch::Unwatched);

    home.cancel = CancellationToken::new();
    assert_ok(&restore(&home, &wish).await.unwrap().runs);
    assert!(home.store.backends().await.unwrap()[0].approved_at.is_some());
    assert!(watch_of(&attic, "Heat").is_watched());
}
