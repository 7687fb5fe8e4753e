use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::*;
use crate::User;

const START: i64 = 1_780_000_000;

/// A clock that stands until it is moved.
struct Hands(AtomicI64);

impl Pause for Hands {
    fn pause(&self, _: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(std::future::ready(()))
    }

    fn now(&self) -> Moment {
        Moment(self.0.load(Ordering::SeqCst))
    }
}

/// What each request is answered with, and what was asked.
#[derive(Clone, Default)]
struct Script {
    answers: Arc<Mutex<HashMap<String, (u16, Value)>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Script {
    fn say(&self, request: &str, status: u16, body: Value) {
        self.answers.lock().unwrap().insert(request.to_owned(), (status, body));
    }

    /// What was asked since the last time: method, path, query, and our own headers.
    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }

    async fn answer(State(this): State<Self>, request: Request) -> Response {
        // Taken apart at once: the request may not be looked at while its body is awaited.
        let (parts, body) = request.into_parts();
        let key = format!("{} {}", parts.method, parts.uri.path());
        let said = |name: &str| parts.headers.get(name).and_then(|v| v.to_str().ok());
        let mut line = format!("{} {}", parts.method, parts.uri.path_and_query().unwrap());
        for name in ["x-plex-client-identifier", "x-plex-product", "x-plex-token", "authorization"]
        {
            if let Some(value) = said(name) {
                line.push_str(&format!(" {name}={value}"));
            }
        }
        assert_eq!(said("x-plex-provides"), None);
        let body = axum::body::to_bytes(body, 10_000).await.unwrap();
        line.push_str(std::str::from_utf8(&body).unwrap());
        this.asked.lock().unwrap().push(line);
        let (status, body) =
            this.answers.lock().unwrap().get(&key).cloned().unwrap_or((404, Value::Null));
        let status = StatusCode::from_u16(status).unwrap();
        let mut answer = (status, [(header::CONTENT_TYPE, "application/json")], body.to_string())
            .into_response();
        if status == StatusCode::TOO_MANY_REQUESTS {
            answer.headers_mut().insert(header::RETRY_AFTER, "30".parse().unwrap());
        }
        answer
    }

    async fn serve(&self) -> String {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let at = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(Self::answer).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        at
    }
}

struct Scene {
    script: Script,
    clock: Arc<Hands>,
    waiting: Waiting,
}

impl Scene {
    async fn step(&mut self) -> &'static str {
        self.clock.0.fetch_add(1, Ordering::SeqCst);
        told(self.waiting.ask().await)
    }
}

fn told(step: Result<Step, ServerError>) -> &'static str {
    match step {
        Ok(Step::Waiting) => "waiting",
        Ok(Step::Expired) => "expired",
        Ok(Step::Claimed(_)) => "claimed",
        Err(error) => match error.fault {
            Fault::Unauthorized => "unauthorized",
            Fault::NotThisServer => "another server",
            _ => "another failure",
        },
    }
}

fn clock() -> Arc<Hands> {
    Arc::new(Hands(AtomicI64::new(START)))
}

async fn plex() -> Scene {
    let script = Script::default();
    script.say(
        "POST /api/v2/pins",
        201,
        json!({"id": 5649, "code": "8lzj-qnq8", "expiresIn": 1800, "authToken": null}),
    );
    script.say(
        "GET /api/v2/pins/5649",
        200,
        json!({"id": 5649, "code": "8lzj-qnq8", "authToken": null}),
    );
    script.say("GET /api/v2/resources", 200, json!([]));
    let at = script.serve().await;
    let places = PlexPlaces { pins: at.clone(), resources: at, ..PlexPlaces::default() };
    let clock = clock();
    let waiting = Waiting::plex(&places, "our id", Limits::default(), clock.clone()).await;
    Scene { script, clock, waiting: waiting.unwrap_or_else(|e| panic!("{e}")) }
}

async fn jellyfin() -> Scene {
    let script = Script::default();
    let standing = json!({"Authenticated": false, "Secret": "s3cret", "Code": "123456"});
    script.say("POST /QuickConnect/Initiate", 200, standing.clone());
    script.say("GET /QuickConnect/Connect", 200, standing);
    let at: Url = script.serve().await.parse().unwrap();
    let clock = clock();
    let waiting = Waiting::jellyfin(&at, "our-id", Limits::default(), clock.clone()).await;
    Scene { script, clock, waiting: waiting.unwrap_or_else(|e| panic!("{e}")) }
}

