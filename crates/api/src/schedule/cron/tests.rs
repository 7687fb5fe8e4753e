use jiff::civil::DateTime as Civil;

use super::*;

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap()
}

/// A wall clock time; `+2` behind it tells which of two equal ones.
fn at(zone: &TimeZone, wall: &str) -> Moment {
    let (wall, offset) = match wall.split_once('+') {
        Some((wall, offset)) => (wall, Some(offset.parse::<i64>().unwrap())),
        None => (wall, None),
    };
    let wall: Civil = format!("{wall}:00").parse().unwrap();
    match offset {
        Some(hours) => {
            let utc = TimeZone::UTC.to_timestamp(wall).unwrap();
            Moment(utc.as_second() - hours * 3600)
        }
        None => Moment(zone.to_ambiguous_timestamp(wall).unambiguous().unwrap().as_second()),
    }
}

fn wall(zone: &TimeZone, at: Moment) -> String {
    let zoned = Timestamp::from_second(at.0).unwrap().to_zoned_datetime(zone.clone());
    zoned.strftime("%Y-%m-%dT%H:%M%:z").to_string()
}

#[test]
fn lines_that_are_one_and_what_they_mean() {
    for (line, words) in [
        ("* * * * *", "every minute"),
        ("*/1 * * * *", "every minute"),
        ("*/15 * * * *", "every 15 minutes"),
        ("*/7 * * * *", "every hour at 0, 7, 14, 21, 28, 35, 42, 49 and 56 past"),
        ("0 */1 * * *", "every hour on the hour"),
        ("30 */1 * * *", "every hour at 30 past"),
        ("10 * * * *", "every hour at 10 past"),
        ("15,45 * * * *", "every hour at 15 and 45 past"),
        ("15 */6 * * *", "every 6 hours at 15 past"),
        ("0 */12 * * *", "every 12 hours on the hour"),
        ("0 */5 * * *", "every day at 00:00, 05:00, 10:00, 15:00 and 20:00"),
        ("0 6 * * *", "every day at 06:00"),
        ("30 6,18 * * *", "every day at 06:30 and 18:30"),
        ("*/10 8-10 * * *", "every 10 minutes from 08:00 to 10:59"),
        ("*/20 1,9 * * *", "every day at 01:00, 01:20, 01:40, 09:00, 09:20 and 09:40"),
        ("* 1,9 * * *", "every minute in the hours that begin at 01:00 and 09:00"),
        ("0 6 */3 * *", "at 06:00 on days 1, 4, 7 and so on to 31 of the month"),
        ("0 4 */25 * *", "at 04:00 on days 1 and 26 of the month"),
        ("0 3 * * 3", "at 03:00 on Wednesday"),
        ("0 3 * * mon-fri", "at 03:00 from Monday to Friday"),
        ("0 3 * * FRI-SUN", "at 03:00 on Friday, Saturday and Sunday"),
        ("0 3 * * 6,7", "at 03:00 on Saturday and Sunday"),
        ("0 0 13 * 5", "at 00:00 on day 13 of the month, and also on Friday"),
        ("0 0 29 2 *", "at 00:00 on day 29 of the month in February"),
        ("0 0 31 Jan,apr *", "at 00:00 on day 31 of the month in January and April"),
        ("5/20 * * * *", "every hour at 5, 25 and 45 past"),
        ("10-30/10 * * * *", "every hour at 10, 20 and 30 past"),
        ("  0   6 * *  * ", "every day at 06:00"),
        ("@hourly", "every hour on the hour"),
        ("@Weekly", "at 00:00 on Sunday"),
        ("0 * * 1-6 *", "every hour on the hour in January, February, March, April, May and June"),
    ] {
        let read = CronLine::read(line).unwrap_or_else(|e| panic!("{line}: {e}"));
        assert_eq!(read.words(), words, "{line}");
        let zone = zone("Europe/Berlin");
        let runs = read.next_runs(Moment(1_700_000_000), &zone, 3);
        assert_eq!(runs.len(), 3, "{line} has next times");
        assert!(runs.is_sorted() && runs[0] > Moment(1_700_000_000), "{line}: {runs:?}");
    }
    assert_eq!(CronLine::read(" 0  6 * * *").unwrap().as_str(), "0 6 * * *");
}

