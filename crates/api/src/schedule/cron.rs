//! A crontab line: whether it is one, when it runs, and what it means in plain words.
//!
//! croner, which tokio-cron-scheduler uses as well, finds the times within a stretch of constant offset from
//! UTC; the stretches come from the time zone. Asked with a whole time zone, croner 3.0.1 leaves out
//! what happens in the second of two equal hours in autumn, and from within that hour answers with a time
//! that is past. The rules here are those of cron(8) of Vixie and its heirs: a line that names its hours runs
//! once, in the spring gap at the end of the gap and in the autumn hour at the first of the two; a line
//! with a `*` in its hours goes on in real time.

use std::fmt;

use chrono::{DateTime, FixedOffset};
use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use watchstate_model::Moment;

use super::fields::{Field, KINDS, field, shown, words};
use crate::{ApiError, Refusal};

/// A line that was read.
#[derive(Clone, Debug)]
pub struct CronLine {
    text: String,
    cron: Cron,
    pub(super) fields: [Field; 5],
}

/// Two lines are the same if they are written the same.
impl PartialEq for CronLine {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for CronLine {}

impl fmt::Display for CronLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Why a line is refused, and where its mistake is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CronRefusal {
    /// Which sign of the line, counted from 1 as it was typed.
    pub at: usize,
    /// What is wrong, with that place in words, and what to do.
    pub refusal: Refusal,
}

impl CronRefusal {
    pub(super) fn at(at: usize, what: impl fmt::Display, todo: impl Into<String>) -> Self {
        Self { at, refusal: Refusal::new(format!("at sign {at}, {what}"), todo) }
    }
}

impl fmt::Display for CronRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.refusal.fmt(f)
    }
}

impl std::error::Error for CronRefusal {}

impl From<CronRefusal> for ApiError {
    fn from(refused: CronRefusal) -> Self {
        refused.refusal.into()
    }
}

/// How long a line may be: longer ones are no schedule.
const LONGEST: usize = 200;
/// How many stretches of constant offset are searched for the next time: two a year, so more than the
/// eight years between two 29 February.
const STRETCHES: usize = 64;
/// The moments that are looked at: from 1970 to 3998, within which every library can count.
const YEARS: std::ops::Range<i64> = 0..64_000_000_000;
const FIVE: &str = "a line has five fields: minutes, hours, days of the month, months, days of the \
                    week; for example 0 */1 * * *";

impl CronLine {
    /// Reads a line of five fields, or one of the short names `@hourly`, `@daily`, `@weekly`, `@monthly`,
    /// `@yearly`.
    pub fn read(line: &str) -> Result<Self, CronRefusal> {
        if line.chars().count() > LONGEST {
            return Err(CronRefusal::at(LONGEST + 1, "the line is too long", FIVE));
        }
        let typed = words(line);
        let text = typed.iter().map(|word| word.text).collect::<Vec<_>>().join(" ");
        let long = match typed.first() {
            Some(word) if word.text.starts_with('@') => match long_form(&text) {
                Some(long) => words(long),
                None => {
                    return Err(CronRefusal::at(
                        word.at,
                        format!("\"{}\" is not known", shown(&text)),
                        "use @hourly, @daily, @weekly, @monthly or @yearly, or five fields",
                    ));
                }
            },
            _ => typed,
        };
        if let Some(sixth) = long.get(5) {
            return Err(CronRefusal::at(
                sixth.at,
                format!("a field too many: the line has {}", long.len()),
                format!("{FIVE}; there is none for seconds or years"),
            ));
        }
        let mut fields = Vec::with_capacity(5);
        for (kind, word) in KINDS.iter().zip(&long) {
            fields.push(field(kind, *word)?);
        }
        let fields: [Field; 5] = fields.try_into().map_err(|fields: Vec<Field>| {
            let end = line.trim_end().chars().count() + 1;
            let missing = KINDS.get(fields.len()).map_or("", |kind| kind.name);
            CronRefusal::at(end, format!("the {missing} are missing"), FIVE)
        })?;
        let [_, _, days, months, week] = &fields;
        if week.every
            && let Some(day) = days.numbers.first()
            && let Some(month) = long.get(2)
            && !months.numbers.iter().any(|month| *day <= longest_month(*month))
        {
            return Err(CronRefusal::at(
                month.at,
                format!("none of the months has a day {day}, so this never runs"),
                "choose another day or another month",
            ));
        }
        let plain = fields.each_ref().map(|field| field.plain.as_str()).join(" ");
        let parser =
            CronParser::builder().seconds(Seconds::Disallowed).year(Year::Optional).build();
        let cron = parser.parse(&plain).map_err(|error| {
            tracing::warn!(%error, plain, "croner refused a line that was read");
            CronRefusal::at(1, "the line cannot be used", FIVE)
        })?;
        Ok(Self { text, cron, fields })
    }

