//! From a change to requests: pure, so that each version's can be read in a table.

use reqwest::Method;
use serde::Serialize;
use watchstate_model::{ClockOffset, Marks, Moment, Position, Watch};

use super::auth::percent;
use super::date;
use super::wire::Kept;
use crate::Write;

/// How a server is written to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Way {
    /// By its whole user data: count, date, mark and position can be set.
    UserData,
    /// By marks alone, and positions by playing.
    Marks {
        /// Whether a position can be written: only where the token is the user's own, because a session
        /// writes for the user that its token belongs to, and an API key has none.
        positions: bool,
    },
}

/// One request of a write.
#[derive(Clone, PartialEq, Debug)]
pub struct Call {
    /// `POST` or `DELETE`.
    pub method: Method,
    /// The path, its segments percent-encoded.
    pub path: String,
    /// The query, not yet encoded.
    pub query: Vec<(&'static str, String)>,
    /// A JSON body.
    pub body: Option<String>,
}

/// A change and what is needed to word it.
#[derive(Clone, Copy)]
pub struct Wording<'a> {
    /// The change.
    pub write: &'a Write,
    /// The server's id of the user.
    pub user: &'a str,
    /// The server's clock.
    pub clock: ClockOffset,
    /// What the server keeps beside the marks, where it has been read.
    pub kept: Kept,
    /// What it showed once, where count and date are to be just so again, even if that moves them back.
    pub exact: Option<Marks>,
}

impl Wording<'_> {
    pub(crate) fn from(&self) -> Watch {
        self.write.from.watch
    }

    pub(crate) fn to(&self) -> Watch {
        self.write.to.watch
    }

    pub(crate) fn key(&self) -> String {
        percent(self.write.key.as_str())
    }

    /// When the play was, on the server's clock.
    pub(crate) fn played_at(&self) -> Option<Moment> {
        match self.exact {
            Some(exact) => exact.last_played,
            None => self.write.to.played_at.map(|at| self.clock.to_theirs(at)),
        }
    }

    /// The same where it is later than what the server shows: a date is never moved back for its own sake.
    pub(crate) fn later_play(&self) -> Option<Moment> {
        if self.exact.is_some() {
            return self.played_at().filter(|at| self.write.from.last_played != Some(*at));
        }
        self.played_at().filter(|at| self.write.from.last_played.is_none_or(|shown| *at > shown))
    }

    /// Whether all that a write could change is as it should be. A date counts only beside a mark.
    pub(crate) fn is_done(&self) -> bool {
        if let Some(exact) = self.exact {
            return self.write.from == exact;
        }
        self.from() == self.to() && !(self.to().is_watched() && self.later_play().is_some())
    }

    /// The play count, where it is to rise. It is set, not counted up, so a repeated write raises nothing.
    pub(crate) fn higher_count(&self) -> Option<u32> {
        if let Some(exact) = self.exact {
            return Some(exact.plays);
        }
        let plays = self.write.to.plays;
        (self.to() != Watch::Unwatched && plays > self.write.from.plays).then_some(plays)
    }

    /// The date to write with a mark or a position: with a mark that the item does not have yet the one of
    /// the play, whatever a session left there, otherwise only a later one.
    pub(crate) fn date(&self) -> Option<Moment> {
        if self.exact.is_some() {
            return self.played_at();
        }
        match (self.from().is_watched(), self.to()) {
            (_, Watch::Unwatched) => None,
            (false, Watch::Watched { .. }) => self.played_at(),
            _ => self.later_play(),
        }
    }

    /// How an exact write begins: a date can be cleared by an un-watch only, which clears all the rest too, and
    /// whether more has to be told afterwards.
    pub(crate) fn cleared(&self, exact: &Marks) -> (bool, bool) {
        let shown = self.write.from;
        let clears = shown.last_played.is_some() && exact.last_played.is_none();
        let bare = *exact == Marks::UNTOUCHED;
        (clears || (bare && shown.watch.is_watched()), !bare)
    }

    pub(crate) fn ticks(&self) -> u64 {
        self.to().position().map_or(0, Position::ticks)
    }
}

