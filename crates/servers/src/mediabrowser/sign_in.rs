//! From a user name and a password to a token.

use std::sync::Arc;

use reqwest::Method;
use reqwest::header::HeaderMap;
use serde::Serialize;
use url::Url;

use super::wire::Authenticated;
use super::{Dialect, is_json};
use crate::error::{Fault, ServerError};
use crate::http::{Http, Limits, Pause, Request};
use crate::{Sensitive, SignedIn};

/// Exchanges a user name and a password for a token (`11-auth-ok.json`; wrong ones are 401,
/// `09-auth-bad.json`). The password goes into the body and nowhere else.
pub(crate) async fn sign_in<D: Dialect>(
    url: &Url,
    client_id: &str,
    username: &str,
    password: &Sensitive<String>,
    limits: Limits,
    pause: Arc<dyn Pause>,
) -> Result<SignedIn, ServerError> {
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Credentials<'a> {
        username: &'a str,
        pw: &'a str,
    }
    const OP: &str = "signing in";
    let http = Http::new(url, D::headers(client_id, None)?, limits, pause)?;
    let body = serde_json::to_vec(&Credentials { username, pw: password.expose() }).ok();
    let request = Request {
        method: Method::POST,
        path: "/Users/AuthenticateByName",
        query: &[],
        headers: HeaderMap::new(),
        body,
        op: OP,
    };
    let other = || {
        ServerError::new(Fault::NotThisServer, OP)
            .with(format!("nothing there speaks as {} does", D::NAME))
    };
    let answer = http.send(&request).await.map_err(|error| match error.fault {
        Fault::Unauthorized => {
            ServerError::new(Fault::Unauthorized, OP).with("wrong user name or password")
        }
        Fault::NotFound => other(),
        _ => error,
    })?;
    if !is_json(&answer) {
        return Err(other());
    }
    let signed_in: Authenticated<'_> = answer.json(OP)?;
    Ok(SignedIn {
        token: Sensitive::new(signed_in.access_token),
        user: signed_in.user.only_user(OP)?,
    })
}
