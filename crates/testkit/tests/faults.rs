//! Each fault of the fakes does what it says, at the requests it was told to strike.

#![allow(clippy::unwrap_used, reason = "what a test cannot do without may fail it")]

use reqwest::{Client, Response, StatusCode};
use serde_json::Value;
use watchstate_model::{Moment, Watch};
use watchstate_testkit::fake::{FakeServer, Fault, Trouble};

const START: Moment = Moment(1_700_000_000);

struct Case {
    server: FakeServer,
    client: Client,
    token: String,
    user: String,
}

impl Case {
    async fn new() -> Self {
        let setup = FakeServer::jellyfin("10.10.7").at(START).with_sample().with_gzip();
        let server = setup.start().await.unwrap();
        let client = Client::builder().no_proxy().build().unwrap();
        let (token, user) = (server.token_of("ana").unwrap(), server.id_of("ana").unwrap());
        Self { server, client, token, user }
    }

    fn ask(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let url = format!("{}{path}", self.server.url());
        let token = format!("MediaBrowser Token=\"{}\"", self.token);
        self.client.request(method.parse().unwrap(), url).header("Authorization", token)
    }

    async fn get(&self, path: &str) -> reqwest::Result<Response> {
        self.ask("GET", path).send().await
    }

    async fn status(&self, path: &str) -> StatusCode {
        self.get(path).await.unwrap().status()
    }

    fn list(&self, start: usize, limit: usize) -> String {
        format!(
            "Users/{}/Items?recursive=true&includeItemTypes=Movie&sortBy=SortName&startIndex={start}&limit={limit}",
            self.user
        )
    }

    async fn page(&self, start: usize, limit: usize) -> (Vec<String>, u64) {
        let page: Value = self.get(&self.list(start, limit)).await.unwrap().json().await.unwrap();
        let items = page["Items"].as_array().unwrap();
        let ids = items.iter().map(|item| item["Id"].as_str().unwrap().to_owned()).collect();
        (ids, page["TotalRecordCount"].as_u64().unwrap())
    }

    fn mark_dune(&self) -> reqwest::RequestBuilder {
        let key = self.server.key_of("Dune").unwrap();
        self.server.library().unwatch(watchstate_testkit::fake::UserNo(0), key.as_str()).unwrap();
        self.ask("POST", &format!("Users/{}/PlayedItems/{key}", self.user))
    }

    fn dune_is_watched(&self) -> bool {
        self.server.shows("Dune", "ana").unwrap().watch.is_watched()
    }
}

#[tokio::test]
async fn a_server_that_is_off_refuses_and_comes_back_on_its_port() {
    let case = Case::new().await;
    assert_eq!(case.status("System/Info/Public").await, 200);
    case.server.refuse().await;
    for _ in 0..3 {
        let error = case.get("System/Info/Public").await.unwrap_err();
        assert!(error.is_connect(), "{error:?}");
    }
    case.server.heal().await;
    assert_eq!(case.status("System/Info/Public").await, 200);
}

#[tokio::test]
async fn a_dropped_request_does_nothing_and_a_lost_answer_did_it() {
    let case = Case::new().await;
    for (trouble, done) in [(Trouble::Dropped, false), (Trouble::LostAnswer, true)] {
        case.server.fail(Fault::new(trouble).on("PlayedItems").of_method("POST").next(1));
        let write = case.mark_dune();
        assert!(!case.dune_is_watched());
        assert!(write.send().await.is_err(), "{trouble:?}");
        assert_eq!(case.dune_is_watched(), done, "{trouble:?}");
    }
    assert_eq!(case.server.writes_to("Dune").unwrap(), 1);
    assert_eq!(case.mark_dune().send().await.unwrap().status(), 200, "used up");
}

#[tokio::test]
async fn a_hanging_request_gets_no_answer_until_it_is_healed() {
    let case = Case::new().await;
    case.server.fail(Fault::new(Trouble::Hang).on("System/Info"));
    let mut hanging = Box::pin(case.get("System/Info"));
    // Others are served meanwhile.
    while !case.server.requests().contains(&"GET /System/Info".to_owned()) {
        assert!(futures::poll!(&mut hanging).is_pending());
        assert_eq!(case.status("Users/Me").await, 200);
    }
    assert!(futures::poll!(&mut hanging).is_pending());
    case.server.heal().await;
    assert!(hanging.await.is_err(), "the connection was closed");
}

#[tokio::test]
async fn statuses() {
    let case = Case::new().await;
    case.server.fail(Fault::new(Trouble::Status(503)).from_request(2).next(2));
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.push(case.status("Users/Me").await.as_u16());
    }
    assert_eq!(seen, [200, 503, 503, 200], "the second and the third");
    case.server.fail(Fault::new(Trouble::TooMany(Some(7))).next(1));
    let busy = case.get("Users/Me").await.unwrap();
    assert_eq!(
        (busy.status().as_u16(), &busy.headers()["retry-after"]),
        (429, &"7".parse().unwrap())
    );
    case.server.fail(Fault::new(Trouble::TooMany(None)).next(1));
    let busy = case.get("Users/Me").await.unwrap();
    assert!(busy.status() == 429 && !busy.headers().contains_key("retry-after"));
    case.server.fail(Fault::new(Trouble::ExpiredToken).next(1));
    assert_eq!(case.status("Users/Me").await, 401);
    let token = case.token.clone();
    case.server.library().expire(&token);
    assert_eq!(case.status("Users/Me").await, 401, "for good");
}

