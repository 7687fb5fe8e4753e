//! `demo`: three sample servers are brought to agree before one's eyes.

mod agree;
mod servers;

use std::sync::Arc;

use agree::Agreement;
use servers::Kodi;
use watchstate_api::{ApiError, Code, Household, SecretsPlace, Surroundings};
use watchstate_demo::Server;
use watchstate_engine::{CancellationToken, Consent, Engine, RunReport, Settings, Silent};
use watchstate_model::{BackendId, Watch};
use watchstate_store::Task;

use crate::End;
use crate::preview::{self, many};
use crate::terminal::say;

/// How many lines of a long list are shown.
const SHOWN: usize = 5;

/// Runs the demo. Everything it makes is in a folder that is removed again.
pub(crate) async fn demo(with_kodi: bool) -> Result<End, ApiError> {
    let ended = play(with_kodi).await;
    ended.map_err(|error| {
        let line = format!("{error:#}");
        ApiError::new(Code::Trouble, format!("the demo broke off: {line}"))
    })
}

async fn play(with_kodi: bool) -> anyhow::Result<End> {
    let folder = tempfile::Builder::new().prefix("watchstate-demo-").tempdir()?;
    let servers = Server::start_all().await?;
    let kodi = if with_kodi { Kodi::start(&folder.path().join("kodi")).await? } else { None };

    heading("One household, and a server of each kind");
    let around = Surroundings::real(Settings::default());
    let data = folder.path().join("data");
    let household = Household::open(&data, Some(SecretsPlace::File), around).await?;
    for server in &servers {
        household.add_backend(server.account()?).await?;
        say(&server.introduction());
    }
    if let Some(kodi) = &kodi {
        household.add_backend(kodi.account()).await?;
        say("kodi      a genuine Kodi with a few films");
    }
    let mut cast = Cast { household, servers, kodi };

    heading("Import: what is watched where?");
    let (engine, mut accounts) = cast.engine().await?;
    let reports = engine.import(&mut accounts, Consent::default()).await?;
    let mut well = told(&reports);

    heading("Preview: what would the export write?");
    let wanted: Vec<BackendId> = accounts.iter().map(|account| account.backend.id).collect();
    let preview =
        cast.household.preview(&engine, &accounts, &wanted, false, Consent::default()).await?;
    for account in &accounts {
        let these: Vec<_> = preview
            .changes
            .iter()
            .filter(|change| change.backend == account.backend.id)
            .cloned()
            .collect();
        say(&format!("{} on {}, such as:", many(these.len(), "change"), account.backend.name));
        say(&preview::changes(these.get(..SHOWN).unwrap_or(&these)));
        say("");
    }

    heading("Export, with your yes");
    let yes = Consent { yes: true, full: false };
    well &= told(&engine.export(&mut accounts, &wanted, yes).await?);
    well &= cast.agreement().await?.told();

    heading("Meanwhile, on the sofa");
    cast.act()?;

    heading("Sync: what changed where, and why?");
    let before = cast.household.store().last_line().await?;
    let (engine, mut accounts) = cast.engine().await?;
    let reports = engine.sync(&mut accounts, Consent::default()).await?;
    let lines = cast.household.store().lines_after(before).await?;
    say(&preview::lines(&lines));
    say("");
    well &= told(&reports);

    heading("Sync again: there is nothing left to do");
    let written = cast.writes();
    let (engine, mut accounts) = cast.engine().await?;
    let reports = engine.sync(&mut accounts, Consent::default()).await?;
    well &= told(&reports);
    let again = cast.writes() - written;
    let counted: u64 = reports.iter().map(|report| report.run.written).sum();
    if again > 0 || counted > 0 {
        say(&format!("The second sync should have written nothing; the servers got {again}."));
        well = false;
    }

    say("");
    let agreement = cast.agreement().await?;
    let agreed = agreement.told();
    cast.household.close().await;
    if let Some(kodi) = &cast.kodi {
        kodi.end().await?;
    }
    if agreed && well {
        say(&agreement.conclusion());
        return Ok(End::Well);
    }
    if agreed {
        say("The servers agree, but not everything on the way went well; see above.");
    }
    Ok(End::Failed)
}

/// All who take part.
struct Cast {
    household: Household,
    servers: Vec<Server>,
    kodi: Option<Kodi>,
}

impl Cast {
    /// The engine and the accounts, as a program that was just started has them.
    async fn engine(&self) -> anyhow::Result<(Engine, Vec<watchstate_engine::Account>)> {
        let engine = self.household.engine(Arc::new(Silent), CancellationToken::new());
        Ok((engine, self.household.accounts().await?))
    }

    /// What the servers themselves show.
    async fn agreement(&self) -> anyhow::Result<Agreement> {
        let mut agreement = Agreement::of(&self.servers);
        if let Some(kodi) = &self.kodi {
            agreement.with_kodi(kodi).await?;
        }
        Ok(agreement)
    }

    /// How many writes arrived at the sample servers so far.
    fn writes(&self) -> usize {
        self.servers.iter().map(|server| server.fake.writes().len()).sum()
    }

    /// People do something on each server.
    fn act(&mut self) -> anyhow::Result<()> {
        let mut films = servers::FILMS.to_vec();
        let mut next = |watched: bool| {
            let place = films.iter().position(|film| {
                let shown = self.servers.first().and_then(|server| server.shows(film).ok());
                shown.is_some_and(|watch| match watched {
                    true => watch.is_watched(),
                    false => watch == Watch::Unwatched,
                })
            })?;
            Some(films.remove(place))
        };
        let deeds = [
            (0, next(false), Deed::Watch),
            (1, next(false), Deed::Begin),
            (2, next(false), Deed::Watch),
            (1, next(true), Deed::Unwatch),
        ];
        for (server, film, deed) in deeds {
            let (Some(server), Some(film)) = (self.servers.get(server), film) else { continue };
            say(&match deed {
                Deed::Watch => {
                    server.fake.watch(film, server.person)?;
                    format!("{film} is watched to the end on {}.", server.name)
                }
                Deed::Begin => {
                    server.fake.watch_until(film, server.person, 40 * 60_000)?;
                    format!("{film} is begun on {}, and left after 40 minutes.", server.name)
                }
                Deed::Unwatch => {
                    server.fake.unwatch(film, server.person)?;
                    format!("{film} is marked as not watched on {}.", server.name)
                }
            });
        }
        Ok(())
    }
}

/// What people do.
#[derive(Clone, Copy)]
enum Deed {
    Watch,
    Begin,
    Unwatch,
}

fn heading(text: &str) {
    say(&format!("\n== {text}"));
}

/// Says how runs ended, and whether all went well.
fn told(reports: &[RunReport]) -> bool {
    for report in reports {
        let run = &report.run;
        let (name, task) = (&report.name, report.task.name());
        say(&match (&run.error, report.task) {
            (Some(error), _) => format!("{name:9} {task} failed: {error}"),
            (None, Task::Import) => format!(
                "{name:9} import: {} seen, {} new, {} changed, in {}",
                run.seen,
                run.added,
                run.changed,
                many(usize::try_from(run.requests).unwrap_or(0), "request")
            ),
            (None, Task::Restore) => format!("{name:9} restore: {} changed", run.changed),
            (None, Task::Export | Task::Undo) => format!(
                "{name:9} {task}: {} owed, {} written, {} already so, in {}",
                run.planned,
                run.written,
                run.already,
                many(usize::try_from(run.requests).unwrap_or(0), "request")
            ),
        });
    }
    reports.iter().all(|report| report.ok)
}
