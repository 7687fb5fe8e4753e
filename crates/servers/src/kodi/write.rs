//! What is told to Kodi to make an item show what it should: one call of `VideoLibrary.SetMovieDetails` or
//! `SetEpisodeDetails`.

use serde_json::{Map, Value, json};
use watchstate_model::{ClockOffset, Marks, Position, Watch};

use super::local_time::LocalTime;
use crate::Write;

/// The fields to set, or none if the item shows it already.
///
/// - `playcount` is the mark. Alone it stamps `lastplayed` with now (recordings 24 and 25), so the date goes
///   with it wherever one is known: ours, else the one that it shows.
/// - An un-watch sends `lastplayed ""`, which clears the date, but only together with `playcount` (seen on
///   20.1); `playcount 0` alone keeps it (recordings 26 and 27).
/// - `resume` is kept by a change of the mark (28 and 29) and cleared by position 0 (39 and 40).
/// - What does not differ is not sent: a mark that a person sets in this very moment is not overwritten by
///   a position.
pub(super) fn fields(write: &Write, clock: ClockOffset, local: &LocalTime) -> Map<String, Value> {
    let mut fields = Map::new();
    let (from, to) = (&write.from, &write.to);
    let theirs = to.played_at.map(|at| clock.to_theirs(at));
    let date = theirs.or(from.last_played).and_then(|at| local.text(at));
    let date_differs = theirs.is_some() && theirs != from.last_played && date.is_some();
    let marked = from.watch.is_watched();
    match to.watch {
        Watch::Watched { .. } => {
            let plays = to.plays.max(1);
            match date {
                Some(date) if !marked || date_differs || from.plays != plays => {
                    fields.insert("playcount".to_owned(), json!(plays.min(MOST)));
                    fields.insert("lastplayed".to_owned(), json!(date));
                }
                None if !marked => {
                    fields.insert("playcount".to_owned(), json!(plays.min(MOST)));
                }
                _ => {}
            }
        }
        Watch::Unwatched if marked => {
            fields.insert("playcount".to_owned(), json!(0));
            fields.insert("lastplayed".to_owned(), json!(""));
        }
        Watch::Unwatched => {}
        Watch::Started(_) => {
            if marked {
                fields.insert("playcount".to_owned(), json!(0));
            }
            if let Some(date) = date.filter(|_| date_differs) {
                fields.insert("lastplayed".to_owned(), json!(date));
            }
        }
    }
    let position = to.watch.position().and_then(|p| p.cut_to(super::POSITION_UNIT_MS));
    if position != from.watch.position() {
        let mut resume = Map::from_iter([("position".to_owned(), json!(seconds(position)))]);
        // Without a total Kodi takes the one it knows from the file.
        if let Some(total) = write.duration_ms.filter(|_| position.is_some()) {
            resume.insert("total".to_owned(), json!(total / 1000));
        }
        fields.insert("resume".to_owned(), Value::Object(resume));
    }
    fields
}

/// The same for an item that is to show just what it showed once: count and date go with each other, because the
/// date is cleared only together with the count.
pub(super) fn fields_of_old(
    write: &Write,
    showed: &Marks,
    clock: ClockOffset,
    local: &LocalTime,
) -> Map<String, Value> {
    let mut fields = fields(write, clock, local);
    let from = &write.from;
    if (from.last_played, from.plays) != (showed.last_played, showed.plays)
        || from.watch.is_watched() != showed.watch.is_watched()
    {
        let date = showed.last_played.and_then(|at| local.text(at)).unwrap_or_default();
        fields.insert("playcount".to_owned(), json!(showed.plays.min(MOST)));
        fields.insert("lastplayed".to_owned(), json!(date));
    }
    fields
}

/// Kodi's integers have 32 bits and a sign (`Library.Id` and `Optional.Integer` of JSONRPC.Introspect).
const MOST: u32 = i32::MAX.cast_unsigned();

