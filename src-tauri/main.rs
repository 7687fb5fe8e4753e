//! The app that people start.
// A window program on Windows brings no console with it.
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

fn main() -> tauri::Result<()> {
    watchstate_app::run()
}
