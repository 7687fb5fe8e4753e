//! What a setting may be, and how a value that somebody typed is read.

use crate::Refusal;
use crate::schedule::CronLine;

/// What a setting may be.
#[derive(PartialEq, Eq, Debug)]
pub enum Kind {
    /// `true` or `false`; 1, 0, yes, no, on and off are read as well.
    Switch,
    /// A whole number.
    Number {
        /// The least.
        min: u64,
        /// The most.
        max: u64,
        /// What is counted.
        unit: Option<&'static str>,
    },
    /// The name of a time zone, or nothing for this computer's.
    TimeZone,
    /// A crontab line of five fields.
    Crontab,
    /// An address of this computer, in numbers.
    Address,
    /// One of a few words.
    Choice(&'static [Choice]),
    /// A folder by its whole path, or nothing for the usual one.
    Folder,
}

/// One of a few words.
#[derive(PartialEq, Eq, Debug)]
pub struct Choice {
    /// The word.
    pub value: &'static str,
    /// What it is called.
    pub title: &'static str,
}

impl Kind {
    /// The plain form of what was typed, or why it cannot be taken. Spaces around it do not count.
    pub fn read(&self, typed: &str) -> Result<String, Refusal> {
        const LONGEST: usize = 200;
        let text = typed.trim();
        let wrong = |todo: String| {
            let short: String = text
                .chars()
                .take(40)
                .map(|sign| if sign.is_control() { ' ' } else { sign })
                .collect();
            Err(Refusal::new(format!("\"{short}\" cannot be used"), todo))
        };
        if text.chars().count() > LONGEST {
            return wrong(format!("enter at most {LONGEST} signs"));
        }
        match self {
            Self::Switch => match text.to_ascii_lowercase().as_str() {
                "1" | "true" | "yes" | "on" => Ok("true".to_owned()),
                "0" | "false" | "no" | "off" => Ok("false".to_owned()),
                _ => wrong("enter true or false".to_owned()),
            },
            Self::Number { min, max, .. } => match text.parse::<u64>() {
                Ok(number) if (*min..=*max).contains(&number) => Ok(number.to_string()),
                _ => wrong(format!("enter a whole number from {min} to {max}")),
            },
            Self::TimeZone if text.is_empty() => Ok(String::new()),
            Self::TimeZone => match jiff::tz::TimeZone::get(text) {
                Ok(zone) => Ok(zone.iana_name().unwrap_or(text).to_owned()),
                Err(_) => wrong("enter the name of a time zone such as Europe/Berlin".to_owned()),
            },
            Self::Crontab => match CronLine::read(text) {
                Ok(line) => Ok(line.as_str().to_owned()),
                Err(refused) => Err(refused.refusal),
            },
            Self::Address => match text.parse::<std::net::IpAddr>() {
                Ok(address) => Ok(address.to_string()),
                Err(_) => wrong("enter an address in numbers such as 127.0.0.1".to_owned()),
            },
            Self::Folder if text.is_empty() || std::path::Path::new(text).is_absolute() => {
                Ok(text.to_owned())
            }
            Self::Folder => wrong("enter the whole path of a folder".to_owned()),
            Self::Choice(choices) => {
                match choices.iter().find(|choice| choice.value.eq_ignore_ascii_case(text)) {
                    Some(choice) => Ok(choice.value.to_owned()),
                    None => {
                        let values: Vec<_> = choices.iter().map(|choice| choice.value).collect();
                        wrong(format!("enter one of: {}", values.join(", ")))
                    }
                }
            }
        }
    }
}
