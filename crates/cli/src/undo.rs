//! `undo`, `undo list|run|redo|title|change|snapshots|snapshot`

use std::sync::Arc;

use serde::Serialize;
use watchstate_api::{ApiError, Household};
use watchstate_engine::{
    Account, CancellationToken, Engine, Left, PreviewChange, Silent, Undo, UndoPreview, Undone,
};
use watchstate_model::{RunId, TitleId};
use watchstate_store::{Backend, KeptRun, Snapshot, Task};

use crate::End;
use crate::agree::{Asking, Said, agree, at_the_terminal};
use crate::arguments::{UndoCommand, Where};
use crate::json::{self, ChangeJson, LineJson, RunJson};
use crate::preview::{changes, many};
use crate::run::{end, told};
use crate::table::table;
use crate::terminal::{say, tell};
use crate::words::{bytes, stamp, time};

/// So many runs and snapshots are listed when nobody says.
pub(crate) const LISTED: usize = 30;
/// So much of what is left as it is is shown; for programs all of it.
const SHOWN: usize = 20;

/// `undo`
pub(crate) async fn undo(
    place: &Where,
    wish: Option<UndoCommand>,
    cancel: CancellationToken,
) -> Result<End, ApiError> {
    let household = crate::open_by_the_book(place).await?;
    let ended = undo_in(&household, place.json, wish, cancel).await;
    household.close().await;
    ended
}

async fn undo_in(
    household: &Household,
    json: bool,
    wish: Option<UndoCommand>,
    cancel: CancellationToken,
) -> Result<End, ApiError> {
    let (what, yes) = match wish {
        None => return list(household, LISTED, json).await,
        Some(UndoCommand::List { most }) => return list(household, most, json).await,
        Some(UndoCommand::Snapshots { most }) => return snapshots(household, most, json).await,
        Some(UndoCommand::Run { run, yes }) => (Undo::Run(RunId(run)), yes.yes),
        Some(UndoCommand::Redo { run, yes }) => (redo(household, RunId(run)).await?, yes.yes),
        Some(UndoCommand::Title { title, yes }) => (Undo::Title(TitleId(title)), yes.yes),
        Some(UndoCommand::Change { line, yes }) => {
            let change = household.store().change_of_line(line).await?;
            let change = change.ok_or_else(|| {
                ApiError::usage(format!(
                    "there is no line {line} that can be taken back; find its number with explain"
                ))
            })?;
            (Undo::Change(change), yes.yes)
        }
        Some(UndoCommand::Snapshot { snapshot, yes }) => (Undo::Since(snapshot), yes.yes),
    };
    take_back(household, what, yes, json, cancel).await
}

/// What an undo did, done once more.
async fn redo(household: &Household, run: RunId) -> Result<Undo, ApiError> {
    let runs = household.undoable_runs(usize::MAX).await?;
    match runs.iter().find(|kept| kept.id == run) {
        Some(kept) if kept.task == Task::Undo.name() => Ok(Undo::Run(run)),
        Some(kept) => Err(ApiError::usage(format!(
            "run {run} was no undo ({}); take it back with undo run {run}",
            kept.task
        ))),
        None => Err(nothing_left()),
    }
}

fn nothing_left() -> ApiError {
    ApiError::usage(
        "there is nothing left to be taken back; see what can be: undo list, undo snapshots",
    )
}

async fn list(household: &Household, most: usize, json: bool) -> Result<End, ApiError> {
    #[derive(Serialize)]
    struct All<'a> {
        runs: Vec<KeptRunJson<'a>>,
    }
    let runs = household.undoable_runs(most).await?;
    if json {
        say(&json::line(&All { runs: runs.iter().map(KeptRunJson::of).collect() }));
    } else if runs.is_empty() {
        say("There is no run of which anything can be taken back.");
    } else {
        let rows: Vec<Vec<String>> = runs
            .iter()
            .map(|run| {
                vec![
                    run.id.to_string(),
                    time(run.started_at),
                    run.task.clone(),
                    run.name.clone().unwrap_or_else(|| "a removed backend".to_owned()),
                    did(run),
                ]
            })
            .collect();
        say(&table(&["RUN", "WHEN", "WHAT", "BACKEND", "DID"], &rows));
        say(
            "\nTake one back with: watchstate-cli undo run RUN. One that was an undo is done once more with: \
             watchstate-cli undo redo RUN",
        );
    }
    Ok(End::Well)
}

