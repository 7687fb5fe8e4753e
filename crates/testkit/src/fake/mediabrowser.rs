//! The routes that Jellyfin and Emby share: both descend from one server, MediaBrowser.
//!
//! Where they differ, the difference is a value of [`Habits`](super::habits::Habits) or an answer of
//! `jellyfin` or `emby`. The numbers of recordings are those of
//! `tests/recordings/`.

mod caller;
mod item;
mod list;
mod playing;
pub mod told;
mod users;
mod words;

use serde_json::{Value, json};
use watchstate_model::Moment;
use watchstate_servers::ServerKind;

use self::caller::Visitor;
use super::exchange::{Asked, Reply};
use super::habits::{PartialWrites, Version};
use super::library::{Library, Named, Refused};
use super::people::{Caller, UserNo};
use super::{emby, jellyfin};

/// Why a request is turned down; each server and version says it in its own way.
#[derive(Clone, Debug)]
pub(super) enum No {
    /// There is no token.
    Token,
    /// The token is wrong, or no longer good.
    BadToken,
    /// Name and password do not go together.
    BadPassword,
    /// Signing in without saying from which device.
    Device,
    /// There is no such item.
    Item {
        /// Whether it was to be read, not written.
        read: bool,
    },
    /// That is not the form of an item's id.
    Id(String),
    /// There is no such user.
    User,
    /// An API key has no user, and none was named.
    UserUnsaid,
    /// `/Users/Me` of nobody.
    Me,
    /// A date that cannot be read.
    Date(String),
    /// A body that cannot be read.
    Json,
    /// This user may not.
    Allowed,
    /// There is no such path in this version.
    Call,
}

impl From<Refused> for No {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::NoSuchItem | Refused::NoSuchSection => Self::Item { read: false },
            Refused::NoSuchUser => Self::User,
            Refused::NoSuchCall => Self::Call,
        }
    }
}

/// What a Jellyfin or an Emby answers at a time of its own clock.
pub fn answer(library: &mut Library, asked: &Asked, now: Moment) -> Reply {
    let version = Version::parse(library.version());
    let reply = Exchange { library, asked, now }.answer();
    let kind = library.kind();
    reply.unwrap_or_else(|no| match kind {
        ServerKind::Emby => emby::refuse(version, &no),
        _ => jellyfin::refuse(version, &no),
    })
}

/// One exchange in the making.
struct Exchange<'a> {
    library: &'a mut Library,
    asked: &'a Asked,
    now: Moment,
}

type Answered = Result<Reply, No>;

