//! Who is asking: the headers and queries in which a token and a device may come.

use super::{Exchange, No};
use crate::fake::library::Library;
use crate::fake::people::{Caller, Device};

/// Someone with a good token.
pub(super) struct Visitor {
    pub(super) caller: Caller,
    pub(super) token: String,
}

impl Visitor {
    /// An administrator, or the server's own key.
    pub(super) fn is_admin(&self, library: &Library) -> bool {
        match self.caller {
            Caller::ApiKey => true,
            Caller::User(user) => library.person(user).is_some_and(|person| person.admin),
        }
    }
}

/// What `MediaBrowser Client="…", Device="…", DeviceId="…", Version="…", Token="…"` says.
#[derive(Default)]
pub(super) struct Said {
    pub(super) device: Device,
    pub(super) token: Option<String>,
}

/// Reads the header; `Emby` is the older name of the scheme.
fn said(header: &str, legacy: bool) -> Option<Said> {
    let (scheme, rest) = header.split_once(' ')?;
    if !(scheme.eq_ignore_ascii_case("MediaBrowser")
        || legacy && scheme.eq_ignore_ascii_case("Emby"))
    {
        return None;
    }
    let mut said = Said::default();
    for part in rest.split(',') {
        let Some((name, value)) = part.split_once('=') else { continue };
        let value = value.trim().trim_matches('"').to_owned();
        match name.trim().to_ascii_lowercase().as_str() {
            "client" => said.device.client = value,
            "device" => said.device.name = value,
            "deviceid" => said.device.id = value,
            "version" => said.device.version = value,
            "token" => said.token = Some(value).filter(|token| !token.is_empty()),
            _ => {}
        }
    }
    Some(said)
}

impl Exchange<'_> {
    /// What the header of the request says of device and token, in the order in which servers look.
    pub(super) fn said(&self) -> Said {
        let legacy = self.library.habits().legacy_auth;
        let mut found = Said::default();
        for name in ["x-emby-authorization", "authorization"] {
            if (legacy || name == "authorization")
                && let Some(said) = self.asked.header(name).and_then(|header| said(header, legacy))
            {
                found = said;
                break;
            }
        }
        if found.token.is_none() {
            let old = || {
                ["x-emby-token", "x-mediabrowser-token"]
                    .into_iter()
                    .find_map(|name| self.asked.header(name))
                    .or_else(|| self.asked.value("api_key"))
                    .or_else(|| self.asked.value("X-Emby-Token"))
            };
            let token = self.asked.value("ApiKey").or_else(|| legacy.then(old).flatten());
            found.token = token.map(str::to_owned);
        }
        found
    }

    /// The caller, who must have a good token (recordings 15, 16, 29, 30).
    pub(super) fn visitor(&self) -> Result<Visitor, No> {
        let token = self.said().token.ok_or(No::Token)?;
        let caller = self.library.caller(&token).ok_or(No::BadToken)?;
        Ok(Visitor { caller, token })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers() {
        let full =
            r#"MediaBrowser Client="A b", Device="C", DeviceId="d-1", Version="1", Token="t""#;
        let read = said(full, true).unwrap();
        assert_eq!((read.device.client.as_str(), read.device.id.as_str()), ("A b", "d-1"));
        assert_eq!(read.token.as_deref(), Some("t"));
        assert!(said("Emby Token=\"t\"", false).is_none(), "off from 12.0 on");
        assert!(said("Bearer t", true).is_none());
        assert_eq!(said("MediaBrowser Token=t", true).unwrap().token.as_deref(), Some("t"));
    }
}