#[tokio::test]
async fn plex_by_pin() {
    let mut scene = plex().await;
    let asked = scene.script.asked();
    assert_eq!(
        asked,
        ["POST /api/v2/pins?strong=true x-plex-client-identifier=our id x-plex-product=WatchState"]
    );
    let shown = scene.waiting.told().clone();
    assert_eq!(
        shown.open.unwrap().as_str(),
        "https://app.plex.tv/auth#?clientID=our%20id&code=8lzj-qnq8\
         &context%5Bdevice%5D%5Bproduct%5D=WatchState"
    );
    assert_eq!(shown.expires_at, Moment(START + 1800));
    assert_eq!(scene.step().await, "waiting");
    assert_eq!(told(scene.waiting.ask().await), "waiting");
    assert_eq!(scene.script.asked().len(), 1, "asked twice in a second, plex.tv hears it once");
    scene.script.say("GET /api/v2/pins/5649", 200, json!({"authToken": "t0ken"}));
    scene.script.say("GET /api/v2/resources", 500, Value::Null);
    assert_eq!(scene.step().await, "waiting", "the servers cannot be read now");
    let servers = json!([
        {"name": "Phone", "provides": "client,player", "clientIdentifier": "f", "accessToken": "x"},
        {"name": "No token", "provides": "server", "clientIdentifier": "n", "accessToken": null},
        {"provides": "server", "clientIdentifier": "late", "accessToken": "l", "owned": true,
         "presence": false},
        {"name": "A friend's", "provides": "server", "clientIdentifier": "fr", "accessToken": "f",
         "owned": false},
        {"name": "Attic\u{202e}", "provides": "client,server", "clientIdentifier": "6e0f",
         "accessToken": "s3rver", "owned": true, "presence": true, "new": {"a": 1},
         "connections": [
            {"uri": "https://1-2-3-4.x.plex.direct:8443", "relay": true, "local": false},
            {"uri": "https://203-0-113-9.x.plex.direct:32400", "address": "203.0.113.9",
             "port": 32400, "local": false, "relay": false},
            {"uri": "javascript:alert(1)", "address": "192.168.1.5", "port": 32400, "local": true},
            {"uri": "https://192-168-1-5.x.plex.direct:32400", "address": "192.168.1.5",
             "port": 32400, "local": true, "protocol": "https", "IPv6": false}]},
        {"name": "Strict", "provides": "server", "clientIdentifier": "st", "accessToken": "s",
         "owned": true, "httpsRequired": true,
         "connections": [{"uri": "https://a.plex.direct:1", "address": "fd00::1", "port": 1, "local": true}]},
    ]);
    scene.script.say("GET /api/v2/resources", 200, servers);
    scene.script.asked();
    scene.clock.0.fetch_add(1, Ordering::SeqCst);
    let Ok(Step::Claimed(Claimed::Plex(account))) = scene.waiting.ask().await else {
        panic!("it is claimed");
    };
    assert_eq!(
        scene.script.asked(),
        ["GET /api/v2/resources?includeHttps=1&includeRelay=1&includeIPv6=1 \
          x-plex-client-identifier=our id x-plex-product=WatchState x-plex-token=t0ken"],
        "the token that was had already is not asked for again"
    );
    assert_eq!(account.token.expose(), "t0ken");
    let names: Vec<_> = account.servers.iter().map(|server| server.name.as_str()).collect();
    assert_eq!(names, ["Attic", "Strict", "late", "A friend's"]);
    let attic = &account.servers[0];
    assert_eq!((attic.id.as_str(), attic.token.expose().as_str()), ("6e0f", "s3rver"));
    let addresses: Vec<_> =
        attic.connections.iter().map(|c| (c.reach, c.url.as_str().to_owned())).collect();
    assert_eq!(
        addresses,
        [
            (Reach::Local, "https://192-168-1-5.x.plex.direct:32400/".to_owned()),
            (Reach::Local, "http://192.168.1.5:32400/".to_owned()),
            (Reach::Remote, "https://203-0-113-9.x.plex.direct:32400/".to_owned()),
            (Reach::Relay, "https://1-2-3-4.x.plex.direct:8443/".to_owned()),
        ]
    );
    assert_eq!(account.servers[1].connections.len(), 1, "no http where the server refuses it");
    assert_eq!(scene.step().await, "expired", "there is nothing more to ask");
}

