//! A person before the real window: what they see, press and type, through the web view's own driver
//! (WebDriver, W3C Recommendation).

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use fantoccini::elements::Element;
use fantoccini::error::CmdError;
use fantoccini::wd::Capabilities;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tokio::process::Child;
use watchstate_testkit::desktop::{self, Desktop};

use super::screen::{Picture, Screen};
use super::{PROGRAM, in_time, settings, until};

/// A person who started the app.
pub(crate) struct Person {
    client: Client,
    /// Where pictures of the views are kept, when they are wanted, and what they are of.
    album: Option<(PathBuf, Screen)>,
    _driver: Child,
}

impl Person {
    /// Starts the app on this desktop; `None`, and a line that says so, where there is no driver.
    pub(crate) async fn starts(desktop: &Desktop) -> Option<Self> {
        Self::starts_with(desktop, &[]).await
    }

    /// Starts the app with these words.
    pub(crate) async fn starts_with(desktop: &Desktop, words: &[&str]) -> Option<Self> {
        let driver = match desktop::find("WebKitWebDriver") {
            Ok(driver) => driver,
            Err(missing) => {
                eprintln!("SKIPPED: {missing}");
                return None;
            }
        };
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let driver = desktop
            .command(driver)
            .envs(settings(desktop))
            // The web view lets itself be driven only where this says so, and so no other program does it.
            .env("TAURI_WEBVIEW_AUTOMATION", "true")
            .args([format!("--port={port}"), "--host=127.0.0.1".to_owned()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut wanted = Capabilities::new();
        wanted.insert(
            "webkitgtk:browserOptions".to_owned(),
            json!({ "binary": PROGRAM, "args": words }),
        );
        let address = format!("http://127.0.0.1:{port}");
        let client = until("the window", async || {
            let mut builder = ClientBuilder::new(HttpConnector::new());
            builder.capabilities(wanted.clone()).connect(&address).await.ok()
        })
        .await;
        let album = std::env::var_os("WATCHSTATE_PICTURES");
        let album = album.map(|folder| (PathBuf::from(folder), Screen::of(desktop)));
        Some(Self { client, album, _driver: driver })
    }

    /// The first thing that can be seen of those that a path of XPath 1.0 names.
    async fn find(&self, what: &str, path: &str) -> Element {
        until(what, async || {
            for element in self.client.find_all(Locator::XPath(path)).await.ok()? {
                if element.is_displayed().await.unwrap_or(false) {
                    return Some(element);
                }
            }
            None
        })
        .await
    }

    /// Presses a button or a link that is called this, as soon as it can be pressed.
    pub(crate) async fn presses(&self, name: &str) {
        let name = quoted(name);
        let path = format!(
            "//button[not(@disabled)][contains(normalize-space(.), {name}) or @aria-label={name}] | \
             //a[contains(normalize-space(.), {name}) or @aria-label={name}]"
        );
        let what = format!("something to press that is called {name}");
        until(&what, async || self.find(&what, &path).await.click().await.ok()).await;
    }

    /// Chooses one of several: a tab, a radio button.
    pub(crate) async fn chooses(&self, name: &str) {
        let path = format!("//label[contains(normalize-space(.), {})]", quoted(name));
        let what = format!("something to choose that is called {name:?}");
        until(&what, async || self.find(&what, &path).await.click().await.ok()).await;
    }

    /// Writes into the place with this label; what was there is gone.
    pub(crate) async fn writes(&self, label: &str, text: &str) {
        let label = quoted(label);
        let path = format!(
            "//input[@id=//label[contains(normalize-space(.), {label})]/@for] | \
             //input[contains(@aria-label, {label}) or contains(@placeholder, {label})]"
        );
        let place = self.find(&format!("a place to write that is called {label}"), &path).await;
        place.clear().await.unwrap();
        place.send_keys(text).await.unwrap();
    }

    /// Waits until the window says this.
    pub(crate) async fn sees(&self, words: &str) {
        let look = async || self.reads().await.contains(words).then_some(());
        if in_time(look).await.is_none() {
            panic!("waited in vain for {words:?}; the window says: {}", self.reads().await);
        }
    }

    /// All words in sight.
    pub(crate) async fn reads(&self) -> String {
        match self.does("return document.body.innerText").await {
            Ok(Value::String(words)) => words.split_whitespace().collect::<Vec<_>>().join(" "),
            _ => String::new(),
        }
    }

    /// Goes to a view, by the place that its address names.
    pub(crate) async fn goes_to(&self, place: &str) {
        self.does(&format!("location.hash = '#/{place}'")).await.unwrap();
    }

    async fn does(&self, script: &str) -> Result<Value, CmdError> {
        self.client.execute(script, Vec::new()).await
    }

    /// Takes a picture of what is in sight in light and in dark, where pictures are wanted.
    pub(crate) async fn takes_a_picture(&self, name: &str) {
        let Some((album, screen)) = &self.album else { return };
        // Words at the foot are read and put away, rows have come, letters are in their own typeface.
        until("the page to be ready", async || {
            let ready = "document.querySelector('[aria-label=Dismiss]')?.click(); \
                         return document.fonts.status === 'loaded' && !document.querySelector( \
                         '.waiting, [aria-label=Dismiss]') && document.body.innerText.length > 0";
            (self.does(ready).await.ok()? == json!(true)).then_some(())
        })
        .await;
        // In dark first: another picture than before then is one of the page as it is now.
        let mut shown = screen.windows().first().map(|window| screen.picture(*window));
        for theme in ["dark", "light"] {
            // Nothing is in motion, and nothing shows where the keyboard or the mouse just was.
            let ready = "document.activeElement?.blur(); document.documentElement.dataset.theme = ";
            self.does(&format!("{ready}'{theme}'")).await.unwrap();
            until("the page at rest", async || {
                let moving = self.does("return document.getAnimations().length").await.ok()?;
                (moving == json!(0)).then_some(())
            })
            .await;
            let picture = painted(screen, shown.as_ref()).await;
            keep(&album.join(format!("{name}-{theme}.png")), &picture.png());
            shown = Some(picture);
        }
    }

    /// How long ago the page was first painted, in milliseconds (Paint Timing, W3C).
    pub(crate) async fn first_paint_ago(&self) -> f64 {
        let script = "const paint = performance.getEntriesByName('first-contentful-paint')[0]; \
                      return paint ? performance.now() - paint.startTime : null";
        until("the first paint", async || self.does(script).await.ok()?.as_f64()).await
    }

    /// Ends the app, as the driver ends it.
    pub(crate) async fn leaves(self) {
        self.client.close().await.unwrap();
    }
}

/// The window as it is painted: another picture than before, and the same three times in a row. The driver's own
/// pictures wait for a frame, which does not always come where a page is drawn without a graphics processor.
async fn painted(screen: &Screen, before: Option<&Picture>) -> Picture {
    let mut same = 0;
    let mut latest = None;
    until("the window to be painted", async || {
        let window = *screen.windows().first()?;
        let picture = Some(screen.picture(window));
        same = if picture == latest { same + 1 } else { 0 };
        latest = picture;
        if same >= 2 && before != latest.as_ref() { latest.clone() } else { None }
    })
    .await
}

fn keep(file: &Path, picture: &[u8]) {
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(file, picture).unwrap();
}

/// A text in XPath 1.0, which has no escapes: it may hold one kind of quote.
fn quoted(text: &str) -> String {
    assert!(!text.contains('"'), "{text:?} cannot be looked for");
    format!("\"{text}\"")
}
