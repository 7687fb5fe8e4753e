//! What WatchState writes comes back to it from the server it was written to, by every road there is. It is
//! known again, and goes no further.

#![allow(clippy::unwrap_used, reason = "what a test cannot do without may fail it")]

mod attended;
mod household;

use attended::{ALL, Attended, EMBY, HEAT, JELLYFIN, PLEX, minutes};
use household::{assert_ok, written};
use watchstate_servers::Heard;
use watchstate_servers::Playback::Stopped;

/// Versions that take user data as a whole, and such that take positions only by playing.
const VERSIONS: [[&str; 3]; 2] =
    [["1.40.2", "10.10.7", "4.8.11.0"], ["1.40.2", "10.8.6", "3.2.40.0"]];

impl Attended {
    /// How many writes each got to a title.
    fn writes_to(&self, title: &str) -> [usize; 3] {
        ALL.map(|which| self.servers[which].writes_to(title).unwrap())
    }

    /// Whether something that was told names the film.
    fn names_heat(&self, which: usize, told: &[Heard]) -> bool {
        let heat = self.servers[which].key_of(HEAT).unwrap();
        told.iter().any(|heard| match heard {
            Heard::Items(keys) => keys.contains(&heat),
            Heard::Playback { key, .. } => *key == heat,
            _ => false,
        })
    }
}

/// Each server tells of our own write before it tells of what a person does there next; both are heard.
#[tokio::test]
async fn by_socket() {
    for versions in VERSIONS {
        let mut story = Attended::of(versions, |_| {}).await;
        for which in ALL {
            story.listen(which).await;
        }
        // A place, and then the mark.
        story.servers[JELLYFIN].watch_until(HEAT, "ana", minutes(40)).unwrap();
        let told = story.told_up_to(JELLYFIN, HEAT).await;
        story.heard(JELLYFIN, told).await;
        assert_eq!(story.minutes(), [Some(40); 3], "{versions:?}");
        story.pass(60);
        story.servers[EMBY].mark_watched(HEAT, "ana").unwrap();
        let key = story.servers[EMBY].key_of(HEAT).unwrap();
        story.heard(EMBY, vec![Heard::Items(vec![key])]).await;
        assert_eq!(story.watched(), [true; 3], "{versions:?}");
        let writes = story.writes_to(HEAT);
        story.pass(60);
        for (which, next) in [(PLEX, "Alien"), (JELLYFIN, "Jaws"), (EMBY, "Dune")] {
            story.servers[which].watch(next, "ana").unwrap();
            let told = story.told_up_to(which, next).await;
            // A Plex tells of places that are written to it, and of no marks.
            assert!(story.names_heat(which, &told), "{versions:?}, {which}: it was told back");
            let outcome = story.heard(which, told).await;
            assert_eq!(outcome.followed.held, 0);
            assert!(
                ALL.iter().all(|on| story.servers[*on]
                    .shows(next, "ana")
                    .unwrap()
                    .watch
                    .is_watched())
            );
            let others = ALL.map(|on| usize::from(on != which));
            assert_eq!(story.writes_to(next), others, "{versions:?}: {next}, once on each");
        }
        assert_eq!(story.writes_to(HEAT), writes, "{versions:?}: nothing was written again");
        assert_eq!(story.watched(), [true; 3]);
        assert_eq!(written(&story.home.sync().await), 0, "nor by the next run");
    }
}

/// Plex stamps "now" on whatever is written to it, so that our own write is the latest play there.
#[tokio::test]
async fn by_looking() {
    let mut story = Attended::new().await;
    for which in ALL {
        story.connect(which, false).await;
    }
    let seen = story.servers[JELLYFIN].now();
    story.servers[JELLYFIN].watch(HEAT, "ana").unwrap();
    story.pass(300);
    story.tick().await;
    story.pass(20);
    assert_eq!((story.watched(), story.writes()), ([true; 3], [1, 0, 1]));
    assert!(story.shows(PLEX).last_played.unwrap() > seen, "the date is another one there");
    for _ in 0..5 {
        for outcome in story.tick().await {
            assert_eq!((outcome.followed.changed, outcome.followed.held), (0, 0));
        }
        story.pass(60);
    }
    assert_eq!(story.writes(), [1, 0, 1]);
}

/// A webhook names the item, whatever else it says.
#[tokio::test]
async fn by_webhook() {
    let mut story = Attended::new().await;
    story.servers[JELLYFIN].watch_until(HEAT, "ana", minutes(40)).unwrap();
    story.heard_of_heat(JELLYFIN, Stopped).await;
    for which in [PLEX, EMBY] {
        story.pass(5);
        let key = story.servers[which].key_of(HEAT).unwrap();
        let told = vec![Heard::Items(vec![key.clone()]), Heard::Playback { key, how: Stopped }];
        let outcome = story.heard(which, told).await;
        assert_eq!((outcome.followed.seen, outcome.followed.changed), (1, 0), "it is known again");
    }
    assert_eq!((story.minutes(), story.writes()), ([Some(40); 3], [1, 0, 1]));
}

#[tokio::test]
async fn where_the_server_rounds_the_place() {
    for rounds in ALL {
        let mut story = Attended::new().await;
        let from = (rounds + 1) % 3;
        story.servers[rounds].library().habits_mut().place_unit_ms = 1000;
        for (turn, ms) in [minutes(40) + 123, minutes(30) + 999].into_iter().enumerate() {
            story.pass(600);
            story.servers[from].watch_until(HEAT, "ana", ms).unwrap();
            story.heard_of_heat(from, Stopped).await;
            let place = story.shows(rounds).watch.position().unwrap();
            assert_eq!(u64::from(place.ms()), ms / 1000 * 1000);
            // By socket or webhook, by looking, and by a run.
            let outcome = story.heard_of_heat(rounds, Stopped).await;
            assert_eq!(outcome.followed.changed, 0, "{rounds} shows what it was told");
            story.pass(901);
            story.tick().await;
            let reports = story.home.sync().await;
            assert_ok(&reports);
            assert_eq!(written(&reports), 0);
            let once = ALL.map(|which| usize::from(which != from) * (turn + 1));
            assert_eq!(story.writes(), once, "rounded on {rounds}: one write on each other");
        }
    }
}
