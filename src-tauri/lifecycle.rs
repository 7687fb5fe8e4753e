//! The end of the program.

use tauri::{AppHandle, Manager};

use crate::opened::Opened;

/// Lets what is on its way arrive, for a few seconds at most, and closes the database.
pub(crate) fn close(handle: &AppHandle) {
    if let Some(Ok(app)) = handle.state::<Opened>().now() {
        tauri::async_runtime::block_on(app.close());
    }
}