/// The way of Jellyfin before 10.9 and of Emby before 4.0, which know no other (`41-userdata-post-legacy.json`
/// of both is 404).
///
/// - `POST /Users/{u}/PlayedItems/{id}?datePlayed=` sets the mark and the date and clears the position; the
///   count becomes 1 and is never raised (`33-played.json`, `37-played-again.json`).
/// - `DELETE` of the same clears mark, count, date and position (`38-unplayed.json`); nothing else clears a
///   position.
/// - A position is left behind by a session that stops there (`60-playing-start.json` to
///   `66-after-stop-half.json`). It starts by clearing the mark and stamps "now", so it is never used on an
///   item that is or stays watched.
pub(crate) fn by_marks(wording: &Wording<'_>, positions: bool) -> Vec<Call> {
    let (from, to) = (wording.from(), wording.to());
    match to {
        _ if wording.is_done() => vec![],
        Watch::Watched { .. } if from.is_watched() && wording.later_play().is_none() => vec![],
        Watch::Watched { .. } => vec![mark(wording)],
        Watch::Unwatched => vec![unmark(wording)],
        Watch::Started(position) => {
            let mut calls = Vec::new();
            if from.is_watched() {
                calls.push(unmark(wording));
            }
            if positions {
                calls.extend(play_until(wording, position));
            }
            calls
        }
    }
}

/// `POST /Users/{u}/PlayedItems/{id}?datePlayed=yyyyMMddHHmmss`. Without a date the server takes its own.
pub(crate) fn mark(wording: &Wording<'_>) -> Call {
    let at = wording.played_at().and_then(date::compact);
    Call {
        method: Method::POST,
        path: format!("/Users/{}/PlayedItems/{}", percent(wording.user), wording.key()),
        query: at.map(|at| ("datePlayed", at)).into_iter().collect(),
        body: None,
    }
}

/// `DELETE /Users/{u}/PlayedItems/{id}`.
pub(crate) fn unmark(wording: &Wording<'_>) -> Call {
    Call {
        method: Method::DELETE,
        path: format!("/Users/{}/PlayedItems/{}", percent(wording.user), wording.key()),
        query: vec![],
        body: None,
    }
}

/// `POST /Sessions/Playing`, then `POST /Sessions/Playing/Stopped`. The server keeps the position by its own
/// rules: not of films under five minutes, not near the beginning or the end.
fn play_until(wording: &Wording<'_>, position: Position) -> Vec<Call> {
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Session<'a> {
        item_id: &'a str,
        media_source_id: &'a str,
        play_session_id: &'static str,
        position_ticks: u64,
    }
    let key = wording.write.key.as_str();
    let session = Session {
        item_id: key,
        media_source_id: key,
        play_session_id: "watchstate",
        position_ticks: position.ticks(),
    };
    ["/Sessions/Playing", "/Sessions/Playing/Stopped"]
        .into_iter()
        .map(|path| Call {
            method: Method::POST,
            path: path.to_owned(),
            query: vec![],
            body: body(&session),
        })
        .collect()
}

/// A body as JSON. Bodies of plain numbers and texts cannot fail to be written.
pub(crate) fn body(of: &impl Serialize) -> Option<String> {
    serde_json::to_string(of).ok()
}

/// Cases for the tables of this crate: what an item shows, what it is to show, and what that takes.
#[cfg(test)]
pub(crate) mod tables {
    use watchstate_model::{ItemKey, Target};

    use super::*;

    /// Our clock's time of the play in every case.
    pub(crate) const PLAYED: i64 = 1_709_673_247;

    pub(crate) fn at(ms: u64) -> Position {
        Position::from_ms(ms).unwrap()
    }

    /// A write of `to`, played at [`PLAYED`], from an item that shows `from` with so many plays, last at.
    pub(crate) fn write(from: Watch, shown: (u32, Option<i64>), to: Watch, plays: u32) -> Write {
        Write {
            key: ItemKey::from("k1"),
            from: Marks { watch: from, plays: shown.0, last_played: shown.1.map(Moment) },
            to: Target { watch: to, plays, played_at: Some(Moment(PLAYED)) },
            duration_ms: Some(7_200_000),
        }
    }

