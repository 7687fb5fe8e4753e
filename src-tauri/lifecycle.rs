//! The end of the program.

use std::time::Duration;

use tauri::{AppHandle, Manager};

use crate::opened::Opened;

/// Ends the program as Quit does when the system asks it to: at a logout, at a shutdown.
///
/// Without this it would be gone in the middle of a write to a server, which the next start makes up for.
pub(crate) fn end_when_asked(handle: &AppHandle) {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};

        let handle = handle.clone();
        tauri::async_runtime::spawn(async move {
            // Where signals cannot be had, the system's own way of ending a program stays.
            let Ok(mut terminate) = signal(SignalKind::terminate()) else { return };
            if terminate.recv().await.is_some() {
                handle.exit(0);
            }
        });
    }
    // Windows asks through a message to the window, which the window's own library answers.
    #[cfg(not(unix))]
    let _ = handle;
}

/// How long closing may take. Nothing is lost when it was not enough.
const LONGEST: Duration = Duration::from_secs(10);

/// Lets what is on its way arrive, for a few seconds at most, and closes the database.
pub(crate) fn close(handle: &AppHandle) {
    if let Some(Ok(app)) = handle.state::<Opened>().now() {
        tauri::async_runtime::block_on(async {
            if tokio::time::timeout(LONGEST, app.close()).await.is_err() {
                tracing::warn!("the end did not wait any longer for what goes on");
            }
        });
    }
}
