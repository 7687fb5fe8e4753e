use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Mutex;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request as Asked, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;
use watchstate_model::Moment;

use super::*;

/// No time passes.
struct Still;

impl Pause for Still {
    fn pause(&self, _: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(std::future::ready(()))
    }

    fn now(&self) -> Moment {
        Moment(1_780_000_000)
    }
}

/// What each request is answered with, and what was sent.
#[derive(Clone, Default)]
struct Script {
    answers: Arc<Mutex<HashMap<&'static str, (u16, Value)>>>,
    sent: Arc<Mutex<Vec<(String, String, String)>>>,
}

impl Script {
    fn say(&self, request: &'static str, status: u16, body: Value) -> &Self {
        self.answers.lock().unwrap().insert(request, (status, body));
        self
    }

    /// The bodies that were sent, each with its kind.
    fn sent(&self) -> Vec<(String, String)> {
        let sent = std::mem::take(&mut *self.sent.lock().unwrap()).into_iter();
        sent.map(|(_, kind, body)| (kind, body)).collect()
    }

    async fn answer(State(this): State<Self>, request: Asked) -> Response {
        let (parts, body) = request.into_parts();
        let key = format!("{} {}", parts.method, parts.uri.path());
        let said = |name: header::HeaderName| {
            let all = parts.headers.get_all(name).iter();
            all.map(|value| value.to_str().unwrap().to_owned()).collect::<Vec<_>>().join(" and ")
        };
        let token = said(header::HeaderName::from_static("x-plex-token"));
        assert!(format!("{token}{}", said(header::AUTHORIZATION)).contains("tok"), "{key}");
        let body = axum::body::to_bytes(body, 10_000).await.unwrap();
        if !body.is_empty() {
            let body = String::from_utf8(body.to_vec()).unwrap();
            this.sent.lock().unwrap().push((key.clone(), said(header::CONTENT_TYPE), body));
        }
        let answers = this.answers.lock().unwrap();
        let (status, body) = answers.get(key.as_str()).cloned().unwrap_or((404, Value::Null));
        (StatusCode::from_u16(status).unwrap(), body.to_string()).into_response()
    }

    async fn serve(&self) -> Url {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let at = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(Self::answer).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        at.parse().unwrap()
    }

    async fn register(&self, kind: ServerKind, hook: &str) -> Result<Registered, Fault> {
        let url = self.serve().await;
        let address = Address {
            kind,
            url: url.clone(),
            user: Some("a1b2".to_owned()),
            token: Sensitive::new("tok".to_owned()),
            client_id: "here".to_owned(),
        };
        let others = [Sensitive::new(ATTIC.to_owned())];
        let address_of_ours = Sensitive::new(hook.to_owned());
        let hook = Hook { address: address_of_ours, others: &others, name: "WatchState: den" };
        let (limits, pause) = (Limits::default(), Arc::new(Still));
        register_webhook(&address, &hook, &url, limits, pause).await.map_err(|error| error.fault)
    }
}

const OURS: &str = "http://192.0.2.1:8487/hook/new";
const OLD: &str = "http://192.0.2.1:8487/hook/old";
const ATTIC: &str = "http://192.0.2.1:8487/hook/attic";
const THEIRS: &str = "http://192.0.2.1:4000/other";

