//! The routes of Plex Media Server.
//!
//! There is no Plex that may be run in a test, so that what stands here was taken from its OpenAPI
//! document and from what public recordings of 1.28 to 1.40 show. Real clients write by `GET` although
//! the document says `PUT` or `POST`: all three are taken. Answers are XML unless JSON is accepted.

mod item;
mod list;
mod node;
pub mod told;

use watchstate_model::Moment;

use self::item::Show;
use self::node::Node;
use super::calls::PlexState;
use super::exchange::{Asked, Body, Reply};
use super::library::{Library, Refused};
use super::people::{Caller, Device, UserNo};

/// Why a request is turned down.
enum No {
    /// No token, or one that is wrong or no longer good.
    Token,
    /// This account may not.
    Allowed,
    /// There is no such thing.
    Such,
    /// Something that must be said is missing.
    Said,
}

impl From<Refused> for No {
    fn from(_: Refused) -> Self {
        Self::Such
    }
}

fn refuse(no: &No) -> Reply {
    let (status, title) = match no {
        No::Token => (401, "Unauthorized"),
        No::Allowed => (403, "Forbidden"),
        No::Such => (404, "Not Found"),
        No::Said => (400, "Bad Request"),
    };
    let page = format!(
        "<html><head><title>{title}</title></head><body><h1>{status} {title}</h1></body></html>"
    );
    Reply::text(status, "text/html", page)
}

/// How a token that is no longer good is answered.
pub fn bad_token() -> Reply {
    refuse(&No::Token)
}

/// What a Plex answers at a time of its own clock.
pub fn answer(library: &mut Library, asked: &Asked, now: Moment) -> Reply {
    let user = caller(library, asked).map(|caller| match caller {
        Caller::User(user) => user,
        Caller::ApiKey => UserNo(0),
    });
    if asked.path() == "/identity" {
        return Exchange { library, asked, now, user: UserNo(0) }.identity();
    }
    let Some(user) = user else { return refuse(&No::Token) };
    Exchange { library, asked, now, user }.answer().unwrap_or_else(|no| refuse(&no))
}

/// Whose token a request has, in a header or in its query.
fn caller(library: &Library, asked: &Asked) -> Option<Caller> {
    let token = asked.header("x-plex-token").or_else(|| asked.value("X-Plex-Token"))?;
    library.caller(token)
}

/// One exchange in the making.
struct Exchange<'a> {
    library: &'a mut Library,
    asked: &'a Asked,
    now: Moment,
    /// Whose token it is.
    user: UserNo,
}

