//! Import, export and sync.

use std::sync::Arc;

use watchstate_api::{ApiError, Household, Surroundings};
use watchstate_engine::{CancellationToken, Consent, PreviewChange, RunReport};
use watchstate_model::{BackendId, Because};
use watchstate_store::{Backend, Import, Task};

use crate::End;
use crate::arguments::{ExportWish, ImportWish, SyncWish, Where};
use crate::bar::Bars;
use crate::json::{self, ChangeJson, DryRun, LineJson, RunJson, Runs};
use crate::preview::{self, many};
use crate::terminal::{say, tell};
use crate::words;

/// What is to be done.
struct Order {
    names: Vec<String>,
    import: bool,
    export: bool,
    dry_run: bool,
    consent: Consent,
}

/// `import`
pub(crate) async fn import(
    place: &Where,
    around: Surroundings,
    wish: ImportWish,
    cancel: CancellationToken,
) -> Result<End, ApiError> {
    let consent = Consent { yes: false, full: wish.full };
    let ImportWish { names, dry_run, .. } = wish;
    run(place, around, Order { names, import: true, export: false, dry_run, consent }, cancel).await
}

/// `export`
pub(crate) async fn export(
    place: &Where,
    around: Surroundings,
    wish: ExportWish,
    cancel: CancellationToken,
) -> Result<End, ApiError> {
    let consent = Consent { yes: wish.yes, full: wish.full };
    let ExportWish { names, dry_run, .. } = wish;
    run(place, around, Order { names, import: false, export: true, dry_run, consent }, cancel).await
}

/// `sync`
pub(crate) async fn sync(
    place: &Where,
    around: Surroundings,
    wish: SyncWish,
    cancel: CancellationToken,
) -> Result<End, ApiError> {
    let consent = Consent { yes: wish.yes, full: false };
    let task =
        Order { names: Vec::new(), import: true, export: true, dry_run: wish.dry_run, consent };
    run(place, around, task, cancel).await
}

async fn run(
    place: &Where,
    around: Surroundings,
    task: Order,
    cancel: CancellationToken,
) -> Result<End, ApiError> {
    let folder = place.folder()?;
    let household = if task.dry_run {
        Household::look(&folder, place.secrets(), around).await?
    } else {
        Household::open(&folder, place.secrets(), around).await?
    };
    let ended = if task.dry_run {
        dry(&household, &task, place.json, cancel).await
    } else {
        wet(&household, &task, place.json, cancel).await
    };
    household.close().await;
    ended
}

/// The backends that are asked for, if asking for them makes sense.
async fn chosen(household: &Household, task: &Order) -> Result<Vec<Backend>, ApiError> {
    let chosen = household.chosen(&task.names).await?;
    for backend in chosen.iter().filter(|_| !task.names.is_empty()) {
        let name = &backend.name;
        let off = match (task.export, backend.import, backend.export) {
            (false, Import::Off, _) => "import",
            (true, _, false) if !task.dry_run => "export",
            _ => continue,
        };
        return Err(ApiError::usage(format!(
            "{off} is off for {name}; switch it on with backend set {name} --{off} on"
        )));
    }
    Ok(chosen)
}

async fn wet(
    household: &Household,
    task: &Order,
    json: bool,
    cancel: CancellationToken,
) -> Result<End, ApiError> {
    let chosen = chosen(household, task).await?;
    household.keep_copy().await;
    let mut accounts = household.accounts().await?;
    let wanted: Vec<BackendId> = chosen.iter().map(|backend| backend.id).collect();
    let bars = Arc::new(Bars::of(&accounts));
    let engine = household.engine(bars.clone(), cancel);
    let ran = if task.import && task.export {
        engine.sync(&mut accounts, task.consent).await
    } else if task.import {
        accounts.retain(|account| wanted.contains(&account.backend.id));
        engine.import(&mut accounts, task.consent).await
    } else {
        engine.export(&mut accounts, &wanted, task.consent).await
    };
    bars.clear();
    let reports = ran?;
    if json {
        say(&json::line(&Runs { runs: reports.iter().map(RunJson::of).collect() }));
    } else {
        for report in &reports {
            told(report);
        }
        ask(household, &reports).await?;
    }
    Ok(end(&reports))
}

