//! The files of the window, from one folder and from nowhere else.

use std::path::{Path, PathBuf};

use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use watchstate_api::ApiError;

use super::{Serving, is_ui};

/// Where the built window is: where one says, beside the program, or, in builds for development, where
/// `npm run build` puts it.
pub(super) fn find(said: Option<&Path>) -> Result<PathBuf, ApiError> {
    if let Some(folder) = said {
        return if is_ui(folder) {
            Ok(folder.to_owned())
        } else {
            Err(ApiError::usage(format!(
                "there is no built window in {}; give the folder that holds its index.html",
                folder.display()
            )))
        };
    }
    let beside = std::env::current_exe().ok().and_then(|exe| Some(exe.parent()?.join("ui")));
    let built =
        cfg!(debug_assertions).then(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ui/dist"));
    beside.into_iter().chain(built).find(|folder| is_ui(folder)).ok_or_else(|| {
        ApiError::usage(
            "there is no built window beside this program; build it with npm run build in ui, and give \
             its folder with --ui",
        )
    })
}

/// A file of the window, by the path of a request; the page itself for paths that name no file.
pub(super) async fn page(State(serving): State<Serving>, request: Request) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    let path = request.uri().path();
    if path.starts_with("/api/") {
        return StatusCode::NOT_FOUND.into_response();
    }
    let Some(file) = resolve(&serving.ui, path).await else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let Ok(content) = tokio::fs::read(&file).await else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let mut response = content.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind(&file)));
    // Vite names what is in there by its content.
    if path.starts_with("/assets/") {
        let forever = "private, max-age=31536000, immutable";
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(forever));
    }
    response
}

/// The file of a path below a folder. Our own files have plain names: whatever has anything but letters,
/// digits, `-`, `_` and single dots in it is none of them, so that there is nothing to decode and nothing to
/// climb out by; a link that leads out of the folder is not followed.
async fn resolve(folder: &Path, path: &str) -> Option<PathBuf> {
    let mut file = folder.to_owned();
    let mut last = "";
    for part in path.split('/').filter(|part| !part.is_empty()) {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if part.starts_with('.') || part.contains("..") || !part.chars().all(plain) {
            return None;
        }
        file.push(part);
        last = part;
    }
    if !last.contains('.') {
        file = folder.join("index.html");
    }
    let root = tokio::fs::canonicalize(folder).await.ok()?;
    let file = tokio::fs::canonicalize(&file).await.ok()?;
    (file.starts_with(&root) && file.is_file()).then_some(file)
}

fn kind(file: &Path) -> &'static str {
    match file.extension().and_then(|extension| extension.to_str()).unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" | "webmanifest" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_what_is_below() {
        let outside = tempfile::tempdir().unwrap();
        let ui = outside.path().join("ui");
        std::fs::create_dir_all(ui.join("assets")).unwrap();
        std::fs::write(outside.path().join("secret.txt"), "secret").unwrap();
        std::fs::write(ui.join("index.html"), "page").unwrap();
        std::fs::write(ui.join("assets/app-1.js"), "script").unwrap();
        std::fs::write(ui.join(".hidden.txt"), "hidden").unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(outside.path().join("secret.txt"), ui.join("link.txt")).unwrap();
        for (path, found, why) in [
            ("/", Some("page"), "the page"),
            ("/history", Some("page"), "a place in the page"),
            ("/assets/app-1.js", Some("script"), "a file"),
            ("//assets//app-1.js", Some("script"), "with too many strokes"),
            ("/assets/none.js", None, "a file that is not there"),
            ("/../secret.txt", None, "up"),
            ("/assets/../../secret.txt", None, "down and up"),
            ("/%2e%2e/secret.txt", None, "up in other letters"),
            ("/..%2fsecret.txt", None, "a stroke in other letters"),
            ("/assets\\..\\..\\secret.txt", None, "strokes of another system"),
            ("/.hidden.txt", None, "a hidden file"),
            ("/link.txt", None, "a link that leads out"),
            ("/C:/secret.txt", None, "a drive"),
            ("/a\0b.txt", None, "the end of a text"),
        ] {
            let file = resolve(&ui, path).await;
            let content = file.map(|file| std::fs::read_to_string(file).unwrap());
            assert_eq!(content.as_deref(), found, "{why}");
        }
    }
}
