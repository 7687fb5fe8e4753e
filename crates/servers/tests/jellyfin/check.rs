//! Who the server is, who we are there, and signing in.

use watchstate_model::Moment;
use watchstate_servers::jellyfin::{Jellyfin, sign_in};
use watchstate_servers::{Fault, MediaServer, Sensitive, ServerKind, User};

use super::mediabrowser::{
    NOW, Reply, Stage, TOKEN, Waits, address, is_discreet, limits, recorded, recording,
};
use super::{BOTH, NEW, OLD, client, stage};

#[tokio::test]
async fn a_check_tells_who_the_server_is() {
    for (server, id) in BOTH {
        let stage = stage(server).await;
        let client = client(&stage, None);
        let info = client.check().await.unwrap();
        let body = &recording(server, "01-public-info")["response"]["body"];
        assert_eq!(info.id, body["Id"].as_str().unwrap());
        assert_eq!((info.name.as_str(), info.version.as_str()), ("vm", &server[9..]));
        assert_eq!(info.clock.0, 0);
        assert_eq!(client.user().await.unwrap(), User { id: id.into(), name: "root".into() });
        let seen = stage.seen();
        assert_eq!(seen[0].what, "GET /System/Info/Public");
        let sent = seen[1].headers["authorization"].to_str().unwrap();
        assert!(sent.starts_with("MediaBrowser Client=\"WatchState\", Device="), "{sent}");
        assert!(sent.contains("DeviceId=\"our-device\"") && sent.contains(TOKEN), "{sent}");
        assert_eq!(seen[1].headers["accept"], "application/json");
        let abilities = client.abilities();
        assert_eq!(abilities.plays, server == NEW);
        assert_eq!(abilities.rewatch_positions, server == NEW);
        assert!(abilities.dates && abilities.positions && abilities.unwatch_clears_traces);
    }
}

#[tokio::test]
async fn before_the_first_check_it_is_what_every_version_can() {
    let stage = stage(NEW).await;
    let abilities = client(&stage, None).abilities();
    assert!(abilities.dates && !abilities.plays && !abilities.positions);
    assert!(stage.asked().is_empty(), "making a client sends nothing");
}

#[tokio::test]
async fn the_servers_clock_is_measured() {
    let stage = stage(NEW).await;
    let address = address(ServerKind::Jellyfin, &stage.url, None);
    let late = Jellyfin::new(address, limits(), Waits::at(Moment(NOW.0 - 7200))).unwrap();
    assert_eq!(late.check().await.unwrap().clock.0, 7200);
}

#[tokio::test]
async fn users_are_named_by_id_or_by_name() {
    // A server with a second user, who is asked for with an API key: nobody's own.
    let users = r#"[{"Id":"a1b2004c4b58489fbf882c16e30fffcd","Name":"root"},
                    {"Id":"d739a69987404792acee00dae392ec20","Name":"Zoë"}]"#;
    let zoe = "d739a69987404792acee00dae392ec20";
    for (named, found, why) in [
        (Some("zoë"), Ok(zoe), "a name in any case"),
        (Some("ZOË"), Ok(zoe), "beyond ASCII too"),
        (Some(zoe), Ok(zoe), "an id"),
        (Some("D739A699-8740-4792-ACEE-00DAE392EC20"), Ok(zoe), "an id with dashes"),
        (Some("nobody"), Err(Fault::NoSuchUser), "a name that nobody has"),
        (Some("  "), Err(Fault::NoSuchUser), "no name"),
        (None, Err(Fault::NoSuchUser), "an API key has no user of its own"),
    ] {
        for refusal in [400, 500, 404] {
            let stage = stage(NEW).await;
            stage.on("GET /Users/Me", Reply::status(refusal, "Error processing request."));
            stage.on("GET /Users", Reply::json(users));
            let client = client(&stage, named);
            let user = client.check().await.map_err(|error| error.fault);
            assert_eq!(user.map(drop), found.map(drop), "{why}");
            if let Ok(id) = found {
                assert_eq!(client.user().await.unwrap().id, id, "{why}");
            }
            let me = stage.asked().iter().filter(|what| *what == "GET /Users/Me").count();
            assert!(me <= 2, "a refusal is an answer and is not asked again and again: {me}");
        }
    }
}

#[tokio::test]
async fn an_api_key_writes_no_positions_before_10_9() {
    for (server, _) in BOTH {
        let stage = stage(server).await;
        stage.on("GET /Users/Me", Reply::status(400, ""));
        let client = client(&stage, Some("root"));
        client.check().await.unwrap();
        assert_eq!(client.abilities().positions, server == NEW);
    }
}