/// Shows what waits for a yes, and how to give it.
async fn ask(household: &Household, reports: &[RunReport]) -> Result<(), ApiError> {
    let mut changes = Vec::new();
    for report in reports.iter().filter(|r| r.waits_for_yes && r.task == Task::Export) {
        let pending = household.store().preview(report.backend).await?;
        changes.extend(pending.into_iter().map(|change| PreviewChange {
            backend: report.backend,
            backend_name: report.name.clone(),
            title: change.title,
            name: change.name,
            from: change.from,
            to: change.to,
            because: change.because,
            held: Some(change.held.unwrap_or(Because::FirstExport)),
        }));
    }
    if !changes.is_empty() {
        say("");
        say(&preview::changes(&changes));
        let much = many(changes.len(), "change");
        say(&format!(
            "\nThese {much} wait: the first export to a backend is not made without your yes. If this \
             is what you want, repeat the command with --yes."
        ));
    }
    if reports.iter().any(|r| r.waits_for_yes && r.task == Task::Import) {
        say(
            "\nMany titles would become unwatched at once, which waits for your yes. See which, and answer, \
             with review; if people did mark all of them unwatched, let it pass with sync --yes.",
        );
    }
    Ok(())
}

async fn dry(
    household: &Household,
    task: &Order,
    json: bool,
    cancel: CancellationToken,
) -> Result<End, ApiError> {
    let chosen = chosen(household, task).await?;
    let mut accounts = household.accounts().await?;
    let mut wanted: Vec<BackendId> = chosen.iter().map(|backend| backend.id).collect();
    if !task.export {
        accounts.retain(|account| wanted.contains(&account.backend.id));
        wanted.clear();
    }
    let bars = Arc::new(Bars::of(&accounts));
    let engine = household.engine(bars.clone(), cancel);
    let seen = household.preview(&engine, &accounts, &wanted, task.import, task.consent).await;
    bars.clear();
    let seen = seen?;
    if json {
        say(&json::line(&DryRun {
            runs: seen.runs.iter().map(RunJson::of).collect(),
            taken: seen.taken.iter().map(LineJson::of).collect(),
            changes: seen.changes.iter().map(ChangeJson::of).collect(),
        }));
    } else {
        for report in seen.runs.iter().filter(|report| !report.ok || report.task == Task::Import) {
            told(report);
        }
        if task.export {
            say(&preview::told(&seen));
        } else if seen.taken.is_empty() {
            say("The import would change nothing.");
        } else {
            let much = many(seen.taken.len(), "change");
            say(&format!("The import would bring {much}:\n{}", preview::lines(&seen.taken)));
        }
        say("This was a dry run: nothing was written.");
    }
    Ok(end(&seen.runs))
}

/// What a run did, in a line.
pub(crate) fn told(report: &RunReport) {
    let run = &report.run;
    if let Some(error) = &run.error {
        tell(&format!("error: {} failed: {error}", report.task.name()));
    }
    let spent = format!(
        "{}, {}, {}.{:01} s",
        many(usize::try_from(run.requests).unwrap_or(usize::MAX), "request"),
        words::bytes(run.bytes),
        run.ms / 1000,
        run.ms % 1000 / 100
    );
    let name = &report.name;
    say(&match report.task {
        Task::Import => {
            let mut line = format!(
                "{name}: import: {} seen, {} new, {} changed, {} unchanged",
                run.seen, run.added, run.changed, run.unchanged
            );
            if run.unmatched > 0 {
                line += &format!(", {} not recognised", run.unmatched);
            }
            if run.held > 0 {
                line += &format!(", {} held", run.held);
            }
            format!("{line} ({spent})")
        }
        Task::Restore => format!("{name}: restore: {} of {} changed", run.changed, run.seen),
        Task::Export | Task::Undo => {
            let task = report.task.name();
            let mut line = format!("{name}: {task}: {} written", run.written);
            for (count, what) in
                [(run.already, "already so"), (run.held, "held"), (run.failed, "failed")]
            {
                if count > 0 {
                    line += &format!(", {count} {what}");
                }
            }
            format!("{line} of {} owed ({spent})", run.planned)
        }
    });
}

/// How a command ended whose runs these are.
pub(crate) fn end(reports: &[RunReport]) -> End {
    if reports.iter().any(|report| !report.ok) {
        End::Failed
    } else if reports.iter().any(|report| report.waits_for_yes) {
        End::Held
    } else {
        End::Well
    }
}
