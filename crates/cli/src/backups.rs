//! `backup`, `backup list`, `backup csv`, `restore`

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use serde::Serialize;
use watchstate_api::backups::{BackedUp, BackedUpAll, Form, OnShelf, Remembered};
use watchstate_api::{ApiError, Code, Household};
use watchstate_engine::{CancellationToken, Preview, PreviewChange, Restore, Restored, Silent};
use watchstate_model::{BackendId, Because, Way};

use crate::End;
use crate::agree::{Asking, Said, agree, at_the_terminal};
use crate::arguments::{BackupCommand, RestoreWish, Where};
use crate::json::{self, ChangeJson, RunJson};
use crate::preview::{changes, many};
use crate::run::{end, told};
use crate::table::table;
use crate::terminal::{say, tell};
use crate::words;

/// So many entries that were not matched are shown; for programs all that are known.
const SHOWN: usize = 20;

fn length(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

/// `backup`
pub(crate) async fn backup(
    place: &Where,
    wish: Option<BackupCommand>,
    cancel: CancellationToken,
) -> Result<End, ApiError> {
    let household = crate::open_by_the_book(place).await?;
    let ended = match wish {
        None => make(&household, place.json, &cancel).await,
        Some(BackupCommand::List) => list(&household, place.json).await,
        Some(BackupCommand::Csv) => csv(&household, place.json, &cancel).await,
    };
    household.close().await;
    ended
}

async fn make(
    household: &Household,
    json: bool,
    cancel: &CancellationToken,
) -> Result<End, ApiError> {
    #[derive(Serialize)]
    struct All<'a> {
        folder: String,
        backups: Vec<One<'a>>,
    }
    #[derive(Serialize)]
    struct One<'a> {
        backend: &'a str,
        file: &'a str,
        titles: u64,
        bytes: u64,
    }
    let BackedUpAll { files: made, trouble } = household.back_up(cancel).await?;
    if let Some(trouble) = trouble {
        tell(&format!("warning: {trouble}"));
    }
    let folder = household.backups_folder().display().to_string();
    let one = |one: &'_ BackedUp| (one.titles, one.bytes);
    if json {
        let backups = made
            .iter()
            .map(|made| {
                let (titles, bytes) = one(made);
                One { backend: &made.name, file: &made.file, titles, bytes }
            })
            .collect();
        say(&json::line(&All { folder, backups }));
    } else if made.is_empty() {
        say("There is nothing to back up yet. Read your backends first: watchstate-cli import");
    } else {
        for made in &made {
            let (titles, bytes) = one(made);
            let much = many(length(titles), "title");
            say(&format!("{}: {much}, {}: {}", made.name, words::bytes(bytes), made.file));
        }
        say(&format!("in {folder}"));
    }
    Ok(End::Well)
}

async fn list(household: &Household, json: bool) -> Result<End, ApiError> {
    #[derive(Serialize)]
    struct All {
        folder: String,
        backups: Vec<One>,
    }
    #[derive(Serialize)]
    struct One {
        file: String,
        made: String,
        person: Option<String>,
        backend: Option<String>,
        titles: Option<u64>,
        bytes: u64,
        whole: bool,
    }
    let all = household.backups().await?;
    let folder = household.backups_folder().display().to_string();
    if json {
        let one = |one: OnShelf| One {
            made: words::stamp(one.made_at),
            person: one.source.as_ref().map(|source| source.person.clone()),
            backend: one.source.map(|source| source.backend),
            file: one.id,
            titles: one.titles,
            bytes: one.bytes,
            whole: one.form != Form::Damaged,
        };
        say(&json::line(&All { folder, backups: all.into_iter().map(one).collect() }));
    } else if all.is_empty() {
        say(&format!("There is no backup in {folder}. Make one with: watchstate-cli backup"));
    } else {
        let rows: Vec<Vec<String>> = all.into_iter().map(row).collect();
        say(&table(&["MADE", "PERSON", "BACKEND", "TITLES", "SIZE", "FILE"], &rows));
        say(&format!("in {folder}"));
    }
    Ok(End::Well)
}

fn row(one: OnShelf) -> Vec<String> {
    let (person, backend) =
        one.source.map(|source| (source.person, source.backend)).unwrap_or_default();
    let titles = match (one.form, one.titles) {
        (Form::Damaged, _) => "damaged".to_owned(),
        (_, Some(titles)) => titles.to_string(),
        (_, None) => "?".to_owned(),
    };
    vec![words::time(one.made_at), person, backend, titles, words::bytes(one.bytes), one.id]
}

async fn csv(
    household: &Household,
    json: bool,
    cancel: &CancellationToken,
) -> Result<End, ApiError> {
    #[derive(Serialize)]
    struct Written {
        path: String,
        titles: u64,
        bytes: u64,
    }
    let table = household.export_table(household.person(), cancel).await?;
    let path = table.path.display().to_string();
    if json {
        say(&json::line(&Written { path, titles: table.titles, bytes: table.bytes }));
    } else {
        say(&format!("{}: {path}", many(length(table.titles), "title")));
    }
    Ok(End::Well)
}

/// `restore`: shows what follows, and does it with `--yes`.
pub(crate) async fn restore(
    place: &Where,
    wish: RestoreWish,
    cancel: CancellationToken,
) -> Result<End, ApiError> {
    let household = crate::open_by_the_book(place).await?;
    let ended = restore_in(&household, &wish, place.json, cancel).await;
    household.close().await;
    ended
}

