//! Marks and sessions: what the protocol writes.

use serde::Deserialize;
use serde::de::{Deserializer, Error, Unexpected, Visitor as SerdeVisitor};
use serde_json::{Value, json};
use watchstate_model::Moment;
use watchstate_servers::ServerKind;

use super::item::Wish;
use super::words::{digits, iso, written};
use super::{Answered, Exchange, No};
use crate::fake::exchange::Reply;
use crate::fake::library::Named;
use crate::fake::marks::Part;
use crate::fake::people::{Device, UserNo};

/// A whole number, or the same as text: both servers read both.
struct Whole(u64);

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Either;
        impl SerdeVisitor<'_> for Either {
            type Value = Whole;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a whole number")
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Whole, E> {
                Ok(Whole(number))
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Whole, E> {
                Ok(Whole(u64::try_from(number).unwrap_or(0)))
            }

            fn visit_f64<E: Error>(self, number: f64) -> Result<Whole, E> {
                Err(E::invalid_type(Unexpected::Float(number), &self))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Whole, E> {
                text.parse().map(Whole).map_err(|_| E::invalid_value(Unexpected::Str(text), &self))
            }
        }
        from.deserialize_any(Either)
    }
}

#[derive(Deserialize)]
struct PartBody {
    played: Option<bool>,
    #[serde(rename = "playcount")]
    play_count: Option<u32>,
    #[serde(rename = "lastplayeddate")]
    last_played_date: Option<String>,
    #[serde(rename = "playbackpositionticks")]
    position_ticks: Option<Whole>,
    #[serde(rename = "isfavorite")]
    is_favorite: Option<bool>,
    likes: Option<bool>,
}

#[derive(Deserialize)]
struct PlayingBody {
    #[serde(rename = "itemid")]
    item_id: Option<String>,
    #[serde(rename = "positionticks")]
    position_ticks: Option<Whole>,
    #[serde(default, rename = "ispaused")]
    is_paused: bool,
}

/// The state of a player that plays nothing.
pub(super) fn idle() -> Value {
    json!({ "CanSeek": false, "IsPaused": false, "IsMuted": false, "RepeatMode": "RepeatNone" })
}

