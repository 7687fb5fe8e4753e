//! In the middle of an export: each server has got a first letter of many titles, which is read back and kept, and
//! a part of a second one.

use serde_json::json;
use watchstate_model::Watch;

use crate::bad_days;
use crate::fault::Fault;
use crate::middle::HeldBack;
use crate::story::{LETTER, Story};

bad_days!("export", export_through);

async fn export_through(fault: Fault) {
    let story = Story::begin(&fault).await;
    let all = story.titles.len();
    // All of them on Jellyfin, to be told to the two others.
    story.ana_watches(|_| 1);
    story.does_well("import").await;
    let before = story.writes();
    let servers = &story.servers;
    let held = HeldBack::the(
        (LETTER + all) / 2,
        [(&servers.plex, "/:/scrobble"), (&servers.emby, "/playeditems")],
    );
    let mut events = story.window.app.events();
    story.window.ask("run_task", json!({ "name": "export" })).await;
    held.all().await;
    for place in [0, 2] {
        story.is_in_its_second_letter(place, before);
    }
    let bad = fault.begins(&story.data()).await;
    held.come().await;
    let ended = story.done("export", &mut events).await;

    if fault.is_of_the_database() {
        Story::ended_so(&ended, fault.told());
    } else {
        // Whoever works has its tokens.
        assert_eq!(ended["ok"], true, "{ended}");
        Story::ended_so(&story.does("export").await, fault.told());
    }
    story.is_in_trouble(fault.told()).await;
    let written = story.writes();
    story.goes_on(&fault).await;
    if fault.is_of_the_database() {
        // Begun again on the same bad day: nothing is written of which nothing can be kept.
        Story::ended_so(&story.does("export").await, fault.told());
    }
    assert_eq!(story.writes(), written);

    bad.ends().await;
    story.does_well("export").await;
    story.all_agree(Watch::WATCHED, [all, 0, all], before).await;
}
