//! Whether it is a Plex Media Server, and whose token it is.

use std::sync::Arc;

use watchstate_servers::{Address, Fault, Limits, Sensitive, ServerKind, User, connect, sign_in};

use crate::fake::{CLIENT, Fake, Reply, TOKEN, Waits, fault, whole};

#[tokio::test]
async fn check_tells_the_server_and_measures_its_clock() {
    let fake = Fake::whole().await;
    let client = fake.client();
    let info = client.check().await.unwrap();
    assert_eq!(info.id, "0f1e2d3c4b5a69788796a5b4c3d2e1f001122334");
    assert_eq!((info.name.as_str(), info.version.as_str()), ("Attic", "1.40.2.8395-c67dce28e"));
    assert_eq!(info.clock.0, -60);
    assert_eq!(client.user().await.unwrap(), User { id: "1".into(), name: "anna".into() });
    assert_eq!(fake.uris(), ["/identity", "/", "/accounts"], "and the user is known from then on");
    for asked in fake.asked.lock().unwrap().iter() {
        let header = |name: &str| asked.headers.get(name).map(|v| v.to_str().unwrap());
        assert_eq!(header("accept"), Some("application/json"));
        assert_eq!(header("x-plex-token"), Some(TOKEN));
        assert_eq!(header("x-plex-client-identifier"), Some(CLIENT));
        assert_eq!(header("x-plex-product"), Some("WatchState"));
        assert_eq!(header("x-plex-version"), Some(env!("CARGO_PKG_VERSION")));
        assert_eq!(header("x-plex-provides"), None);
        assert!(!asked.uri.contains(TOKEN));
    }
}

#[tokio::test]
async fn check_tells_what_is_wrong() {
    type Case = (Option<&'static str>, fn(&str) -> Reply, Result<(), Fault>, &'static str);
    let table: [Case; 13] = [
        (None, |_| Reply::Html, Err(Fault::NotThisServer), "a page of a router"),
        (None, |_| Reply::Status(404), Err(Fault::NotThisServer), "another media server"),
        (None, |_| Reply::Status(405), Err(Fault::NotThisServer), "something else"),
        (None, |_| Reply::Status(200), Err(Fault::NotThisServer), "an empty answer"),
        (
            None,
            |_| Reply::Json(r#"{"ServerName":"x"}"#.into()),
            Err(Fault::NotThisServer),
            "another's JSON",
        ),
        (
            None,
            |_| Reply::Json(r#"{"MediaContainer":{"size":0}}"#.into()),
            Err(Fault::NotThisServer),
            "a server that does not name itself",
        ),
        (None, |_| Reply::Cut, Err(Fault::BadAnswer), "the body was cut"),
        (
            None,
            |_| Reply::Json(r#"{"MediaContainer":{"machineIde"#.into()),
            Err(Fault::BadAnswer),
            "the JSON was cut",
        ),
        (
            None,
            |uri| {
                if uri == "/" { Reply::Status(401) } else { whole(uri) }
            },
            Err(Fault::Unauthorized),
            "a bad token",
        ),
        (Some("carl"), whole, Err(Fault::NoSuchUser), "a user that is not there"),
        (Some("ben"), whole, Err(Fault::Forbidden), "another's marks with the owner's token"),
        (
            Some("ben"),
            |uri| {
                if uri == "/accounts" { Reply::Status(403) } else { whole(uri) }
            },
            Ok(()),
            "a token of ben's: the list is not visible",
        ),
        (
            None,
            |uri| {
                if uri == "/accounts" { Reply::Status(403) } else { whole(uri) }
            },
            Err(Fault::NoSuchUser),
            "nothing says whose the token is",
        ),
    ];
    for (user, answer, told, why) in table {
        let fake = Fake::new(move |uri, _| answer(uri)).await;
        let result = fake.client_for(user).check().await.map(|_| ());
        let result = if result.is_err() { Err(fault(result)) } else { Ok(()) };
        assert_eq!(result, told, "{why}");
    }
}

#[tokio::test]
async fn users_are_the_servers_accounts_or_ones_own() {
    let user = |id: &str, name: &str| User { id: id.into(), name: name.into() };
    let owner = Fake::whole().await;
    let all = [user("1", "anna"), user("7001234", "ben")];
    assert_eq!(owner.client().users().await.unwrap(), all, "without the nameless account 0");
    let other = Fake::new(|uri, _| match uri {
        "/accounts" => Reply::Status(403),
        uri => whole(uri),
    })
    .await;
    assert_eq!(other.client_for(Some("ben")).users().await.unwrap(), [user("ben", "ben")]);
    assert_eq!(other.client().users().await.unwrap(), []);
}

#[tokio::test]
async fn a_server_behind_a_path() {
    let mut fake = Fake::new(|uri, _| whole(uri.strip_prefix("/plex").unwrap_or("/none"))).await;
    fake.url = fake.url.join("plex/").unwrap();
    assert_eq!(fake.client().check().await.unwrap().name, "Attic");
    assert_eq!(fake.uris(), ["/plex/identity", "/plex/", "/plex/accounts"]);
}

#[tokio::test]
async fn what_is_refused_before_anything_is_sent() {
    let address = |token: &str| Address {
        kind: ServerKind::Plex,
        url: "http://127.0.0.1:9/".parse().unwrap(),
        user: None,
        token: Sensitive::new(token.to_owned()),
        client_id: CLIENT.to_owned(),
    };
    let bad =
        connect(address(&format!("{TOKEN}\nX: y")), Limits::default(), Arc::<Waits>::default());
    assert_eq!(fault(bad), Fault::Unauthorized, "a token with a line end");
    let padded = format!(" {TOKEN}\n");
    assert!(connect(address(&padded), Limits::default(), Arc::<Waits>::default()).is_ok());
    let url = "http://127.0.0.1:9/".parse().unwrap();
    let password = Sensitive::new(TOKEN.to_owned());
    let (limits, pause) = (Limits::default(), Arc::<Waits>::default());
    let result = sign_in(ServerKind::Plex, &url, CLIENT, "anna", &password, limits, pause).await;
    assert_eq!(fault(result), Fault::Unsupported);
}