#[tokio::test]
async fn bodies_that_are_not_what_they_should_be() {
    let case = Case::new().await;
    let list = case.list(0, 20);
    let whole = case.get(&list).await.unwrap().bytes().await.unwrap();
    case.server.fail(Fault::new(Trouble::CutBody).next(1));
    let cut = case.ask("GET", &list).header("Accept-Encoding", "identity").send().await.unwrap();
    assert_eq!(cut.status(), 200);
    assert_eq!(cut.content_length(), Some(whole.len() as u64), "it promises all");
    assert!(cut.bytes().await.is_err(), "it keeps half");
    case.server.fail(Fault::new(Trouble::BrokenJson).next(1));
    let broken = case.get(&list).await.unwrap().bytes().await.unwrap();
    assert_eq!(broken, whole[..whole.len() / 2]);
    case.server.fail(Fault::new(Trouble::Html).next(1));
    let html = case.get(&list).await.unwrap();
    assert_eq!(html.status(), 200);
    assert!(html.text().await.unwrap().starts_with("<!DOCTYPE html>"));
    case.server.fail(Fault::new(Trouble::OtherJson).next(1));
    let other: Value = case.get(&list).await.unwrap().json().await.unwrap();
    assert!(!other["Items"].is_array());
}

#[tokio::test]
async fn pages_that_are_not_what_they_should_be() {
    let case = Case::new().await;
    let (first, total) = case.page(0, 10).await;
    let (second, _) = case.page(10, 10).await;
    assert!(total > 100 && first.len() == 10 && first != second);
    case.server.fail(Fault::new(Trouble::RepeatedPage).next(1));
    assert_eq!(case.page(10, 10).await, (first, total), "the page before");
    case.server.fail(Fault::new(Trouble::MissingEntry).next(1));
    assert_eq!(
        case.page(10, 10).await,
        (second[..9].to_vec(), total),
        "one less, counted all the same"
    );
}

#[tokio::test]
async fn an_answer_that_drips_comes_when_the_test_lets_it() {
    let case = Case::new().await;
    case.server.fail(Fault::new(Trouble::Drip(16)).next(1));
    let mut dripping = case.get("System/Info/Public").await.unwrap();
    assert!(futures::poll!(Box::pin(dripping.chunk())).is_pending(), "headers, and no more");
    let mut body = Vec::new();
    case.server.let_drip(2);
    for _ in 0..2 {
        body.extend_from_slice(&dripping.chunk().await.unwrap().unwrap());
    }
    assert_eq!(body.len(), 32);
    assert!(futures::poll!(Box::pin(dripping.chunk())).is_pending());
    case.server.let_drip(1000);
    while let Some(piece) = dripping.chunk().await.unwrap() {
        body.extend_from_slice(&piece);
    }
    assert!(serde_json::from_slice::<Value>(&body).is_ok());
}

#[tokio::test]
async fn an_answer_that_is_held_back_comes_when_all_is_healed() {
    let case = Case::new().await;
    case.server.fail(Fault::new(Trouble::HeldBack).of_method("POST").next(1));
    let mark = tokio::spawn(case.mark_dune().send());
    case.server.holds_back(1).await;
    assert!(case.dune_is_watched(), "it is done");
    assert_eq!(case.status("System/Info/Public").await, 200, "others are answered");
    assert!(!mark.is_finished());
    case.server.heal().await;
    assert_eq!(mark.await.unwrap().unwrap().status(), 200);
    assert_eq!(case.mark_dune().send().await.unwrap().status(), 200, "once and no more");
}

#[tokio::test]
async fn a_clock_that_is_wrong_is_wrong_everywhere() {
    let case = Case::new().await;
    let date = |response: &Response| {
        let date = response.headers()["date"].to_str().unwrap().to_owned();
        jiff::fmt::rfc2822::parse(&date).unwrap().timestamp().as_second()
    };
    assert_eq!(date(&case.get("System/Ping").await.unwrap()), START.0);
    case.server.pass(60);
    case.server.skew(-3_600);
    assert_eq!(date(&case.get("System/Ping").await.unwrap()), START.0 + 60 - 3_600);
    case.mark_dune().send().await.unwrap();
    let shown = case.server.shows("Dune", "ana").unwrap();
    assert_eq!((shown.watch, shown.last_played), (Watch::WATCHED, Some(Moment(START.0 - 3_540))));
}

#[tokio::test]
async fn gzip_for_those_who_accept_it() {
    let case = Case::new().await;
    let raw = |accept: &'static str| {
        let client = Client::builder().no_proxy().no_gzip().build().unwrap();
        let url = format!("{}{}", case.server.url(), case.list(0, 50));
        let token = format!("MediaBrowser Token=\"{}\"", case.token);
        client.get(url).header("Authorization", token).header("Accept-Encoding", accept).send()
    };
    let plain = raw("identity").await.unwrap();
    assert!(!plain.headers().contains_key("content-encoding"));
    let plain = plain.bytes().await.unwrap();
    let small = raw("gzip, br").await.unwrap();
    assert_eq!(small.headers()["content-encoding"], "gzip");
    assert!(small.bytes().await.unwrap().len() * 3 < plain.len());
}

#[tokio::test]
async fn a_server_ends_when_it_is_dropped() {
    let case = Case::new().await;
    let url = case.server.url();
    drop(case.server);
    // The door closes in a task of its own: each try either finds it closing or closed.
    let mut refused = false;
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
        refused = case.client.get(url.clone()).send().await.is_err_and(|error| error.is_connect());
        if refused {
            break;
        }
    }
    assert!(refused);
}
