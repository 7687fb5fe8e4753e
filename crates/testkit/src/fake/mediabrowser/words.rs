//! How dates are written and read.

use jiff::Timestamp;
use jiff::civil::DateTime;
use watchstate_model::Moment;

/// A date as these servers write it, with seven digits of a second: `2024-03-05T21:14:07.0000000Z`.
pub(super) fn written(at: Moment) -> String {
    Timestamp::from_second(at.0).map_or_else(
        |_| "0001-01-01T00:00:00.0000000Z".to_owned(),
        |at| at.strftime("%Y-%m-%dT%H:%M:%S.0000000Z").to_string(),
    )
}

/// A date of a body or a query in ISO 8601; without a zone it is UTC.
pub(super) fn iso(text: &str) -> Option<Moment> {
    let at = text.parse::<Timestamp>().ok().or_else(|| {
        let civil: DateTime = text.parse().ok()?;
        jiff::tz::TimeZone::UTC.to_timestamp(civil).ok()
    })?;
    Some(Moment(at.as_second()))
}

/// A date as `yyyyMMddHHmmss` in UTC (recording 33).
pub(super) fn digits(text: &str) -> Option<Moment> {
    if text.len() != 14 || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let civil = DateTime::strptime("%Y%m%d%H%M%S", text).ok()?;
    let at = jiff::tz::TimeZone::UTC.to_timestamp(civil).ok()?;
    Some(Moment(at.as_second()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        let at = Moment(1_709_673_247);
        assert_eq!(written(at), "2024-03-05T21:14:07.0000000Z");
        for text in [
            "2024-03-05T21:14:07.000Z",
            "2024-03-05T21:14:07.0000000Z",
            "2024-03-05T22:14:07+01:00",
            "2024-03-05T21:14:07",
        ] {
            assert_eq!(iso(text), Some(at), "{text}");
        }
        assert_eq!(iso("2024-03-05T21:14:07 00:00"), None, "a plus sign that was not encoded");
        assert_eq!(digits("20240305211407"), Some(at));
        assert_eq!(digits("2024-03-05T21:"), None);
    }
}