#[tokio::test]
async fn plex_keeps_what_others_entered() {
    const GET: &str = "GET /api/v2/user/webhooks";
    const POST: &str = "POST /api/v2/user/webhooks";
    let script = Script::default();
    let form = |urls: &[&str]| {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(urls.iter().map(|url| ("urls[]", url)));
        ("application/x-www-form-urlencoded".to_owned(), form.finish())
    };
    script.say(POST, 201, json!([]));
    for (known, told, sent, why) in [
        (json!([]), Registered::Entered, vec![OURS], "none was there"),
        (json!([{ "url": THEIRS }]), Registered::Entered, vec![THEIRS, OURS], "another's stays"),
        (json!([OLD, THEIRS]), Registered::Entered, vec![THEIRS, OURS], "an older one goes"),
        (json!([ATTIC]), Registered::Entered, vec![ATTIC, OURS], "that of another backend stays"),
        (json!([{ "url": OURS }]), Registered::Already, vec![], "it is there"),
    ] {
        script.say(GET, 200, known);
        assert_eq!(script.register(ServerKind::Plex, OURS).await, Ok(told), "{why}");
        let wanted = if sent.is_empty() { vec![] } else { vec![form(&sent)] };
        assert_eq!(script.sent(), wanted, "{why}");
    }
    for (status, known, fault, why) in [
        (200, json!({ "webhooks": [] }), Fault::BadAnswer, "what is not understood is not touched"),
        (200, json!([{ "id": 7 }]), Fault::BadAnswer, "an entry without an address"),
        (403, json!(null), Fault::Forbidden, "no Plex Pass"),
        (401, json!(null), Fault::Unauthorized, "the token of a server"),
    ] {
        script.say(GET, status, known);
        assert_eq!(script.register(ServerKind::Plex, OURS).await, Err(fault), "{why}");
        assert!(script.sent().is_empty(), "{why}");
    }
}

#[tokio::test]
async fn jellyfin_keeps_what_others_entered() {
    const PLUGINS: &str = "GET /Plugins";
    const GET: &str = "GET /Plugins/71ab/Configuration";
    const POST: &str = "POST /Plugins/71ab/Configuration";
    let script = Script::default();
    let webhook = |status: &str| json!([{ "Name": "Webhook", "Id": "71ab", "Status": status }]);
    let hook = |name: &str, uri: &str| json!({ "WebhookName": name, "WebhookUri": uri, "X": 1 });
    let other = hook("mine", THEIRS);
    let twin = hook("WatchState: attic", ATTIC);
    script.say(PLUGINS, 200, webhook("Active")).say(POST, 204, Value::Null);
    script.say(
        GET,
        200,
        json!({
            "ServerUrl": "http://a", "DiscordOptions": [{ "Y": 2 }],
            "GenericOptions": [other, hook("WatchState: den", OLD), twin],
        }),
    );
    assert_eq!(script.register(ServerKind::Jellyfin, OURS).await, Ok(Registered::Entered));
    let sent = script.sent();
    assert_eq!((sent.len(), sent[0].0.as_str()), (1, "application/json"));
    let sent: Value = serde_json::from_str(&sent[0].1).unwrap();
    assert_eq!(
        (&sent["ServerUrl"], &sent["DiscordOptions"]),
        (&json!("http://a"), &json!([{ "Y": 2 }]))
    );
    let entries = sent["GenericOptions"].as_array().unwrap();
    assert_eq!(
        entries[..2],
        [other.clone(), twin.clone()],
        "as they came, and the old one is gone"
    );
    assert_eq!(entries.len(), 3);
    let ours = &entries[2];
    assert_eq!((&ours["WebhookUri"], &ours["UserFilter"]), (&json!(OURS), &json!(["a1b2"])));
    assert_eq!(ours["SendAllProperties"], true);

    script.say(GET, 200, json!({ "GenericOptions": [hook("whatever", OURS)] }));
    assert_eq!(script.register(ServerKind::Jellyfin, OURS).await, Ok(Registered::Already));
    script.say(GET, 200, json!({ "GenericOptions": "none" }));
    assert_eq!(script.register(ServerKind::Jellyfin, OURS).await, Err(Fault::BadAnswer));
    for plugins in [json!([]), webhook("Disabled"), json!([{ "Name": "AudioDB", "Id": "1" }])] {
        script.say(PLUGINS, 200, plugins);
        let told = script.register(ServerKind::Jellyfin, OURS).await;
        assert_eq!(told, Ok(Registered::NoPlugin));
    }
    script.say(PLUGINS, 403, Value::Null);
    assert_eq!(script.register(ServerKind::Jellyfin, OURS).await, Err(Fault::Forbidden));
    assert!(script.sent().is_empty(), "nothing of it was written");
}

#[tokio::test]
async fn the_others_have_no_way() {
    for kind in [ServerKind::Emby, ServerKind::Kodi] {
        let told = Script::default().register(kind, OURS).await;
        assert_eq!(told, Err(Fault::Unsupported), "{kind:?}");
    }
}