#[test]
fn lines_that_are_none_and_where() {
    for (line, sign, part) in [
        ("", 1, "minutes are missing"),
        ("   ", 1, "minutes are missing"),
        ("0 6 * *", 8, "days of the week are missing"),
        ("0 0 6 * * *", 11, "a field too many"),
        ("60 * * * *", 1, "minutes: 60 is more than 59"),
        ("0 24 * * *", 3, "hours: 24 is more than 23"),
        ("0 0 0 * *", 5, "days of the month: 0 is less than 1"),
        ("0 0 32 * *", 5, "32 is more than 31"),
        ("0 0 1 13 *", 7, "months: 13 is more than 12"),
        ("0 0 * * 8", 9, "days of the week: 8 is more than 7"),
        ("0 0 * * MOO", 9, "\"MOO\" is not known"),
        ("0 0 * * 1,MOO", 11, "\"MOO\" is not known"),
        ("0 0 * MON *", 7, "months: \"MON\" is not known"),
        ("-1 * * * *", 1, "a number is missing"),
        ("1- * * * *", 3, "a number is missing"),
        ("1,,2 * * * *", 3, "a number is missing"),
        ("1, * * * *", 3, "a number is missing"),
        ("30-10 * * * *", 1, "ends before it begins"),
        ("1-2-3 * * * *", 3, "\"2-3\" is not known"),
        ("*/0 * * * *", 3, "\"0\" is no step"),
        ("*/ * * * *", 3, "\"\" is no step"),
        ("*/60 * * * *", 3, "\"60\" is no step"),
        ("*/+5 * * * *", 3, "\"+5\" is no step"),
        ("*/5/2 * * * *", 3, "\"5/2\" is no step"),
        ("** * * * *", 1, "\"**\" is not known"),
        ("0 0 L * *", 5, "\"L\" is not known"),
        ("0 0 15W * *", 5, "\"15W\" is not known"),
        ("0 0 ? * 1", 5, "\"?\" is not known"),
        ("0 0 * * 5#2", 9, "\"5#2\" is not known"),
        ("99999999999 * * * *", 1, "is more than 59"),
        ("٣ * * * *", 1, "is not known"),
        ("é 0 * * *", 1, "\"é\" is not known"),
        ("0 é * * *", 3, "\"é\" is not known"),
        ("@reboot", 1, "\"@reboot\" is not known"),
        ("@daily 5", 1, "is not known"),
        ("0 0 30 2 *", 5, "none of the months has a day 30"),
        ("0 0 31 2,4,6,9,11 *", 5, "none of the months has a day 31"),
        ("every hour", 1, "\"every\" is not known"),
    ] {
        let refused = CronLine::read(line).expect_err(line);
        assert_eq!(refused.at, sign, "{line}: {refused}");
        let what = &refused.refusal.what;
        assert!(what.contains(part), "{line}: {what}");
        assert!(what.contains(&format!("at sign {sign}")), "{line}: {what}");
        assert!(!refused.refusal.todo.is_empty(), "{line}");
    }
    assert!(CronLine::read("0 0 30 2 1").is_ok(), "either is enough, and there are Mondays");
    let huge = "1,".repeat(100_000);
    assert_eq!(CronLine::read(&huge).unwrap_err().at, 201, "a huge line is not looked into");
}

