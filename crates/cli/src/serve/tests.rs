//! The door from outside, over a real connection.

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use watchstate_api::{Household, SecretsPlace, Surroundings};
use watchstate_engine::{Settings, SystemClock};

use super::*;

struct Served {
    port: u16,
    door: Arc<Door>,
    _end: tokio_util::sync::DropGuard,
    _folder: tempfile::TempDir,
}

/// An answer: status, headers, body.
struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Served {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ui = folder.path().join("ui");
        std::fs::create_dir(&ui).unwrap();
        std::fs::write(ui.join("index.html"), "the page").unwrap();
        let household = Household::open(
            &folder.path().join("data"),
            Some(SecretsPlace::File),
            Surroundings::real(Settings::default()),
        )
        .await
        .unwrap();
        let shell = Shell {
            host: Host::Browser,
            log: LogRing::new(Arc::new(SystemClock)),
            zone: jiff::tz::TimeZone::UTC,
            demo: None,
        };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (door, end) = (Arc::new(Door::new(port)), CancellationToken::new());
        let serving = Serving {
            app: App::new(household, shell),
            door: door.clone(),
            ui: Arc::new(ui),
            end: end.clone(),
        };
        let ended = end.clone();
        tokio::spawn(async move {
            axum::serve(listener, router(serving))
                .with_graceful_shutdown(async move { ended.cancelled().await })
                .await
        });
        Self { port, door, _end: end.drop_guard(), _folder: folder }
    }

    /// Sends exactly this and reads until the other side hangs up.
    async fn send(&self, request: &str) -> Answer {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut text = Vec::new();
        // A server that refuses before it has read everything may reset the connection afterwards.
        let _ = stream.read_to_end(&mut text).await;
        let text = String::from_utf8_lossy(&text).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).and_then(|s| s.parse().ok()).unwrap_or(0);
        Answer { status, head: head.to_lowercase(), body: body.to_owned() }
    }

    fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let host = self.host();
        let mut all = vec![("Host", host.as_str())];
        all.extend(headers);
        self.with("GET", path, &all, "").await
    }

    async fn with(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let headers: String =
            headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let length = body.len();
        self.send(&format!(
            "{method} {path} HTTP/1.1\r\n{headers}Connection: close\r\nContent-Length: {length}\r\n\r\n{body}"
        ))
        .await
    }

    /// The path of the printed address.
    fn way_in(&self) -> String {
        let address = self.door.address();
        address[address.find("/?").unwrap()..].to_owned()
    }

    /// Goes in, and answers with the cookie.
    async fn enter(&self) -> String {
        let answer = self.get(&self.way_in(), &[]).await;
        assert_eq!(answer.status, 303);
        let cookie = answer.head.split("set-cookie: ").nth(1).unwrap();
        cookie.split(';').next().unwrap().to_owned()
    }

    async fn ask(&self, cookie: &str, name: &str, arguments: &Value) -> Answer {
        let (host, path) = (self.host(), format!("/api/{name}"));
        let origin = format!("http://{host}");
        let headers = [
            ("Host", host.as_str()),
            ("Origin", origin.as_str()),
            ("Cookie", cookie),
            ("Content-Type", "application/json"),
        ];
        self.with("POST", &path, &headers, &arguments.to_string()).await
    }
}

#[tokio::test]
async fn the_printed_address_lets_in_once() {
    let served = Served::start().await;
    let way_in = served.way_in();
    let first = served.get(&way_in, &[]).await;
    assert_eq!(first.status, 303);
    assert!(first.head.contains("location: /\r\n"), "{}", first.head);
    for word in ["httponly", "samesite=strict", "path=/"] {
        assert!(first.head.contains(word), "{word}");
    }
    let again = served.get(&way_in, &[]).await;
    assert_eq!((again.status, again.head.contains("set-cookie")), (403, false), "not twice");
    let cookie = first.head.split("set-cookie: ").nth(1).unwrap().split(';').next().unwrap();
    let page = served.get("/", &[("Cookie", cookie)]).await;
    assert_eq!((page.status, page.body.as_str()), (200, "the page"));
    assert!(page.head.contains("default-src 'none'"), "with a strict policy");
    assert!(page.head.contains("frame-ancestors 'none'"));
    let about = served.ask(cookie, "about", &json!({})).await;
    assert_eq!(about.status, 200, "{}", about.body);
    assert!(about.body.contains("\"host\":\"browser\""));
}