impl Exchange<'_> {
    fn answer(&mut self) -> Answered {
        let lower: Vec<String> =
            self.asked.parts.iter().map(|part| part.to_ascii_lowercase()).collect();
        let mut parts: Vec<&str> = lower.iter().map(String::as_str).collect();
        let habits = self.library.habits().clone();
        // Recordings 78 and 79.
        match parts.first() {
            Some(&"emby") if habits.emby_prefix => drop(parts.remove(0)),
            Some(&"mediabrowser") if habits.mediabrowser_prefix => drop(parts.remove(0)),
            _ => {}
        }
        let method = self.asked.method.as_str();
        let jellyfin = self.library.kind() == ServerKind::Jellyfin;
        let four = jellyfin || habits.numeric_keys;
        let modern = habits.modern_paths;
        let legacy_part = habits.partial_writes != PartialWrites::None;
        match (method, parts.as_slice()) {
            ("GET", ["system", "info", "public"]) => Ok(Reply::json(self.public_info())),
            ("GET" | "POST", ["system", "ping"]) if jellyfin => {
                Ok(Reply::json(json!("Jellyfin Server")))
            }
            ("GET" | "POST", ["system", "ping"]) if four => {
                Ok(Reply::text(200, "text/plain", "Emby Server"))
            }
            ("GET", ["system", "info"]) => self.system_info(),
            ("GET", ["quickconnect", "enabled"]) if jellyfin => Ok(Reply::json(json!(false))),
            ("GET", ["users", "public"]) => Ok(Reply::json(self.public_users())),
            ("POST", ["users", "authenticatebyname"]) => self.authenticate(),
            ("POST", ["users", "new"]) => self.new_user(),
            ("GET", ["users", "me"]) if jellyfin => self.me(),
            ("GET", ["users"]) => self.users(),
            ("GET", ["users", "query"]) if four && !jellyfin => self.users_query(),
            ("GET", ["users", id]) => self.one_user(id),
            ("GET" | "POST", ["auth", "keys"]) => self.keys(),
            ("POST", ["sessions", "logout"]) => self.logout(),
            ("GET", ["library", "virtualfolders"]) => self.virtual_folders(),

            ("GET", ["users", user, "views"]) => self.views(Some(user)),
            ("GET", ["userviews"]) if modern => self.views(None),
            ("GET", ["users", user, "items"]) => self.items(Some(user)),
            ("GET", ["items"]) => self.items(None),
            ("GET", ["users", user, "items", "resume"]) => self.resume(Some(user)),
            ("GET", ["useritems", "resume"]) if modern => self.resume(None),
            ("GET", ["users", user, "items", "root"]) => self.root(user),
            ("GET", ["users", user, "items", id]) => self.item(Some(user), id),
            ("GET", ["items", id]) if modern => self.item(None, id),
            ("GET", ["shows", "nextup"]) => self.next_up(),
            ("GET", ["shows", id, "episodes"]) => self.episodes(id),
            ("GET", ["shows", id, "seasons"]) => self.seasons(id),

            ("POST" | "DELETE", ["users", user, "playeditems", id]) => self.played(Some(user), id),
            ("POST", ["users", user, "playeditems", id, "delete"]) => self.unplayed(Some(user), id),
            ("POST" | "DELETE", ["userplayeditems", id]) if modern => self.played(None, id),
            ("POST", ["users", user, "items", id, "userdata"]) if legacy_part => {
                self.post_part(Some(user), id)
            }
            ("GET", ["users", user, "items", id, "userdata"]) if modern => {
                self.get_part(Some(user), id)
            }
            ("POST", ["useritems", id, "userdata"]) if modern => self.post_part(None, id),
            ("GET", ["useritems", id, "userdata"]) if modern => self.get_part(None, id),
            ("POST", ["users", user, "items", id, "rating"]) => self.rate(user, id),
            ("POST" | "DELETE", ["users", user, "favoriteitems", id]) => self.favorite(user, id),

            ("GET", ["sessions"]) => self.sessions(),
            ("POST", ["sessions", "playing"]) => self.started(),
            ("POST", ["sessions", "playing", "progress"]) => self.progressed(),
            ("POST", ["sessions", "playing", "stopped"]) => self.stopped(),
            ("POST", ["sessions", "playing", "ping"]) => self.pinged(),
            ("POST", ["sessions", "capabilities"] | ["sessions", "capabilities", "full"]) => {
                self.visitor().map(|_| Reply::empty(204))
            }
            ("POST" | "DELETE", ["users", user, "playingitems", id]) => self.playing_item(user, id),
            ("POST", ["users", user, "playingitems", id, "progress"]) => {
                self.playing_progress(user, id)
            }
            ("POST", ["users", user, "playingitems", id, "delete"]) => self.playing_item(user, id),
            _ => Err(No::Call),
        }
    }

    /// The user of a path or of `?userId=`, else the caller; with the right to see that user's marks.
    fn subject(&self, path: Option<&str>) -> Result<UserNo, No> {
        let visitor = self.visitor()?;
        self.subject_of(&visitor, path)
    }

    fn subject_of(&self, visitor: &Visitor, path: Option<&str>) -> Result<UserNo, No> {
        match path.or(self.asked.value("userId")) {
            Some(id) => self.library.user(id).ok_or(No::User),
            None => match visitor.caller {
                Caller::User(user) => Ok(user),
                Caller::ApiKey => Err(No::UserUnsaid),
            },
        }
    }

    /// The same, with the right to write (recordings 56 to 58).
    fn writer(&self, path: Option<&str>) -> Result<UserNo, No> {
        let visitor = self.visitor()?;
        let subject = self.subject_of(&visitor, path)?;
        let admin = visitor.is_admin(self.library);
        if visitor.caller == Caller::User(subject) || admin || self.library.habits().others_writable
        {
            Ok(subject)
        } else {
            Err(No::Allowed)
        }
    }

    /// The id of an item in the form in which it is kept: without dashes, in lower case.
    fn id(&self, id: &str) -> Result<String, No> {
        if self.library.habits().numeric_keys {
            return Ok(id.to_owned());
        }
        let plain = id.replace('-', "").to_ascii_lowercase();
        // Keys of a test's own choice are taken as they are.
        let good = plain.len() == 32 && plain.bytes().all(|b| b.is_ascii_hexdigit());
        if good || self.library.named(id).is_some() {
            Ok(if good { plain } else { id.to_owned() })
        } else {
            Err(No::Id(id.to_owned()))
        }
    }

    fn known(&self, id: &str, read: bool) -> Result<Named<'_>, No> {
        self.library.named(id).ok_or(No::Item { read })
    }

    fn public_info(&self) -> Value {
        let library = &self.library;
        // Recording 01.
        let mut info = json!({
            "ServerName": library.name(),
            "Version": library.version(),
            "Id": library.server_id(),
        });
        match library.kind() {
            ServerKind::Jellyfin => {
                info["LocalAddress"] = json!("http://127.0.0.1:8096");
                info["ProductName"] = json!("Jellyfin Server");
                info["OperatingSystem"] = json!("");
                info["StartupWizardCompleted"] = json!(true);
            }
            _ if library.habits().numeric_keys => {
                info["LocalAddresses"] = json!(["http://127.0.0.1:8096"]);
                info["RemoteAddresses"] = json!([]);
            }
            _ => info["OperatingSystem"] = json!("Linux"),
        }
        info
    }

    fn system_info(&self) -> Answered {
        self.visitor()?;
        // Recording 14.
        let mut info = self.public_info();
        if let Some(fields) = info.as_object_mut() {
            fields.remove("ProductName");
            fields.remove("StartupWizardCompleted");
        }
        info["HasPendingRestart"] = json!(false);
        info["IsShuttingDown"] = json!(false);
        info["SupportsLibraryMonitor"] = json!(true);
        info["WebSocketPortNumber"] = json!(8096);
        info["CanSelfRestart"] = json!(false);
        info["CanLaunchWebBrowser"] = json!(false);
        info["CompletedInstallations"] = json!([]);
        info["HasUpdateAvailable"] = json!(false);
        Ok(Reply::json(info))
    }
}

/// How a token that is no longer good is answered.
pub fn bad_token(library: &Library) -> Reply {
    let version = Version::parse(library.version());
    match library.kind() {
        ServerKind::Emby => emby::refuse(version, &No::BadToken),
        _ => jellyfin::refuse(version, &No::BadToken),
    }
}
