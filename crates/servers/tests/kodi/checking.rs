//! Who answers there, and signing in.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::net::TcpListener;
use watchstate_servers::{Fault, LibraryKind, MediaServer, Sensitive, ServerKind, sign_in};

use crate::scripted::*;

#[tokio::test]
async fn it_says_who_it_is() {
    for (name, ahead) in [("80-check-12hours.txt", 0), ("81-check-24hours.txt", 0)] {
        let server = scripted(vec![recorded_http(name)]).await;
        let info = client(&server).check().await.unwrap();
        assert_eq!(info.id, "Kodi (den)", "{name}");
        assert_eq!(info.name, "Kodi (den)", "{name}");
        assert_eq!(info.version, "20.1", "{name}");
        assert_eq!(info.clock.0, ahead, "{name}");
        let asked = server.asked.lock().unwrap()[0].clone();
        assert!(asked.head.starts_with("post /jsonrpc http/1.1"), "{}", asked.head);
        assert!(asked.head.contains("content-type: application/json"), "{}", asked.head);
        // "kodi:s…" in base64, in lower case as the whole head.
        assert!(asked.head.contains("authorization: basic a29katpz"), "{}", asked.head);
    }
}

#[tokio::test]
async fn one_user_and_two_libraries() {
    let server = scripted(Vec::new()).await;
    let kodi = client(&server);
    assert_eq!(kodi.user().await.unwrap().id, "kodi");
    assert_eq!(kodi.users().await.unwrap().len(), 1);
    let libraries = kodi.libraries().await.unwrap();
    assert_eq!(
        libraries.iter().map(|l| (l.key.as_str(), l.kind)).collect::<Vec<_>>(),
        [("movies", LibraryKind::Movies), ("episodes", LibraryKind::Shows)]
    );
}

#[tokio::test]
async fn signing_in_tries_name_and_password() {
    let password = Sensitive::new(PASSWORD.to_owned());
    for (name, password, answers, outcome, why) in [
        ("kodi", &password, vec![recorded("00-ping")], Ok(format!("kodi:{PASSWORD}")), "good"),
        (
            "kodi",
            &password,
            vec![recorded_http("51-http-badauth.txt")],
            Err(Fault::Unauthorized),
            "bad",
        ),
        (
            "",
            &Sensitive::new(String::new()),
            vec![recorded("00-ping")],
            Ok(String::new()),
            "a Kodi that asks for none",
        ),
        ("a:b", &password, vec![], Err(Fault::Unauthorized), "a name cannot hold a colon"),
        (
            "kodi",
            &password,
            vec![ok(r#"{"id":0,"result":"pang"}"#)],
            Err(Fault::NotThisServer),
            "not Kodi",
        ),
    ] {
        let server = scripted(answers).await;
        let signed =
            sign_in(ServerKind::Kodi, &server.url, "test", name, password, once(), Arc::new(Noon))
                .await;
        let signed = signed.map(|s| s.token.expose().clone()).map_err(|e| {
            assert_no_secret(&e);
            e.fault
        });
        assert_eq!(signed, outcome, "{why}");
        if name.is_empty() {
            let head = server.asked.lock().unwrap()[0].head.clone();
            assert!(!head.contains("authorization"), "no password, no header");
        }
    }
}

#[tokio::test]
async fn what_is_not_kodi_is_told() {
    let cut = {
        let whole = check();
        whole[..whole.len() - 40].to_vec()
    };
    let half = String::from_utf8(check()).unwrap();
    let half_json = half.split_once("\r\n\r\n").unwrap().1[..200].to_owned();
    let html = "<!doctype html><html><body>Welcome</body></html>";
    let other = json!({"id": null, "error": {"code": -32600, "message": "Invalid request."}});
    let other_batch: Value = (0..4)
        .map(|id| json!({"id": id, "error": {"code": -32601, "message": "Method not found."}}))
        .collect();
    for (answer_bytes, fault, why) in [
        (recorded_http("50-http-noauth.txt"), Fault::Unauthorized, "no password"),
        (recorded_http("51-http-badauth.txt"), Fault::Unauthorized, "a wrong one"),
        (recorded_http("52-http-no-contenttype.txt"), Fault::Refused, "a proxy took a header away"),
        (ok(html), Fault::NotThisServer, "a web page"),
        (ok(""), Fault::NotThisServer, "nothing"),
        (ok("\"pong\""), Fault::NotThisServer, "some JSON"),
        (ok("{}"), Fault::NotThisServer, "some object"),
        (ok("[]"), Fault::NotThisServer, "some list"),
        (ok(&other.to_string()), Fault::NotThisServer, "another server that speaks JSON-RPC"),
        (ok(&other_batch.to_string()), Fault::NotThisServer, "one that takes batches, too"),
        (answer("404 Not Found", "", html), Fault::NotThisServer, "a web server without /jsonrpc"),
        (
            answer("503 Service Unavailable", "", ""),
            Fault::ServerTrouble,
            "a proxy before a Kodi that is off",
        ),
        (cut, Fault::BadAnswer, "the connection broke"),
        (ok(&half_json), Fault::BadAnswer, "the body was cut"),
    ] {
        let server = scripted(vec![answer_bytes]).await;
        let error = client(&server).check().await.unwrap_err();
        assert_eq!(error.fault, fault, "{why}: {error}");
        assert_no_secret(&error);
    }
}

#[tokio::test]
async fn nothing_listens_there() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url: url::Url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    drop(listener);
    let server = Scripted { url, asked: Arc::default() };
    let error = client(&server).check().await.unwrap_err();
    assert_eq!(error.fault, Fault::Unreachable);
    assert_no_secret(&error);
}
