//! What writes leave behind, and how they are sent.

use watchstate_model::{ItemKey, Marks, Moment, Target, Watch};
use watchstate_servers::{Fault, Write};

use crate::fake::{Fake, Reply, at, fault, marks, recording};

fn write(key: &str, from: Watch, to: Watch) -> Write {
    Write {
        key: ItemKey::from(key),
        from: Marks { watch: from, ..Marks::UNTOUCHED },
        to: Target { watch: to, plays: 1, played_at: Some(Moment(5)) },
        duration_ms: Some(7_203_000),
    }
}

#[tokio::test]
async fn what_timeline_scrobble_and_unscrobble_leave() {
    for (name, left, why) in [
        ("film_started", marks(Watch::Started(at(600_000)), 0, Some(1_683_736_823)), "begun"),
        ("film_moved", marks(Watch::Started(at(675_000)), 0, Some(1_683_746_136)), "timeline"),
        ("film_watched", marks(Watch::WATCHED, 1, Some(1_683_761_882)), "scrobble"),
        ("film_cleared", Marks::UNTOUCHED, "unscrobble"),
    ] {
        let fake = Fake::new(move |_, _| recording(name)).await;
        let read = fake.client().read(&["182".into()]).await.unwrap();
        assert_eq!(read[0].marks, left, "{why}");
        assert_eq!(read[0].marks.has_traces(), name != "film_cleared", "{why}");
    }
}

#[tokio::test]
async fn writes_are_sent_in_order() {
    let fake = Fake::whole().await;
    let client = fake.client();
    let rewatch = Watch::Watched { rewatch: Some(at(90_000)) };
    client.write(&write("182", Watch::Unwatched, rewatch)).await.unwrap();
    client.write(&write("182", rewatch, Watch::Unwatched)).await.unwrap();
    client.write(&write("182", Watch::WATCHED, Watch::WATCHED)).await.unwrap();
    let mark = "identifier=com.plexapp.plugins.library&key=182";
    assert_eq!(
        fake.uris(),
        [
            format!("/:/scrobble?{mark}"),
            "/:/timeline?identifier=com.plexapp.plugins.library&state=stopped&time=90000\
             &ratingKey=182&key=%2Flibrary%2Fmetadata%2F182&duration=7203000"
                .to_owned(),
            format!("/:/unscrobble?{mark}"),
        ]
    );
    let result = client.write(&write("1/../2", Watch::Unwatched, Watch::WATCHED)).await;
    assert_eq!(fault(result), Fault::NotFound);
    assert_eq!(fake.uris().len(), 3, "what cannot be a key is not sent");
}

#[tokio::test]
async fn a_mark_is_never_sent_twice_and_an_unmark_may_be() {
    let fake = Fake::new(|_, _| Reply::Status(503)).await;
    let client = fake.client();
    let result = client.write(&write("182", Watch::Unwatched, Watch::WATCHED)).await;
    assert_eq!(fault(result), Fault::ServerTrouble);
    assert_eq!(fake.uris().len(), 1, "a second one would count a second play");
    let result = client.write(&write("182", Watch::WATCHED, Watch::Unwatched)).await;
    assert_eq!(fault(result), Fault::ServerTrouble);
    assert_eq!(fake.uris().len(), 3);
}
