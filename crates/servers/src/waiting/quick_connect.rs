//! Jellyfin's Quick Connect: a code that a person types at a Jellyfin where they are signed in.
//!
//! Source: Jellyfin's OpenAPI document 10.11.8 (`QuickConnect`, `AuthenticateWithQuickConnect`); that servers before
//! 10.9 take `Initiate` as a GET from Jellyfin's commit 722ad3fe97; that a code is good for ten minutes
//! from `Emby.Server.Implementations/QuickConnect/QuickConnectManager.cs`.

use std::sync::Arc;

use reqwest::Method;
use reqwest::header::{AUTHORIZATION, HeaderMap};
use serde::{Deserialize, Serialize};
use url::Url;
use watchstate_model::Moment;

use super::{Told, code, once, token};
use crate::error::{Fault, ServerError};
use crate::http::{Http, Limits, Pause, Request};
use crate::mediabrowser::auth::media_browser;
use crate::{Sensitive, SignedIn, User};

const BEGINNING: &str = "beginning Quick Connect";
const ASKING: &str = "asking whether Quick Connect is done";
const ENDING: &str = "signing in by Quick Connect";
/// How long a code is good: seconds.
const GOOD_S: i64 = 600;

pub(super) struct QuickConnect {
    http: Http,
    secret: Sensitive<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Standing {
    #[serde(default)]
    authenticated: bool,
    #[serde(default)]
    secret: Option<String>,
    #[serde(default)]
    code: Option<String>,
}

impl QuickConnect {
    /// `POST /QuickConnect/Initiate`. 401 says that Quick Connect is switched off.
    pub(super) async fn begin(
        url: &Url,
        client_id: &str,
        limits: Limits,
        pause: Arc<dyn Pause>,
    ) -> Result<(Self, Told), ServerError> {
        // The server ties the code to the device that this header names.
        let headers = HeaderMap::from_iter([(AUTHORIZATION, media_browser(client_id, None)?)]);
        let http = Http::new(url, headers, once(limits), pause.clone())?;
        let get = Request::get("/QuickConnect/Initiate", &[], BEGINNING);
        let post = Request { method: Method::POST, ..Request::get(get.path, &[], BEGINNING) };
        let answer = match http.send(&post).await {
            // 405; a server before 10.9.
            Err(error) if error.detail.as_deref() == Some("HTTP 405") => http.send(&get).await,
            answered => answered,
        };
        let answer = answer.map_err(|error| match error.fault {
            Fault::Unauthorized | Fault::Forbidden => {
                ServerError::new(Fault::Unsupported, BEGINNING)
                    .with("Quick Connect is switched off on this server")
            }
            Fault::NotFound => ServerError::new(Fault::Unsupported, BEGINNING)
                .with("this server does not know Quick Connect"),
            _ => error,
        })?;
        let standing: Standing = answer.json(BEGINNING)?;
        let Some(secret) = token(standing.secret) else {
            return Err(ServerError::new(Fault::BadAnswer, BEGINNING).with("there is no secret"));
        };
        let code = code(standing.code.as_deref().unwrap_or_default(), BEGINNING)?;
        let expires_at = Moment(pause.now().0.saturating_add(GOOD_S));
        Ok((Self { http, secret }, Told { code, open: None, expires_at }))
    }

    /// `GET /QuickConnect/Connect` until somebody typed the code, then
    /// `POST /Users/AuthenticateWithQuickConnect`.
    pub(super) async fn ask(&self) -> Result<Option<SignedIn>, ServerError> {
        #[derive(Serialize)]
        #[serde(rename_all = "PascalCase")]
        struct Secret<'a> {
            secret: &'a str,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Authenticated {
            access_token: Option<String>,
            user: Account,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Account {
            id: String,
            #[serde(default)]
            name: Option<String>,
        }
        let secret = self.secret.expose();
        let query = [("secret", secret.as_str())];
        let request = Request::get("/QuickConnect/Connect", &query, ASKING);
        if !self.http.json::<Standing>(&request).await?.authenticated {
            return Ok(None);
        }
        let request = Request {
            method: Method::POST,
            body: serde_json::to_vec(&Secret { secret }).ok(),
            ..Request::get("/Users/AuthenticateWithQuickConnect", &[], ENDING)
        };
        let signed_in: Authenticated = self.http.json(&request).await?;
        let Some(token) = token(signed_in.access_token) else {
            return Err(ServerError::new(Fault::Unauthorized, ENDING).with("there is no token"));
        };
        let Account { id, name } = signed_in.user;
        Ok(Some(SignedIn { token, user: User { name: name.unwrap_or_else(|| id.clone()), id } }))
    }
}
