//! Marks, times and sizes as people read them.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use watchstate_model::{Because, Moment, Watch};

/// A mark: `unwatched`, `at 0:41:20`, `watched`, `watched, again at 0:10:00`.
pub(crate) fn watch(watch: Watch) -> String {
    let at = |ms: u32| clock(u64::from(ms));
    match (watch, watch.position()) {
        (Watch::Unwatched, _) => "unwatched".to_owned(),
        (Watch::Watched { .. }, Some(place)) => format!("watched, again at {}", at(place.ms())),
        (Watch::Watched { .. }, None) => "watched".to_owned(),
        (Watch::Started(place), _) => format!("at {}", at(place.ms())),
    }
}

/// A mark as the journal writes it, read for people. What is not understood is shown as it is.
pub(crate) fn journal_mark(text: &str) -> String {
    let (word, ms) = match text.split_once('@') {
        Some((word, ms)) => (word, ms.parse::<u64>().ok()),
        None => (text, None),
    };
    match (word, ms) {
        ("started", Some(ms)) => format!("at {}", clock(ms)),
        ("watched", Some(ms)) => format!("watched, again at {}", clock(ms)),
        _ => text.to_owned(),
    }
}

/// Milliseconds as hours, minutes and seconds.
fn clock(ms: u64) -> String {
    let seconds = ms / 1000;
    format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// A time in the zone of this computer; a time that no calendar has is shown as its number.
pub(crate) fn time(at: Moment) -> String {
    match Timestamp::from_second(at.0) {
        Ok(time) => {
            time.to_zoned_datetime(TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S").to_string()
        }
        Err(_) => at.0.to_string(),
    }
}

/// A time, or a word where there is none.
pub(crate) fn time_or(at: Option<Moment>, none: &str) -> String {
    at.map_or_else(|| none.to_owned(), time)
}

/// A time for programs: ISO 8601, UTC.
pub(crate) fn stamp(at: Moment) -> String {
    Timestamp::from_second(at.0).map_or_else(|_| at.0.to_string(), |time| time.to_string())
}

/// A reason, or nothing for one that only a newer version knows.
pub(crate) fn reason(because: Option<Because>) -> &'static str {
    because.map_or("", Because::sentence)
}

/// An amount of bytes.
pub(crate) fn bytes(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{} KiB", bytes / 1024),
        _ => format!("{}.{} MiB", bytes / 1_048_576, bytes % 1_048_576 * 10 / 1_048_576),
    }
}

#[cfg(test)]
mod tests {
    use watchstate_model::Position;

    use super::*;

    #[test]
    fn marks() {
        let place = Position::from_ms(2_480_999);
        for (mark, told) in [
            (Watch::Unwatched, "unwatched"),
            (Watch::from_flag(false, place), "at 0:41:20"),
            (Watch::WATCHED, "watched"),
            (Watch::from_flag(true, place), "watched, again at 0:41:20"),
        ] {
            assert_eq!(watch(mark), told);
            assert_eq!(journal_mark(&watchstate_store::watch_text(mark)), told);
        }
        assert_eq!(journal_mark("dreamt@x"), "dreamt@x", "another version's word");
    }

    #[test]
    fn times_and_sizes() {
        assert_eq!(stamp(Moment(0)), "1970-01-01T00:00:00Z");
        assert_eq!(stamp(Moment(i64::MAX)), i64::MAX.to_string(), "no calendar has it");
        for (n, told) in [(1023, "1023 B"), (1024, "1 KiB"), (1_572_864, "1.5 MiB")] {
            assert_eq!(bytes(n), told);
        }
    }
}
