//! Bad answers, and what is made of them.

use std::time::Duration;

use watchstate_servers::{Detail, Fault, LibraryKind};

use crate::fake::{FIRST, Fake, Reply, fault, films, library, whole};

#[tokio::test]
async fn bad_answers_to_a_page() {
    type Answer = fn() -> Reply;
    let table: [(Answer, Fault, usize, &str); 10] = [
        (|| Reply::Status(401), Fault::Unauthorized, 1, "the token was taken back"),
        (|| Reply::Status(403), Fault::Forbidden, 1, "a library that is not shared"),
        (|| Reply::Status(404), Fault::NotFound, 1, "a library that was removed"),
        (|| Reply::Status(400), Fault::Refused, 1, "asking the same again is in vain"),
        (|| Reply::Html, Fault::BadAnswer, 1, "a page of a proxy"),
        (|| Reply::Cut, Fault::BadAnswer, 2, "a cut body is asked for again"),
        (|| Reply::Status(500), Fault::ServerTrouble, 2, "trouble is waited for"),
        (|| Reply::Json("[]".into()), Fault::BadAnswer, 1, "JSON of something else"),
        (
            || Reply::Json(r#"{"MediaContainer":[]}"#.into()),
            Fault::BadAnswer,
            1,
            "an empty list is no library without films",
        ),
        (
            || {
                let odd = r#"{"MediaContainer":{"Metadata":[{"ratingKey":"1","type":"movie",
                    "viewCount":"xSecretTokenOfAnna"}]}}"#;
                Reply::Json(odd.into())
            },
            Fault::BadAnswer,
            1,
            "an odd field, whose value is not told",
        ),
    ];
    for (answer, told, tries, why) in table {
        let fake = Fake::new(move |_, _| answer()).await;
        let result = fake.client().items(&films(), FIRST, Detail::Full).await;
        assert_eq!(fault(result), told, "{why}");
        assert_eq!(fake.uris().len(), tries, "{why}");
    }
}

#[tokio::test]
async fn a_server_that_asks_for_fewer_requests_is_given_time() {
    let fake = Fake::new(|uri, before| match before {
        0 => Reply::With(429, "retry-after", "7"),
        _ => whole(uri),
    })
    .await;
    let page = fake.client().items(&films(), FIRST, Detail::Full).await.unwrap();
    assert_eq!((page.sent, fake.waits()), (5, vec![7]));
    let fake = Fake::new(|_, _| Reply::With(429, "retry-after", "3600")).await;
    let result = fake.client().items(&films(), FIRST, Detail::Full).await;
    assert_eq!(fault(result), Fault::Busy { after: Some(Duration::from_secs(3600)) });
    assert_eq!(fake.waits(), Vec::<u64>::new(), "too long to wait within a run");
}

#[tokio::test]
async fn libraries_that_cannot_be() {
    let fake = Fake::whole().await;
    let client = fake.client();
    for (key, kind, told) in [
        ("1/../../accounts", LibraryKind::Movies, Fault::NotFound),
        ("1", LibraryKind::Mixed, Fault::Unsupported),
    ] {
        let library = library(key, "x", kind);
        assert_eq!(fault(client.items(&library, FIRST, Detail::Full).await), told);
    }
    assert_eq!(fake.uris(), Vec::<String>::new());
}