#[test]
fn both_changes_of_daylight_saving() {
    // In 2026 clocks go forward on 29 March and back on 25 October (Berlin, at 2 and 3 o'clock), and on
    // 8 March and 1 November (New York, at 2 o'clock).
    type Case = (&'static str, &'static str, &'static str, &'static [&'static str], &'static str);
    let cases: &[Case] = &[
        (
            "Europe/Berlin",
            "30 2 * * *",
            "2026-03-28T02:30",
            &["2026-03-29T03:00+02:00", "2026-03-30T02:30+02:00"],
            "a time in the gap: once, at its end",
        ),
        (
            "Europe/Berlin",
            "30 2 * * *",
            "2026-10-24T12:00",
            &["2026-10-25T02:30+02:00", "2026-10-26T02:30+01:00"],
            "a time that is there twice: once, the first",
        ),
        (
            "Europe/Berlin",
            "30 2 * * *",
            "2026-10-25T02:10+1",
            &["2026-10-26T02:30+01:00"],
            "asked within the second of the two hours: it was before",
        ),
        (
            "Europe/Berlin",
            "0 3 * * *",
            "2026-10-25T02:10+1",
            &["2026-10-25T03:00+01:00"],
            "what is behind the second hour is not lost",
        ),
        (
            "Europe/Berlin",
            "0 2,14 * * *",
            "2026-03-28T14:00",
            &["2026-03-29T03:00+02:00", "2026-03-29T14:00+02:00"],
            "one of several named hours in the gap",
        ),
        (
            "Europe/Berlin",
            "*/30 2 * * *",
            "2026-03-28T12:00",
            &["2026-03-29T03:00+02:00", "2026-03-30T02:00+02:00"],
            "several times in the gap: once",
        ),
        (
            "Europe/Berlin",
            "30 */1 * * *",
            "2026-03-29T00:40",
            &["2026-03-29T01:30+01:00", "2026-03-29T03:30+02:00"],
            "every hour through the gap: an hour apart",
        ),
        (
            "Europe/Berlin",
            "30 */1 * * *",
            "2026-10-25T01:40+2",
            &["2026-10-25T02:30+02:00", "2026-10-25T02:30+01:00", "2026-10-25T03:30+01:00"],
            "every hour through the double hour: an hour apart",
        ),
        (
            "Europe/Berlin",
            "*/30 * * * *",
            "2026-10-25T02:15+1",
            &["2026-10-25T02:30+01:00", "2026-10-25T03:00+01:00"],
            "asked within the second hour",
        ),
        (
            "America/New_York",
            "0 2 * * *",
            "2026-03-07T12:00",
            &["2026-03-08T03:00-04:00", "2026-03-09T02:00-04:00"],
            "the gap of another zone",
        ),
        (
            "America/New_York",
            "30 1 * * *",
            "2026-10-31T12:00",
            &["2026-11-01T01:30-04:00", "2026-11-02T01:30-05:00"],
            "the double hour of another zone",
        ),
        (
            "Australia/Lord_Howe",
            "*/30 * * * *",
            "2026-04-05T01:20+11",
            &["2026-04-05T01:30+11:00", "2026-04-05T01:30+10:30", "2026-04-05T02:00+10:30"],
            "a change of half an hour",
        ),
        (
            "Africa/Cairo",
            "0 0 * * *",
            "2026-04-23T12:00",
            &["2026-04-24T01:00+03:00", "2026-04-25T00:00+03:00"],
            "a gap at midnight",
        ),
        (
            "Asia/Kolkata",
            "0 6 * * *",
            "2026-03-28T07:00",
            &["2026-03-29T06:00+05:30"],
            "no daylight saving at all",
        ),
        (
            "Europe/Berlin",
            "0 0 29 2 *",
            "2026-01-01T00:00",
            &["2028-02-29T00:00+01:00", "2032-02-29T00:00+01:00"],
            "once in four years",
        ),
    ];
    for (name, line, from, runs, why) in cases {
        let zone = zone(name);
        let line = CronLine::read(line).unwrap();
        let next = line.next_runs(at(&zone, from), &zone, runs.len());
        let next: Vec<_> = next.into_iter().map(|at| wall(&zone, at)).collect();
        assert_eq!(next, *runs, "{line} in {name}: {why}");
    }
}

#[test]
fn every_hour_of_two_years_once() {
    let zone = zone("Europe/Berlin");
    let line = CronLine::read("0 */1 * * *").unwrap();
    let mut at = Moment(1_767_222_000); // 2026-01-01 00:00 in Berlin
    for hour in 0..2 * 365 * 24 {
        let next = line.next(at, &zone).unwrap();
        assert_eq!(next.0 - at.0, 3600, "hour {hour}: from {}", wall(&zone, at));
        at = next;
    }
}

#[test]
fn no_moment_is_too_far() {
    let line = CronLine::read("0 6 * * *").unwrap();
    for at in [i64::MIN, i64::MAX, -1, 253_402_300_000] {
        // Whatever comes, it is no panic.
        let _ = line.next(Moment(at), &zone("Europe/Berlin"));
    }
    assert_eq!(line.next(Moment(0), &TimeZone::UTC), Some(Moment(6 * 3600)));
}
