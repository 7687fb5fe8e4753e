//! The desktop shell: what only an operating system can do, and nothing else.
//!
//! Rules, servers and the database are in `crates/`, and none of them knows that there is a window. What the
//! page asks for goes through `bridge.rs` to the one table of commands; the tray shows what the app says of
//! itself. The app lives as long as the program does; the window only while somebody looks at it.

mod autostart;
mod bridge;
mod face;
mod lifecycle;
mod opened;
mod tray;
mod windows;

use std::sync::Arc;

use tauri::{Manager, RunEvent};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use watchstate_api::LogRing;
use watchstate_engine::SystemClock;

use crate::opened::Opened;

/// The word with which a login starts the app: the tray alone.
const MINIMIZED: &str = "--minimized";

/// Starts the app and returns when it has ended.
///
/// # Errors
/// When the desktop gives no window: no display, or the web view of the system is missing.
pub fn run() -> tauri::Result<()> {
    let log = LogRing::new(Arc::new(SystemClock));
    let own = Targets::new().with_targets([
        ("watchstate", LevelFilter::DEBUG),
        ("watchstate_app", LevelFilter::DEBUG),
        ("watchstate_api", LevelFilter::DEBUG),
        ("watchstate_engine", LevelFilter::DEBUG),
        ("watchstate_servers", LevelFilter::DEBUG),
        ("watchstate_store", LevelFilter::DEBUG),
    ]);
    // A second subscriber cannot be, and the app does its work without its log as well.
    let _ = tracing_subscriber::registry().with(log.clone().with_filter(own)).try_init();
    watchstate_api::tell_panics_by_place();

    let app = tauri::Builder::default()
        // First of all: a second start shows the window of the first, and ends.
        .plugin(tauri_plugin_single_instance::init(|app, _arguments, _folder| windows::show(app)))
        .plugin(tauri_plugin_window_state::Builder::new().build())
        .plugin(tauri_plugin_notification::init())
        .plugin(tauri_plugin_opener::init())
        .invoke_handler(tauri::generate_handler![bridge::call, bridge::open_url])
        .setup(move |app| {
            app.manage(Opened::begin(log));
            lifecycle::end_when_asked(app.handle());
            tray::build(app.handle())?;
            bridge::forward(app.handle());
            if !std::env::args().any(|word| word == MINIMIZED) {
                windows::show(app.handle());
            }
            Ok(())
        })
        .build(tauri::generate_context!())?;
    app.run(|app, event| match event {
        // Closing the window leaves the tray; only Quit ends the program.
        RunEvent::ExitRequested { code: None, api, .. } => api.prevent_exit(),
        #[cfg(target_os = "macos")]
        RunEvent::Reopen { .. } => windows::show(app),
        RunEvent::Exit => lifecycle::close(app),
        _ => {}
    });
    Ok(())
}
