//! The icon in the tray, and its menu.

use std::time::Duration;

use tauri::image::Image;
use tauri::menu::{Menu, MenuBuilder, MenuItem, MenuItemBuilder, SubmenuBuilder};
use tauri::tray::{MouseButton, MouseButtonState, TrayIconBuilder, TrayIconEvent};
use tauri::{AppHandle, Manager, Wry, include_image};
use tauri_plugin_notification::NotificationExt;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use watchstate_api::contract::{Event, PauseUntil, Setting};
use watchstate_api::settings::table::NOTIFICATIONS;

use crate::face::{Face, Icon, NOBODY, face};
use crate::opened::Opened;
use crate::windows;

/// The icon's own name.
const TRAY: &str = "main";
/// Work that is shorter than this is not shown, so that the icon does not flicker.
const SHORT: Duration = Duration::from_millis(1500);
/// How long the words may be out of date: "5 minutes ago".
const WORDS: Duration = Duration::from_secs(60);

/// The items whose words change.
struct Items {
    status: MenuItem<Wry>,
    last_sync: MenuItem<Wry>,
    watching: MenuItem<Wry>,
    waiting: MenuItem<Wry>,
    resume: MenuItem<Wry>,
}

/// What the tray showed last.
#[derive(Default)]
struct Shown(std::sync::Mutex<Option<Face>>);

/// Puts the icon into the tray.
///
/// # Errors
/// When the desktop takes no menu. A desktop without a tray is no error: the icon is just not seen.
pub(crate) fn build(app: &AppHandle) -> tauri::Result<()> {
    let item = |id: &str, text: &str| MenuItemBuilder::with_id(id, text);
    let status = item("status", "Starting…").enabled(false).build(app)?;
    let last_sync = item("last-sync", "Not synced yet").enabled(false).build(app)?;
    let watching = item("watching", NOBODY).enabled(false).build(app)?;
    let waiting = item("waiting", "Nothing waits for you").enabled(false).build(app)?;
    let resume = item("resume", "Resume").enabled(false).build(app)?;
    let pause = SubmenuBuilder::new(app, "Pause sync")
        .item(&item("pause-30", "For 30 minutes").build(app)?)
        .item(&item("pause-morning", "Until tomorrow morning").build(app)?)
        .item(&resume)
        .build()?;
    let menu: Menu<Wry> = MenuBuilder::new(app)
        .items(&[&status, &last_sync, &watching, &waiting])
        .separator()
        .item(&item("sync", "Sync now").build(app)?)
        .item(&pause)
        .separator()
        .item(&item("open", "Open WatchState").build(app)?)
        .item(&item("quit", "Quit").build(app)?)
        .build()?;
    TrayIconBuilder::with_id(TRAY)
        .icon(image(Icon::Working))
        .tooltip("WatchState")
        .menu(&menu)
        .show_menu_on_left_click(false)
        .on_menu_event(|app, event| chosen(app, event.id().as_ref()))
        .on_tray_icon_event(|tray, event| {
            if let TrayIconEvent::Click {
                button: MouseButton::Left,
                button_state: MouseButtonState::Up,
                ..
            } = event
            {
                windows::show(tray.app_handle());
            }
        })
        .build(app)?;
    app.manage(Items { status, last_sync, watching, waiting, resume });
    app.manage(Shown::default());
    Ok(())
}

fn image(icon: Icon) -> Image<'static> {
    match icon {
        Icon::InSync => include_image!("icons/tray/in-sync.png"),
        Icon::Working => include_image!("icons/tray/working.png"),
        Icon::NeedsYou => include_image!("icons/tray/needs-you.png"),
        Icon::Trouble => include_image!("icons/tray/trouble.png"),
    }
}

