//! From columns to the words of the model and back.

use watchstate_model::{BackendId, Because, Marks, Moment, Position, Provider, State, Watch, Wish};

/// The number of a provider in the database. Numbers are never given twice.
pub(crate) fn provider_number(provider: Provider) -> i64 {
    match provider {
        Provider::Imdb => 1,
        Provider::Tmdb => 2,
        Provider::Tvdb => 3,
        Provider::Tvmaze => 4,
        Provider::Tvrage => 5,
        Provider::Anidb => 6,
        Provider::Youtube => 7,
        Provider::Cmdb => 8,
    }
}

pub(crate) fn position(ms: Option<i64>) -> Option<Position> {
    ms.and_then(|ms| Position::from_ms(u64::try_from(ms).unwrap_or(0)))
}

pub(crate) fn position_ms(watch: Watch) -> Option<i64> {
    watch.position().map(|position| i64::from(position.ms()))
}

pub(crate) fn watch(watched: i64, ms: Option<i64>) -> Watch {
    Watch::from_flag(watched != 0, position(ms))
}

pub(crate) fn marks(watched: i64, ms: Option<i64>, plays: i64, played_at: Option<i64>) -> Marks {
    Marks { watch: watch(watched, ms), plays: count(plays), last_played: played_at.map(Moment) }
}

pub(crate) fn count(number: i64) -> u32 {
    u32::try_from(number).unwrap_or(0)
}

/// A mark as the journal writes it: `unwatched`, `started@600000`, `watched`, `watched@600000`; the
/// position in milliseconds.
pub fn watch_text(watch: Watch) -> String {
    let at = watch.position().map(|position| format!("@{}", position.ms())).unwrap_or_default();
    match watch {
        Watch::Unwatched => "unwatched".to_owned(),
        Watch::Started(_) => format!("started{at}"),
        Watch::Watched { .. } => format!("watched{at}"),
    }
}

/// A mark as [`watch_text`] writes it; nothing for what is none.
pub(crate) fn watch_from(text: &str) -> Option<Watch> {
    let (word, ms) = match text.split_once('@') {
        Some((word, ms)) => (word, Some(Position::from_ms(ms.parse().ok()?)?)),
        None => (text, None),
    };
    match (word, ms) {
        ("unwatched", None) => Some(Watch::Unwatched),
        ("started", Some(at)) => Some(Watch::Started(at)),
        ("watched", rewatch) => Some(Watch::Watched { rewatch }),
        _ => None,
    }
}

/// All marks of a copy as one text: `watched@600000 2 1700000000`, with `-` for a date that is not told.
pub(crate) fn marks_text(marks: &Marks) -> String {
    let date = or_dash(marks.last_played.map(|at| at.0));
    format!("{} {} {date}", watch_text(marks.watch), marks.plays)
}

/// The same, read; nothing for what is none.
pub(crate) fn marks_from(text: &str) -> Option<Marks> {
    let mut words = text.split(' ');
    let marks = Marks {
        watch: watch_from(words.next()?)?,
        plays: words.next()?.parse().ok()?,
        last_played: dashed(words.next()?)?.map(Moment),
    };
    words.next().is_none().then_some(marks)
}

/// What we hold of a title as one text: as [`marks_text`], then when it was decided, and by which backend.
pub(crate) fn state_text(state: &State) -> String {
    let marks = Marks { watch: state.watch, plays: state.plays, last_played: state.played_at };
    let by = or_dash(state.by.map(|backend| backend.0));
    format!("{} {} {by}", marks_text(&marks), state.decided_at.0)
}

/// The same, read; nothing for what is none.
pub(crate) fn state_from(text: &str) -> Option<State> {
    let (rest, by) = text.rsplit_once(' ')?;
    let (marks, decided_at) = rest.rsplit_once(' ')?;
    let Marks { watch, plays, last_played } = marks_from(marks)?;
    Some(State {
        watch,
        plays,
        played_at: last_played,
        decided_at: Moment(decided_at.parse().ok()?),
        by: dashed(by)?.map(BackendId),
    })
}

/// What is wished of a copy as one text: what it is to show as [`marks_text`], what we held as [`state_text`], whether
/// it was told, and why.
pub(crate) fn wish_text(wish: &Wish) -> String {
    let (shows, then) = (marks_text(&wish.shows), state_text(&wish.then));
    format!("{shows} {then} {} {}", u8::from(wish.told), wish.because.code())
}

/// The same, read; nothing for what is none.
pub(crate) fn wish_from(text: &str) -> Option<Wish> {
    let (rest, because) = text.rsplit_once(' ')?;
    let (rest, told) = rest.rsplit_once(' ')?;
    // What is to be shown has three words, the state has the others.
    let (place, _) = rest.match_indices(' ').nth(2)?;
    let (shows, then) = rest.split_at(place);
    Some(Wish {
        shows: marks_from(shows)?,
        then: state_from(then.trim_start())?,
        told: match told {
            "0" => false,
            "1" => true,
            _ => return None,
        },
        because: Because::from_code(because)?,
    })
}

fn or_dash(number: Option<i64>) -> String {
    number.map_or_else(|| "-".to_owned(), |number| number.to_string())
}

fn dashed(text: &str) -> Option<Option<i64>> {
    if text == "-" { Some(None) } else { Some(Some(text.parse().ok()?)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_as_text_is_read_again() {
        let at = Position::from_ms(600_000);
        for watched in [false, true] {
            for position in [None, at] {
                for date in [None, Some(Moment(-5)), Some(Moment(1_700_000_000))] {
                    let watch = Watch::from_flag(watched, position);
                    let marks = Marks { watch, plays: 3, last_played: date };
                    assert_eq!(marks_from(&marks_text(&marks)), Some(marks));
                    for by in [None, Some(BackendId(7))] {
                        let decided_at = Moment(i64::MIN);
                        let state = State { watch, plays: 3, played_at: date, decided_at, by };
                        assert_eq!(state_from(&state_text(&state)), Some(state));
                        for told in [false, true] {
                            let because = Because::Restored;
                            let wish = Wish { shows: marks, then: state, told, because };
                            assert_eq!(wish_from(&wish_text(&wish)), Some(wish));
                        }
                    }
                }
            }
        }
        assert_eq!(state_from(&state_text(&State::UNTOUCHED)), Some(State::UNTOUCHED));
    }

    #[test]
    fn what_is_none_is_not_guessed_at() {
        for text in [
            "",
            "watched",
            "watched 1",
            "watched 1 - 5",
            "seen 1 -",
            "started 1 -",
            "unwatched@5 1 -",
            "started@0 1 -",
            "watched -1 -",
            "watched 1 x",
        ] {
            assert_eq!(marks_from(text), None, "{text}");
        }
        assert_eq!(state_from("watched 1 - 5"), None);
        for text in ["", "watched 1 - watched 1 - 5 - 1", "watched 1 - watched 1 - 5 - 2 undone"] {
            assert_eq!(wish_from(text), None, "{text}");
        }
    }
}