impl Exchange<'_> {
    /// Recordings 33 to 40, 47, 50, 56 to 58, 75.
    pub(super) fn played(&mut self, user: Option<&str>, id: &str) -> Answered {
        if self.asked.method == "DELETE" {
            return self.unplayed(user, id);
        }
        let user = self.writer(user)?;
        let id = self.id(id)?;
        self.known(&id, false)?;
        let date = self.asked.value("datePlayed").map(|text| self.date(text)).transpose()?;
        self.library.mark_played(user, &id, date, self.now)?;
        self.data_after(user, &id)
    }

    pub(super) fn unplayed(&mut self, user: Option<&str>, id: &str) -> Answered {
        let user = self.writer(user)?;
        let id = self.id(id)?;
        self.known(&id, false)?;
        self.library.mark_unplayed(user, &id, self.now)?;
        self.data_after(user, &id)
    }

    fn date(&self, text: &str) -> Result<Moment, No> {
        let iso_too = self.library.habits().iso_dates;
        digits(text)
            .or_else(|| iso_too.then(|| iso(text)).flatten())
            .ok_or_else(|| No::Date(text.to_owned()))
    }

    fn data_after(&self, user: UserNo, id: &str) -> Answered {
        let named = self.known(id, true)?;
        Ok(Reply::json(self.folder_data(user, named, false)))
    }

    /// Recordings 41 to 44 and 76.
    pub(super) fn post_part(&mut self, user: Option<&str>, id: &str) -> Answered {
        let user = self.writer(user)?;
        let id = self.id(id)?;
        let body: PartBody = self.body()?;
        self.known(&id, false)?;
        let last_played = match body.last_played_date.as_deref() {
            Some(text) => Some(iso(text).ok_or(No::Json)?),
            None => None,
        };
        let part = Part {
            played: body.played,
            plays: body.play_count,
            last_played,
            position_ticks: body.position_ticks.map(|ticks| ticks.0),
            favorite: body.is_favorite,
            likes: body.likes,
        };
        self.library.post_user_data(user, &id, part, self.now)?;
        if self.library.kind() == ServerKind::Emby {
            // Emby's OpenAPI document names no content.
            return Ok(Reply::empty(200));
        }
        self.data_after(user, &id)
    }

    /// Recording 45.
    pub(super) fn get_part(&self, user: Option<&str>, id: &str) -> Answered {
        let user = self.subject(user)?;
        let id = self.id(id)?;
        self.data_after(user, &id)
    }

    /// Recording 52.
    pub(super) fn rate(&mut self, user: &str, id: &str) -> Answered {
        let likes = Some(self.asked.says("likes"));
        self.rated(user, id, Part { likes, ..Part::default() })
    }

    /// Recordings 53 and 54.
    pub(super) fn favorite(&mut self, user: &str, id: &str) -> Answered {
        let favorite = Some(self.asked.method == "POST");
        self.rated(user, id, Part { favorite, ..Part::default() })
    }

    fn rated(&mut self, user: &str, id: &str, part: Part) -> Answered {
        let user = self.writer(Some(user))?;
        let id = self.id(id)?;
        self.library.rate(user, &id, part)?;
        self.data_after(user, &id)
    }

    // Sessions.

    /// The user and the device of the token: a session belongs to both. The server's own key has neither,
    /// and what it tells of playing is passed over.
    fn sitter(&self) -> Result<Option<(UserNo, Device)>, No> {
        let visitor = self.visitor()?;
        let Some(user) = self.caller_user() else { return Ok(None) };
        let mut device = self.library.device_of(&visitor.token).cloned().unwrap_or_default();
        let said = self.said().device;
        if !said.id.is_empty() {
            device = said;
        }
        Ok(Some((user, device)))
    }

    /// Recordings 60, 67 and 70.
    pub(super) fn started(&mut self) -> Answered {
        let sitter = self.sitter()?;
        let body: PlayingBody = self.body()?;
        if let (Some((user, device)), Some(item)) = (sitter, body.item_id) {
            let id = self.id(&item)?;
            let ticks = body.position_ticks.map_or(0, |ticks| ticks.0);
            self.library.session_start(user, &id, ticks, device, self.now)?;
        }
        Ok(Reply::empty(204))
    }

    /// Recording 62.
    pub(super) fn progressed(&mut self) -> Answered {
        let sitter = self.sitter()?;
        let body: PlayingBody = self.body()?;
        if let (Some((user, device)), Some(item)) = (sitter, body.item_id) {
            let id = self.id(&item)?;
            let ticks = body.position_ticks.map_or(0, |ticks| ticks.0);
            let paused = body.is_paused;
            self.library.session_progress(user, &id, ticks, paused, &device, self.now)?;
        }
        Ok(Reply::empty(204))
    }

    /// Recordings 65, 68 and 71.
    pub(super) fn stopped(&mut self) -> Answered {
        let sitter = self.sitter()?;
        let body: PlayingBody = self.body()?;
        if let (Some((user, device)), Some(item)) = (sitter, body.item_id) {
            let id = self.id(&item)?;
            let ticks = body.position_ticks.map(|ticks| ticks.0);
            self.library.session_stop(user, &id, ticks, &device, self.now)?;
        }
        Ok(Reply::empty(204))
    }

    pub(super) fn pinged(&self) -> Answered {
        self.visitor()?;
        Ok(Reply::empty(204))
    }

    /// `POST` and `DELETE /Users/{user}/PlayingItems/{id}`: the older form of the same.
    pub(super) fn playing_item(&mut self, user: &str, id: &str) -> Answered {
        let (user, device) = self.old_sitter(user)?;
        let id = self.id(id)?;
        let ticks = self.asked.number("positionTicks").map(|ticks| ticks as u64);
        if self.asked.method == "POST" && !self.asked.path().ends_with("/delete") {
            self.library.session_start(user, &id, 0, device, self.now)?;
        } else {
            self.library.session_stop(user, &id, ticks, &device, self.now)?;
        }
        Ok(Reply::empty(204))
    }

    /// `POST /Users/{user}/PlayingItems/{id}/Progress`.
    pub(super) fn playing_progress(&mut self, user: &str, id: &str) -> Answered {
        let (user, device) = self.old_sitter(user)?;
        let id = self.id(id)?;
        let ticks = self.asked.number("positionTicks").unwrap_or(0) as u64;
        let paused = self.asked.says("isPaused");
        self.library.session_progress(user, &id, ticks, paused, &device, self.now)?;
        Ok(Reply::empty(204))
    }

    fn old_sitter(&self, user: &str) -> Result<(UserNo, Device), No> {
        let user = self.writer(Some(user))?;
        let token = self.visitor()?.token;
        let device = self.library.device_of(&token).cloned().unwrap_or_default();
        Ok((user, device))
    }

    /// Recordings 61 and 64: who plays what, and who is signed in without playing.
    pub(super) fn sessions(&self) -> Answered {
        self.visitor()?;
        Ok(Reply::json(Value::Array(self.session_list(self.asked.value("deviceId"), None))))
    }

    /// The sessions of a device or of all, of a user or of all.
    pub(super) fn session_list(&self, device: Option<&str>, whose: Option<UserNo>) -> Vec<Value> {
        let of = |user: UserNo, at: &Device| {
            device.is_none_or(|id| id == at.id) && whose.is_none_or(|whose| whose == user)
        };
        let library = &self.library;
        let mut sessions: Vec<Value> = library
            .sittings()
            .iter()
            .filter(|sitting| of(sitting.user, &sitting.device))
            .map(|sitting| {
                let mut session = self.session(sitting.user, &sitting.device, self.now);
                if let Some(entry) = library.entry(sitting.item.as_str()) {
                    session["NowPlayingItem"] = self.shown(Named::Item(entry), &Wish::all(None));
                }
                session["PlayState"] = json!({
                    "PositionTicks": sitting.position_ticks,
                    "CanSeek": true,
                    "IsPaused": sitting.paused,
                    "IsMuted": false,
                    "MediaSourceId": sitting.item.as_str(),
                    "PlayMethod": "DirectPlay",
                    "RepeatMode": "RepeatNone",
                });
                session
            })
            .collect();
        let idle = library.sign_ins().iter().filter(|sign_in| {
            sign_in.last_seen.0 > 0
                && of(sign_in.user, &sign_in.device)
                && !library.sittings().iter().any(|s| s.device.id == sign_in.device.id)
        });
        sessions.extend(idle.map(|s| self.session(s.user, &s.device, s.last_seen)));
        sessions
    }

    pub(super) fn session(&self, user: UserNo, device: &Device, seen: Moment) -> Value {
        let person = self.library.person(user);
        json!({
            "Id": format!("session-{}", device.id),
            "ServerId": self.library.server_id(),
            "UserId": person.map(|person| &person.id),
            "UserName": person.map(|person| &person.name),
            "Client": device.client,
            "DeviceName": device.name,
            "DeviceId": device.id,
            "ApplicationVersion": device.version,
            "LastActivityDate": written(seen),
            "SupportsRemoteControl": false,
            "PlayState": idle(),
            "IsActive": true,
        })
    }
}
