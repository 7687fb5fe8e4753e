//! `history` and `explain`

use serde::Serialize;
use watchstate_api::{ApiError, Household};
use watchstate_model::{Because, TitleId};
use watchstate_store::{Copied, Entry, Explained, Said};

use crate::End;
use crate::json::{self, WatchJson};
use crate::table::table;
use crate::terminal::say;
use crate::words::{self, journal_mark, reason, stamp, time, time_or};

/// `history [TEXT]`
pub(crate) async fn history(
    household: &Household,
    text: &str,
    most: u32,
    json: bool,
) -> Result<End, ApiError> {
    #[derive(Serialize)]
    struct All<'a> {
        titles: Vec<EntryJson<'a>>,
    }
    let entries = household.store().history(household.person(), text, most).await?;
    if json {
        say(&json::line(&All { titles: entries.iter().map(EntryJson::of).collect() }));
    } else if entries.is_empty() {
        say(if text.is_empty() {
            "Nothing is known yet. Begin with: watchstate-cli import"
        } else {
            "No title has all these words."
        });
    } else {
        let rows: Vec<Vec<String>> = entries
            .iter()
            .map(|entry| {
                vec![
                    entry.title.to_string(),
                    entry.name.clone(),
                    words::watch(entry.watch),
                    time_or(entry.played_at, ""),
                    entry.by.clone().unwrap_or_default(),
                    reason(entry.because).to_owned(),
                ]
            })
            .collect();
        say(&table(&["ID", "TITLE", "STATE", "PLAYED", "BY", "WHY"], &rows));
    }
    Ok(End::Well)
}

/// `explain TITLE_ID`
pub(crate) async fn explain(
    household: &Household,
    title: i64,
    json: bool,
) -> Result<End, ApiError> {
    let explained = household.store().explain(household.person(), TitleId(title)).await?;
    let explained = explained.ok_or_else(|| {
        ApiError::usage(format!("there is no title {title}; find its number with history"))
    })?;
    if json {
        #[derive(Serialize)]
        struct All<'a> {
            title: EntryJson<'a>,
            copies: Vec<CopyJson<'a>>,
            journal: Vec<SaidJson<'a>>,
        }
        say(&json::line(&All {
            title: EntryJson::of(&explained.entry),
            copies: explained.copies.iter().map(CopyJson::of).collect(),
            journal: explained.journal.iter().map(SaidJson::of).collect(),
        }));
    } else {
        say(&told(&explained));
    }
    Ok(End::Well)
}

fn told(explained: &Explained) -> String {
    let entry = &explained.entry;
    let mut lines = vec![format!("{} (title {})", entry.name, entry.title)];
    let by = entry.by.as_deref().map(|by| format!(" on {by}")).unwrap_or_default();
    let why = match entry.because {
        Some(because) => format!(": {because}{by}"),
        None => ": nobody ever touched it".to_owned(),
    };
    lines.push(format!("We hold it to be {}{why}", words::watch(entry.watch)));
    if let Some(at) = entry.played_at {
        lines.push(format!("Last played {}", time(at)));
    }
    for copy in &explained.copies {
        lines.push(String::new());
        let gone = if copy.present { "" } else { ", which was not there at the last look" };
        lines.push(format!("{} has it as item {}{gone}", copy.backend, copy.key.as_str()));
        lines.push(format!("  ids      {}", if copy.ids.is_empty() { "none" } else { &copy.ids }));
        if let Some(path) = &copy.path {
            lines.push(format!("  file     {path}"));
        }
        lines.push(format!("  shows    {}", words::watch(copy.shows)));
        lines.push(match copy.agreed {
            Some((watch, at)) => format!("  agreed   {}, {}", words::watch(watch), time(at)),
            None => "  agreed   never: its marks were not taken yet".to_owned(),
        });
        lines.push(format!("  decided  {}", reason(copy.because)));
        if let Some((watch, waits)) = copy.owed {
            let waits = waits.map(|why| format!("; waits: {why}")).unwrap_or_default();
            lines.push(format!("  owed     {}{waits}", words::watch(watch)));
        }
    }
    if !explained.journal.is_empty() {
        let rows: Vec<Vec<String>> = explained
            .journal
            .iter()
            .map(|said| {
                vec![
                    time(said.at),
                    said.backend.clone().unwrap_or_else(|| "you".to_owned()),
                    said.what.clone(),
                    journal_mark(&said.was),
                    journal_mark(&said.became),
                    reason(said.because).to_owned(),
                ]
            })
            .collect();
        lines.push(String::new());
        lines.push(table(&["WHEN", "WHO", "WHAT", "WAS", "BECAME", "WHY"], &rows));
    }
    lines.join("\n")
}

#[derive(Serialize)]
struct EntryJson<'a> {
    id: i64,
    name: &'a str,
    state: WatchJson,
    played_at: Option<String>,
    by: Option<&'a str>,
    because: Option<&'static str>,
    reason: &'static str,
}

impl<'a> EntryJson<'a> {
    fn of(entry: &'a Entry) -> Self {
        Self {
            id: entry.title.0,
            name: &entry.name,
            state: WatchJson::of(entry.watch),
            played_at: entry.played_at.map(stamp),
            by: entry.by.as_deref(),
            because: entry.because.map(Because::code),
            reason: reason(entry.because),
        }
    }
}

#[derive(Serialize)]
struct CopyJson<'a> {
    backend: &'a str,
    key: &'a str,
    ids: Vec<&'a str>,
    path: Option<&'a str>,
    shows: WatchJson,
    agreed: Option<WatchJson>,
    agreed_at: Option<String>,
    present: bool,
    because: Option<&'static str>,
    reason: &'static str,
    owed: Option<WatchJson>,
    waits: Option<&'static str>,
}

impl<'a> CopyJson<'a> {
    fn of(copy: &'a Copied) -> Self {
        Self {
            backend: &copy.backend,
            key: copy.key.as_str(),
            ids: copy.ids.split_whitespace().collect(),
            path: copy.path.as_deref(),
            shows: WatchJson::of(copy.shows),
            agreed: copy.agreed.map(|(watch, _)| WatchJson::of(watch)),
            agreed_at: copy.agreed.map(|(_, at)| stamp(at)),
            present: copy.present,
            because: copy.because.map(Because::code),
            reason: reason(copy.because),
            owed: copy.owed.map(|(watch, _)| WatchJson::of(watch)),
            waits: copy.owed.and_then(|(_, why)| why).map(Because::code),
        }
    }
}

#[derive(Serialize)]
struct SaidJson<'a> {
    at: String,
    backend: Option<&'a str>,
    what: &'a str,
    was: &'a str,
    became: &'a str,
    because: Option<&'static str>,
    reason: &'static str,
}

impl<'a> SaidJson<'a> {
    fn of(said: &'a Said) -> Self {
        Self {
            at: stamp(said.at),
            backend: said.backend.as_deref(),
            what: &said.what,
            was: &said.was,
            became: &said.became,
            because: said.because.map(Because::code),
            reason: reason(said.because),
        }
    }
}
