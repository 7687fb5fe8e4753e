//! The household, opened beside the start of the window, so that neither waits for the other.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::watch;
use watchstate_api::contract::{Failure, FailureKind, Host};
use watchstate_api::settings::Book;
use watchstate_api::{ApiError, App, Household, LogRing, Shell, Surroundings, folder};
use watchstate_demo::SampleServers;

/// The word that starts the app on sample servers.
const DEMO: &str = "--demo";

/// What became of opening it.
type Outcome = Result<Arc<App>, Failure>;

/// The app, as soon as there is one.
pub(crate) struct Opened {
    outcome: watch::Receiver<Option<Outcome>>,
}

impl Opened {
    /// Begins to open the data folder of this user.
    pub(crate) fn begin(log: LogRing) -> Self {
        let (told, outcome) = watch::channel(None);
        tauri::async_runtime::spawn(async move {
            let opened = open(log).await.map_err(Failure::from);
            if let Err(failure) = &opened {
                tracing::error!(what = failure.what, "the data folder cannot be opened");
            }
            told.send_replace(Some(opened));
        });
        Self { outcome }
    }

    /// The app, or why there is none. Waits while it is being opened.
    pub(crate) fn app(&self) -> impl Future<Output = Outcome> + Send + 'static {
        let mut outcome = self.outcome.clone();
        async move {
            match outcome.wait_for(Option::is_some).await.map(|outcome| (*outcome).clone()) {
                Ok(Some(outcome)) => outcome,
                _ => Err(Failure::new(
                    FailureKind::Internal,
                    "The app ended while it was starting",
                    "Start WatchState again",
                )),
            }
        }
    }

    /// The app, if it is there already.
    pub(crate) fn now(&self) -> Option<Outcome> {
        self.outcome.borrow().clone()
    }
}

/// Three sample servers, and everything of the first sync but its question: who starts the app with this
/// word has said yes.
async fn show_the_demo(app: &Arc<App>) -> Result<(), Failure> {
    app.start_demo().await?;
    let preview = app.preview(None, true).await?;
    app.sync_now(None, Some(preview.id)).await
}

async fn open(log: LogRing) -> Result<Arc<App>, ApiError> {
    let path = match std::env::var_os(folder::VARIABLE).filter(|path| !path.is_empty()) {
        Some(path) => PathBuf::from(path),
        None => folder::usual()?,
    };
    let book = Arc::new(Book::open(&path, |name| std::env::var(name).ok()));
    let around = Surroundings::by_the_book(&book);
    let household = Household::open(&path, None, around).await?;
    let zone = book.zone();
    let app = App::new(
        household,
        Shell { host: Host::Desktop, log, zone, demo: Some(Arc::new(SampleServers)) },
    );
    app.start_schedule(book).await?;
    if std::env::args().any(|word| word == DEMO)
        && let Err(failure) = show_the_demo(&app).await
    {
        tracing::error!(what = failure.what, "the demo did not start");
    }
    Ok(app)
}