    /// The calls as lines: `POST /path?a=b {body}`.
    pub(crate) fn told(calls: &[Call]) -> Vec<String> {
        calls
            .iter()
            .map(|call| {
                let query: Vec<_> = call.query.iter().map(|(k, v)| format!("{k}={v}")).collect();
                let mut line = format!("{} {}", call.method, call.path);
                if !query.is_empty() {
                    line += &format!("?{}", query.join("&"));
                }
                if let Some(body) = &call.body {
                    line += &format!(" {body}");
                }
                line
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::tables::{PLAYED, at, told, write};
    use super::*;

    #[test]
    fn jellyfin_10_8_and_emby_3_2() {
        const MARK: &str = "POST /Users/u1/PlayedItems/k1?datePlayed=20240305211407";
        const UNMARK: &str = "DELETE /Users/u1/PlayedItems/k1";
        const START: &str = r#"POST /Sessions/Playing {"ItemId":"k1","MediaSourceId":"k1","PlaySessionId":"watchstate","PositionTicks":6000000000}"#;
        const STOP: &str = r#"POST /Sessions/Playing/Stopped {"ItemId":"k1","MediaSourceId":"k1","PlaySessionId":"watchstate","PositionTicks":6000000000}"#;
        let (u, w) = (Watch::Unwatched, Watch::WATCHED);
        let s = Watch::Started(at(600_000));
        let s2 = Watch::Started(at(300_000));
        let rewatch = Watch::Watched { rewatch: Some(at(600_000)) };
        let none: &[&str] = &[];
        let own = Way::Marks { positions: true };
        let key = Way::Marks { positions: false };
        for (from, last, to, way, calls, why) in [
            (u, None, w, own, &[MARK][..], "a mark with its date"),
            (s, Some(PLAYED + 9), w, own, &[MARK], "which clears the position"),
            (u, Some(PLAYED + 9), w, own, &[MARK], "a session's traces do not keep the date away"),
            (w, Some(PLAYED), w, own, none, "it is so already"),
            (w, Some(PLAYED + 9), w, own, none, "a later date stays"),
            (w, Some(PLAYED - 9), w, own, &[MARK], "watched again"),
            (
                rewatch,
                Some(PLAYED),
                w,
                own,
                none,
                "a position beside a mark cannot be cleared alone",
            ),
            (w, Some(PLAYED), rewatch, own, none, "nor written: a session would clear the mark"),
            (w, Some(PLAYED), u, own, &[UNMARK], "an un-watch clears all, as a person's does"),
            (s, Some(PLAYED), u, own, &[UNMARK], "the only way to clear a position"),
            (u, Some(PLAYED), u, own, none, "traces alone are no reason"),
            (u, None, s, own, &[START, STOP], "a position, by playing to it"),
            (s2, None, s, own, &[START, STOP], "another position"),
            (s, None, s, own, none, "the same position"),
            (w, Some(PLAYED), s, own, &[UNMARK, START, STOP], "no session on a watched item"),
            (u, None, s, key, none, "an API key plays for nobody"),
            (w, Some(PLAYED), s, key, &[UNMARK], "but takes the mark away"),
        ] {
            let write = write(from, (1, last), to, 2);
            let wording = Wording {
                write: &write,
                user: "u1",
                clock: ClockOffset(0),
                kept: Kept::default(),
                exact: None,
            };
            let Way::Marks { positions } = way else { panic!("a way by marks") };
            assert_eq!(told(&by_marks(&wording, positions)), calls, "{why}");
        }
    }

    #[test]
    fn dates_are_written_on_the_servers_clock() {
        let write = write(Watch::Unwatched, (0, None), Watch::WATCHED, 1);
        let ahead = Wording {
            write: &write,
            user: "u1",
            clock: ClockOffset(3600),
            kept: Kept::default(),
            exact: None,
        };
        assert_eq!(mark(&ahead).query, [("datePlayed", "20240305221407".to_owned())]);
        let to = watchstate_model::Target { played_at: None, ..write.to };
        let undated = Write { to, ..write.clone() };
        assert!(mark(&Wording { write: &undated, ..ahead }).query.is_empty());
    }

    #[test]
    fn keys_stay_inside_their_segment() {
        let write =
            Write { key: "../x?y".into(), ..write(Watch::WATCHED, (1, None), Watch::Unwatched, 0) };
        let wording = Wording {
            write: &write,
            user: "u/1",
            clock: ClockOffset(0),
            kept: Kept::default(),
            exact: None,
        };
        assert_eq!(unmark(&wording).path, "/Users/u%2F1/PlayedItems/..%2Fx%3Fy");
    }
}
