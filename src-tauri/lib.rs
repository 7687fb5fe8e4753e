//! The desktop shell: what only an operating system can do, and nothing else.
//!
//! Rules, servers and the database are in `crates/`, and none of them knows that there is a window. For
//! now the window shows one page that says so; the engine runs in the terminal (`watchstate-cli`).

mod windows;

/// Starts the app and returns when it has ended.
///
/// # Errors
/// When the desktop gives no window: no display, or the web view of the system is missing.
pub fn run() -> tauri::Result<()> {
    tauri::Builder::default()
        .setup(|app| {
            windows::open(app.handle())?;
            Ok(())
        })
        .run(tauri::generate_context!())
}