fn seconds(position: Option<Position>) -> u32 {
    position.map_or(0, |position| position.ms() / 1000)
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use watchstate_model::{ItemKey, Moment, Target};

    use super::super::local_time::Shown;
    use super::*;

    fn berlin() -> LocalTime {
        let shown = Shown { date: "", time: "", zone: Some("Europe/Berlin") };
        LocalTime::find(shown, Moment(0), TimeZone::UTC).unwrap()
    }

    const MAY: Moment = Moment(1_588_672_800); // 2020-05-05 10:00:00 UTC
    const JUNE: Moment = Moment(1_591_351_200); // 2020-06-05 10:00:00 UTC

    #[test]
    fn what_is_sent() {
        let at = |ms| Position::from_ms(ms).unwrap();
        let unwatched = Marks::UNTOUCHED;
        let watched = Marks { watch: Watch::WATCHED, plays: 1, last_played: Some(MAY) };
        let undated = Marks { last_played: None, ..watched };
        let started = Marks { watch: Watch::Started(at(90_000)), plays: 0, last_played: Some(MAY) };
        let rewatch = Watch::Watched { rewatch: Some(at(120_000)) };
        let to = |watch, plays, played_at| Target { watch, plays, played_at };
        for (from, to, sent, why) in [
            (
                unwatched,
                to(Watch::WATCHED, 1, Some(MAY)),
                json!({"playcount": 1, "lastplayed": "2020-05-05 12:00:00"}),
                "mark and date together",
            ),
            (unwatched, to(Watch::WATCHED, 0, None), json!({"playcount": 1}), "no date known: now"),
            (
                started,
                to(Watch::WATCHED, 1, None),
                json!({
                    "playcount": 1,
                    "lastplayed": "2020-05-05 12:00:00",
                    "resume": {"position": 0},
                }),
                "the date that it shows is kept, the position cleared",
            ),
            (watched, to(Watch::WATCHED, 1, Some(MAY)), json!({}), "shows it already"),
            (watched, to(Watch::WATCHED, 1, None), json!({}), "and would only be stamped with now"),
            (undated, to(Watch::WATCHED, 7, None), json!({}), "a count is not worth a false date"),
            (
                watched,
                to(Watch::WATCHED, 3, Some(JUNE)),
                json!({"playcount": 3, "lastplayed": "2020-06-05 12:00:00"}),
                "watched again",
            ),
            (
                watched,
                to(rewatch, 1, Some(MAY)),
                json!({"resume": {"position": 120, "total": 1200}}),
                "a rewatch: the position alone",
            ),
            (
                watched,
                to(Watch::Unwatched, 0, None),
                json!({"playcount": 0, "lastplayed": ""}),
                "an un-watch clears the date",
            ),
            (
                watched,
                to(Watch::Unwatched, 2, Some(MAY)),
                json!({"playcount": 0, "lastplayed": ""}),
                "even if we remember one",
            ),
            (
                watched,
                to(Watch::Started(at(61_999)), 1, None),
                json!({"playcount": 0, "resume": {"position": 61, "total": 1200}}),
                "from watched to begun: cut to whole seconds, the date stays",
            ),
            (
                unwatched,
                to(Watch::Started(at(61_000)), 0, Some(JUNE)),
                json!({
                    "lastplayed": "2020-06-05 12:00:00",
                    "resume": {"position": 61, "total": 1200},
                }),
                "begun: a mark that is set meanwhile is left alone",
            ),
            (
                started,
                to(Watch::Unwatched, 0, None),
                json!({"resume": {"position": 0}}),
                "begun no more",
            ),
            (unwatched, to(Watch::Unwatched, 0, None), json!({}), "nothing to do"),
            (
                unwatched,
                to(Watch::WATCHED, u32::MAX, Some(MAY)),
                json!({"playcount": 2_147_483_647, "lastplayed": "2020-05-05 12:00:00"}),
                "a count that Kodi cannot hold",
            ),
        ] {
            let key = ItemKey::from("movie/1");
            let write = Write { key, from, to, duration_ms: Some(1_200_500) };
            let fields = fields(&write, ClockOffset(0), &berlin());
            assert_eq!(Value::Object(fields), sent, "{why}");
        }
    }

    #[test]
    fn what_it_showed_once_goes_back_as_it_was() {
        let untouched = Marks::UNTOUCHED;
        let watched = Marks { watch: Watch::WATCHED, plays: 3, last_played: Some(MAY) };
        let later = Marks { plays: 4, last_played: Some(JUNE), ..watched };
        let dropped = Marks { last_played: Some(MAY), ..untouched };
        for (from, showed, sent, why) in [
            (
                later,
                watched,
                json!({"playcount": 3, "lastplayed": "2020-05-05 12:00:00"}),
                "an older play",
            ),
            (watched, untouched, json!({"playcount": 0, "lastplayed": ""}), "no play at all"),
            (
                watched,
                dropped,
                json!({"playcount": 0, "lastplayed": "2020-05-05 12:00:00"}),
                "a date without a mark",
            ),
            (watched, watched, json!({}), "it is so already"),
        ] {
            let write = Write {
                key: ItemKey::from("movie/1"),
                from,
                to: Target {
                    watch: showed.watch,
                    plays: showed.plays,
                    played_at: showed.last_played,
                },
                duration_ms: None,
            };
            let fields = fields_of_old(&write, &showed, ClockOffset(0), &berlin());
            assert_eq!(Value::Object(fields), sent, "{why}");
        }
    }

    #[test]
    fn dates_are_moved_to_its_clock() {
        let write = Write {
            key: ItemKey::from("movie/1"),
            from: Marks::UNTOUCHED,
            to: Target { watch: Watch::WATCHED, plays: 1, played_at: Some(MAY) },
            duration_ms: None,
        };
        let fields = fields(&write, ClockOffset(3600), &berlin());
        assert_eq!(fields["lastplayed"], "2020-05-05 13:00:00");
    }
}
