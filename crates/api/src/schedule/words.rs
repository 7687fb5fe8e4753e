//! What a crontab line means, as a sentence.

use super::cron::CronLine;
use super::fields::Field;

const DAYS: [&str; 7] =
    ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
/// How many times of day are listed one by one.
const LISTED: usize = 6;

impl CronLine {
    /// The line in plain words, without a full stop: "every hour at 30 past".
    pub fn words(&self) -> String {
        let [minutes, hours, days, months, week] = &self.fields;
        let any_day = days.every && week.every;
        let mut said = time_of_day(minutes, hours, any_day && months.every);
        if let Some(on) = on_days(days, week) {
            said.push_str(&on);
        }
        if !months.every {
            let names: Vec<_> =
                months.numbers.iter().filter_map(|n| named(&MONTHS, *n, 1)).collect();
            said.push_str(&format!(" in {}", list(&names)));
        }
        said
    }
}

fn time_of_day(minutes: &Field, hours: &Field, every_day: bool) -> String {
    let day = if every_day { "every day " } else { "" };
    if let [minute] = minutes.numbers[..] {
        let past = if minute == 0 { "on the hour".to_owned() } else { format!("at {minute} past") };
        if hours.every {
            return format!("every hour {past}");
        }
        if let Some(step) = evenly(hours, 24) {
            return format!("every {step} hours {past}");
        }
    }
    if !minutes.every && hours.numbers.len() * minutes.numbers.len() <= LISTED {
        let times: Vec<_> = hours
            .numbers
            .iter()
            .flat_map(|hour| minutes.numbers.iter().map(move |minute| clock(*hour, *minute)))
            .collect();
        return format!("{day}at {}", list(&times));
    }
    let often = if minutes.every {
        "every minute".to_owned()
    } else if let Some(step) = evenly(minutes, 60) {
        format!("every {step} minutes")
    } else {
        format!("at {} past", list(&numbers(&minutes.numbers)))
    };
    if hours.every {
        return match often.strip_prefix("at ") {
            Some(rest) => format!("every hour at {rest}"),
            None => often,
        };
    }
    match stretch(&hours.numbers) {
        Some((first, last)) => {
            format!("{often} from {} to {}", clock(first, 0), clock(last, 59))
        }
        None => {
            let hours: Vec<_> = hours.numbers.iter().map(|hour| clock(*hour, 0)).collect();
            format!("{often} in the hours that begin at {}", list(&hours))
        }
    }
}

fn on_days(days: &Field, week: &Field) -> Option<String> {
    let of_month = || match days.numbers[..] {
        [day] => format!("on day {day} of the month"),
        [first, second, third, .., last] if days.numbers.len() > LISTED && days.step.is_some() => {
            format!("on days {first}, {second}, {third} and so on to {last} of the month")
        }
        _ => format!("on days {} of the month", list(&numbers(&days.numbers))),
    };
    let of_week = || match stretch(&week.numbers).filter(|_| week.numbers.len() > 2) {
        Some((first, last)) => match (named(&DAYS, first, 0), named(&DAYS, last, 0)) {
            (Some(first), Some(last)) => format!("from {first} to {last}"),
            _ => String::new(),
        },
        None => {
            // A week is read from Monday on.
            let from_monday = week.numbers.iter().filter(|n| **n != 0);
            let sunday = week.numbers.iter().filter(|n| **n == 0);
            let names: Vec<_> =
                from_monday.chain(sunday).filter_map(|n| named(&DAYS, *n, 0)).collect();
            format!("on {}", list(&names))
        }
    };
    match (days.every, week.every) {
        (true, true) => None,
        (false, true) => Some(format!(" {}", of_month())),
        (true, false) => Some(format!(" {}", of_week())),
        // crontab(5): with both given, either is enough.
        (false, false) => Some(format!(" {}, and also {}", of_month(), of_week())),
    }
}

/// The step of a field that goes round evenly.
fn evenly(field: &Field, round: u16) -> Option<u16> {
    field.step.filter(|step| round.is_multiple_of(*step))
}

/// First and last of numbers without a gap, of which there are several.
fn stretch(numbers: &[u16]) -> Option<(u16, u16)> {
    let (first, last) = (*numbers.first()?, *numbers.last()?);
    (last > first && usize::from(last - first) + 1 == numbers.len()).then_some((first, last))
}

fn clock(hour: u16, minute: u16) -> String {
    format!("{hour:02}:{minute:02}")
}

fn numbers(numbers: &[u16]) -> Vec<String> {
    numbers.iter().map(u16::to_string).collect()
}

fn named(names: &[&'static str], number: u16, first: u16) -> Option<&'static str> {
    names.get(usize::from(number.checked_sub(first)?)).copied()
}

fn list<T: AsRef<str>>(parts: &[T]) -> String {
    match parts {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [many @ .., last] => {
            let many: Vec<_> = many.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", many.join(", "), last.as_ref())
        }
    }
}
