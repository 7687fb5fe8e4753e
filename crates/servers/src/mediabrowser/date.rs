//! Dates as Jellyfin and Emby write them.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;
use watchstate_model::Moment;

/// A date from an answer, cut to whole seconds. Without a zone it is UTC.
///
/// Jellyfin writes `2026-11-23T11:54:44.594806Z` with up to seven digits of a fraction (recording
/// `jellyfin-10.10.7/63-after-progress.json`), Emby 3.2 also `2024-03-05T21:14:07.0000000+00:00`
/// (`emby-3.2.40/34-after-played.json`). A date that was never set is the year 1
/// (`jellyfin-10.10.7/19-key-list.json`, `DateLastActivity`), which says nothing.
pub(crate) fn parse(text: &str) -> Option<Moment> {
    let civil: DateTime = text.get(..19)?.parse().ok()?;
    if civil.year() <= 1 {
        return None;
    }
    let zone = text.get(19..)?.trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
    let utc = Offset::UTC.to_timestamp(civil).ok()?.as_second();
    let ahead = match zone.as_bytes() {
        [] | [b'Z' | b'z'] => 0,
        [sign @ (b'+' | b'-'), hours @ .., b':', m1, m2] if hours.len() == 2 => {
            let number = |digits: &[u8]| -> Option<i64> {
                std::str::from_utf8(digits).ok()?.parse::<u8>().ok().map(i64::from)
            };
            let seconds = number(hours)? * 3600 + number(&[*m1, *m2])? * 60;
            if *sign == b'-' { -seconds } else { seconds }
        }
        _ => return None,
    };
    Some(Moment(utc.saturating_sub(ahead)))
}

/// A moment for the bodies of `UserData`: `2024-04-02T10:00:00.0000000Z`
/// (`jellyfin-10.10.7/43-userdata-post-modern.json`). Nothing for a moment that no calendar has.
pub(crate) fn iso(at: Moment) -> Option<String> {
    let at = Timestamp::from_second(at.0).ok()?;
    Some(at.strftime("%Y-%m-%dT%H:%M:%S.0000000Z").to_string())
}

/// A moment for the parameter `datePlayed`, in UTC: `20240305211407`. The one form that all versions take;
/// ISO is answered with 500 by Emby 3.2 (`emby-3.2.40/35-played-iso.json`).
pub(crate) fn compact(at: Moment) -> Option<String> {
    let at = Timestamp::from_second(at.0).ok()?;
    Some(at.strftime("%Y%m%d%H%M%S").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_answers() {
        for (text, seconds, why) in [
            ("2024-03-05T21:14:07.0000000Z", Some(1_709_673_247), "seven digits"),
            ("2026-11-23T11:54:44.594806Z", Some(1_795_434_884), "six digits, cut to the second"),
            ("2024-03-05T21:14:07.0000000+00:00", Some(1_709_673_247), "Emby 3.2"),
            ("2024-03-05T22:14:07+01:00", Some(1_709_673_247), "another zone"),
            ("2024-03-05T16:44:07.1-04:30", Some(1_709_673_247), "a zone of half an hour"),
            ("2024-03-05T21:14:07", Some(1_709_673_247), "no zone is UTC"),
            (
                "2024-03-05T21:14:07.123456789012Z",
                Some(1_709_673_247),
                "more digits than anybody needs",
            ),
            ("1969-12-31T23:59:58.9Z", Some(-2), "before 1970 cut the same way"),
            ("0001-01-01T00:00:00.0000000Z", None, "never set"),
            ("2024-02-30T00:00:00Z", None, "no such day"),
            ("2024-03-05", None, "no time"),
            ("2024-03-05T21:14:07 o'clock", None, "not a zone"),
            ("2024-03-05T21:14:0é0000", None, "not even text of one byte each"),
            ("", None, "nothing"),
        ] {
            assert_eq!(parse(text).map(|at| at.0), seconds, "{why}: {text}");
        }
    }

    #[test]
    fn dates_of_requests() {
        let at = Moment(1_709_673_247);
        assert_eq!(iso(at).as_deref(), Some("2024-03-05T21:14:07.0000000Z"));
        assert_eq!(compact(at).as_deref(), Some("20240305211407"));
        assert_eq!(parse(&iso(at).unwrap()), Some(at), "what is written is read the same");
        assert_eq!(iso(Moment(i64::MAX)), None);
        assert_eq!(compact(Moment(i64::MIN)), None);
    }
}
