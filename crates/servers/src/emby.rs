//! Emby Server.
//!
//! What it shares with Jellyfin is in `mediabrowser`; here is what differs. Facts about version 3.2 come from
//! recordings, facts about 4 from its own document (4.8.11.0).

use std::collections::BTreeMap;
use std::sync::Arc;

use reqwest::Method;
use reqwest::header::HeaderMap;
use serde::Serialize;
use url::Url;
use watchstate_model::{Abilities, Marks, Watch};

use crate::error::{Fault, ServerError};
use crate::http::{Http, Limits, Pause, Request};
use crate::mediabrowser::auth::{media_browser, percent, secret};
use crate::mediabrowser::sessions::Sessions;
use crate::mediabrowser::write::{Call, Wording, body, mark, unmark};
use crate::mediabrowser::{self, Dialect, MediaBrowser, SocketAt, Version, date};
use crate::{Sensitive, SignedIn, User};

/// One account on an Emby server.
pub type Emby = MediaBrowser<EmbyDialect>;

/// What is Emby's own.
pub struct EmbyDialect;

impl Dialect for EmbyDialect {
    const NAME: &'static str = "Emby";

    /// A mark is told by `PlayedItems`, which knows no count.
    const ABILITIES: Abilities = Abilities {
        dates: true,
        plays: false,
        positions: true,
        rewatch_positions: true,
        position_unit_ms: 1,
        unwatch_clears_traces: true,
    };

    /// The year has to be asked for from Emby 4 on; 3.2 sends it unasked (`emby-3.2.40/86-isplayed.json`).
    const FACTS: &'static str = "DateCreated,ProviderIds,Path,ProductionYear";

    const KEEPS_WITH_USER_DATA: bool = true;

    /// Emby does not name itself (`emby-3.2.40/01-public-info.json`; `PublicSystemInfo` of 4.8.11.0).
    fn is_product(product: Option<&str>) -> bool {
        !mediabrowser::is_jellyfin(product)
    }

    /// `X-Emby-Authorization` is what every recording of Emby was made with; an API key was sent as
    /// `X-Emby-Token` (`emby-3.2.40/29-items-apikey.json`). Both are sent, with the same token.
    fn headers(client_id: &str, token: Option<&str>) -> Result<HeaderMap, ServerError> {
        let mut headers = HeaderMap::new();
        headers.insert("X-Emby-Authorization", media_browser(client_id, token)?);
        if let Some(token) = token {
            headers.insert("X-Emby-Token", secret(token)?);
        }
        Ok(headers)
    }

    /// The socket takes a token only in the query, where the recordings had theirs
    /// (`emby-3.2.40/websocket.jsonl`); the path is what clients of version 4 use. It is opened with any token,
    /// a bad one included: whoever listens makes sure of it first.
    fn socket<'a>(client_id: &'a str, token: &'a str) -> SocketAt<'a> {
        let query = vec![("api_key", token), ("deviceId", client_id)];
        SocketAt { path: "/embywebsocket", query }
    }

    /// `/Users/{id}/Items` (`emby-3.2.40/26-items-all.json`).
    fn items(user: &str) -> String {
        format!("/Users/{}/Items", percent(user))
    }

    /// Emby has no `/Users/Me`: 3.2 takes `Me` for an id and fails (`emby-3.2.40/12-users-me.json`). But
    /// whoever asks has a session, and that has the token's user; an API key's has none
    /// (`emby-3.2.40/61-sessions.json`).
    async fn token_user(http: &Http, client_id: &str) -> Result<Option<User>, ServerError> {
        const OP: &str = "asking whose token it is";
        let query = [("deviceId", client_id)];
        let answer = match http.send(&Request::get("/Sessions", &query, OP)).await {
            Err(error) if error.fault == Fault::Forbidden => return Ok(None),
            answer => answer?,
        };
        let Sessions(sessions) = answer.json(OP)?;
        let mut users: BTreeMap<String, String> = sessions
            .into_iter()
            .filter(|s| s.device_id.as_ref().is_some_and(|id| id.0 == client_id))
            .filter_map(|s| {
                let name = s.user_name.map(|name| name.0.into_owned()).unwrap_or_default();
                Some((s.user_id?.0.into_owned(), name))
            })
            .collect();
        // Two accounts of one household come from one device. Which of them this is cannot be told then.
        match (users.pop_first(), users.is_empty()) {
            (Some((id, name)), true) => Ok(Some(User { id, name })),
            _ => Ok(None),
        }
    }