/// What a run did, in a few words.
fn did(run: &KeptRun) -> String {
    let [_, added, changed, _, _, _, written, ..] = run.counters;
    let imported = run.task == Task::Import.name();
    let restored = run.task == Task::Restore.name();
    let parts = [
        (imported, added, "new"),
        (imported || restored, changed, "changed"),
        (!imported && !restored, written, "written"),
    ];
    let parts: Vec<String> = parts
        .into_iter()
        .filter(|(is_it, count, _)| *is_it && *count > 0)
        .map(|(_, count, what)| format!("{count} {what}"))
        .collect();
    parts.join(", ")
}

async fn snapshots(household: &Household, most: usize, json: bool) -> Result<End, ApiError> {
    #[derive(Serialize)]
    struct All<'a> {
        snapshots: Vec<SnapshotJson<'a>>,
    }
    let mut kept = household.snapshots().await?;
    kept.truncate(most);
    if json {
        say(&json::line(&All { snapshots: kept.iter().map(SnapshotJson::of).collect() }));
    } else if kept.is_empty() {
        say("There is no snapshot yet: one is kept before something is written to a backend.");
    } else {
        let rows: Vec<Vec<String>> = kept
            .iter()
            .map(|(kept, backend)| {
                vec![
                    kept.id.to_string(),
                    time(kept.at),
                    backend.name.clone(),
                    match kept.run {
                        RunId(0) => "single changes".to_owned(),
                        run => format!("run {run}"),
                    },
                    kept.items.to_string(),
                    bytes(kept.bytes),
                ]
            })
            .collect();
        say(&table(&["SNAPSHOT", "TAKEN", "BACKEND", "BEFORE", "ITEMS", "SIZE"], &rows));
        say("\nBring a backend back to one with: watchstate-cli undo snapshot SNAPSHOT");
    }
    Ok(End::Well)
}

/// Shows what taking something back would write, asks for a yes, and does it.
async fn take_back(
    household: &Household,
    what: Undo,
    yes: bool,
    json: bool,
    cancel: CancellationToken,
) -> Result<End, ApiError> {
    let known = household.backends().await?;
    let mut accounts = household.accounts().await?;
    let engine = household.engine(Arc::new(Silent), cancel.clone());
    let asking = Asking { yes, json, question: "Write this?" };
    let said = agree(
        asking,
        async || look(household, &engine, &accounts, what).await,
        |seen: &UndoPreview| &seen.changes,
        |seen| show(seen, &known),
        async |question: &str| at_the_terminal(question, &cancel).await,
    )
    .await?;
    let (seen, new, undone) = match said {
        Said::Yes(seen) => {
            household.keep_copy().await;
            let undone = household.undo(&engine, &mut accounts, what).await?;
            (seen, Vec::new(), Some(undone.ok_or_else(nothing_left)?))
        }
        Said::Nothing(seen) => (seen, Vec::new(), None),
        Said::Outdated(seen, new) => (seen, new, None),
    };
    if json {
        say(&json::line(&UndoJson::of(&seen, &new, undone.as_ref(), &known)));
    } else if let Some(undone) = &undone {
        told(&undone.report);
        let much = many(length(undone.report.run.seen), "title");
        let run = undone.run;
        say(&format!(
            "Done for {much}, and it stays so until something new happens to them. The other way round: \
             watchstate-cli undo redo {run}"
        ));
    } else {
        say("\nNothing was written. If this is what you want, repeat the command with --yes.");
    }
    Ok(match undone {
        Some(undone) => end(&[undone.report]),
        None => End::Held,
    })
}

async fn look(
    household: &Household,
    engine: &Engine,
    accounts: &[Account],
    what: Undo,
) -> Result<UndoPreview, ApiError> {
    let seen = household.preview_undo(engine, accounts, what).await?;
    if seen.titles == 0 { Err(nothing_left()) } else { Ok(seen) }
}

