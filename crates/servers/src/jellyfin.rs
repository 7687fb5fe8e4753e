//! Jellyfin 10.8 to 12.
//!
//! What it shares with Emby is in `mediabrowser`; here is what differs.

use std::sync::Arc;

use reqwest::Method;
use reqwest::header::{AUTHORIZATION, HeaderMap};
use serde::Serialize;
use url::Url;
use watchstate_model::{Abilities, Watch};

use crate::error::{Fault, ServerError};
use crate::http::{Http, Limits, Pause, Request};
use crate::mediabrowser::auth::{media_browser, percent};
pub use crate::mediabrowser::told::Ear;
use crate::mediabrowser::wire::Account;
use crate::mediabrowser::write::{Call, Wording, body};
use crate::mediabrowser::{self, Dialect, MediaBrowser, SocketAt, Version, date};
use crate::{Sensitive, SignedIn, User};

/// One account on a Jellyfin server.
pub type Jellyfin = MediaBrowser<JellyfinDialect>;

/// What is Jellyfin's own.
pub struct JellyfinDialect;

impl Dialect for JellyfinDialect {
    const NAME: &'static str = "Jellyfin";

    const ABILITIES: Abilities = Abilities {
        dates: true,
        plays: true,
        positions: true,
        rewatch_positions: true,
        position_unit_ms: 1,
        unwatch_clears_traces: true,
    };

    const FACTS: &'static str = "DateCreated,ProviderIds,Path";

    const KEEPS_WITH_USER_DATA: bool = false;

    /// Every recording of Jellyfin says `Jellyfin Server` (`jellyfin-10.8.6/01-public-info.json`).
    fn is_product(product: Option<&str>) -> bool {
        mediabrowser::is_jellyfin(product)
    }

    /// `Authorization` is the one header that 10.8 and 12 both take: 12.0 turns `X-Emby-Token` and
    /// `X-Emby-Authorization` off by default.
    fn headers(client_id: &str, token: Option<&str>) -> Result<HeaderMap, ServerError> {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, media_browser(client_id, token)?);
        Ok(headers)
    }

    /// `/socket`, with the headers of every other request. Versions before 12 also take the token in the query
    /// (`jellyfin-10.10.7/websocket.jsonl`), where it would be in the logs of every proxy.
    fn socket<'a>(_client_id: &'a str, _token: &'a str) -> SocketAt<'a> {
        SocketAt { path: "/socket", query: vec![] }
    }

    /// `/Items?userId=` is in 10.8 (`jellyfin-10.8.6/27-items-all-modern.json`) and in the document of
    /// 10.11.8, where `/Users/{id}/Items` is gone.
    fn items(_user: &str) -> String {
        "/Items".to_owned()
    }

    /// `GET /Users/Me`. With an API key it is refused (400 in the document of 10.11.8; older versions look
    /// up the user zero and fail).
    async fn token_user(http: &Http, _client_id: &str) -> Result<Option<User>, ServerError> {
        const OP: &str = "asking whose token it is";
        match http.send_once(&Request::get("/Users/Me", &[], OP)).await {
            Ok(answer) => answer.json::<Account<'_>>(OP)?.only_user(OP).map(Some),
            Err(error) => match error.fault {
                Fault::Refused | Fault::ServerTrouble | Fault::NotFound => Ok(None),
                _ => Err(error),
            },
        }
    }

    /// `POST UserData` came with 10.9; 10.8.6 answers 404 (`jellyfin-10.8.6/43-userdata-post-modern.json`).
    fn takes_user_data(version: Version) -> bool {
        version >= Version { major: 10, minor: 9 }
    }

    /// From 10.9: one `POST /UserItems/{id}/UserData?userId=` with a part of the user data says all and keeps
    /// the rest (`jellyfin-10.10.7/43-userdata-post-modern.json`). Only an un-watch is told as a person's is,
    /// by `DELETE /UserPlayedItems/{id}?userId=`, which clears count, date and position too
    /// (`jellyfin-10.10.7/38-unplayed.json` by its older path; the document of 10.11.8 has the newer).
    fn by_user_data(wording: &Wording<'_>) -> Vec<Call> {
        #[derive(Serialize)]
        #[serde(rename_all = "PascalCase")]
        struct UserData {
            played: bool,
            playback_position_ticks: u64,
            #[serde(skip_serializing_if = "Option::is_none")]
            play_count: Option<u32>,
            #[serde(skip_serializing_if = "Option::is_none")]
            last_played_date: Option<String>,
        }
        if wording.is_done() {
            return vec![];
        }
        let query = vec![("userId", wording.user.to_owned())];
        let mut calls = Vec::new();
        let (clear, tell) = match &wording.exact {
            Some(exact) => wording.cleared(exact),
            None => {
                let unwatch = wording.from().is_watched() && wording.to() == Watch::Unwatched;
                (unwatch, !unwatch)
            }
        };
        if clear {
            calls.push(Call {
                method: Method::DELETE,
                path: format!("/UserPlayedItems/{}", percent(wording.write.key.as_str())),
                query: query.clone(),
                body: None,
            });
        }
        if clear && !tell {
            return calls;
        }
        let data = UserData {
            played: wording.to().is_watched(),
            playback_position_ticks: wording.ticks(),
            play_count: wording.higher_count(),
            last_played_date: wording.date().and_then(date::iso),
        };
        calls.push(Call {
            method: Method::POST,
            path: format!("/UserItems/{}/UserData", percent(wording.write.key.as_str())),
            query,
            body: body(&data),
        });
        calls
    }
}

