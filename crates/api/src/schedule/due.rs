//! Whether a task is due.

use jiff::tz::TimeZone;
use watchstate_model::Moment;

use super::CronLine;

/// What a look at a task's line says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Due {
    /// Not yet.
    NotYet,
    /// Its time has just come.
    Now,
    /// Its time came while the computer slept, WatchState was not running or sync was paused. However
    /// often that was, it is to run once.
    Missed,
    /// The clock was set back behind the last look: the waiting begins anew from now.
    ClockSetBack,
}

/// So late is still on time: a look is made every minute, and may be held up a little. Seconds.
const LATE_S: i64 = 90;

/// Whether a task is due, which was last looked after at `last`: what came until then has been dealt with.
pub fn what_is_due(last: Moment, now: Moment, line: &CronLine, zone: &TimeZone) -> Due {
    if last > now {
        return Due::ClockSetBack;
    }
    let came = |since: Moment| line.next(since, zone).is_some_and(|next| next <= now);
    if !came(last) {
        return Due::NotYet;
    }
    let lately = Moment(last.0.max(now.0.saturating_sub(LATE_S)));
    if came(lately) { Due::Now } else { Due::Missed }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn due_or_not() {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        let at = |wall: &str| {
            let wall: jiff::civil::DateTime = wall.parse().unwrap();
            // The first of two equal times.
            let at = berlin.to_ambiguous_timestamp(wall).earlier().unwrap();
            Moment(at.as_second())
        };
        for (last, now, line, due, why) in [
            (
                "2026-06-01T11:59:30",
                "2026-06-01T11:59:59",
                "0 * * * *",
                Due::NotYet,
                "a second before",
            ),
            ("2026-06-01T11:59:30", "2026-06-01T12:00:00", "0 * * * *", Due::Now, "on the second"),
            (
                "2026-06-01T12:00:00",
                "2026-06-01T12:00:00",
                "0 * * * *",
                Due::NotYet,
                "looked at twice",
            ),
            (
                "2026-06-01T12:00:00",
                "2026-06-01T12:59:00",
                "0 * * * *",
                Due::NotYet,
                "within the hour",
            ),
            ("2026-06-01T12:00:10", "2026-06-01T13:01:00", "0 * * * *", Due::Now, "a minute late"),
            (
                "2026-06-01T12:00:10",
                "2026-06-01T13:05:00",
                "0 * * * *",
                Due::Missed,
                "five minutes late",
            ),
            (
                "2026-06-01T12:00:10",
                "2026-06-03T07:10:00",
                "0 * * * *",
                Due::Missed,
                "days of sleep: once",
            ),
            (
                "2026-06-01T12:00:10",
                "2026-06-03T07:00:20",
                "0 * * * *",
                Due::Now,
                "woken on the hour",
            ),
            (
                "2026-06-01T06:00:10",
                "2026-06-01T23:00:00",
                "0 6 * * *",
                Due::NotYet,
                "tomorrow is next",
            ),
            (
                "2026-06-01T12:00:00",
                "2026-06-01T11:00:00",
                "0 * * * *",
                Due::ClockSetBack,
                "set back",
            ),
            (
                "2026-03-29T01:59:00",
                "2026-03-29T03:00:05",
                "30 2 * * *",
                Due::Now,
                "the end of the gap",
            ),
            (
                "2026-03-29T03:00:05",
                "2026-03-29T04:00:00",
                "30 2 * * *",
                Due::NotYet,
                "and only then",
            ),
            (
                "2026-03-28T22:00:00",
                "2026-03-29T09:00:00",
                "30 2 * * *",
                Due::Missed,
                "slept over the gap",
            ),
            ("2026-10-24T22:00:00", "2026-10-25T02:30:00", "30 2 * * *", Due::Now, "first of two"),
            (
                "2026-10-25T02:30:00",
                "2026-10-25T03:30:00",
                "30 2 * * *",
                Due::NotYet,
                "not the second",
            ),
        ] {
            let line = CronLine::read(line).unwrap();
            assert_eq!(what_is_due(at(last), at(now), &line, &berlin), due, "{why}");
        }
    }

    #[test]
    fn looked_at_each_minute_every_hour_fires_once() {
        // Over both changes of daylight saving: 86,400 s have 24 hours, whatever the wall says.
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        let line = CronLine::read("30 */1 * * *").unwrap();
        for start in [1_774_731_600, 1_792_872_000] {
            let (mut last, mut fired) = (Moment(start), 0);
            for minute in 1..=24 * 60 {
                let now = Moment(start + minute * 60);
                if what_is_due(last, now, &line, &berlin) == Due::Now {
                    (last, fired) = (now, fired + 1);
                }
            }
            assert_eq!(fired, 24);
        }
    }
}
