use std::future::Future;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::pin::Pin;
use std::sync::Mutex;

use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::{any, get};
use tokio::net::{TcpListener, UdpSocket};
use tokio_util::sync::CancellationToken;
use watchstate_model::Moment;

use super::*;

const HERE: Ipv4Addr = Ipv4Addr::LOCALHOST;

/// A wait that is over when the test has seen enough.
struct Until(CancellationToken);

impl Pause for Until {
    fn pause(&self, _: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(self.0.cancelled())
    }

    fn now(&self) -> Moment {
        Moment(1_780_000_000)
    }
}

/// A computer that answers each question with these, in this order.
async fn answering(answers: Vec<Vec<u8>>) -> (SocketAddrV4, Arc<Mutex<Vec<Vec<u8>>>>) {
    let socket = UdpSocket::bind((HERE, 0)).await.unwrap();
    let at = SocketAddrV4::new(HERE, socket.local_addr().unwrap().port());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let questions = asked.clone();
    tokio::spawn(async move {
        let mut buffer = [0; 2000];
        while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
            questions.lock().unwrap().push(buffer[..length].to_vec());
            for answer in &answers {
                socket.send_to(answer, from).await.unwrap();
            }
        }
    });
    (at, asked)
}

/// A web server; answers its port.
async fn serving(router: Router) -> u16 {
    let listener = TcpListener::bind((HERE, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move { axum::serve(listener, router).await });
    port
}

fn json(body: &'static str) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], body)
}

/// Searches until so many were told. An answer that is waited for and does not come hangs the test.
async fn search(places: Places, enough: usize) -> Vec<Found> {
    let over = CancellationToken::new();
    let pause: Arc<dyn Pause> = Arc::new(Until(over.clone()));
    let count = Mutex::new(0);
    find_servers(&places, &pause, &|_| {
        let mut count = count.lock().unwrap();
        *count += 1;
        if *count == enough {
            over.cancel();
        }
    })
    .await
}

fn ask(question: Question, to: SocketAddrV4) -> Ask {
    Ask { question, from: HERE, to }
}

fn door(kind: ServerKind, port: u16) -> Door {
    Door { kind, url: format!("http://127.0.0.1:{port}").parse().unwrap() }
}

fn names(found: &[Found]) -> Vec<(ServerKind, &str, How)> {
    found.iter().map(|one| (one.kind, one.name.as_str(), one.how)).collect()
}

#[tokio::test]
async fn servers_answer_in_the_network() {
    let jellyfin = br#"{"Address":"http://127.0.0.1:1","Id":"j1","Name":"Den"}"#.to_vec();
    let emby = br#"{"Address":"http://127.0.0.1:2","Id":"e1","Name":"Loft"}"#.to_vec();
    let plex =
        b"HTTP/1.0 200 OK\r\nName: Attic\r\nPort: 3\r\nResource-Identifier: p1\r\n\r\n".to_vec();
    let (jellyfin, asked_jellyfin) = answering(vec![jellyfin]).await;
    let (emby, asked_emby) = answering(vec![emby]).await;
    let (plex, asked_plex) = answering(vec![plex]).await;
    let asks = vec![
        ask(Question::Plex, plex),
        ask(Question::Emby, emby),
        ask(Question::Jellyfin, jellyfin),
        ask(Question::Jellyfin, jellyfin),
    ];
    let found = search(Places { asks, doors: vec![] }, 3).await;
    assert_eq!(
        names(&found),
        [
            (ServerKind::Plex, "Attic", How::Network),
            (ServerKind::Jellyfin, "Den", How::Network),
            (ServerKind::Emby, "Loft", How::Network),
        ],
        "each once, though one answered twice"
    );
    assert_eq!(asked_jellyfin.lock().unwrap()[0], b"who is JellyfinServer?");
    assert_eq!(asked_emby.lock().unwrap()[0], b"who is EmbyServer?");
    assert_eq!(asked_plex.lock().unwrap()[0], b"M-SEARCH * HTTP/1.0");
}

#[tokio::test]
async fn hostile_answers_and_a_lost_network_are_harmless() {
    let good = br#"{"Address":"http://127.0.0.1:1","Id":"j1","Name":"Den\u0000\u202e"}"#.to_vec();
    let hostile = vec![
        vec![],
        vec![0xff; 9000],
        b"{".repeat(3000),
        br#"{"Address":"file:///etc/passwd","Id":"x","Name":"x"}"#.to_vec(),
        good,
    ];
    let (to, _) = answering(hostile).await;
    let lost = Ask { question: Question::Jellyfin, from: Ipv4Addr::new(203, 0, 113, 9), to };
    let places = Places { asks: vec![lost, ask(Question::Jellyfin, to)], doors: vec![] };
    let found = search(places, 1).await;
    assert_eq!(names(&found), [(ServerKind::Jellyfin, "Den", How::Network)]);
}

#[tokio::test]
async fn one_computer_cannot_fill_the_list() {
    let flood: Vec<_> = (0..MOST_ANSWERS + 20)
        .map(|n| format!(r#"{{"Address":"http://127.0.0.1:{}"}}"#, n + 1).into_bytes())
        .collect();
    let (to, _) = answering(flood).await;
    let places = Places { asks: vec![ask(Question::Emby, to)], doors: vec![] };
    let found = search(places, usize::MAX).await;
    assert!(!found.is_empty() && found.len() <= MOST_ANSWERS, "it ends by itself: {}", found.len());
}

#[tokio::test]
async fn an_address_of_a_container_is_told_as_the_computer_that_answered() {
    let info =
        r#"{"Id":"ca-8E","ServerName":"Den","Version":"10.10.7","ProductName":"Jellyfin Server"}"#;
    let port =
        serving(Router::new().route("/System/Info/Public", get(async move || json(info)))).await;
    for (id, url, why) in [
        ("ca-8E", format!("http://127.0.0.1:{port}/"), "the same server is there"),
        ("other", format!("http://172.17.0.2:{port}/"), "another server is there"),
    ] {
        let answer =
            format!(r#"{{"Address":"http://172.17.0.2:{port}","Id":"{id}","Name":"Den"}}"#);
        let (to, _) = answering(vec![answer.into_bytes()]).await;
        let places = Places { asks: vec![ask(Question::Jellyfin, to)], doors: vec![] };
        let found = search(places, 1).await;
        assert_eq!(found[0].url.as_str(), url, "{why}");
        assert_eq!(found[0].how, How::Network);
    }
}

#[tokio::test]
async fn the_usual_ports() {
    let info = |body: &'static str| {
        Router::new().route("/System/Info/Public", get(async move || json(body)))
    };
    let jellyfin = info(
        r#"{"Id":"ca8e","ServerName":"Den","Version":"10.10.7","ProductName":"Jellyfin Server"}"#,
    );
    let emby = info(r#"{"Id":"f00d","ServerName":"Loft","Version":"4.8.11.0"}"#);
    let identity = r#"{"MediaContainer":{"size":0,"machineIdentifier":"6e0f","version":"1.40"}}"#;
    let plex = Router::new().route("/identity", get(async move || json(identity)));
    let wants =
        async || (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, "Basic realm=\"Kodi\"")]);
    let kodi = Router::new().fallback(any(wants));
    let pong = r#"{"id":1,"jsonrpc":"2.0","result":"pong"}"#;
    let open_kodi = Router::new().route("/jsonrpc", any(async move || json(pong)));
    let other =
        async || (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, "Basic realm=\"x\"")]);
    let web = Router::new().fallback(any(async || "<html>router</html>"));
    let doors = vec![
        door(ServerKind::Jellyfin, serving(jellyfin).await),
        door(ServerKind::Jellyfin, serving(emby).await),
        door(ServerKind::Plex, serving(plex).await),
        door(ServerKind::Kodi, serving(kodi).await),
        door(ServerKind::Kodi, serving(open_kodi).await),
        door(ServerKind::Kodi, serving(Router::new().fallback(any(other))).await),
        door(ServerKind::Kodi, serving(web.clone()).await),
        door(ServerKind::Plex, serving(web.clone()).await),
        door(ServerKind::Jellyfin, serving(web).await),
        door(ServerKind::Jellyfin, 1),
    ];
    let found = search(Places { asks: vec![], doors }, usize::MAX).await;
    assert_eq!(
        names(&found),
        [
            (ServerKind::Plex, "Plex", How::ThisComputer),
            (ServerKind::Jellyfin, "Den", How::ThisComputer),
            (ServerKind::Emby, "Loft", How::ThisComputer),
            (ServerKind::Kodi, "Kodi", How::ThisComputer),
            (ServerKind::Kodi, "Kodi", How::ThisComputer),
        ]
    );
}

#[test]
fn each_once() {
    let one = |how, name: &str, url: &str, id: Option<&str>| Found {
        kind: ServerKind::Plex,
        name: name.to_owned(),
        url: url.parse().unwrap(),
        id: id.map(str::to_owned),
        how,
    };
    let mut all = All::default();
    assert!(all.add(&one(How::Network, "Attic", "http://192.168.1.5:32400", Some("A-b"))));
    let here = one(How::ThisComputer, "Plex", "http://127.0.0.1:32400", Some("ab"));
    assert!(!all.add(&here), "the same id in another spelling");
    assert!(
        !all.add(&one(How::Network, "Again", "http://192.168.1.5:32400/", None)),
        "its address"
    );
    let found = all.sorted();
    let told = one(How::ThisComputer, "Attic", "http://127.0.0.1:32400", Some("ab"));
    assert_eq!(found, [told], "by its near address, with the name it told");
}

#[tokio::test]
async fn nowhere_to_look() {
    assert_eq!(search(Places::default(), 1).await, []);
}