    /// The line as it was typed, with single spaces.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The first time after a moment, in a time zone; nothing if there is none in the next decades.
    pub fn next(&self, after: Moment, zone: &TimeZone) -> Option<Moment> {
        if !YEARS.contains(&after.0) {
            return None;
        }
        let start = Timestamp::from_second(after.0).ok()?;
        let named_hours = !self.fields[1].wild;
        let mut offset = zone.to_offset(start).seconds();
        // The search begins behind this moment.
        let mut behind = after.0;
        if named_hours
            // In the second of two equal hours everything has happened in the first.
            && let Some(back) = zone.preceding(Timestamp::from_second(after.0.saturating_add(1)).ok()?).next()
        {
            let moved = offset_before(zone, back.timestamp())?.saturating_sub(offset);
            behind = behind.max(back.timestamp().as_second() + i64::from(moved) - 1);
        }
        let mut changes = zone.following(start);
        for _ in 0..STRETCHES {
            let change = changes.next();
            let found = self.within(behind, offset)?;
            let Some(change) = change else {
                return Some(Moment(found));
            };
            let at = change.timestamp().as_second();
            if found < at {
                return Some(Moment(found));
            }
            let moved = i64::from(change.offset().seconds()) - i64::from(offset);
            if named_hours && moved > 0 && found < at + moved {
                return Some(Moment(at));
            }
            offset = change.offset().seconds();
            behind = at - 1;
            if named_hours && moved < 0 {
                behind -= moved;
            }
        }
        None
    }

    /// The next times after a moment.
    pub fn next_runs(&self, after: Moment, zone: &TimeZone, count: usize) -> Vec<Moment> {
        let mut from = Some(after);
        std::iter::from_fn(|| {
            from = self.next(from?, zone);
            from
        })
        .take(count)
        .collect()
    }

    /// The first time behind a moment, at a constant offset from UTC in seconds.
    fn within(&self, behind: i64, offset: i32) -> Option<i64> {
        let offset = FixedOffset::east_opt(offset)?;
        let start = DateTime::from_timestamp(behind, 0)?.with_timezone(&offset);
        self.cron.find_next_occurrence(&start, false).ok().map(|at| at.timestamp())
    }
}

/// The offset from UTC that was left at a change.
fn offset_before(zone: &TimeZone, change: Timestamp) -> Option<i32> {
    Some(zone.to_offset(Timestamp::from_second(change.as_second() - 1).ok()?).seconds())
}

fn long_form(name: &str) -> Option<&'static str> {
    Some(match name.to_ascii_lowercase().as_str() {
        "@hourly" => "0 * * * *",
        "@daily" | "@midnight" => "0 0 * * *",
        "@weekly" => "0 0 * * 0",
        "@monthly" => "0 0 1 * *",
        "@yearly" | "@annually" => "0 0 1 1 *",
        _ => return None,
    })
}

/// How many days a month has at most.
fn longest_month(month: u16) -> u16 {
    match month {
        2 => 29,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests;