    /// Emby 4 documents `POST UserData`; 3.2 answers 404 (`emby-3.2.40/41-userdata-post-legacy.json`).
    fn takes_user_data(version: Version) -> bool {
        version >= Version { major: 4, minor: 0 }
    }

    /// From 4.0: plain marks by `PlayedItems`, everything with a position by
    /// `POST /Users/{u}/Items/{id}/UserData`. Its document calls for the whole user data, in which a missing
    /// `IsFavorite` may count as false, so what is not ours is read first and handed back.
    fn by_user_data(wording: &Wording<'_>) -> Vec<Call> {
        #[derive(Serialize)]
        #[serde(rename_all = "PascalCase")]
        struct UserData {
            played: bool,
            playback_position_ticks: u64,
            play_count: u32,
            #[serde(skip_serializing_if = "Option::is_none")]
            last_played_date: Option<String>,
            is_favorite: bool,
            #[serde(skip_serializing_if = "Option::is_none")]
            rating: Option<f64>,
        }
        let (from, to) = (wording.from(), wording.to());
        if wording.is_done() {
            return vec![];
        }
        let mut calls = Vec::new();
        match (to, &wording.exact) {
            // A first play with its date is told in one request, and there is nothing there to be kept.
            (Watch::Watched { rewatch: None }, Some(exact))
                if exact.plays == 1
                    && exact.last_played.is_some()
                    && wording.write.from == Marks::UNTOUCHED =>
            {
                return vec![mark(wording)];
            }
            (_, Some(exact)) => {
                let (clear, tell) = wording.cleared(exact);
                calls.extend(clear.then(|| unmark(wording)));
                if clear && !tell {
                    return calls;
                }
            }
            (Watch::Watched { rewatch: None }, _) if !from.is_watched() => {
                return vec![mark(wording)];
            }
            (Watch::Unwatched, _) if from.is_watched() => return vec![unmark(wording)],
            _ => {}
        }
        let shown = wording.write.from;
        let data = UserData {
            played: to.is_watched(),
            playback_position_ticks: wording.ticks(),
            play_count: wording.higher_count().unwrap_or(shown.plays),
            last_played_date: wording
                .date()
                .or(shown.last_played.filter(|_| wording.exact.is_none()))
                .and_then(date::iso),
            is_favorite: wording.kept.favorite,
            rating: wording.kept.rating,
        };
        calls.push(Call {
            method: Method::POST,
            path: format!("/Users/{}/Items/{}/UserData", percent(wording.user), wording.key()),
            query: vec![],
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
    mediabrowser::sign_in::<EmbyDialect>(url, client_id, username, password, limits, pause).await
}

#[cfg(test)]
mod tests {
    use watchstate_model::ClockOffset;

    use super::*;
    use crate::mediabrowser::wire::Kept;
    use crate::mediabrowser::write::tables::{PLAYED, at, told, write};

    #[test]
    fn from_4_0() {
        let (u, w) = (Watch::Unwatched, Watch::WATCHED);
        let s = Watch::Started(at(600_000));
        let s2 = Watch::Started(at(300_000));
        let rewatch = Watch::Watched { rewatch: Some(at(600_000)) };
        let mark = vec!["POST /Users/u1/PlayedItems/k1?datePlayed=20240305211407".to_owned()];
        let unmark = vec!["DELETE /Users/u1/PlayedItems/k1".to_owned()];
        let none: Vec<String> = vec![];
        let post = |body: &str| {
            vec![format!(
                "POST /Users/u1/Items/k1/UserData {{{body},\"IsFavorite\":true,\"Rating\":7.5}}"
            )]
        };
        const DATE: &str = r#""LastPlayedDate":"2024-03-05T21:14:07.0000000Z""#;
        const LATER: &str = r#""LastPlayedDate":"2024-03-05T21:14:16.0000000Z""#;
        for (from, shown, to, plays, calls, why) in [
            (u, (0, None), w, 1, mark.clone(), "a mark with its date"),
            (s, (1, Some(PLAYED)), w, 1, mark, "which clears the position"),
            (w, (1, Some(PLAYED)), w, 1, none.clone(), "it is so already"),
            (
                w,
                (1, Some(PLAYED - 9)),
                w,
                2,
                post(&format!(r#""Played":true,"PlaybackPositionTicks":0,"PlayCount":2,{DATE}"#)),
                "watched again: a second mark would be ignored",
            ),
            (w, (1, Some(PLAYED)), u, 0, unmark, "an un-watch as a person's"),
            (u, (1, Some(PLAYED)), u, 0, none, "traces alone are no reason"),
            (
                s,
                (1, Some(PLAYED)),
                u,
                0,
                post(&format!(r#""Played":false,"PlaybackPositionTicks":0,"PlayCount":1,{DATE}"#)),
                "a cleared position keeps count and date",
            ),
            (
                s2,
                (1, Some(PLAYED + 9)),
                s,
                1,
                post(&format!(
                    r#""Played":false,"PlaybackPositionTicks":6000000000,"PlayCount":1,{LATER}"#
                )),
                "a position keeps a later date",
            ),
            (
                u,
                (0, None),
                rewatch,
                2,
                post(&format!(
                    r#""Played":true,"PlaybackPositionTicks":6000000000,"PlayCount":2,{DATE}"#
                )),
                "a mark and a position in one request",
            ),
            (
                rewatch,
                (1, Some(PLAYED)),
                w,
                1,
                post(&format!(r#""Played":true,"PlaybackPositionTicks":0,"PlayCount":1,{DATE}"#)),
                "a rewatch that ended",
            ),
        ] {
            let write = write(from, shown, to, plays);
            let kept = Kept { favorite: true, rating: Some(7.5) };
            let wording =
                Wording { write: &write, user: "u1", clock: ClockOffset(0), kept, exact: None };
            assert_eq!(told(&EmbyDialect::by_user_data(&wording)), calls, "{why}");
        }
    }

    #[test]
    fn what_it_showed_once_goes_back_as_it_was() {
        use watchstate_model::Moment;
        let (u, w, s) = (Watch::Unwatched, Watch::WATCHED, Watch::Started(at(600_000)));
        let marks =
            |watch, plays, at: Option<i64>| Marks { watch, plays, last_played: at.map(Moment) };
        let clear = "DELETE /Users/u1/PlayedItems/k1".to_owned();
        let post = |body: &str| {
            format!(
                "POST /Users/u1/Items/k1/UserData {{{body},\"IsFavorite\":true,\"Rating\":7.5}}"
            )
        };
        const DATE: &str = r#""LastPlayedDate":"2024-03-05T21:14:07.0000000Z""#;
        for (from, to, calls, why) in [
            (marks(w, 2, Some(PLAYED)), marks(w, 2, Some(PLAYED)), vec![], "it is so already"),
            (marks(w, 1, Some(PLAYED)), Marks::UNTOUCHED, vec![clear.clone()], "nothing was there"),
            (
                Marks::UNTOUCHED,
                marks(w, 1, Some(PLAYED)),
                vec!["POST /Users/u1/PlayedItems/k1?datePlayed=20240305211407".to_owned()],
                "a first play",
            ),
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
                kept: Kept { favorite: true, rating: Some(7.5) },
                exact: Some(to),
            };
            assert_eq!(told(&EmbyDialect::by_user_data(&wording)), calls, "{why}");
        }
    }

    #[test]
    fn which_versions_take_user_data() {
        for (version, takes) in [("3.2.40.0", false), ("4.8.11.0", true), ("4.9.5.0", true)] {
            assert_eq!(EmbyDialect::takes_user_data(Version::parse(version)), takes, "{version}");
        }
    }
}