#[tokio::test]
async fn users_that_may_be_seen() {
    let stage = stage(NEW).await;
    let client = client(&stage, None);
    assert_eq!(client.users().await.unwrap().len(), 1);
    stage.on("GET /Users", Reply::status(403, ""));
    let own = client.users().await.unwrap();
    assert_eq!(own[0].name, "root", "who is no administrator sees nobody else");
    stage.on("GET /Users/Me", Reply::status(401, ""));
    assert_eq!(client.users().await.unwrap_err().fault, Fault::Unauthorized);
}

#[tokio::test]
async fn another_user_than_the_tokens_own_needs_an_administrator() {
    let stage = stage(NEW).await;
    stage.on("GET /Users", Reply::status(403, ""));
    let error = client(&stage, Some("alice")).check().await.unwrap_err();
    assert_eq!(error.fault, Fault::Forbidden);
    assert!(error.to_string().contains("of root alone"), "{error}");
}

#[tokio::test]
async fn what_is_no_jellyfin_is_told_so() {
    let emby = recorded("emby-3.2.40", "01-public-info");
    for (reply, fault, part, why) in [
        (emby, Fault::NotThisServer, "this is Emby, not Jellyfin", "the other kind"),
        (Reply::status(404, ""), Fault::NotThisServer, "nothing there", "another web server"),
        (Reply::json("<!DOCTYPE html><html>"), Fault::NotThisServer, "web page", "a web page"),
        (Reply::json("{}"), Fault::NotThisServer, "nothing there", "some other JSON"),
        (Reply::json(""), Fault::BadAnswer, "cut short", "nothing at all"),
        (Reply::json(r#"{"Id":"a","Ver"#), Fault::BadAnswer, "cut short", "half an answer"),
        (Reply::json(r#"{"Id":[]}"#), Fault::BadAnswer, "unexpected form", "a list for an id"),
        (
            Reply::status(302, "").with("Location", "http://other.example/"),
            Fault::NotThisServer,
            "302",
            "the token is not carried elsewhere",
        ),
    ] {
        let stage = stage(NEW).await;
        stage.on("GET /System/Info/Public", reply);
        let error = client(&stage, None).check().await.unwrap_err();
        assert_eq!(error.fault, fault, "{why}: {error}");
        assert!(error.to_string().contains(part), "{why}: {error}");
        is_discreet(&error, &[TOKEN]);
    }
}

#[tokio::test]
async fn a_bad_token_is_told_so() {
    for (server, _) in BOTH {
        let stage = stage(server).await;
        stage.on("GET /Users/Me", recorded(server, "16-bad-token"));
        for user in [None, Some("root")] {
            let error = client(&stage, user).check().await.unwrap_err();
            assert_eq!(error.fault, Fault::Unauthorized);
            is_discreet(&error, &[TOKEN]);
        }
    }
}

#[tokio::test]
async fn signing_in() {
    let password = Sensitive::new("s3cr\"et pw".to_owned());
    let sign = async |stage: &Stage| {
        sign_in(&stage.url, "our-device", "root", &password, limits(), Waits::at(NOW)).await
    };
    for (server, id) in BOTH {
        let stage = Stage::open().await;
        stage.on("POST /Users/AuthenticateByName", recorded(server, "11-auth-ok"));
        let Ok(signed_in) = sign(&stage).await else { panic!("signed in") };
        let body = &recording(server, "11-auth-ok")["response"]["body"];
        assert_eq!(signed_in.token.expose(), body["AccessToken"].as_str().unwrap());
        assert_eq!(signed_in.user, User { id: id.into(), name: "root".into() });
        let seen = stage.seen().remove(0);
        assert_eq!(seen.body, r#"{"Username":"root","Pw":"s3cr\"et pw"}"#);
        let header = seen.headers["authorization"].to_str().unwrap();
        assert!(
            header.contains("DeviceId=\"our-device\"") && !header.contains("Token"),
            "{header}"
        );

        for (reply, fault, part) in [
            (recorded(server, "09-auth-bad"), Fault::Unauthorized, "wrong user name or password"),
            (recorded(server, "10-auth-no-header"), reply_fault(server), "HTTP"),
            (Reply::status(404, ""), Fault::NotThisServer, "nothing there"),
            (Reply::json("<html>s3cr\"et pw</html>"), Fault::NotThisServer, "nothing there"),
            (Reply::json(r#"{"AccessToken":"s3cr\"et pw"}"#), Fault::BadAnswer, "unexpected form"),
        ] {
            stage.on("POST /Users/AuthenticateByName", reply);
            let Err(error) = sign(&stage).await else { panic!("refused") };
            assert_eq!(error.fault, fault);
            assert!(error.to_string().contains(part), "{error}");
            is_discreet(&error, &["s3cr", "et pw"]);
        }
    }
}

/// 10.8.6 answers a sign-in without the header with 500, 10.10.7 with 400.
fn reply_fault(server: &str) -> Fault {
    if server == OLD { Fault::ServerTrouble } else { Fault::Refused }
}
