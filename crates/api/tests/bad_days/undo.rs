//! In the middle of an undo: what is held is what it was again, and each server shows a part of it so.

use serde_json::{Value, json};
use watchstate_api::contract::FailureKind;
use watchstate_model::Watch;

use crate::bad_days;
use crate::fault::Fault;
use crate::middle::HeldBack;
use crate::story::{LETTER, Story};

bad_days!("undo", undo_through);

/// The import of Jellyfin, which brought it all.
async fn what_brought_it(story: &Story) -> Value {
    let runs = story.window.ask("runs", json!({ "from": 0, "size": 50 })).await;
    let brought_it =
        |run: &&Value| run["task"] == "import" && run["name"] == "attic" && run["canUndo"] == true;
    runs["rows"].as_array().unwrap().iter().find(brought_it).unwrap()["id"].clone()
}

async fn undo_through(fault: Fault) {
    let story = Story::begin(&fault).await;
    let all = story.titles.len();
    story.ana_watches(|_| 1);
    story.syncs().await;
    assert_eq!(story.holds_more().await, all);
    story.window.clock.pass(3600);
    story.servers.pass(3600);
    let before = story.writes();
    let run = what_brought_it(&story).await;
    let seen = story.window.ask("preview_undo", json!({ "run": run })).await;
    assert_eq!(seen["titles"], all, "{seen}");
    let servers = &story.servers;
    let held = HeldBack::the(
        (LETTER + all) / 2,
        [
            (&servers.plex, "/:/unscrobble"),
            (&servers.jellyfin, "/userplayeditems"),
            (&servers.emby, "/playeditems"),
        ],
    );
    let mut events = story.window.app.events();
    story.window.ask("undo", json!({ "preview": seen["id"] })).await;
    held.all().await;
    for place in 0..3 {
        story.is_in_its_second_letter(place, before);
    }
    let bad = fault.begins(&story.data()).await;
    held.come().await;
    story.nothing_goes_on(&mut events).await;

    assert_eq!(story.holds_more().await, 0, "it was taken back before anybody was told");
    if fault.is_of_the_database() {
        story.is_in_trouble(fault.told()).await;
    } else {
        // Whoever works has its tokens; the next undo does not get any.
        assert_eq!(story.window.truth().await.0, "inSync");
        let film = story.window.title("Heat").await;
        let next = story.window.fail("preview_undo", json!({ "title": film["id"] })).await;
        Story::failed_so(&next, fault.told());
    }
    let written = story.writes();
    story.goes_on(&fault).await;
    assert_eq!(story.writes(), written);

    bad.ends().await;
    // What was begun is owed, and the next run brings it to its end.
    story.does_well("export").await;
    story.all_agree(Watch::Unwatched, [all; 3], before).await;
    let again = story.window.fail("preview_undo", json!({ "run": run })).await;
    assert_eq!(again.kind, FailureKind::NotFound, "it is taken back: {again:?}");
}
