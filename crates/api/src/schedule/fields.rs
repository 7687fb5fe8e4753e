//! The five fields of a crontab line, read sign by sign, so that a mistake is told by its place.
//!
//! The form is that of crontab(5): numbers, ranges, steps, lists, and three-letter English names of months
//! and days. What some programs add to it (`L`, `W`, `#`, `?`, seconds, years) is refused: a line that was
//! copied from there would mean something else here.

use std::ops::RangeInclusive;

use super::cron::CronRefusal;

/// One field.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Field {
    /// Which of the five.
    pub(super) kind: &'static Kind,
    /// A lone `*`.
    pub(super) every: bool,
    /// The step of a lone `*/step`.
    pub(super) step: Option<u16>,
    /// Whether any part of it begins with `*`.
    pub(super) wild: bool,
    /// The numbers it means, in order; Sunday is 0 whichever way it was written.
    pub(super) numbers: Vec<u16>,
    /// The same in numbers alone, as croner takes it.
    pub(super) plain: String,
}

/// What a field may hold.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct Kind {
    /// What it is called in messages.
    pub(super) name: &'static str,
    least: u16,
    most: u16,
    /// Names for numbers, the first for `least`.
    names: &'static [&'static str],
}

/// The five, in their order.
pub(super) static KINDS: [Kind; 5] = [
    Kind { name: "minutes", least: 0, most: 59, names: &[] },
    Kind { name: "hours", least: 0, most: 23, names: &[] },
    Kind { name: "days of the month", least: 1, most: 31, names: &[] },
    Kind {
        name: "months",
        least: 1,
        most: 12,
        names: &[
            "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
        ],
    },
    Kind {
        name: "days of the week",
        least: 0,
        most: 7,
        names: &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"],
    },
];

impl Kind {
    /// What may be entered, for messages.
    fn allowed(&self) -> String {
        let names = match self.names {
            [] => String::new(),
            [first, .., last] => format!(", or names from {first} to {last}"),
            [one] => format!(", or {one}"),
        };
        format!("numbers from {} to {}{names}", self.least, self.most)
    }
}

/// A piece of the line and where it begins: signs are counted from 1, as people count.
#[derive(Clone, Copy)]
pub(super) struct Piece<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
}

impl<'a> Piece<'a> {
    /// The pieces between separators.
    fn split(self, separator: char) -> impl Iterator<Item = Piece<'a>> {
        let mut at = self.at;
        self.text.split(separator).map(move |text| {
            let piece = Piece { text, at };
            at += text.chars().count() + 1;
            piece
        })
    }

    /// What stands before and after the first separator.
    fn cut(self, separator: char) -> (Piece<'a>, Option<Piece<'a>>) {
        match self.text.split_once(separator) {
            Some((before, after)) => (
                Piece { text: before, at: self.at },
                Some(Piece { text: after, at: self.at + before.chars().count() + 1 }),
            ),
            None => (self, None),
        }
    }
}

/// The words of a line with their places.
pub(super) fn words(line: &str) -> Vec<Piece<'_>> {
    let mut words = Vec::new();
    let mut start = None;
    let mut count = 0;
    for (byte, sign) in line.char_indices() {
        count += 1;
        match (sign.is_whitespace(), start) {
            (false, None) => start = Some((byte, count)),
            (true, Some((from, at))) => {
                words.push(Piece { text: &line[from..byte], at });
                start = None;
            }
            _ => {}
        }
    }
    if let Some((from, at)) = start {
        words.push(Piece { text: &line[from..], at });
    }
    words
}