fn length(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

fn name_of(left: &Left, known: &[Backend]) -> Option<String> {
    let id = left.backend?;
    let known = known.iter().find(|backend| backend.id == id);
    Some(known.map_or_else(|| "a removed backend".to_owned(), |backend| backend.name.clone()))
}

fn show(seen: &UndoPreview, known: &[Backend]) {
    say(&format!("It is about {}.", many(length(seen.titles), "title")));
    for trouble in &seen.troubles {
        tell(&format!("error: {trouble}; it is told later"));
    }
    if seen.changes.is_empty() {
        say("Nothing would be written to any backend.");
    } else {
        say(&format!("What would be written ({}):", many(seen.changes.len(), "change")));
        say(&changes(&seen.changes));
    }
    let (partly, left): (Vec<&Left>, Vec<&Left>) = seen.left.iter().partition(|left| left.partly);
    for (what, these) in [("Left as it is", left), ("Goes back, but not in whole", partly)] {
        if these.is_empty() {
            continue;
        }
        let rows: Vec<Vec<String>> = these
            .iter()
            .take(SHOWN)
            .map(|left| {
                let backend = name_of(left, known).unwrap_or_else(|| "what is held".to_owned());
                vec![backend, left.name.clone(), left.because.sentence().to_owned()]
            })
            .collect();
        say(&format!("\n{what} ({}):", these.len()));
        say(&table(&["BACKEND", "TITLE", "WHY"], &rows));
        if these.len() > rows.len() {
            say("and more; --json lists them");
        }
    }
}

#[derive(Serialize)]
struct KeptRunJson<'a> {
    run: i64,
    task: &'a str,
    backend: Option<&'a str>,
    started_at: String,
    changed: u64,
    written: u64,
}

impl<'a> KeptRunJson<'a> {
    fn of(run: &'a KeptRun) -> Self {
        let [_, _, changed, _, _, _, written, ..] = run.counters;
        Self {
            run: run.id.0,
            task: &run.task,
            backend: run.name.as_deref(),
            started_at: stamp(run.started_at),
            changed,
            written,
        }
    }
}

#[derive(Serialize)]
struct SnapshotJson<'a> {
    snapshot: i64,
    backend: &'a str,
    taken_at: String,
    before_run: Option<i64>,
    items: u64,
    bytes: u64,
}

impl<'a> SnapshotJson<'a> {
    fn of((kept, backend): &'a (Snapshot, Backend)) -> Self {
        Self {
            snapshot: kept.id,
            backend: &backend.name,
            taken_at: stamp(kept.at),
            before_run: (kept.run.0 != 0).then_some(kept.run.0),
            items: kept.items,
            bytes: kept.bytes,
        }
    }
}

/// What an undo would do or did.
#[derive(Serialize)]
struct UndoJson<'a> {
    titles: u64,
    taken: Vec<LineJson<'a>>,
    changes: Vec<ChangeJson<'a>>,
    /// What was not shown before; then nothing was written.
    new: Vec<ChangeJson<'a>>,
    left: Vec<LeftJson<'a>>,
    troubles: &'a [String],
    undone: bool,
    run: Option<i64>,
    runs: Vec<RunJson<'a>>,
}

#[derive(Serialize)]
struct LeftJson<'a> {
    title: i64,
    name: &'a str,
    backend: Option<String>,
    because: &'static str,
    reason: &'static str,
    partly: bool,
}

impl<'a> UndoJson<'a> {
    fn of(
        seen: &'a UndoPreview,
        new: &'a [PreviewChange],
        undone: Option<&'a Undone>,
        known: &[Backend],
    ) -> Self {
        // What was left is what an undo says that was done; beforehand, what it would leave.
        let left = undone.map_or(&seen.left, |undone| &undone.left);
        Self {
            titles: seen.titles,
            taken: seen.taken.iter().map(LineJson::of).collect(),
            changes: seen.changes.iter().map(ChangeJson::of).collect(),
            new: new.iter().map(ChangeJson::of).collect(),
            left: left
                .iter()
                .map(|left| LeftJson {
                    title: left.title.0,
                    name: &left.name,
                    backend: name_of(left, known),
                    because: left.because.code(),
                    reason: left.because.sentence(),
                    partly: left.partly,
                })
                .collect(),
            troubles: &seen.troubles,
            undone: undone.is_some(),
            run: undone.map(|undone| undone.run.0),
            runs: undone.into_iter().map(|undone| RunJson::of(&undone.report)).collect(),
        }
    }
}
