//! Which requests make an item show what it should.
//!
//! What is known of Plex's writes, and from where:
//!
//! - `/:/scrobble` raises `viewCount` by one, sets `lastViewedAt` to now and removes `viewOffset`; it takes
//!   no date (recordings `film_moved.json` to `film_watched.json`). So it is sent only to an item that is
//!   not watched, and only once: a repeated one would count a play that never was.
//! - `/:/unscrobble` removes all three (`film_watched.json` to `film_cleared.json`).
//! - `/:/timeline` with `state=stopped` sets `viewOffset`, and `lastViewedAt` to now (`film_started.json` to
//!   `film_moved.json`). Without a duration and a client identifier the server ignores it; the identifier
//!   goes with every request as a header (official API document 1.2.0, `POST /:/timeline`).
//! - `/:/progress` sets `viewOffset` without a duration. It is not in the official document; other clients
//!   report that it does nothing for users who are not the owner, and that a time of zero does nothing.
//! - All of them answer `GET`; the official document asks for `PUT` and `POST` but says of the first two
//!   that `GET` works, and it is what clients in the field send to all four.
//!
//! What is **not** known: whether a stopped timeline at zero removes the `viewOffset` of a watched item. It is
//! the only request that could without touching the play count; the caller reads back and sees if it did.

use watchstate_model::{Position, Watch};

use crate::Write;

/// The provider of a server's own libraries.
const LIBRARY: &str = "com.plexapp.plugins.library";

/// One request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Step {
    /// Below the base URL.
    pub(super) path: &'static str,
    /// Not yet encoded.
    pub(super) query: Vec<(&'static str, String)>,
    /// What is being done, for messages.
    pub(super) op: &'static str,
    /// Whether it may be sent again when its answer was lost.
    pub(super) repeatable: bool,
}

/// What is done to an item.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Act {
    MarkWatched,
    MarkUnwatched,
    /// To this place, or to the beginning.
    Place(Option<Position>),
}

/// The requests that lead from what the item shows to what it is to show; none where it shows that
/// already. After each of them the item shows something that the next call can go on from.
pub(super) fn steps(write: &Write) -> Vec<Step> {
    acts(write.from.watch, write.to.watch).into_iter().map(|act| step(act, write)).collect()
}

fn acts(from: Watch, to: Watch) -> Vec<Act> {
    use Watch::{Started, Unwatched, Watched};
    match (from, to) {
        _ if from == to => vec![],
        (_, Unwatched) => vec![Act::MarkUnwatched],
        (Watched { .. }, Started(position)) => {
            vec![Act::MarkUnwatched, Act::Place(Some(position))]
        }
        (_, Started(position)) => vec![Act::Place(Some(position))],
        (Watched { .. }, Watched { rewatch }) => vec![Act::Place(rewatch)],
        (_, Watched { rewatch: None }) => vec![Act::MarkWatched],
        // Marking removes the position, so it comes first.
        (_, Watched { rewatch }) => vec![Act::MarkWatched, Act::Place(rewatch)],
    }
}

fn step(act: Act, write: &Write) -> Step {
    let key = write.key.as_str();
    let mark = || vec![("identifier", LIBRARY.to_owned()), ("key", key.to_owned())];
    match act {
        Act::MarkWatched => {
            Step { path: "/:/scrobble", query: mark(), op: "marking as watched", repeatable: false }
        }
        Act::MarkUnwatched => Step {
            path: "/:/unscrobble",
            query: mark(),
            op: "marking as unwatched",
            repeatable: true,
        },
        Act::Place(position) => {
            let time = position.map_or(0, Position::ms).to_string();
            let mut query = vec![
                ("identifier", LIBRARY.to_owned()),
                ("state", "stopped".to_owned()),
                ("time", time),
            ];
            let path = match write.duration_ms.filter(|ms| *ms > 0) {
                Some(duration) => {
                    query.push(("ratingKey", key.to_owned()));
                    query.push(("key", format!("/library/metadata/{key}")));
                    query.push(("duration", duration.to_string()));
                    "/:/timeline"
                }
                None => {
                    query.push(("key", key.to_owned()));
                    "/:/progress"
                }
            };
            Step { path, query, op: "writing a position", repeatable: true }
        }
    }
}

#[cfg(test)]
mod tests {
    use watchstate_model::{ItemKey, Marks, Target};

    use super::*;

    fn at(ms: u64) -> Position {
        Position::from_ms(ms).unwrap()
    }

    fn started(ms: u64) -> Watch {
        Watch::Started(at(ms))
    }

    fn rewatch(ms: u64) -> Watch {
        Watch::Watched { rewatch: Some(at(ms)) }
    }

