//! WatchState without a window.

mod agree;
mod arguments;
mod backend;
mod backups;
mod bar;
mod demo;
mod doctor;
mod history;
mod json;
mod preview;
mod review;
mod run;
mod serve;
mod status;
mod table;
mod terminal;
mod undo;
mod words;

use std::process::ExitCode;
use std::sync::Arc;

use arguments::{Arguments, BackendCommand, Command, Where};
use clap::Parser;
use clap::error::ErrorKind;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};
use watchstate_api::settings::{Book, settings};
use watchstate_api::{ApiError, Code, Household, LogRing, Surroundings};
use watchstate_engine::{CancellationToken, SystemClock};

/// How a command ended, where it did not fail as a whole.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum End {
    /// All is well.
    Well,
    /// A backend failed; the message is out.
    Failed,
    /// Something waits for a person's yes.
    Held,
}

fn main() -> ExitCode {
    let json = std::env::args_os().any(|argument| argument == "--json");
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return not_understood(&error, json),
    };
    let log = LogRing::new(Arc::new(SystemClock));
    let told = EnvFilter::try_from_env("WATCHSTATE_LOG")
        .unwrap_or_else(|_| EnvFilter::new("error,sqlx=off,zbus=off"));
    // Only the window shows the lines that are kept.
    let kept = match arguments.command {
        Command::Serve(_) => LevelFilter::DEBUG,
        _ => LevelFilter::OFF,
    };
    tracing_subscriber::registry()
        .with(tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_filter(told))
        .with(log.clone().with_filter(Targets::new().with_target("watchstate", kept)))
        .init();
    watchstate_api::tell_panics_by_place();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let what = format!("the program cannot start ({}); try again", error.kind());
            return failed(&ApiError::new(Code::Trouble, what), json);
        }
    };
    let ended = runtime.block_on(command(arguments, log));
    // A keyring that asks the person at the screen may be waiting still: it is not waited for.
    runtime.shutdown_background();
    match ended {
        Ok(End::Well) => ExitCode::SUCCESS,
        Ok(End::Failed) => ExitCode::from(1),
        Ok(End::Held) => ExitCode::from(3),
        Err(error) => failed(&error, json),
    }
}

/// Does what was asked for.
async fn command(arguments: Arguments, log: LogRing) -> Result<End, ApiError> {
    let Arguments { place, command } = arguments;
    let json = place.json;
    if let Command::Demo { with_kodi } = command {
        return demo::demo(with_kodi).await;
    }
    if let Command::Serve(wish) = command {
        return serve::serve(&place, wish, log, stop_on_request()).await;
    }
    if let Command::Import(_) | Command::Export(_) | Command::Sync(_) = &command {
        let around = around()?;
        let cancel = stop_on_request();
        return match command {
            Command::Import(wish) => run::import(&place, around, wish, cancel).await,
            Command::Export(wish) => run::export(&place, around, wish, cancel).await,
            Command::Sync(wish) => run::sync(&place, around, wish, cancel).await,
            _ => Ok(End::Well),
        };
    }
    if let Command::Backup { what } = command {
        return backups::backup(&place, what, stop_on_request()).await;
    }
    if let Command::Restore(wish) = command {
        return backups::restore(&place, wish, stop_on_request()).await;
    }
    if let Command::Undo { what } = command {
        return undo::undo(&place, what, stop_on_request()).await;
    }
    if let Command::Review { what } = command {
        return review::review(&place, what, stop_on_request()).await;
    }
    let household = match &command {
        // Whether all is well depends on what the window's settings say as well.
        Command::Doctor { .. } => {
            open_by_the_book(&place).await.map_err(doctor::at_work_elsewhere)?
        }
        _ => open(&place).await?,
    };
    let ended = match command {
        Command::Backend(BackendCommand::Add(wish)) => backend::add(&household, wish, json).await,
        Command::Backend(BackendCommand::List) => backend::list(&household, json).await,
        Command::Backend(BackendCommand::Show { name }) => {
            backend::show(&household, &name, json).await
        }
        Command::Backend(BackendCommand::Set(wish)) => backend::set(&household, wish, json).await,
        Command::Backend(BackendCommand::Test { name }) => {
            backend::test(&household, &name, json).await
        }
        Command::Backend(BackendCommand::Remove { name }) => {
            backend::remove(&household, &name, json).await
        }
        Command::History { text, most } => {
            history::history(&household, &text.join(" "), most, json).await
        }
        Command::Explain { title } => history::explain(&household, title, json).await,
        Command::Status => status::status(&household, json).await,
        Command::Doctor { seen } => doctor::doctor(&household, seen, json).await,
        _ => Ok(End::Well),
    };
    household.close().await;
    ended
}

/// Opens the data folder to work in.
pub(crate) async fn open(place: &Where) -> Result<Household, ApiError> {
    Household::open(&place.folder()?, place.secrets(), around()?).await
}

/// Opens the data folder by the settings of the window, which say where backups are and how long what was
/// changed can be taken back. Nothing is done by a default that stands in for what cannot be taken: it would be
/// another folder, or other backups would go.
pub(crate) async fn open_by_the_book(place: &Where) -> Result<Household, ApiError> {
    let folder = place.folder()?;
    let book = Arc::new(Book::open(&folder, |name| std::env::var(name).ok()));
    if let Some(refusal) = book.not_taken() {
        return Err(refusal.into());
    }
    Household::open(&folder, place.secrets(), Surroundings::by_the_book(&book)).await
}

fn around() -> Result<Surroundings, ApiError> {
    Ok(Surroundings::real(settings(|name| std::env::var(name).ok())?))
}

/// A token that is cancelled at the first Ctrl-C, or when the system asks the program to end. The second
/// ends it at once, which loses nothing either.
fn stop_on_request() -> CancellationToken {
    let cancel = CancellationToken::new();
    let requested = cancel.clone();
    tokio::spawn(async move {
        end_request().await;
        requested.cancel();
        end_request().await;
        std::process::exit(1);
    });
    cancel
}

#[cfg(unix)]
async fn end_request() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        let _ = tokio::signal::ctrl_c().await;
        return;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}

#[cfg(not(unix))]
async fn end_request() {
    let _ = tokio::signal::ctrl_c().await;
}

fn failed(error: &ApiError, json: bool) -> ExitCode {
    if json {
        terminal::say(&json::error(error));
    } else {
        terminal::tell(&format!("error: {error}"));
    }
    ExitCode::from(if error.code == Code::Usage { 2 } else { 1 })
}

/// Help and version are no mistakes; all else is told with the right usage.
fn not_understood(error: &clap::Error, json: bool) -> ExitCode {
    let asked = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    if asked || !json {
        let _ = error.print();
        return ExitCode::from(if asked { 0 } else { 2 });
    }
    let text = error.to_string();
    let line = text.lines().next().unwrap_or_default().trim_start_matches("error: ");
    failed(&ApiError::usage(format!("{line}; see watchstate-cli help")), true)
}