#[tokio::test]
async fn plex_and_its_moods() {
    for (status, then, why) in [
        (404, "expired", "the PIN is forgotten"),
        (500, "waiting", "trouble of its own"),
        (401, "unauthorized", "it is refused"),
        (302, "another server", "it is somewhere else"),
    ] {
        let mut scene = plex().await;
        scene.script.say("GET /api/v2/pins/5649", status, Value::Null);
        assert_eq!(scene.step().await, then, "{why}");
        scene.script.asked();
        let after = if then == "waiting" { "waiting" } else { "expired" };
        assert_eq!(scene.step().await, after, "{why}");
        assert_eq!(scene.script.asked().len(), usize::from(then == "waiting"), "{why}");
    }
    let mut scene = plex().await;
    scene.script.say("GET /api/v2/pins/5649", 429, Value::Null);
    assert_eq!(scene.step().await, "waiting", "too many requests");
    scene.script.asked();
    for _ in 0..29 {
        assert_eq!(scene.step().await, "waiting");
    }
    assert_eq!(scene.script.asked().len(), 0, "it is left alone for as long as it wanted");
    scene.step().await;
    assert_eq!(scene.script.asked().len(), 1);
    scene.clock.0.store(START + 1800, Ordering::SeqCst);
    assert_eq!(scene.step().await, "expired", "nobody came");
}

#[tokio::test]
async fn plex_that_is_odd() {
    for (body, why) in [
        (json!({"id": 1}), "no code"),
        (json!({"id": 1, "code": ""}), "an empty code"),
        (json!({"id": 1, "code": "a&forwardUrl=http://evil"}), "a code that is more than one"),
        (json!({"id": "../../x", "code": "abcd"}), "an id that is a path"),
        (json!({"id": 1, "code": "a".repeat(100)}), "a long code"),
        (json!([]), "another form"),
    ] {
        let script = Script::default();
        script.say("POST /api/v2/pins", 201, body);
        let at = script.serve().await;
        let places = PlexPlaces { pins: at.clone(), resources: at, ..PlexPlaces::default() };
        let error = Waiting::plex(&places, "our-id", Limits::default(), clock()).await.err();
        assert_eq!(error.expect(why).fault, Fault::BadAnswer, "{why}");
    }
    let script = Script::default();
    script.say("POST /api/v2/pins", 201, json!({"id": 1, "code": "abcd", "expiresIn": i64::MAX}));
    let at = script.serve().await;
    let places = PlexPlaces { pins: at, ..PlexPlaces::default() };
    let waiting = Waiting::plex(&places, "our-id", Limits::default(), clock()).await.ok().unwrap();
    assert_eq!(waiting.told().expires_at, Moment(START + 3600), "no PIN is good for ever");
}

/// A PIN as plex.tv tells it, with the place it was asked from and what is not known yet.
fn pin(token: &Value, expires: &Value) -> Value {
    json!({
        "id": 5649, "code": "8lzj", "product": "WatchState", "trusted": false,
        "clientIdentifier": "our id", "qr": "https://plex.tv/api/v2/pins/qr/8lzj",
        "location": {"code": "AT", "european_union_member": true, "coordinates": "47.0, 15.4"},
        "expiresIn": expires, "createdAt": "2026-02-01T00:00:00Z",
        "expiresAt": "2026-02-01T00:15:00Z", "authToken": token, "newRegistration": null
    })
}