    #[test]
    fn from_each_state_to_each_other() {
        use Act::{MarkUnwatched, MarkWatched, Place};
        use Watch::Unwatched;
        const WATCHED: Watch = Watch::WATCHED;
        let place = |ms| Place(Some(at(ms)));
        for (from, to, sent, why) in [
            (Unwatched, Unwatched, vec![], "shows it already"),
            (Unwatched, started(9), vec![place(9)], "a position"),
            (Unwatched, WATCHED, vec![MarkWatched], "a mark"),
            (Unwatched, rewatch(9), vec![MarkWatched, place(9)], "the position after the mark"),
            (started(5), Unwatched, vec![MarkUnwatched], "removes the position too"),
            (started(5), started(5), vec![], "shows it already"),
            (started(5), started(9), vec![place(9)], "another position"),
            (started(5), started(3), vec![place(3)], "back"),
            (started(5), WATCHED, vec![MarkWatched], "removes the position too"),
            (started(5), rewatch(5), vec![MarkWatched, place(5)], "and so it is written again"),
            (WATCHED, Unwatched, vec![MarkUnwatched], "an un-watch"),
            (WATCHED, started(9), vec![MarkUnwatched, place(9)], "never both"),
            (WATCHED, WATCHED, vec![], "a second mark would count a second play"),
            (WATCHED, rewatch(9), vec![place(9)], "the mark stands"),
            (rewatch(5), Unwatched, vec![MarkUnwatched], "removes all"),
            (
                rewatch(5),
                started(5),
                vec![MarkUnwatched, place(5)],
                "the position goes with the mark",
            ),
            (rewatch(5), WATCHED, vec![Place(None)], "never marked again just for the position"),
            (rewatch(5), rewatch(5), vec![], "shows it already"),
            (rewatch(5), rewatch(9), vec![place(9)], "another position"),
        ] {
            assert_eq!(acts(from, to), sent, "{from:?} -> {to:?}: {why}");
        }
    }

    /// A server that does what the recordings show.
    fn serve(shown: Watch, act: Act) -> Watch {
        match act {
            Act::MarkWatched => Watch::WATCHED,
            Act::MarkUnwatched => Watch::Unwatched,
            Act::Place(position) => shown.with_position(position),
        }
    }

    #[test]
    fn the_acts_lead_there_from_wherever_the_last_try_was_cut_off() {
        let all =
            [Watch::Unwatched, started(5), started(9), Watch::WATCHED, rewatch(5), rewatch(9)];
        for from in all {
            for to in all {
                let path = acts(from, to);
                for cut in 0..=path.len() {
                    let shown = path[..cut].iter().fold(from, |shown, act| serve(shown, *act));
                    let end = acts(shown, to).into_iter().fold(shown, serve);
                    assert_eq!(end, to, "{from:?} -> {to:?}, cut off after {cut}");
                }
            }
        }
    }

    #[test]
    fn what_is_sent() {
        let write = |from, to, duration_ms| Write {
            key: ItemKey::from("182"),
            from: Marks { watch: from, ..Marks::UNTOUCHED },
            to: Target { watch: to, plays: 1, played_at: None },
            duration_ms,
        };
        let text = |write: &Write| -> Vec<String> {
            steps(write)
                .iter()
                .map(|step| {
                    let query: Vec<_> =
                        step.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
                    format!("{}?{}", step.path, query.join("&"))
                })
                .collect()
        };
        let mark = "identifier=com.plexapp.plugins.library&key=182";
        for (from, to, duration, sent, why) in [
            (Watch::Unwatched, Watch::WATCHED, None, format!("/:/scrobble?{mark}"), "the mark"),
            (Watch::WATCHED, Watch::Unwatched, None, format!("/:/unscrobble?{mark}"), "the un-watch"),
            (
                Watch::Unwatched,
                started(70_000),
                Some(81_030),
                "/:/timeline?identifier=com.plexapp.plugins.library&state=stopped&time=70000\
                 &ratingKey=182&key=/library/metadata/182&duration=81030"
                    .to_owned(),
                "a position of a film whose length is known",
            ),
            (
                Watch::Unwatched,
                started(70_000),
                None,
                "/:/progress?identifier=com.plexapp.plugins.library&state=stopped&time=70000&key=182"
                    .to_owned(),
                "and of one whose is not",
            ),
            (
                rewatch(70_000),
                Watch::WATCHED,
                Some(81_030),
                "/:/timeline?identifier=com.plexapp.plugins.library&state=stopped&time=0\
                 &ratingKey=182&key=/library/metadata/182&duration=81030"
                    .to_owned(),
                "the position of a rewatch taken away",
            ),
        ] {
            assert_eq!(text(&write(from, to, duration)), [sent], "{why}");
        }
        let mark = steps(&write(Watch::Unwatched, Watch::WATCHED, None));
        assert!(!mark[0].repeatable, "a lost answer must not count a second play");
    }
}