async fn restore_in(
    household: &Household,
    wish: &RestoreWish,
    json: bool,
    cancel: CancellationToken,
) -> Result<End, ApiError> {
    let names: Vec<&str> = wish.to.iter().map(String::as_str).collect();
    let targets = household.restorable(&names).await?;
    let to: Vec<BackendId> = targets.iter().map(|backend| backend.id).collect();
    let Some(person) = targets.first().map(|backend| backend.person) else { return Ok(End::Well) };
    let mut accounts = household.accounts().await?;
    let engine = household.engine(Arc::new(Silent), cancel.clone());
    let said = remembered(household, &engine, &wish.file, &cancel).await?;
    let way = if wish.exact { Way::Exact } else { Way::Union };
    let (titles, spared) = (said.titles.clone(), said.spared.clone());
    let restore = Restore { person, way, to, titles, spared };
    let asking = Asking { yes: wish.yes.yes, json, question: "Restore this?" };
    let answer = agree(
        asking,
        async || household.preview_restore(&engine, &accounts, &restore).await,
        |seen: &Preview| &seen.changes,
        |seen| show(&said, seen),
        async |question: &str| at_the_terminal(question, &cancel).await,
    )
    .await?;
    let (seen, new, restored) = match answer {
        Said::Yes(seen) => {
            household.keep_copy().await;
            let restored = household.restore(&engine, &mut accounts, &restore).await?;
            (seen, Vec::new(), Some(restored))
        }
        Said::Nothing(seen) => (seen, Vec::new(), None),
        Said::Outdated(seen, new) => (seen, new, None),
    };
    if json {
        say(&json::line(&RestoreJson::of(&said, &seen, &new, restored.as_ref())));
    } else if let Some(restored) = &restored {
        for report in &restored.runs {
            told(report);
        }
        let much = many(length(restored.changed), "title");
        say(&format!("Restored: {much} changed. To take it back: watchstate-cli undo list"));
    } else {
        say("\nNothing was restored yet. If this is what you want, repeat the command with --yes.");
    }
    Ok(match restored {
        Some(restored) => end(&restored.runs),
        None => End::Held,
    })
}

/// A file by its path, or one of the list by its name.
async fn remembered(
    household: &Household,
    engine: &watchstate_engine::Engine,
    file: &str,
    cancel: &CancellationToken,
) -> Result<Remembered, ApiError> {
    let path = Path::new(file);
    if path.is_file() {
        let file = File::open(path).map_err(|error| {
            let what = format!("{file} cannot be read ({})", error.kind());
            ApiError::new(Code::Usage, format!("{what}; make it readable for you"))
        })?;
        return household.remember_file(engine, file, cancel).await;
    }
    household.remember(engine, file, cancel).await
}

fn show(said: &Remembered, seen: &Preview) {
    let (entries, matched) = (many(length(said.entries), "title"), said.titles.len());
    say(&format!("The backup lists {entries}, which are {matched} of yours."));
    if said.not_matched > 0 {
        let rows: Vec<Vec<String>> = said
            .listed
            .iter()
            .take(SHOWN)
            .map(|one| {
                let mark = if one.watched { "watched" } else { "not watched" };
                vec![one.name.clone(), mark.to_owned(), one.because.sentence().to_owned()]
            })
            .collect();
        say(&format!("{} not matched, and left alone:", said.not_matched));
        say(&table(&["TITLE", "IN THE BACKUP", "WHY"], &rows));
        if length(said.not_matched) > rows.len() {
            say("and more; --json lists them");
        }
    }
    for error in seen.runs.iter().filter_map(|report| report.run.error.as_deref()) {
        tell(&format!("error: {error}"));
    }
    if seen.changes.is_empty() {
        say("Nothing would be written to any backend.");
    } else {
        say(&format!("What would be written ({}):", many(seen.changes.len(), "change")));
        say(&changes(&seen.changes));
    }
}

/// What a restore would do or did.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RestoreJson<'a> {
    entries: u64,
    matched: usize,
    not_matched: u64,
    listed: Vec<NotMatchedJson<'a>>,
    changes: Vec<ChangeJson<'a>>,
    /// What was not shown before; then nothing was restored.
    new: Vec<ChangeJson<'a>>,
    restored: bool,
    runs: Vec<RunJson<'a>>,
}

#[derive(Serialize)]
struct NotMatchedJson<'a> {
    title: &'a str,
    watched: bool,
    because: &'a str,
}

impl<'a> RestoreJson<'a> {
    fn of(
        said: &'a Remembered,
        seen: &'a Preview,
        new: &'a [PreviewChange],
        restored: Option<&'a Restored>,
    ) -> Self {
        Self {
            entries: said.entries,
            matched: said.titles.len(),
            not_matched: said.not_matched,
            listed: said
                .listed
                .iter()
                .map(|one| NotMatchedJson {
                    title: &one.name,
                    watched: one.watched,
                    because: Because::code(one.because),
                })
                .collect(),
            changes: seen.changes.iter().map(ChangeJson::of).collect(),
            new: new.iter().map(ChangeJson::of).collect(),
            restored: restored.is_some(),
            runs: restored.iter().flat_map(|restored| &restored.runs).map(RunJson::of).collect(),
        }
    }
}
