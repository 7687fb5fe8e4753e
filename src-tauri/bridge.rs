//! Between the page and the app: questions one way, news the other.

use serde_json::Value;
use tauri::{AppHandle, Emitter, Manager, State, Url};
use tauri_plugin_opener::OpenerExt;
use tokio::sync::broadcast::error::RecvError;
use watchstate_api::App;
use watchstate_api::contract::{Event, Failure, FailureKind, Tag};
use watchstate_api::settings::table::AUTOSTART;
use watchstate_api::table::dispatch;

use crate::opened::Opened;
use crate::{autostart, tray};

/// The name under which news reach the page.
const NEWS: &str = "watchstate";

/// A command of the table.
#[tauri::command]
pub(crate) async fn call(
    opened: State<'_, Opened>,
    name: String,
    args: Value,
) -> Result<Value, Failure> {
    let app = opened.app().await?;
    dispatch(&app, &name, args).await
}

/// Opens the page on which a person lets WatchState into a Plex account. No other is opened.
#[tauri::command]
#[expect(clippy::needless_pass_by_value, reason = "the form in which Tauri hands arguments over")]
pub(crate) fn open_url(app: AppHandle, url: String) -> Result<(), Failure> {
    let not_ours =
        || Failure::usage("That page is not one to sign in on", "Type its address yourself");
    let url = Url::parse(&url).ok().filter(is_sign_in).ok_or_else(not_ours)?;
    app.opener().open_url(url.as_str(), None::<&str>).map_err(|_| {
        Failure::new(
            FailureKind::Internal,
            "No browser could be opened",
            "Open the address yourself",
        )
    })
}

/// Whether an address is Plex's own page for signing in.
fn is_sign_in(url: &Url) -> bool {
    let plex = matches!(url.host_str(), Some("app.plex.tv" | "www.plex.tv" | "plex.tv"));
    url.scheme() == "https" && plex && url.port().is_none() && url.username().is_empty()
}

/// Lets the desktop start the app on login, or not, as the settings say. Nothing is touched when it is so
/// already.
fn follow_the_settings(app: &App) {
    let on =
        app.settings().iter().any(|setting| setting.name == AUTOSTART && setting.value == "true");
    if on != autostart::is_on()
        && let Err(error) = autostart::set(on)
    {
        tracing::error!(kind = %error.kind(), "the entry for starting on login cannot be changed");
    }
}

/// Tells the page and the tray what changed, for as long as the program runs.
pub(crate) fn forward(handle: &AppHandle) {
    let (handle, mut opened) = (handle.clone(), handle.state::<Opened>().news());
    tauri::async_runtime::spawn(async move {
        let app = loop {
            let now = opened.borrow_and_update().clone();
            match now {
                Some(Ok(app)) => break app,
                Some(Err(_)) => tray::refresh(&handle).await,
                None => {}
            }
            if opened.changed().await.is_err() {
                return;
            }
        };
        let mut news = app.events();
        follow_the_settings(&app);
        tray::watch(&handle, app.events());
        loop {
            let event = match news.recv().await {
                Ok(event) => event,
                // The page was too slow, and has to take everything for changed.
                Err(RecvError::Lagged(_)) => Event::Changed { tags: Tag::ALL.to_vec() },
                Err(RecvError::Closed) => return,
            };
            if matches!(&event, Event::Changed { tags } if tags.contains(&Tag::Settings)) {
                follow_the_settings(&app);
            }
            // Without a window nobody listens, which is no mistake.
            let _ = handle.emit(NEWS, event);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_page_to_sign_in_is_opened() {
        for (url, opens) in [
            ("https://app.plex.tv/auth#?code=x", true),
            ("http://app.plex.tv/auth", false),
            ("https://app.plex.tv.example.org/", false),
            ("https://app.plex.tv:8443/", false),
            ("https://ana@app.plex.tv/", false),
            ("file:///etc/passwd", false),
            ("javascript:alert(1)", false),
        ] {
            assert_eq!(is_sign_in(&Url::parse(url).unwrap()), opens, "{url}");
        }
    }
}