#[tokio::test]
async fn nobody_else_gets_in() {
    let served = Served::start().await;
    let cookie = served.enter().await;
    let (host, port) = (served.host(), served.port);
    let origin = format!("http://{host}");
    let elsewhere = format!("evil.example:{port}");
    let at_elsewhere = format!("http://{elsewhere}");
    let other_port = "http://127.0.0.1:1";
    let json = ("Content-Type", "application/json");
    let mine = ("Cookie", cookie.as_str());
    let guess = ("Cookie", "watchstate-session=guessed");
    let (here, from_here) = (("Host", host.as_str()), ("Origin", origin.as_str()));
    for (method, path, headers, status, why) in [
        ("POST", "/api/about", vec![here, from_here, mine, json], 200, "the page itself"),
        ("POST", "/api/about", vec![here, from_here, json], 401, "no cookie"),
        ("POST", "/api/about", vec![here, from_here, guess, json], 401, "another cookie"),
        ("GET", "/", vec![here], 401, "the page without a cookie"),
        ("GET", "/api/events", vec![here], 401, "events without a cookie"),
        ("POST", "/api/about", vec![here, mine, json], 403, "no origin"),
        ("POST", "/api/about", vec![here, ("Origin", "null"), mine, json], 403, "a hidden origin"),
        (
            "POST",
            "/api/about",
            vec![here, ("Origin", other_port), mine, json],
            403,
            "a page of another program on this computer",
        ),
        (
            "POST",
            "/api/about",
            vec![here, ("Origin", at_elsewhere.as_str()), mine, json],
            403,
            "a page from elsewhere",
        ),
        (
            "POST",
            "/api/about",
            vec![("Host", elsewhere.as_str()), ("Origin", at_elsewhere.as_str()), mine, json],
            421,
            "a page that had its own name point here",
        ),
        ("GET", "/", vec![("Host", elsewhere.as_str()), mine], 421, "and its reading"),
        ("GET", "/", vec![("Host", "127.0.0.1"), mine], 421, "another port"),
        ("GET", "/", vec![mine], 400, "no host at all"),
        ("GET", "/", vec![here, ("Host", elsewhere.as_str()), mine], 421, "two hosts"),
        (
            "GET",
            "/api/events",
            vec![here, mine, ("Sec-Fetch-Site", "same-site")],
            403,
            "events for another program's page",
        ),
        (
            "POST",
            "/api/about",
            vec![here, from_here, mine, ("Content-Type", "text/plain")],
            400,
            "a form",
        ),
        ("DELETE", "/api/about", vec![here, from_here, mine], 405, "another verb"),
        ("GET", "/api/about", vec![here, mine], 405, "a question as a link"),
        ("POST", "/api/none", vec![here, from_here, mine, json], 404, "no such command"),
        ("GET", "/?token=guessed", vec![here, mine], 403, "a guessed token"),
        ("GET", "/../../etc/passwd", vec![here, mine], 404, "up and away"),
        ("GET", "/%2e%2e/data/watchstate.sqlite", vec![here, mine], 404, "up to the database"),
    ] {
        let body = if method == "POST" { "{}" } else { "" };
        let answer = served.with(method, path, &headers, body).await;
        // Some servers refuse a request without a host by themselves.
        if why == "no host at all" {
            assert!((400..500).contains(&answer.status), "{why}: {}", answer.status);
        } else {
            assert_eq!(answer.status, status, "{why}: {}", answer.body);
        }
    }
}

#[tokio::test]
async fn a_huge_question_is_refused() {
    let served = Served::start().await;
    let cookie = served.enter().await;
    let small = json!({ "line": "x".repeat(1000) });
    assert_eq!(served.ask(&cookie, "about", &small).await.status, 200);
    // One letter too many, so that all of it was read when it is refused and the answer is not cut off.
    let around = json!({ "line": "" }).to_string().len();
    let huge = json!({ "line": "x".repeat(LONGEST_QUESTION + 1 - around) });
    assert_eq!(served.ask(&cookie, "about", &huge).await.status, 413);
}

#[tokio::test]
async fn failures_are_told_without_what_was_asked() {
    let served = Served::start().await;
    let cookie = served.enter().await;
    let wrong =
        json!({ "kind": "emby", "url": 7, "credentials": { "by": "token", "token": "secret" } });
    let answer = served.ask(&cookie, "sign_in", &wrong).await;
    assert_eq!(answer.status, 400);
    let failure: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(failure["kind"], "usage");
    assert!(!answer.body.contains("secret"));
    let none = served.ask(&cookie, "sync_now", &json!({})).await;
    assert_eq!(none.status, 400, "{}", none.body);
    assert!(none.body.contains("no backend"), "{}", none.body);
    let gone = served.ask(&cookie, "title", &json!({ "title": 7 })).await;
    assert_eq!(gone.status, 404, "{}", gone.body);
}
