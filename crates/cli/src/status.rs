//! `status`

use serde::Serialize;
use watchstate_api::{ApiError, Household, SecretsPlace};
use watchstate_store::{Backend, Waiting};

use crate::End;
use crate::json;
use crate::table::table;
use crate::terminal::say;
use crate::words::{stamp, time, time_or};

/// What is known, what is owed to whom, and what waits.
pub(crate) async fn status(household: &Household, json: bool) -> Result<End, ApiError> {
    let totals = household.store().totals(household.person()).await?;
    let mut backends = Vec::new();
    for backend in household.backends().await? {
        let waiting = household.store().waiting(backend.id).await?;
        backends.push((backend, waiting));
    }
    let secrets = match household.secrets_place() {
        SecretsPlace::Keyring => "keyring",
        SecretsPlace::File => "file",
    };
    if json {
        #[derive(Serialize)]
        struct Status<'a> {
            data_dir: String,
            secrets: &'static str,
            titles: u64,
            watched: u64,
            started: u64,
            backends: Vec<BackendStatus<'a>>,
        }
        say(&json::line(&Status {
            data_dir: household.path().display().to_string(),
            secrets,
            titles: totals.titles,
            watched: totals.watched,
            started: totals.started,
            backends: backends.iter().map(BackendStatus::of).collect(),
        }));
        return Ok(End::Well);
    }
    say(&format!("data     {}", household.path().display()));
    if let Some(mended) = household.store().mended().await? {
        let from = match mended.copy_at {
            Some(at) => format!("made anew from a copy of {}", time(at)),
            None => "begun empty, because no copy was whole".to_owned(),
        };
        say(&format!(
            "database it was damaged ({}), is kept as {}, and {from}. See what to do with: watchstate-cli \
             doctor",
            mended.why, mended.aside
        ));
    }
    say(&format!("tokens   {secrets}"));
    say(&format!(
        "titles   {}, of them {} watched and {} begun",
        totals.titles, totals.watched, totals.started
    ));
    if backends.is_empty() {
        say("There is no backend yet. Add one with: watchstate-cli backend add");
        return Ok(End::Well);
    }
    let rows: Vec<Vec<String>> = backends
        .iter()
        .map(|(backend, waiting)| {
            vec![
                backend.name.clone(),
                time_or(backend.imported_at, "never"),
                time_or(backend.exported_at, "never"),
                waiting.owed.to_string(),
                waiting.held.to_string(),
                waiting.parked.to_string(),
                backend.trouble.clone().unwrap_or_else(|| "none".to_owned()),
            ]
        })
        .collect();
    say("");
    say(&table(
        &["BACKEND", "LAST IMPORT", "LAST EXPORT", "OWED", "HELD", "REFUSED", "TROUBLE"],
        &rows,
    ));
    for off in household.brakes_off().await? {
        say(&format!("\n{off}."));
    }
    Ok(End::Well)
}

#[derive(Serialize)]
struct BackendStatus<'a> {
    name: &'a str,
    imported_at: Option<String>,
    exported_at: Option<String>,
    owed: u64,
    held: u64,
    refused: u64,
    waits_for_first_yes: bool,
    trouble: Option<&'a str>,
}

impl<'a> BackendStatus<'a> {
    fn of((backend, waiting): &'a (Backend, Waiting)) -> Self {
        Self {
            name: &backend.name,
            imported_at: backend.imported_at.map(stamp),
            exported_at: backend.exported_at.map(stamp),
            owed: waiting.owed,
            held: waiting.held,
            refused: waiting.parked,
            waits_for_first_yes: backend.export && backend.approved_at.is_none(),
            trouble: backend.trouble.as_deref(),
        }
    }
}
