//! The desktop's side of the tray: what a panel does with an icon and its menu.
//!
//! The icon is a StatusNotifierItem (freedesktop.org, StatusNotifierItem specification), its menu is told by
//! `com.canonical.dbusmenu` (libdbusmenu, `dbus-menu.xml`).

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use tauri::image::Image;
use watchstate_testkit::desktop::Desktop;
use zbus::message::Header;
use zbus::zvariant::{OwnedObjectPath, OwnedValue, Structure, Value};
use zbus::{Connection, interface, proxy};

use super::{in_time, until};

/// Where an icon is: the name on the bus of its program, its path there, and since when.
type Place = Arc<Mutex<Option<(String, String, Instant)>>>;

/// A panel with room for icons.
pub(crate) struct Panel {
    connection: Connection,
    place: Place,
}

/// To whom programs tell their icons.
struct Watcher {
    place: Place,
}

#[expect(clippy::needless_pass_by_value, reason = "the form in which zbus hands arguments over")]
#[interface(name = "org.kde.StatusNotifierWatcher")]
impl Watcher {
    fn register_status_notifier_item(&self, path: &str, #[zbus(header)] header: Header<'_>) {
        let sender = header.sender().unwrap().to_string();
        *self.place.lock().unwrap() = Some((sender, path.to_owned(), Instant::now()));
    }

    fn register_status_notifier_host(&self, _host: &str) {}

    #[zbus(property)]
    fn registered_status_notifier_items(&self) -> Vec<String> {
        Vec::new()
    }

    #[zbus(property)]
    fn is_status_notifier_host_registered(&self) -> bool {
        true
    }

    #[zbus(property)]
    fn protocol_version(&self) -> i32 {
        0
    }
}

#[proxy(interface = "org.kde.StatusNotifierItem")]
trait Item {
    #[zbus(property(emits_changed_signal = "false"))]
    fn icon_name(&self) -> zbus::Result<String>;
    #[zbus(property(emits_changed_signal = "false"))]
    fn icon_theme_path(&self) -> zbus::Result<String>;
    #[zbus(property(emits_changed_signal = "false"))]
    fn menu(&self) -> zbus::Result<OwnedObjectPath>;
}

/// An entry of a menu: its number, its properties, its own entries.
type Entry = (i32, HashMap<String, OwnedValue>, Vec<OwnedValue>);

#[proxy(interface = "com.canonical.dbusmenu")]
trait DbusMenu {
    fn get_layout(
        &self,
        parent: i32,
        depth: i32,
        properties: &[&str],
    ) -> zbus::Result<(u32, Entry)>;
    fn event(&self, id: i32, event: &str, data: &Value<'_>, timestamp: u32) -> zbus::Result<()>;
}

/// A line of the menu that can be seen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Line {
    id: i32,
    pub(crate) text: String,
    pub(crate) enabled: bool,
}

impl Panel {
    /// A panel on this desktop. It has to be there before the app.
    pub(crate) async fn on(desktop: &Desktop) -> Self {
        let place = Place::default();
        let connection = zbus::connection::Builder::address(desktop.bus())
            .unwrap()
            .serve_at("/StatusNotifierWatcher", Watcher { place: Arc::clone(&place) })
            .unwrap()
            .name("org.kde.StatusNotifierWatcher")
            .unwrap()
            .build()
            .await
            .unwrap();
        Self { connection, place }
    }

    /// When the icon was put there.
    pub(crate) async fn since(&self) -> Instant {
        until("an icon", async || self.place.lock().unwrap().as_ref().map(|place| place.2)).await
    }

    /// The program behind the icon has ended: the next icon is another one's.
    #[allow(dead_code, reason = "not every test starts the app twice")]
    pub(crate) fn forgets(&self) {
        *self.place.lock().unwrap() = None;
    }

    async fn item(&self) -> ItemProxy<'_> {
        let (name, path, _) =
            until("an icon in the tray", async || self.place.lock().unwrap().clone()).await;
        ItemProxy::builder(&self.connection)
            .destination(name)
            .unwrap()
            .path(path)
            .unwrap()
            .build()
            .await
            .unwrap()
    }

    /// Which of our pictures the icon shows: the name of its file, without its ending.
    pub(crate) async fn picture(&self) -> Option<&'static str> {
        let item = self.item().await;
        let name = item.icon_name().await.ok()?;
        let folder = item.icon_theme_path().await.ok()?;
        // A picture that is being changed is not whole; then it is looked at again.
        let file = [Path::new(&folder).join(format!("{name}.png")), Path::new(&name).to_owned()];
        let shown = file.iter().find_map(|file| Image::from_path(file).ok())?;
        ["in-sync", "working", "needs-you", "trouble"].into_iter().find(|picture| {
            let own =
                Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("icons/tray/{picture}.png"));
            Image::from_path(own).unwrap().rgba() == shown.rgba()
        })
    }

    async fn menu(&self) -> DbusMenuProxy<'_> {
        let item = self.item().await;
        let path = until("a menu", async || item.menu().await.ok()).await;
        DbusMenuProxy::builder(&self.connection)
            .destination(item.inner().destination().to_owned())
            .unwrap()
            .path(path)
            .unwrap()
            .build()
            .await
            .unwrap()
    }

    /// All lines of the menu, those of its sub-menus among them.
    pub(crate) async fn lines(&self) -> Vec<Line> {
        let (_, root) = self.menu().await.get_layout(0, -1, &[]).await.unwrap();
        let mut lines = Vec::new();
        read(&root, &mut lines);
        lines
    }

    /// What the menu says, a line after the other.
    pub(crate) async fn says(&self) -> Vec<String> {
        self.lines().await.into_iter().map(|line| line.text).collect()
    }

    /// The line that begins so.
    pub(crate) async fn line(&self, begins: &str) -> Line {
        let lines = self.lines().await;
        let found = lines.iter().find(|line| line.text.starts_with(begins));
        found.unwrap_or_else(|| panic!("no line {begins:?} in {lines:?}")).clone()
    }

    /// Chooses the line that begins so.
    pub(crate) async fn choose(&self, begins: &str) {
        let line = self.line(begins).await;
        assert!(line.enabled, "{line:?} can be chosen");
        self.menu().await.event(line.id, "clicked", &Value::from(0), 0).await.unwrap();
    }

    /// Waits until the icon shows one of our pictures and the menu has a line that begins so.
    pub(crate) async fn shows(&self, picture: &str, begins: &str) {
        let mut shown = (None, Vec::new());
        let came = in_time(async || {
            shown = (self.picture().await, self.says().await);
            let says = shown.1.iter().any(|line: &String| line.starts_with(begins));
            (shown.0 == Some(picture) && says).then_some(())
        });
        if came.await.is_none() {
            panic!("waited in vain for the icon {picture:?} and a line {begins:?}, not {shown:?}");
        }
    }
}

fn read((id, properties, entries): &Entry, lines: &mut Vec<Line>) {
    let of = |name: &str| properties.get(name).map(|value| &**value);
    if let Some(Value::Str(text)) = of("label") {
        // An underscore before a letter is its key (libdbusmenu, `label`).
        let enabled = !matches!(of("enabled"), Some(Value::Bool(false)));
        lines.push(Line { id: *id, text: text.replace('_', ""), enabled });
    }
    for entry in entries {
        let entry = Structure::try_from(entry.try_clone().unwrap()).unwrap();
        read(&Entry::try_from(entry).unwrap(), lines);
    }
}
