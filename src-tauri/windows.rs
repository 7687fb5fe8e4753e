//! The one window.

use tauri::{AppHandle, Manager, Url, WebviewUrl, WebviewWindowBuilder};

/// The label under which `capabilities/main.json` gives the window its permissions.
const MAIN: &str = "main";

/// Shows the window: brings it to the front, or builds it anew. Closing it destroys it, because a web view
/// that nobody sees costs as much memory as one that is looked at.
pub(crate) fn show(app: &AppHandle) {
    if let Some(window) = app.get_webview_window(MAIN) {
        // What the desktop does not allow is left as it is.
        let _ = window.unminimize();
        let _ = window.show();
        let _ = window.set_focus();
    } else if let Err(error) = build(app) {
        tracing::error!(%error, "the window cannot be opened");
    }
}

fn build(app: &AppHandle) -> tauri::Result<()> {
    let dev_server =
        if cfg!(feature = "custom-protocol") { None } else { app.config().build.dev_url.clone() };
    let window = WebviewWindowBuilder::new(app, MAIN, WebviewUrl::default())
        .title("WatchState")
        .inner_size(1100.0, 760.0)
        .min_inner_size(480.0, 400.0)
        .center()
        // Tauri's own takes what is dropped before the page sees it: a backup is dropped into the page.
        .disable_drag_drop_handler()
        .on_navigation(move |url| is_ours(url, dev_server.as_ref()))
        .build()?;
    draw_plainly_without_gpu(&window)
}

/// Where there is no graphics processor, a web view that asks for one gets a software one: a compiler for
/// shaders in each of its processes, some ninety MiB, and a slower first picture. Our page is still, and is
/// drawn without.
#[cfg(target_os = "linux")]
fn draw_plainly_without_gpu(window: &tauri::WebviewWindow) -> tauri::Result<()> {
    use webkit2gtk::{HardwareAccelerationPolicy, SettingsExt, WebViewExt};

    if has_gpu(std::path::Path::new("/dev/dri")) {
        return Ok(());
    }
    window.with_webview(|view| {
        if let Some(settings) = view.inner().settings() {
            settings.set_hardware_acceleration_policy(HardwareAccelerationPolicy::Never);
        }
    })
}

#[cfg(not(target_os = "linux"))]
fn draw_plainly_without_gpu(_: &tauri::WebviewWindow) -> tauri::Result<()> {
    Ok(())
}

/// Whether a graphics processor can be drawn with: the kernel has a render node for each.
#[cfg(target_os = "linux")]
fn has_gpu(folder: &std::path::Path) -> bool {
    std::fs::read_dir(folder).is_ok_and(|entries| {
        entries.flatten().any(|entry| entry.file_name().to_string_lossy().starts_with("renderD"))
    })
}

/// Whether the window may show this address: our own page and nothing else, whatever a link or a script
/// asks for. Tauri serves the page as `tauri://localhost` on Linux and macOS, and as
/// `http://tauri.localhost` on Windows.
fn is_ours(url: &Url, dev_server: Option<&Url>) -> bool {
    match url.scheme() {
        "tauri" => url.host_str() == Some("localhost"),
        "http" | "https" => {
            url.host_str() == Some("tauri.localhost")
                || dev_server.is_some_and(|dev| dev.origin() == url.origin())
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn a_render_node_is_a_graphics_processor() {
        let folder = std::env::temp_dir().join(format!("watchstate-dri-{}", std::process::id()));
        assert!(!has_gpu(&folder), "no such folder");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("card0"), "").unwrap();
        assert!(!has_gpu(&folder), "a screen, and nothing to draw with");
        std::fs::write(folder.join("renderD128"), "").unwrap();
        assert!(has_gpu(&folder));
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn the_window_shows_only_our_own_page() {
        let dev = Url::parse("http://127.0.0.1:5173").unwrap();
        for (address, dev_server, shown, why) in [
            ("tauri://localhost/", None, true, "our page on Linux and macOS"),
            ("http://tauri.localhost/", None, true, "our page on Windows"),
            ("tauri://elsewhere/", None, false, "the scheme alone is not enough"),
            ("https://example.org/", None, false, "a web site"),
            (
                "http://tauri.localhost.example.org/",
                None,
                false,
                "a name that only begins like ours",
            ),
            ("http://127.0.0.1:5173/", None, false, "the dev server in a release"),
            ("http://127.0.0.1:5173/", Some(&dev), true, "the dev server while developing"),
            ("http://127.0.0.1:5174/", Some(&dev), false, "another port of this machine"),
            ("file:///etc/passwd", Some(&dev), false, "a file"),
            ("data:text/html,hello", None, false, "a page made of its own address"),
        ] {
            assert_eq!(is_ours(&Url::parse(address).unwrap(), dev_server), shown, "{why}");
        }
    }
}
