//! People: signing in, listing them, keys.

use serde::Deserialize;
use serde_json::{Value, json};
use watchstate_servers::ServerKind;

use super::playing::idle;
use super::words::written;
use super::{Answered, Exchange, No};
use crate::fake::exchange::Reply;
use crate::fake::people::{Caller, UserNo};

#[derive(Deserialize)]
struct Credentials {
    username: String,
    #[serde(default)]
    pw: String,
}

#[derive(Deserialize)]
struct NewUser {
    name: String,
    #[serde(default)]
    password: String,
}

impl Exchange<'_> {
    /// Recordings 09 to 11 and 20.
    pub(super) fn authenticate(&mut self) -> Answered {
        let device = self.said().device;
        if device.id.is_empty() {
            return Err(No::Device);
        }
        let given: Credentials = self.body()?;
        let (user, token) = self
            .library
            .sign_in(&given.username, &given.pw, device.clone(), self.now)
            .ok_or(No::BadPassword)?;
        Ok(Reply::json(json!({
            "User": self.user(user),
            "SessionInfo": {
                "Id": format!("session-{}", device.id),
                "UserId": self.library.person(user).map(|person| &person.id),
                "UserName": self.library.person(user).map(|person| &person.name),
                "Client": device.client,
                "DeviceName": device.name,
                "DeviceId": device.id,
                "ApplicationVersion": device.version,
                "ServerId": self.library.server_id(),
                "LastActivityDate": written(self.now),
                "PlayState": idle(),
                "IsActive": true,
            },
            "AccessToken": token,
            "ServerId": self.library.server_id(),
        })))
    }

    /// Recording 89: the token is no longer good.
    pub(super) fn logout(&mut self) -> Answered {
        let token = self.visitor()?.token;
        self.library.expire(&token);
        Ok(Reply::empty(204))
    }

    /// Recording 17.
    pub(super) fn new_user(&mut self) -> Answered {
        self.admin()?;
        let new: NewUser = self.body()?;
        let user = self.library.add_user(&new.name);
        let emby = self.library.kind() == ServerKind::Emby;
        if let Some(person) = self.library.people.get_mut(user.0) {
            // Emby passes the password over and sets none (recording 20 of 3.2.40).
            person.password = if emby { String::new() } else { new.password };
        }
        Ok(Reply::json(self.user(user)))
    }

    /// Recording 13.
    pub(super) fn users(&self) -> Answered {
        self.visitor()?;
        let users = (0..self.library.people().len()).map(|n| self.user(UserNo(n)));
        Ok(Reply::json(users.collect()))
    }

    /// Emby 4.8's OpenAPI document: the same, in an envelope.
    pub(super) fn users_query(&self) -> Answered {
        self.visitor()?;
        let users: Vec<_> =
            (0..self.library.people().len()).map(|n| self.user(UserNo(n))).collect();
        Ok(Reply::json(json!({ "TotalRecordCount": users.len(), "Items": users })))
    }

    /// Recording 12.
    pub(super) fn me(&self) -> Answered {
        match self.visitor()?.caller {
            Caller::User(user) => Ok(Reply::json(self.user(user))),
            Caller::ApiKey => Err(No::Me),
        }
    }

    pub(super) fn one_user(&self, id: &str) -> Answered {
        self.visitor()?;
        let plain = id.replace('-', "");
        if plain.len() != 32 || !plain.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(No::Id(id.to_owned()));
        }
        let user = self.library.user(id).ok_or(No::User)?;
        Ok(Reply::json(self.user(user)))
    }

    /// Recording 03: only who is not hidden; Jellyfin hides everyone until told otherwise.
    pub(super) fn public_users(&self) -> Value {
        if self.library.kind() == ServerKind::Jellyfin {
            return json!([]);
        }
        (0..self.library.people().len()).map(|n| self.user(UserNo(n))).collect()
    }

    /// Recordings 18 and 19.
    pub(super) fn keys(&mut self) -> Answered {
        self.admin()?;
        if self.asked.method == "POST" {
            let app = self.asked.value("app").unwrap_or("app").to_owned();
            self.library.add_api_key(&app, self.now);
            return Ok(Reply::empty(204));
        }
        let jellyfin = self.library.kind() == ServerKind::Jellyfin;
        let keys: Vec<_> = self
            .library
            .api_keys()
            .iter()
            .map(|key| {
                let mut shown = json!({
                    "AccessToken": key.token,
                    "AppName": key.app,
                    "DateCreated": written(key.made_at),
                    "IsActive": !jellyfin,
                    "Id": key.token.chars().rev().collect::<String>(),
                });
                if jellyfin {
                    shown["Id"] = json!(0);
                    shown["DeviceId"] = json!("");
                    shown["AppVersion"] = json!("");
                    shown["DeviceName"] = json!("");
                    shown["UserId"] = json!("0".repeat(32));
                    shown["DateLastActivity"] = json!("0001-01-01T00:00:00.0000000Z");
                } else {
                    shown["DeviceId"] = json!(self.library.server_id());
                    shown["DeviceName"] = json!(self.library.name());
                    shown["AppVersion"] = json!(self.library.version());
                }
                shown
            })
            .collect();
        let mut list = json!({ "TotalRecordCount": keys.len(), "Items": keys });
        if jellyfin {
            list["StartIndex"] = json!(0);
        }
        Ok(Reply::json(list))
    }

    /// Only an administrator, or the server's own key, goes on.
    pub(super) fn admin(&self) -> Result<(), No> {
        let visitor = self.visitor()?;
        if visitor.is_admin(self.library) { Ok(()) } else { Err(No::Allowed) }
    }

    /// The body. Names are matched without regard to case: jellyfin-apiclient-python signs in with
    /// `username`, others with `Username`; so the fields of what is read here are in lower case.
    pub(super) fn body<T: serde::de::DeserializeOwned>(&self) -> Result<T, No> {
        let read: Value = serde_json::from_slice(&self.asked.body).map_err(|_| No::Json)?;
        let Value::Object(fields) = read else { return Err(No::Json) };
        let lower = fields.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value));
        serde_json::from_value(Value::Object(lower.collect())).map_err(|_| No::Json)
    }

    /// A user as recordings 11 to 13 and 17 show one.
    pub(super) fn user(&self, user: UserNo) -> Value {
        let library = &self.library;
        let Some(person) = library.person(user) else { return Value::Null };
        let has_password = !person.password.is_empty();
        let mut shown = json!({
            "Name": person.name,
            "ServerId": library.server_id(),
            "Id": person.id,
            "HasPassword": has_password,
            "HasConfiguredPassword": has_password,
            "HasConfiguredEasyPassword": false,
            "EnableAutoLogin": false,
            "Configuration": {
                "PlayDefaultAudioTrack": true,
                "SubtitleMode": "Default",
                "EnableNextEpisodeAutoPlay": true,
            },
            "Policy": {
                "IsAdministrator": person.admin,
                "IsHidden": library.kind() == ServerKind::Jellyfin,
                "IsDisabled": false,
                "EnableMediaPlayback": true,
                "EnableAllFolders": true,
                "EnableAllDevices": true,
            },
        });
        if library.kind() == ServerKind::Jellyfin {
            let users = "Jellyfin.Server.Implementations.Users";
            shown["Policy"]["AuthenticationProviderId"] =
                json!(format!("{users}.DefaultAuthenticationProvider"));
            shown["Policy"]["PasswordResetProviderId"] =
                json!(format!("{users}.DefaultPasswordResetProvider"));
        }
        let seen = library.sign_ins().iter().filter(|s| s.user == user).map(|s| s.last_seen).max();
        if let Some(at) = seen.filter(|at| at.0 > 0) {
            shown["LastLoginDate"] = json!(written(at));
            shown["LastActivityDate"] = json!(written(at));
        }
        shown
    }
}