/// Reads one field.
pub(super) fn field(kind: &'static Kind, piece: Piece<'_>) -> Result<Field, CronRefusal> {
    let mut on = [false; 60];
    let mut plain = String::new();
    let mut wild = false;
    for part in piece.split(',') {
        let (base, step) = part.cut('/');
        let step = step.map(|step| self::step(kind, step)).transpose()?;
        let range = if base.text == "*" {
            wild = true;
            kind.least..=kind.most
        } else {
            range(kind, base, step.is_some())?
        };
        if !plain.is_empty() {
            plain.push(',');
        }
        match (base.text, step) {
            ("*", None) => plain.push('*'),
            ("*", Some(step)) => plain.push_str(&format!("*/{step}")),
            (_, None) => plain.push_str(&format!("{}-{}", range.start(), range.end())),
            (_, Some(step)) => {
                plain.push_str(&format!("{}-{}/{step}", range.start(), range.end()));
            }
        }
        for number in range.step_by(usize::from(step.unwrap_or(1))) {
            let number = if kind.most == 7 && number == 7 { 0 } else { number };
            if let Some(slot) = on.get_mut(usize::from(number)) {
                *slot = true;
            }
        }
    }
    let numbers: Vec<u16> =
        (0..60_u16).filter(|n| on.get(usize::from(*n)).copied().unwrap_or(false)).collect();
    let lone = piece.text.strip_prefix("*/").filter(|rest| !rest.contains(','));
    Ok(Field {
        kind,
        every: piece.text == "*" || lone == Some("1"),
        step: lone.and_then(|step| step.parse().ok()),
        wild,
        numbers,
        plain: if lone == Some("1") { "*".to_owned() } else { plain },
    })
}

fn range(
    kind: &'static Kind,
    piece: Piece<'_>,
    stepped: bool,
) -> Result<RangeInclusive<u16>, CronRefusal> {
    let (first, last) = piece.cut('-');
    let start = number(kind, first)?;
    let Some(last) = last else {
        // "5/15" is read as in most crontabs: from 5 on.
        return Ok(start..=if stepped { kind.most } else { start });
    };
    let mut end = number(kind, last)?;
    // From Friday to Sunday: the week may end with its Sunday.
    if kind.most == 7 && end == 0 && start > 0 {
        end = 7;
    }
    if end < start {
        return Err(refuse(
            kind,
            piece,
            &format!("the range \"{}\" ends before it begins", shown(piece.text)),
            "put the smaller number first, or write two ranges with a comma between them",
        ));
    }
    Ok(start..=end)
}

fn number(kind: &'static Kind, piece: Piece<'_>) -> Result<u16, CronRefusal> {
    let todo = || format!("use {}", kind.allowed());
    if piece.text.is_empty() {
        return Err(refuse(kind, piece, "a number is missing", todo()));
    }
    if let Some(place) = kind.names.iter().position(|name| name.eq_ignore_ascii_case(piece.text)) {
        return Ok(kind.least + u16::try_from(place).unwrap_or(0));
    }
    if !piece.text.bytes().all(|byte| byte.is_ascii_digit()) {
        let what = format!("\"{}\" is not known", shown(piece.text));
        return Err(refuse(kind, piece, &what, todo()));
    }
    match piece.text.parse::<u16>() {
        Ok(number) if number < kind.least => {
            Err(refuse(kind, piece, &format!("{number} is less than {}", kind.least), todo()))
        }
        Ok(number) if number <= kind.most => Ok(number),
        _ => {
            let what = format!("{} is more than {}", shown(piece.text), kind.most);
            Err(refuse(kind, piece, &what, todo()))
        }
    }
}

fn step(kind: &'static Kind, piece: Piece<'_>) -> Result<u16, CronRefusal> {
    let digits = !piece.text.is_empty() && piece.text.bytes().all(|byte| byte.is_ascii_digit());
    match piece.text.parse::<u16>() {
        Ok(step) if digits && (1..=kind.most).contains(&step) => Ok(step),
        _ => Err(refuse(
            kind,
            piece,
            &format!("\"{}\" is no step", shown(piece.text)),
            format!("after the / put a number from 1 to {}", kind.most),
        )),
    }
}

fn refuse(
    kind: &'static Kind,
    piece: Piece<'_>,
    what: &str,
    todo: impl Into<String>,
) -> CronRefusal {
    CronRefusal::at(piece.at, format!("{}: {what}", kind.name), todo)
}

/// A piece of what was typed, for a message: short, on one line.
pub(super) fn shown(text: &str) -> String {
    let mut signs = text.chars().map(|sign| if sign.is_control() { ' ' } else { sign });
    let start: String = signs.by_ref().take(20).collect();
    if signs.next().is_some() { format!("{start}…") } else { start }
}