impl Exchange<'_> {
    fn answer(&mut self) -> Result<Reply, No> {
        let asked = self.asked;
        let parts: Vec<&str> = asked.parts.iter().map(String::as_str).collect();
        let write = matches!(asked.method.as_str(), "GET" | "PUT" | "POST");
        match parts.as_slice() {
            [":", "scrobble"] if write => self.scrobble(true),
            [":", "unscrobble"] if write => self.scrobble(false),
            [":", "timeline"] if write => self.timeline(),
            [":", "progress"] if write => self.progress(),
            _ if asked.method != "GET" => Err(No::Such),
            [] => Ok(self.root()),
            ["accounts"] => self.accounts(),
            ["library"] => Ok(self.written(
                &Node::new("MediaContainer")
                    .with("size", 0_i64)
                    .with("identifier", "com.plexapp.plugins.library")
                    .with("title1", "Plex Library"),
            )),
            ["library", "sections"] | ["library", "sections", "all"] => Ok(self.sections()),
            ["library", "sections", key, "all"] => self.section_all(key),
            ["library", "metadata", keys] => self.metadata(keys),
            ["library", "metadata", key, "children"] => self.below(key, false),
            ["library", "metadata", key, "allLeaves"] => self.below(key, true),
            ["status", "sessions"] => self.sessions(),
            ["status", "sessions", "history", "all"] => {
                Ok(self.written(&Node::new("MediaContainer").with("size", 0_i64)))
            }
            _ => Err(No::Such),
        }
    }

    /// XML, or JSON for those who accept it.
    fn written(&self, node: &Node) -> Reply {
        let json = self.asked.header("accept").is_some_and(|a| a.contains("application/json"));
        let reply = if json {
            Reply { content_type: Some("application/json"), ..Reply::json(node.json()) }
        } else {
            Reply::text(200, "text/xml;charset=utf-8", node.xml())
        };
        reply.with_header("x-plex-protocol", "1.0")
    }

    fn owner(&self) -> bool {
        self.library.person(self.user).is_some_and(|person| person.admin)
    }

    /// `GET /identity`, which asks for no token.
    fn identity(&self) -> Reply {
        self.written(
            &Node::new("MediaContainer")
                .with("size", 0_i64)
                .with("apiVersion", "1.0.0")
                .with("claimed", true)
                .with("machineIdentifier", self.library.server_id())
                .with("version", self.library.version()),
        )
    }

    /// `GET /`.
    fn root(&self) -> Reply {
        let owner = self.library.person(UserNo(0)).map(|person| person.name.clone());
        self.written(
            &Node::new("MediaContainer")
                .with("size", 0_i64)
                .with("allowSync", true)
                .with("friendlyName", self.library.name())
                .with("machineIdentifier", self.library.server_id())
                .with("myPlex", true)
                .with_some("myPlexUsername", owner)
                .with("myPlexSigninState", "ok")
                .with("platform", "Linux")
                .with("updatedAt", self.now.0)
                .with("version", self.library.version()),
        )
    }

    /// `GET /accounts`: the owner's alone; the account 0 is the server's own.
    fn accounts(&self) -> Result<Reply, No> {
        if !self.owner() {
            return Err(No::Allowed);
        }
        let account = |id: &str, name: &str| {
            Node::new("Account")
                .with("id", id.parse::<i64>().unwrap_or(0))
                .with("key", format!("/accounts/{id}"))
                .with("name", name)
                .with("defaultAudioLanguage", "en")
                .with("autoSelectAudio", true)
                .with("thumb", "")
        };
        let people = self.library.people();
        let answer = Node::new("MediaContainer")
            .with("size", people.len() as i64 + 1)
            .with("identifier", "com.plexapp.system.accounts")
            .child(account("0", ""))
            .children(people.iter().map(|person| account(&person.id, &person.name)));
        Ok(self.written(&answer))
    }

    /// `GET /library/sections`.
    fn sections(&self) -> Reply {
        let show = Show { library: self.library, user: self.user, guids: false };
        let sections = self.library.sections();
        self.written(
            &Node::new("MediaContainer")
                .with("size", sections.len() as i64)
                .with("allowSync", false)
                .with("title1", "Plex Library")
                .children(sections.iter().map(|section| show.section(section))),
        )
    }

    /// `/:/scrobble` and `/:/unscrobble`.
    fn scrobble(&mut self, watched: bool) -> Result<Reply, No> {
        let asked = self.asked;
        let key = asked.value("key").ok_or(No::Said)?;
        asked.value("identifier").ok_or(No::Said)?;
        let key = key.trim_start_matches("/library/metadata/");
        if watched {
            self.library.scrobble(self.user, key, self.now)?;
        } else {
            self.library.unscrobble(self.user, key, self.now)?;
        }
        Ok(Reply { body: Body::Empty, ..Reply::empty(200) })
    }

    fn device(&self) -> Option<Device> {
        let said = |name: &str| {
            self.asked
                .value(name)
                .or_else(|| self.asked.header(&name.to_ascii_lowercase()))
                .map(str::to_owned)
        };
        Some(Device {
            id: said("X-Plex-Client-Identifier")?,
            name: said("X-Plex-Device-Name").unwrap_or_default(),
            client: said("X-Plex-Product").unwrap_or_default(),
            version: said("X-Plex-Version").unwrap_or_default(),
        })
    }

    fn state(&self) -> PlexState {
        match self.asked.value("state") {
            Some("playing" | "buffering") => PlexState::Playing,
            Some("paused") => PlexState::Paused,
            _ => PlexState::Stopped,
        }
    }

    /// `/:/timeline`: without a duration or a client identifier nothing happens, and 200 is answered all
    /// the same.
    fn timeline(&mut self) -> Result<Reply, No> {
        let asked = self.asked;
        let key = asked.value("ratingKey").ok_or(No::Said)?;
        let time = asked.number("time").unwrap_or(0) as u64;
        let entry = self.library.entry(key).ok_or(No::Such)?;
        let duration = asked.number("duration").map_or(0, |ms| ms as u64);
        let told = duration > 0 && entry.duration_ms > 0;
        if let (true, Some(device)) = (told, self.device()) {
            self.library.timeline(self.user, key, time, self.state(), &device, self.now)?;
        }
        let mark = self.library.shows(self.user, key)?;
        Ok(self.written(
            &Node::new("MediaContainer")
                .with("size", 0_i64)
                .with("playbackState", "progress")
                .with("skipCount", 0_i64)
                .with("viewCount", i64::from(mark.plays))
                .with("viewOffset", i64::try_from(mark.position_ms()).unwrap_or(0)),
        ))
    }

    /// `/:/progress`: does nothing for those who are not the owner.
    fn progress(&mut self) -> Result<Reply, No> {
        let asked = self.asked;
        let key = asked.value("key").ok_or(No::Said)?.trim_start_matches("/library/metadata/");
        let time = asked.number("time").unwrap_or(0) as u64;
        self.library.entry(key).ok_or(No::Such)?;
        if self.owner() {
            let device = self.device().unwrap_or_default();
            let state = self.state();
            self.library.timeline(self.user, key, time, state, &device, self.now)?;
        }
        Ok(Reply::empty(200))
    }

    /// `GET /status/sessions`: the owner's alone.
    fn sessions(&self) -> Result<Reply, No> {
        if !self.owner() {
            return Err(No::Allowed);
        }
        let sittings = self.library.sittings();
        let videos = sittings.iter().filter_map(|sitting| {
            let entry = self.library.entry(sitting.item.as_str())?;
            let person = self.library.person(sitting.user)?;
            let show = Show { library: self.library, user: sitting.user, guids: true };
            let mut video = show.entry(entry);
            video.without(&[], &["viewoffset".to_owned()]);
            let ms = sitting.position_ticks / super::marks::TICKS_PER_MS;
            Some(
                video
                    .with("sessionKey", sitting.number.to_string())
                    .with("viewOffset", i64::try_from(ms).unwrap_or(0))
                    .child(
                        Node::new("User")
                            .with("id", person.id.as_str())
                            .with("title", person.name.as_str())
                            .with("thumb", ""),
                    )
                    .child(
                        Node::new("Player")
                            .with("machineIdentifier", sitting.device.id.as_str())
                            .with("title", sitting.device.name.as_str())
                            .with("product", sitting.device.client.as_str())
                            .with("state", if sitting.paused { "paused" } else { "playing" })
                            .with("local", true)
                            .with("address", "127.0.0.1"),
                    )
                    .child(
                        Node::new("Session")
                            .with("id", format!("session-{}", sitting.number))
                            .with("bandwidth", 1000_i64)
                            .with("location", "lan"),
                    ),
            )
        });
        let videos: Vec<Node> = videos.collect();
        Ok(self.written(
            &Node::new("MediaContainer").with("size", videos.len() as i64).children(videos),
        ))
    }
}
