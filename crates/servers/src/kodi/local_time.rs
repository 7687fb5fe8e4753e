//! Kodi's dates: local time of its machine without a zone, `2024-03-05 21:14:07`.
//!
//! Which zone that is matters twice a year and for every old date: a film watched in July and read in
//! January has another offset than today's. So a zone is looked for, and an offset taken only where there
//! is none:
//!
//! 1. the zone Kodi itself is set to (setting `locale.timezone`, an IANA name; only Kodi on Linux has it);
//! 2. the zone of the machine we run on, if the two clocks show the same local time now: most often both
//!    stand in one house;
//! 3. today's offset, for all dates alike. Dates of the other half of the year are then an hour off, and
//!    always the same hour both ways.
//!
//! A zone is believed only if it agrees with what Kodi's own clock shows.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};
use watchstate_model::Moment;

const FORM: &str = "%Y-%m-%d %H:%M:%S";

/// What stands for "after noon" in the languages of Kodi 20 that have a word for it
/// (`symbolPM` in their `langinfo.xml`).
const AFTERNOON: [&str; 4] = ["PM", "μμ", "下午", "오후"];
/// What stands for "before noon", in the same order.
const MORNING: [&str; 4] = ["AM", "πμ", "上午", "오전"];

/// What Kodi says of its local time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shown<'a> {
    /// The info label `System.Date(yyyy-mm-dd)`.
    pub(super) date: &'a str,
    /// The info label `System.Time(hh:mm:ss xx)`: `14:16:39` in regions with 24 hours, `02:16:39 PM` in
    /// those with twice 12.
    pub(super) time: &'a str,
    /// The setting `locale.timezone`, where there is one.
    pub(super) zone: Option<&'a str>,
}

/// How Kodi's local times are to be read.
#[derive(Clone, Debug)]
pub(super) struct LocalTime {
    zone: TimeZone,
}

impl LocalTime {
    /// Finds Kodi's zone. `now` is the moment of its answer on its own clock, `ours` the zone of the machine
    /// we run on. Nothing if it says nothing that can be read.
    pub(super) fn find(shown: Shown<'_>, now: Moment, ours: TimeZone) -> Option<Self> {
        let now = Timestamp::from_second(now.0).ok()?;
        let named = shown.zone.and_then(|name| TimeZone::get(name).ok());
        let offsets = offsets(shown, now);
        let fits = |zone: &TimeZone| offsets.contains(&zone.to_offset(now));
        let zone = match (named, offsets.first()) {
            (Some(named), None) => named,
            (Some(named), Some(_)) if fits(&named) => named,
            (_, Some(_)) if fits(&ours) => ours,
            (_, Some(offset)) => TimeZone::fixed(*offset),
            (None, None) => return None,
        };
        Some(Self { zone })
    }

    /// The moment of a local time, on Kodi's clock. Nothing for the empty text (never played) and for what
    /// is no date. Of an hour that came twice (end of summer time) the first is meant; a time in an hour
    /// that never was (its beginning) is moved forward by it.
    pub(super) fn moment(&self, local: &str) -> Option<Moment> {
        let local = DateTime::strptime(FORM, local.trim()).ok()?;
        let at = self.zone.to_ambiguous_timestamp(local).compatible().ok()?;
        Some(Moment(at.as_second()))
    }

    /// The local time of a moment on Kodi's clock. Nothing outside the years that can be written.
    pub(super) fn text(&self, at: Moment) -> Option<String> {
        let local = self.zone.to_datetime(Timestamp::from_second(at.0).ok()?);
        (local.year() >= 1000).then(|| local.strftime(FORM).to_string())
    }
}

/// How far local time is ahead of UTC, the likeliest first. More than one where a time without "AM" or
/// "PM" may be either: regions without a word for it leave it out even if the user asked for 12 hours.
fn offsets(shown: Shown<'_>, now: Timestamp) -> Vec<Offset> {
    let Ok(date) = Date::strptime("%Y-%m-%d", shown.date.trim()) else {
        return Vec::new();
    };
    let (clock, symbol) = match shown.time.trim().split_once(' ') {
        Some((clock, symbol)) => (clock, symbol.trim()),
        None => (shown.time.trim(), ""),
    };
    let Ok(clock) = Time::strptime("%H:%M:%S", clock) else {
        return Vec::new();
    };
    // 12:30 AM is half past midnight, 12:30 PM half past noon.
    let morning = if clock.hour() == 12 { 0 } else { clock.hour() };
    let half_day = (1..=12).contains(&clock.hour());
    let hours = match symbol {
        _ if !half_day => vec![clock.hour()],
        symbol if AFTERNOON.contains(&symbol) => vec![morning + 12],
        symbol if MORNING.contains(&symbol) => vec![morning],
        _ if clock.hour() == 12 => vec![12, 0],
        _ => vec![clock.hour(), clock.hour() + 12],
    };
    hours
        .into_iter()
        .filter_map(|hour| {
            let time = Time::new(hour, clock.minute(), clock.second(), 0).ok()?;
            let local = TimeZone::UTC.to_timestamp(date.to_datetime(time)).ok()?;
            offset(local.duration_since(now))
        })
        .collect()
}