/// Exchanges a user name and a password for a token, which is the user's own.
pub async fn sign_in(
    url: &Url,
    client_id: &str,
    username: &str,
    password: &Sensitive<String>,
    limits: Limits,
    pause: Arc<dyn Pause>,
) -> Result<SignedIn, ServerError> {
    mediabrowser::sign_in::<JellyfinDialect>(url, client_id, username, password, limits, pause)
        .await
}

#[cfg(test)]
mod tests {
    use watchstate_model::ClockOffset;

    use super::*;
    use crate::mediabrowser::wire::Kept;
    use crate::mediabrowser::write::tables::{PLAYED, at, told, write};

    #[test]
    fn from_10_9() {
        let (u, w) = (Watch::Unwatched, Watch::WATCHED);
        let s = Watch::Started(at(600_000));
        let s2 = Watch::Started(at(300_000));
        let rewatch = Watch::Watched { rewatch: Some(at(600_000)) };
        let post = |body: &str| vec![format!("POST /UserItems/k1/UserData?userId=u1 {{{body}}}")];
        const DATE: &str = r#""LastPlayedDate":"2024-03-05T21:14:07.0000000Z""#;
        let none: Vec<String> = vec![];
        for (from, shown, to, plays, calls, why) in [
            (
                u,
                (0, None),
                w,
                2,
                post(&format!(r#""Played":true,"PlaybackPositionTicks":0,"PlayCount":2,{DATE}"#)),
                "a mark with count and date",
            ),
            (
                s,
                (3, Some(PLAYED + 9)),
                w,
                2,
                post(&format!(r#""Played":true,"PlaybackPositionTicks":0,{DATE}"#)),
                "a higher count stays, a session's date does not",
            ),
            (w, (2, Some(PLAYED)), w, 2, none.clone(), "it is so already"),
            (w, (2, Some(PLAYED + 9)), w, 5, none.clone(), "a count alone is no reason"),
            (
                w,
                (1, Some(PLAYED - 9)),
                w,
                2,
                post(&format!(r#""Played":true,"PlaybackPositionTicks":0,"PlayCount":2,{DATE}"#)),
                "watched again",
            ),
            (
                w,
                (2, Some(PLAYED)),
                rewatch,
                2,
                post(r#""Played":true,"PlaybackPositionTicks":6000000000"#),
                "a rewatch keeps the mark, its count and its date",
            ),
            (
                rewatch,
                (2, Some(PLAYED)),
                w,
                2,
                post(r#""Played":true,"PlaybackPositionTicks":0"#),
                "a rewatch that ended",
            ),
            (
                w,
                (2, Some(PLAYED)),
                u,
                0,
                vec!["DELETE /UserPlayedItems/k1?userId=u1".to_owned()],
                "an un-watch as a person's, which clears all",
            ),
            (
                rewatch,
                (2, Some(PLAYED)),
                u,
                0,
                vec!["DELETE /UserPlayedItems/k1?userId=u1".to_owned()],
                "the position of a rewatch goes with it",
            ),
            (
                s,
                (1, Some(PLAYED)),
                u,
                1,
                post(r#""Played":false,"PlaybackPositionTicks":0"#),
                "a cleared position keeps count and date",
            ),
            (u, (1, Some(PLAYED)), u, 0, none, "traces alone are no reason"),
            (
                s2,
                (1, Some(PLAYED - 9)),
                s,
                1,
                post(&format!(r#""Played":false,"PlaybackPositionTicks":6000000000,{DATE}"#)),
                "a position and when it was left",
            ),
            (
                s2,
                (1, Some(PLAYED + 9)),
                s,
                1,
                post(r#""Played":false,"PlaybackPositionTicks":6000000000"#),
                "a position never moves the date back",
            ),
            (
                w,
                (1, Some(PLAYED - 9)),
                s,
                1,
                post(&format!(r#""Played":false,"PlaybackPositionTicks":6000000000,{DATE}"#)),
                "an un-watch and a position in one request",
            ),
        ] {
            let write = write(from, shown, to, plays);
            let wording = Wording {
                write: &write,
                user: "u1",
                clock: ClockOffset(0),
                kept: Kept::default(),
                exact: None,
            };
            assert_eq!(told(&JellyfinDialect::by_user_data(&wording)), calls, "{why}");
        }
    }

    #[test]
    fn what_it_showed_once_goes_back_as_it_was() {
        use watchstate_model::{Marks, Moment};
        let (u, w, s) = (Watch::Unwatched, Watch::WATCHED, Watch::Started(at(600_000)));
        let marks =
            |watch, plays, at: Option<i64>| Marks { watch, plays, last_played: at.map(Moment) };
        let clear = "DELETE /UserPlayedItems/k1?userId=u1".to_owned();
        let post = |body: &str| format!("POST /UserItems/k1/UserData?userId=u1 {{{body}}}");
        const DATE: &str = r#""LastPlayedDate":"2024-03-05T21:14:07.0000000Z""#;
        for (from, to, calls, why) in [
            (marks(w, 2, Some(PLAYED)), marks(w, 2, Some(PLAYED)), vec![], "it is so already"),
            (marks(w, 1, Some(PLAYED)), Marks::UNTOUCHED, vec![clear.clone()], "nothing was there"),
            (
                marks(w, 4, Some(PLAYED + 9)),
                marks(w, 2, Some(PLAYED)),
                vec![post(&format!(
                    r#""Played":true,"PlaybackPositionTicks":0,"PlayCount":2,{DATE}"#
                ))],
                "an older play, and fewer",
            ),
            (
                marks(w, 1, Some(PLAYED + 9)),
                marks(s, 1, Some(PLAYED)),
                vec![post(&format!(
                    r#""Played":false,"PlaybackPositionTicks":6000000000,"PlayCount":1,{DATE}"#
                ))],
                "a place, with what a session had left",
            ),
            (
                marks(u, 1, Some(PLAYED)),
                marks(w, 0, None),
                vec![
                    clear.clone(),
                    post(r#""Played":true,"PlaybackPositionTicks":0,"PlayCount":0"#),
                ],
                "a mark without a date: only an un-watch clears one",
            ),
        ] {
            let mut write = write(from.watch, (0, None), to.watch, to.plays);
            write.from = from;
            let wording = Wording {
                write: &write,
                user: "u1",
                // The date is told as the server had told it, whatever its clock is.
                clock: ClockOffset(77),
                kept: Kept::default(),
                exact: Some(to),
            };
            assert_eq!(told(&JellyfinDialect::by_user_data(&wording)), calls, "{why}");
        }
    }

    #[test]
    fn which_versions_take_user_data() {
        for (version, takes) in [
            ("10.8.6", false),
            ("10.9.0-rc1", true),
            ("10.10.7", true),
            ("12.0", true),
            ("unstable", false),
        ] {
            let version = Version::parse(version);
            assert_eq!(JellyfinDialect::takes_user_data(version), takes, "{version:?}");
        }
    }
}
