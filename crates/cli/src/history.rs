//! `history` and `explain`

use serde::Serialize;
use watchstate_api::{ApiError, Household};
use watchstate_model::{Because, TitleId};
use watchstate_store::{Copied, Entry, Explained, FeedLine, watch_text};

use crate::End;
use crate::json::{self, WatchJson};
use crate::table::table;
use crate::terminal::say;
use crate::words::{self, reason, stamp, time, time_or};

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
    let mut journal =
        household.store().feed_of(household.person(), TitleId(title), u32::MAX).await?;
    journal.reverse();
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
            journal: journal.iter().map(SaidJson::of).collect(),
        }));
    } else {
        say(&told(&explained, &journal));
    }
    Ok(End::Well)
}

fn told(explained: &Explained, journal: &[FeedLine]) -> String {
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
    if !journal.is_empty() {
        let rows: Vec<Vec<String>> = journal
            .iter()
            .map(|line| {
                vec![
                    if line.can_undo { line.id.to_string() } else { String::new() },
                    time(line.at),
                    who(line).unwrap_or("you").to_owned(),
                    what(line).to_owned(),
                    words::watch(line.was),
                    words::watch(line.became),
                    reason(line.because).to_owned(),
                ]
            })
            .collect();
        lines.push(String::new());
        lines.push(table(&["LINE", "WHEN", "WHO", "WHAT", "WAS", "BECAME", "WHY"], &rows));
        if journal.iter().any(|line| line.can_undo) {
            lines.push(
                "Take back a line that has a number with: watchstate-cli undo change LINE"
                    .to_owned(),
            );
        }
    }
    lines.join("\n")
}

fn who(line: &FeedLine) -> Option<&str> {
    line.backend.as_ref().map(|(_, name)| name.as_str())
}

/// What happened, by the journal's own word: who did it stands beside it.
fn what(line: &FeedLine) -> &str {
    if line.what == "asked" { "took" } else { &line.what }
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
    line: i64,
    at: String,
    run: i64,
    backend: Option<&'a str>,
    what: &'a str,
    was: String,
    became: String,
    because: Option<&'static str>,
    reason: &'static str,
    can_undo: bool,
}

impl<'a> SaidJson<'a> {
    fn of(line: &'a FeedLine) -> Self {
        Self {
            line: line.id,
            at: stamp(line.at),
            run: line.run.0,
            backend: who(line),
            what: what(line),
            was: watch_text(line.was),
            became: watch_text(line.became),
            because: line.because.map(Because::code),
            reason: reason(line.because),
            can_undo: line.can_undo,
        }
    }
}
