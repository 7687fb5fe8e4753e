//! The household, opened beside the start of the window, so that neither waits for the other.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use watchstate_api::contract::{Failure, FailureKind, Host};
use watchstate_api::settings::{Book, tell_without_effect};
use watchstate_api::{ApiError, App, Code, Household, LogRing, Shell, Surroundings, folder};
use watchstate_demo::SampleServers;

/// The word that starts the app on sample servers.
const DEMO: &str = "--demo";

/// A data folder that could not be opened is tried again after this long: what holds it may have let go.
const AGAIN: Duration = Duration::from_secs(5);

/// What became of opening it, as it stands now.
pub(crate) type Outcome = Result<Arc<App>, Failure>;

/// The app, as soon as there is one.
pub(crate) struct Opened {
    outcome: watch::Receiver<Option<Outcome>>,
}

impl Opened {
    /// Begins to open the data folder of this user.
    pub(crate) fn begin(log: LogRing) -> Self {
        let (told, outcome) = watch::channel(None);
        tauri::async_runtime::spawn(async move {
            let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
            tell_without_effect(names);
            until_it_opens(told, AGAIN, move || open(log.clone())).await;
        });
        Self { outcome }
    }

    /// What became of it, and what becomes of it later: it may open after all.
    pub(crate) fn news(&self) -> watch::Receiver<Option<Outcome>> {
        self.outcome.clone()
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

/// Opens, tells what became of it, and goes on trying for as long as somebody listens and it may still come
/// right by itself: the disk is full, another program holds the database or the folder.
async fn until_it_opens<T: Clone, O: Future<Output = Result<T, ApiError>>>(
    told: watch::Sender<Option<Result<T, Failure>>>,
    again: Duration,
    mut open: impl FnMut() -> O,
) {
    loop {
        let opened = open().await;
        let passes =
            opened.as_ref().is_err_and(|error| matches!(error.code, Code::Store | Code::Busy));
        let opened = opened.map_err(Failure::from);
        // The same trouble is said once, however often it is met.
        told.send_if_modified(|before| {
            let same = matches!((&before, &opened), (Some(Err(was)), Err(is)) if was == is);
            if let (false, Err(failure)) = (same, &opened) {
                tracing::error!(what = failure.what, "the data folder cannot be opened");
            }
            *before = Some(opened.clone());
            !same
        });
        let listened = tokio::time::timeout(again, told.closed());
        if !passes || listened.await.is_ok() {
            return;
        }
    }
}

/// Three sample servers, and everything of the first sync but its question: who starts the app with this
/// word has said yes.
async fn show_the_demo(app: &Arc<App>) -> Result<(), Failure> {
    app.start_demo().await?;
    let preview = app.preview(None, true, false, None).await?;
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
    app.start_listening();
    app.start_webhooks();
    if std::env::args().any(|word| word == DEMO)
        && let Err(failure) = show_the_demo(&app).await
    {
        tracing::error!(what = failure.what, "the demo did not start");
    }
    Ok(app)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_holds_the_folder_may_let_go() {
        let (told, mut heard) = watch::channel(None);
        let mut ends = vec![
            Ok("open"),
            Err(ApiError::new(Code::Store, "the disk is full; make room on the disk")),
            Err(ApiError::new(Code::Busy, "another process works here; wait until it is done")),
        ];
        let opening = tokio::spawn(async move {
            let next = move || {
                std::future::ready(ends.pop().expect("it has opened, and is opened once more"))
            };
            until_it_opens(told, Duration::from_millis(1), next).await;
        });
        let opened = heard.wait_for(|now| matches!(now, Some(Ok(_)))).await.unwrap().clone();
        assert_eq!(opened, Some(Ok("open")));
        opening.await.unwrap();
    }

    #[tokio::test]
    async fn what_does_not_pass_is_not_tried_again() {
        let (told, heard) = watch::channel(None);
        let mut times = 0;
        let wrong = || {
            times += 1;
            let error = ApiError::usage("there is no such folder; choose another");
            std::future::ready(Err::<(), _>(error))
        };
        until_it_opens(told, Duration::from_millis(1), wrong).await;
        assert_eq!(times, 1);
        let failure = heard.borrow().clone().unwrap().unwrap_err();
        assert_eq!(
            (failure.what.as_str(), failure.todo.as_str()),
            ("There is no such folder", "Choose another")
        );
    }
}
