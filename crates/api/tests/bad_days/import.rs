//! In the middle of an import: the films of each server are taken in, its series are on their way.

use watchstate_model::Watch;

use crate::bad_days;
use crate::fault::Fault;
use crate::middle::HeldBack;
use crate::story::Story;

bad_days!("import", import_through);

async fn import_through(fault: Fault) {
    let story = Story::begin(&fault).await;
    let all = story.titles.len();
    story.ana_watches(|number| number % 3);
    let before = story.writes();
    let servers = &story.servers;
    let held = HeldBack::the(
        2,
        [(&servers.plex, "/all"), (&servers.jellyfin, "/items"), (&servers.emby, "/items")],
    );
    let mut events = story.window.app.events();
    story.window.ask("run_task", serde_json::json!({ "name": "import" })).await;
    held.all().await;
    let bad = fault.begins(&story.data()).await;
    held.come().await;
    let ended = story.done("import", &mut events).await;

    if fault.is_of_the_database() {
        Story::ended_so(&ended, fault.told());
        story.is_in_trouble(fault.told()).await;
        assert_eq!(story.holds_more().await, story.films, "each page whole or not at all");
    } else {
        // Whoever works has its tokens: an import that has begun does not need them once more.
        assert_eq!(ended["ok"], true, "{ended}");
        assert_eq!(story.holds_more().await, all);
        Story::ended_so(&story.does("import").await, fault.told());
        story.is_in_trouble(fault.told()).await;
    }
    assert_eq!(story.writes(), before);
    story.goes_on(&fault).await;

    bad.ends().await;
    story.does_well("import").await;
    assert_eq!(story.holds_more().await, all);
    story.does_well("export").await;
    let watched_on = |place: usize| (0..all).filter(|number| number % 3 == place).count();
    let told = [0, 1, 2].map(|place| all - watched_on(place));
    story.all_agree(Watch::WATCHED, told, before).await;
}