/// A person chose an item of the menu.
fn chosen(app: &AppHandle, item: &str) {
    match item {
        "open" | "waiting" => return windows::show(app),
        "quit" => return app.exit(0),
        _ => {}
    }
    let (handle, item, opened) = (app.clone(), item.to_owned(), app.state::<Opened>().app());
    tauri::async_runtime::spawn(async move {
        let Ok(app) = opened.await else {
            return windows::show(&handle);
        };
        let began = match item.as_str() {
            "sync" => app.sync_now(None, None).await,
            "pause-30" => return app.pause_sync(Some(PauseUntil::HalfAnHour)),
            "pause-morning" => return app.pause_sync(Some(PauseUntil::Morning)),
            "resume" => return app.pause_sync(None),
            _ => return,
        };
        // What cannot be begun is told in the window.
        if began.is_err() {
            windows::show(&handle);
        }
    });
}

/// Keeps the tray true for as long as the program runs.
pub(crate) fn watch(handle: &AppHandle, mut news: Receiver<Event>) {
    let handle = handle.clone();
    tauri::async_runtime::spawn(async move {
        loop {
            refresh(&handle).await;
            // The first news wakes it; what comes within a moment is one change. Work that has ended by then
            // was never shown, and work that goes on is, however much it has to tell.
            match tokio::time::timeout(WORDS, news.recv()).await {
                Ok(Err(RecvError::Closed)) => return,
                Ok(_) => {
                    let until = tokio::time::Instant::now() + SHORT;
                    while let Ok(Ok(_) | Err(RecvError::Lagged(_))) =
                        tokio::time::timeout_at(until, news.recv()).await
                    {}
                }
                Err(_) => {}
            }
        }
    });
}

/// Shows what is true now.
pub(crate) async fn refresh(handle: &AppHandle) {
    let (now, tells) = match handle.state::<Opened>().now() {
        Some(Ok(app)) => {
            let now = match app.overview().await {
                Ok(overview) => {
                    // Who watches is no reason for trouble: what cannot be read is left out.
                    let watching = app.watching().await.unwrap_or_default();
                    face(&overview, &watching, app.household().now().0)
                }
                Err(failure) => trouble(failure.what),
            };
            let off = |setting: &Setting| setting.name == NOTIFICATIONS && setting.value == "false";
            (now, !app.settings().iter().any(off))
        }
        Some(Err(failure)) => (trouble(failure.what), true),
        None => return,
    };
    // Nobody waits for the main thread here: each change of the tray is made on it, and a worker that waits
    // holds up what it has in hand. At the end the main thread waits for just that, and neither would go on.
    let shows = handle.clone();
    let _ = handle.run_on_main_thread(move || show(&shows, now, tells));
}

fn trouble(status: String) -> Face {
    let last_sync = "Open WatchState to see what to do".to_owned();
    let watching = NOBODY.to_owned();
    Face { icon: Icon::Trouble, status, last_sync, watching, waiting: None, paused: false }
}

/// `tells` is whether the person wants to be told of what they have to know.
fn show(handle: &AppHandle, face: Face, tells: bool) {
    let shown = handle.state::<Shown>();
    let mut shown = shown.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if shown.as_ref() == Some(&face) {
        return;
    }
    let items = handle.state::<Items>();
    // A menu that the desktop took away is not there to be changed.
    let _ = items.status.set_text(&face.status);
    let _ = items.last_sync.set_text(&face.last_sync);
    let _ = items.watching.set_text(&face.watching);
    let _ = items.waiting.set_text(face.waiting.as_deref().unwrap_or("Nothing waits for you"));
    let _ = items.waiting.set_enabled(face.waiting.is_some());
    let _ = items.resume.set_enabled(face.paused);
    if let Some(tray) = handle.tray_by_id(TRAY) {
        let _ = tray.set_icon(Some(image(face.icon)));
        let _ = tray.set_tooltip(Some(format!("WatchState: {}", face.status)));
    }
    let before = shown.as_ref().map(|before| before.icon);
    // Only what a person has to know, and only once. Not at the start: the window or the icon says it then.
    if tells
        && before.is_some_and(|before| before != face.icon)
        && matches!(face.icon, Icon::NeedsYou | Icon::Trouble)
    {
        let _ = handle.notification().builder().title("WatchState").body(&face.status).show();
    }
    *shown = Some(face);
}