#[tokio::test]
async fn pins_as_plex_tells_them() {
    for (expires, good, why) in [
        (json!(900), 900, "a quarter of an hour"),
        (Value::Null, 900, "not said"),
        (json!(0), 1, "over already"),
        (json!(-5), 1, "and longer ago"),
    ] {
        let script = Script::default();
        script.say("POST /api/v2/pins", 201, pin(&Value::Null, &expires));
        let at = script.serve().await;
        let places = PlexPlaces { pins: at.clone(), resources: at, ..PlexPlaces::default() };
        let begun = Waiting::plex(&places, "our id", Limits::default(), clock()).await;
        let told = begun.unwrap_or_else(|e| panic!("{why}: {e}")).told().clone();
        assert_eq!((told.code.as_str(), told.expires_at), ("8lzj", Moment(START + good)), "{why}");
    }
    for (token, then, why) in [
        (Value::Null, "waiting", "nobody said yes so far"),
        (json!(""), "waiting", "an empty one"),
        (json!(" "), "waiting", "a blank one"),
        (json!("t0ken"), "claimed", "somebody did"),
        (json!(["t0ken"]), "waiting", "a list, which the next answer may not have"),
    ] {
        let mut scene = plex().await;
        scene.script.say("GET /api/v2/pins/5649", 200, pin(&token, &json!(800)));
        assert_eq!(scene.step().await, then, "{why}");
    }
}

/// The list of an account's devices with an odd one among them, or odd values in one.
#[tokio::test]
async fn one_odd_device_hides_no_other() {
    let good = json!({
        "name": "Box", "product": "Plex Media Server", "productVersion": "1.25.5.5492-12f6b8c83",
        "platform": "Linux", "device": "Docker Container", "clientIdentifier": "b0x",
        "createdAt": "2021-01-01T12:12:24Z", "provides": "server", "ownerId": null,
        "sourceTitle": null, "publicAddress": "203.0.113.7", "accessToken": "s3rver", "owned": true,
        "home": false, "synced": false, "relay": true, "presence": true, "httpsRequired": false,
        "natLoopbackSupported": false,
        "connections": [
            {"protocol": "https", "address": "172.18.0.3", "port": 32400, "local": true,
             "relay": false, "IPv6": false, "uri": "https://172-18-0-3.b0x.plex.direct:32400"}]
    });
    let with = |name: &str, value: Value| {
        let mut device = good.clone();
        device[name] = value;
        device
    };
    let whole = ["https://172-18-0-3.b0x.plex.direct:32400/", "http://172.18.0.3:32400/"];
    let link = |fields: Value| with("connections", fields);
    for (device, told, why) in [
        (Value::Null, None, "no device"),
        (json!(["server"]), None, "a list"),
        (with("provides", json!(["server"])), None, "a list of what it provides"),
        (with("clientIdentifier", json!({})), None, "no id"),
        (with("accessToken", json!([])), None, "no token"),
        (with("name", json!({})), Some(("b0x", true, &whole[..])), "no name: its id"),
        (with("owned", json!(1)), Some(("Box", true, &whole)), "a flag as a number"),
        (with("owned", json!("0")), Some(("Box", false, &whole)), "as text"),
        (with("owned", json!("mine")), Some(("Box", false, &whole)), "no flag"),
        (with("httpsRequired", json!("1")), Some(("Box", true, &whole[..1])), "https alone"),
        (with("presence", json!([])), Some(("Box", true, &whole)), "not said to be away"),
        (link(Value::Null), Some(("Box", true, &[])), "no address"),
        (link(json!("https://a")), Some(("Box", true, &[])), "a text for the addresses"),
        (
            link(
                json!([7, null, {"uri": [], "address": "10.0.0.9", "port": "32400", "local": "1"}]),
            ),
            Some(("Box", true, &["http://10.0.0.9:32400/"])),
            "odd addresses beside one with text for numbers",
        ),
        (
            link(json!([{"uri": "https://a.plex.direct:1", "address": {}, "port": 70000}])),
            Some(("Box", true, &["https://a.plex.direct:1/"])),
            "a port that there is not",
        ),
    ] {
        let mut scene = plex().await;
        let beside = json!({
            "name": "~", "provides": "server", "clientIdentifier": "beside", "accessToken": "b",
            "owned": false
        });
        scene.script.say("GET /api/v2/pins/5649", 200, pin(&json!("t0ken"), &json!(800)));
        scene.script.say("GET /api/v2/resources", 200, json!([device, beside]));
        scene.clock.0.fetch_add(1, Ordering::SeqCst);
        let Ok(Step::Claimed(Claimed::Plex(account))) = scene.waiting.ask().await else {
            panic!("{why}: it is claimed");
        };
        let mut servers = account.servers.iter();
        if let Some((name, owned, urls)) = told {
            let server = servers.next().unwrap_or_else(|| panic!("{why}: it is there"));
            assert_eq!((server.name.as_str(), server.owned), (name, owned), "{why}");
            let all: Vec<_> = server.connections.iter().map(|c| c.url.as_str()).collect();
            assert_eq!(all, urls, "{why}");
        }
        let rest: Vec<_> = servers.map(|server| server.id.as_str()).collect();
        assert_eq!(rest, ["beside"], "{why}");
    }
}

