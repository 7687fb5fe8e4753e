//! `serve`: the window in a browser. The app listens on this computer only, and lets nobody in but whoever
//! reads the address it prints: no other user of the machine, no other page of the browser.

mod door;
mod files;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Path as Named, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware;
use axum::response::sse::{self, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, body::Bytes};
use door::Door;
use futures::Stream;
use tokio::net::TcpListener;
use tokio::sync::broadcast::error::RecvError;
use watchstate_api::contract::{Event, Failure, FailureKind, Host, Tag};
use watchstate_api::settings::{Book, tell_without_effect};
use watchstate_api::table::dispatch;
use watchstate_api::{ApiError, App, Code, Household, LogRing, Shell, Surroundings};
use watchstate_demo::SampleServers;
use watchstate_engine::CancellationToken;

use crate::End;
use crate::arguments::{ServeWish, Where};
use crate::terminal::say;

/// No question is longer: bytes.
const LONGEST_QUESTION: usize = 1024 * 1024;

/// What the requests share.
#[derive(Clone)]
struct Serving {
    app: Arc<App>,
    door: Arc<Door>,
    ui: Arc<PathBuf>,
    end: CancellationToken,
}

/// Serves the window until it is told to end.
pub(crate) async fn serve(
    place: &Where,
    wish: ServeWish,
    log: LogRing,
    end: CancellationToken,
) -> Result<End, ApiError> {
    let ui = files::find(wish.ui.as_deref())?;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, wish.port));
    let listener =
        TcpListener::bind(address).await.map_err(|error| cannot_listen(wish.port, &error))?;
    let port = listener.local_addr().map_err(|error| cannot_listen(wish.port, &error))?.port();
    let folder = place.folder()?;
    let book = Arc::new(Book::open(&folder, |name| std::env::var(name).ok()));
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    tell_without_effect(names);
    let around = Surroundings::by_the_book(&book);
    let household = Household::open(&folder, place.secrets(), around).await?;
    let app = App::new(
        household,
        Shell { host: Host::Browser, log, zone: book.zone(), demo: Some(Arc::new(SampleServers)) },
    );
    app.start_schedule(book).await?;
    app.start_listening();
    app.start_webhooks();
    let door = Arc::new(Door::new(port));
    say(&format!("Open this address in a browser; it lets in once:\n\n  {}\n", door.address()));
    let serving = Serving { app: app.clone(), door, ui: Arc::new(ui), end: end.clone() };
    let ended = axum::serve(listener, router(serving))
        .with_graceful_shutdown(async move { end.cancelled().await })
        .await;
    app.close().await;
    match ended {
        Ok(()) => Ok(End::Well),
        Err(error) => Err(cannot_listen(port, &error)),
    }
}

fn cannot_listen(port: u16, error: &std::io::Error) -> ApiError {
    ApiError::new(
        Code::Trouble,
        format!("port {port} cannot be used ({}); choose another with --port", error.kind()),
    )
}

fn router(serving: Serving) -> Router {
    Router::new()
        .route("/api/events", get(events))
        .route("/api/{name}", post(command))
        .fallback(files::page)
        .layer(DefaultBodyLimit::max(LONGEST_QUESTION))
        .layer(middleware::from_fn_with_state(serving.clone(), door::guard))
        .with_state(serving)
}

/// A command of the table.
async fn command(
    State(serving): State<Serving>,
    Named(name): Named<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let json =
        headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).is_some_and(|kind| {
            kind.split(';').next().unwrap_or_default().trim() == "application/json"
        });
    let arguments = if json { serde_json::from_slice(&body).ok() } else { None };
    let Some(arguments) = arguments else {
        let failure = Failure::usage("The question is not JSON", "Reload the window");
        return failed(failure);
    };
    match dispatch(&serving.app, &name, arguments).await {
        Ok(answer) => Json(answer).into_response(),
        Err(failure) => failed(failure),
    }
}

fn failed(failure: Failure) -> Response {
    let status = match failure.kind {
        FailureKind::Usage => StatusCode::BAD_REQUEST,
        FailureKind::NotFound => StatusCode::NOT_FOUND,
        FailureKind::Busy | FailureKind::Cancelled | FailureKind::Changed => StatusCode::CONFLICT,
        FailureKind::Server => StatusCode::BAD_GATEWAY,
        FailureKind::Keyring | FailureKind::NoKeyring | FailureKind::Store => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        FailureKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    };
    (status, Json(failure)).into_response()
}

/// What the app tells by itself, as it happens.
async fn events(
    State(serving): State<Serving>,
) -> Sse<impl Stream<Item = Result<sse::Event, axum::Error>>> {
    let listening = serving.app.events();
    let stream =
        futures::stream::unfold((listening, serving.end), |(mut listening, end)| async move {
            let event = tokio::select! {
                () = end.cancelled() => return None,
                event = listening.recv() => event,
            };
            let event = match event {
                Ok(event) => event,
                // Too slow to hear all of it: then all of it may have changed.
                Err(RecvError::Lagged(_)) => Event::Changed { tags: Tag::ALL.to_vec() },
                Err(RecvError::Closed) => return None,
            };
            Some((sse::Event::default().json_data(event), (listening, end)))
        });
    Sse::new(stream).keep_alive(KeepAlive::default())
}

/// Headers of every answer. The page may load what this address serves and nothing else, and nobody may put
/// it into a frame.
fn with_headers(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
             font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; \
             frame-ancestors 'none'",
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (header::HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert_with(|| HeaderValue::from_static("no-store"));
    response
}

/// Whether a folder holds a built window.
fn is_ui(folder: &Path) -> bool {
    folder.join("index.html").is_file()
}

#[cfg(test)]
mod tests;
