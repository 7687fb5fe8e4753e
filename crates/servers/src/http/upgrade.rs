//! From a request to a socket (RFC 6455 section 4.1). The request is sent by the same client as all others,
//! so that certificates, headers, time-outs and what is kept out of messages are the same; only what comes
//! after it is no longer HTTP.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use reqwest::header::{
    CONNECTION, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION,
    UPGRADE,
};
use reqwest::{StatusCode, Upgraded};
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::{Http, Meter, Pause, client, failed, kind_of, refused};
use crate::error::{Fault, ServerError};

impl Http {
    /// Opens a socket. Tried once: whoever listens has a rhythm of his own for trying again.
    ///
    /// The limits hold until the socket stands; from then on it may be silent for as long as it likes.
    pub(crate) async fn upgrade(
        &self,
        path: &str,
        query: &[(&str, &str)],
        op: &'static str,
    ) -> Result<Upgraded, ServerError> {
        let _turn = self.in_flight.acquire().await.map_err(|_| {
            ServerError::new(Fault::Unreachable, op).with("the connection is being closed")
        })?;
        // HTTP/2 has no upgrade, and over TLS the server would choose it: a client of its own that does not
        // offer it. It is made for each socket, because sockets are opened seldom.
        let client = client(&self.base, self.headers.clone(), self.limits)
            .http1_only()
            .build()
            .map_err(|e| ServerError::new(Fault::Unreachable, op).with(kind_of(&e)))?;
        let key = generate_key();
        let mut request = client
            .get(self.url(path))
            .header(CONNECTION, HeaderValue::from_static("Upgrade"))
            .header(UPGRADE, HeaderValue::from_static("websocket"))
            .header(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"))
            .header(SEC_WEBSOCKET_KEY, &key);
        if !query.is_empty() {
            request = request.query(query);
        }
        self.meter.requests.fetch_add(1, Ordering::Relaxed);
        let response = request.send().await.map_err(|e| failed(&e, op))?;
        let no_socket = |what: &str| ServerError::new(Fault::BadAnswer, op).with(what);
        if response.status() != StatusCode::SWITCHING_PROTOCOLS {
            return Err(match refused(response.status(), response.headers(), op) {
                None => no_socket("a page came where a socket was asked for"),
                // A proxy that does not let sockets through answers with any of these. What the server itself
                // does not know cannot be told from it, and neither can the fault be in the request.
                Some(error) => match error.fault {
                    Fault::NotFound | Fault::Refused | Fault::NotThisServer => {
                        no_socket(&format!("HTTP {} for a socket", response.status().as_u16()))
                    }
                    _ => error,
                },
            });
        }
        let accept = response.headers().get(SEC_WEBSOCKET_ACCEPT).map(HeaderValue::as_bytes);
        if accept != Some(derive_accept_key(key.as_bytes()).as_bytes()) {
            return Err(no_socket("what answers there does not speak WebSocket"));
        }
        response.upgrade().await.map_err(|e| failed(&e, op))
    }

    /// How it waits, for what outlives a call.
    pub(crate) fn pause(&self) -> Arc<dyn Pause> {
        Arc::clone(&self.pause)
    }

    /// What was spent, for what outlives a call.
    pub(crate) fn shared_meter(&self) -> Arc<Meter> {
        Arc::clone(&self.meter)
    }
}