/// The offset behind a difference between two clocks that were not read in the same instant: every zone in
/// use is a whole number of quarters of an hour from UTC, and none is more than 14 hours.
fn offset(difference: SignedDuration) -> Option<Offset> {
    const QUARTER: i64 = 15 * 60;
    let quarters = (difference.as_secs() + QUARTER / 2).div_euclid(QUARTER);
    let seconds = i32::try_from(quarters * QUARTER).ok()?;
    (-12 * 3600..=14 * 3600).contains(&seconds).then(|| Offset::from_seconds(seconds).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(utc: &str) -> Moment {
        Moment(utc.parse::<Timestamp>().unwrap().as_second())
    }

    fn find(
        date: &str,
        time: &str,
        zone: Option<&str>,
        now: &str,
        ours: &str,
    ) -> Option<LocalTime> {
        let ours = TimeZone::get(ours).unwrap();
        LocalTime::find(Shown { date, time, zone }, at(now), ours)
    }

    #[test]
    fn which_zone_is_taken() {
        let now = "2026-11-23T13:14:48Z";
        for (time, zone, ours, offset, name, why) in [
            ("14:14:48", Some("Europe/Berlin"), "UTC", 1.0, "Europe/Berlin", "Kodi's own setting"),
            ("02:14:48 PM", Some("Europe/Berlin"), "UTC", 1.0, "Europe/Berlin", "in 12 hours"),
            (
                "02:14:48",
                Some("Europe/Berlin"),
                "UTC",
                1.0,
                "Europe/Berlin",
                "12 hours, no word for it",
            ),
            (
                "02:14:48 μμ",
                None,
                "Europe/Berlin",
                1.0,
                "Europe/Berlin",
                "in Greek; our own zone fits",
            ),
            (
                "09:14:48",
                Some("Europe/Berlin"),
                "UTC",
                -4.0,
                "",
                "the setting is not what the clock shows",
            ),
            ("09:14:48", Some("Moon/Tycho"), "UTC", -4.0, "", "a zone nobody knows"),
            (
                "Busy",
                Some("Europe/Berlin"),
                "UTC",
                1.0,
                "Europe/Berlin",
                "no clock: the setting alone",
            ),
            ("18:59:50", None, "UTC", 5.75, "", "Kathmandu, read two seconds early"),
            ("18:44:52", None, "Asia/Kolkata", 5.5, "Asia/Kolkata", "four seconds late"),
            ("01:14:48 PM", None, "UTC", 0.0, "UTC", "one o'clock after noon"),
            ("01:14:48 AM", None, "UTC", -12.0, "", "and before noon"),
        ] {
            let found = find("2026-11-23", time, zone, now, ours).unwrap();
            let stamp = Timestamp::from_second(at(now).0).unwrap();
            let seconds = f64::from(found.zone.to_offset(stamp).seconds());
            assert_eq!(seconds / 3600.0, offset, "{why}");
            assert_eq!(found.zone.iana_name().unwrap_or(""), name, "{why}");
        }
    }

    #[test]
    fn noon_and_midnight() {
        for (date, time, now, offset) in [
            ("2026-11-23", "12:30:00 PM", "2026-11-23T11:30:00Z", 1),
            ("2026-11-24", "12:30:00 AM", "2026-11-23T23:30:00Z", 1),
            ("2026-11-24", "00:30:00", "2026-11-23T23:30:00Z", 1),
            ("2026-11-23", "12:30:00", "2026-11-23T11:30:00Z", 1),
        ] {
            let found = find(date, time, None, now, "Asia/Kathmandu").unwrap();
            let stamp = Timestamp::from_second(at(now).0).unwrap();
            assert_eq!(found.zone.to_offset(stamp).seconds(), offset * 3600, "{time}");
        }
    }

    #[test]
    fn nothing_that_can_be_read_is_no_zone() {
        for (date, time, why) in [
            ("", "", "labels of an old Kodi"),
            ("2026-11-23", "Busy", "not there yet"),
            ("2026-11-21", "14:14:48", "two days off: a date and a time of different moments"),
            ("Monday", "14:14:48", "another form"),
        ] {
            assert!(find(date, time, None, "2026-11-23T13:14:48Z", "UTC").is_none(), "{why}");
        }
    }

    #[test]
    fn both_ways() {
        let zone = |name| LocalTime { zone: TimeZone::get(name).unwrap() };
        let (berlin, new_york) = (zone("Europe/Berlin"), zone("America/New_York"));
        for (time, local, utc, why) in [
            (&berlin, "2020-05-05 12:00:00", "2020-05-05T10:00:00Z", "summer"),
            (&berlin, "2020-12-05 12:00:00", "2020-12-05T11:00:00Z", "winter"),
            (&new_york, "2020-07-01 20:00:00", "2020-07-02T00:00:00Z", "another day"),
            (&berlin, "2020-10-25 02:30:00", "2020-10-25T00:30:00Z", "comes twice: the first"),
            (&berlin, "1965-10-25 02:30:00", "1965-10-25T01:30:00Z", "before 1970"),
        ] {
            assert_eq!(time.moment(local), Some(at(utc)), "{why}");
            assert_eq!(time.text(at(utc)).as_deref(), Some(local), "{why}");
        }
        assert_eq!(
            berlin.moment("2020-03-29 02:30:00"),
            Some(at("2020-03-29T01:30:00Z")),
            "an hour that never was is moved forward"
        );
        assert_eq!(
            berlin.text(at("2020-10-25T01:30:00Z")).as_deref(),
            Some("2020-10-25 02:30:00"),
            "the second of the two hours is written alike"
        );
    }

    #[test]
    fn what_is_no_date_is_none() {
        let utc = LocalTime { zone: TimeZone::UTC };
        for text in
            ["", " ", "0000-00-00 00:00:00", "2020-13-45 12:00:00", "2020-05-05", "yesterday"]
        {
            assert_eq!(utc.moment(text), None, "{text:?}");
        }
        assert_eq!(utc.text(Moment(i64::MAX)), None);
        assert_eq!(utc.text(Moment(i64::MIN)), None);
    }
}