#[tokio::test]
async fn jellyfin_by_quick_connect() {
    let mut scene = jellyfin().await;
    let asked = scene.script.asked();
    assert!(asked[0].starts_with("POST /QuickConnect/Initiate authorization=MediaBrowser Client="));
    assert!(asked[0].contains("DeviceId=\"our-id\"") && !asked[0].contains("Token="));
    let shown = scene.waiting.told();
    assert_eq!((shown.code.as_str(), &shown.open), ("123456", &None));
    assert_eq!(shown.expires_at, Moment(START + 600));
    assert_eq!(scene.step().await, "waiting");
    assert!(scene.script.asked()[0].starts_with("GET /QuickConnect/Connect?secret=s3cret "));
    scene.script.say("GET /QuickConnect/Connect", 200, json!({"Authenticated": true}));
    scene.script.say("POST /Users/AuthenticateWithQuickConnect", 503, Value::Null);
    assert_eq!(scene.step().await, "waiting", "the last step did not work now");
    let done =
        json!({"AccessToken": "t0ken", "User": {"Id": "u1", "Name": "anna"}, "ServerId": "x"});
    scene.script.say("POST /Users/AuthenticateWithQuickConnect", 200, done);
    scene.script.asked();
    scene.clock.0.fetch_add(1, Ordering::SeqCst);
    let Ok(Step::Claimed(Claimed::Jellyfin(signed_in))) = scene.waiting.ask().await else {
        panic!("it is claimed");
    };
    assert_eq!(signed_in.token.expose(), "t0ken");
    assert_eq!(signed_in.user, User { id: "u1".to_owned(), name: "anna".to_owned() });
    let asked = scene.script.asked();
    assert!(asked[1].ends_with(r#"{"Secret":"s3cret"}"#), "{asked:?}");
}

#[tokio::test]
async fn jellyfin_and_its_moods() {
    let mut scene = jellyfin().await;
    scene.script.say("GET /QuickConnect/Connect", 404, Value::Null);
    assert_eq!(scene.step().await, "expired", "the code is forgotten");
    let mut scene = jellyfin().await;
    scene.clock.0.store(START + 600, Ordering::SeqCst);
    assert_eq!(scene.step().await, "expired", "nobody came");
    for (post, get, begins, why) in [
        (405, 200, Ok(()), "a server before 10.9"),
        (401, 200, Err(Fault::Unsupported), "it is switched off"),
        (404, 200, Err(Fault::Unsupported), "this is an Emby"),
        (405, 401, Err(Fault::Unsupported), "an old one where it is switched off"),
        (503, 200, Err(Fault::ServerTrouble), "it is starting"),
    ] {
        let script = Script::default();
        let standing = json!({"Secret": "s3cret", "Code": "123456"});
        script.say("POST /QuickConnect/Initiate", post, Value::Null);
        script.say("GET /QuickConnect/Initiate", get, standing);
        let at: Url = script.serve().await.parse().unwrap();
        let begun = Waiting::jellyfin(&at, "our-id", Limits::default(), clock()).await;
        assert_eq!(begun.map(|_| ()).map_err(|error| error.fault), begins, "{why}");
    }
}

#[tokio::test]
async fn no_failure_tells_a_secret() {
    let mut scene = jellyfin().await;
    scene.script.say("GET /QuickConnect/Connect", 403, json!("s3cret"));
    scene.clock.0.fetch_add(1, Ordering::SeqCst);
    let Err(error) = scene.waiting.ask().await else { panic!("it is refused") };
    assert!(!format!("{error} {error:?}").contains("s3cret"));
}
