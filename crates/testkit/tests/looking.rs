//! The questions by which changes are looked for without a sweep, as the genuine servers answer them: what
//! was played last, what since a time, and how much is watched.

#![allow(clippy::unwrap_used, reason = "what a test cannot do without may fail it")]

use reqwest::Client;
use serde_json::Value;
use watchstate_model::Moment;
use watchstate_testkit::fake::{FakeServer, Holds, Setup};

const NOW: Moment = Moment(1_800_000_000);

struct Case {
    server: FakeServer,
    token: String,
    films: String,
    shows: String,
}

impl Case {
    /// A server on which ana has watched Dune, then stopped in the middle of Alien, a minute apart and later
    /// than all else.
    async fn new(setup: Setup) -> Self {
        let server = setup.at(NOW).with_sample().start().await.unwrap();
        server.unwatch("Alien", "ana").unwrap();
        server.watch("Dune", "ana").unwrap();
        server.pass(60);
        server.watch_until("Alien", "ana", 3_600_000).unwrap();
        server.pass(60);
        server.mark_watched("Alien", "ben").unwrap();
        let section = |holds| {
            let library = server.library();
            library.sections().iter().find(|s| s.holds == holds).unwrap().key.to_string()
        };
        let (films, shows) = (section(Holds::Movies), section(Holds::Shows));
        let token = server.token_of("ana").unwrap();
        Self { server, token, films, shows }
    }

    async fn ask(&self, path: &str) -> Value {
        let client = Client::builder().no_proxy().build().unwrap();
        let token = format!("MediaBrowser Token=\"{}\"", self.token);
        let request = client
            .get(format!("{}{path}", self.server.url()))
            .header("Authorization", token)
            .header("X-Plex-Token", &self.token)
            .header("Accept", "application/json");
        request.send().await.unwrap().json().await.unwrap()
    }

    /// How many titles of a section a user has watched.
    fn watched(&self, section: &str) -> usize {
        let library = self.server.library();
        let ana = library.user("ana").unwrap();
        library.entries_of(section).filter(|entry| library.shown(ana, entry).played).count()
    }
}

fn names<'a>(list: &'a Value, name: &str) -> Vec<&'a str> {
    list.as_array().unwrap().iter().map(|item| item[name].as_str().unwrap()).collect()
}

#[tokio::test]
async fn plex() {
    let case = Case::new(FakeServer::plex("1.40.2")).await;
    let all = |section: &str, kind: u8, rest: &str| {
        format!("library/sections/{section}/all?type={kind}&{rest}")
    };
    let last = "sort=lastViewedAt:desc&X-Plex-Container-Start=0&X-Plex-Container-Size=2";
    let list = &case.ask(&all(&case.films, 1, last)).await["MediaContainer"];
    assert_eq!(names(&list["Metadata"], "title"), ["Alien", "Dune"]);
    assert_eq!(list["totalSize"], 160, "with the number of all");

    // "Is after" is `>>`, and `>` is written `%3E`.
    for (since, expected) in [(NOW.0 - 1, 2), (NOW.0, 1), (NOW.0 + 60, 0)] {
        for after in [">>", "%3E%3E"] {
            let query = all(&case.films, 1, &format!("lastViewedAt{after}={since}"));
            let list = &case.ask(&query).await["MediaContainer"];
            assert_eq!(list["size"], expected, "{query}");
        }
    }

    for (section, kind) in [(&case.films, 1), (&case.shows, 4)] {
        let none = "unwatched=0&X-Plex-Container-Start=0&X-Plex-Container-Size=0";
        let list = &case.ask(&all(section, kind, none)).await["MediaContainer"];
        assert_eq!(list["totalSize"], case.watched(section));
        assert!(list["size"] == 0 && list.get("Metadata").is_none());
    }
}

#[tokio::test]
async fn jellyfin_and_emby() {
    for setup in [
        FakeServer::jellyfin("10.8.6"),
        FakeServer::jellyfin("10.10.7"),
        FakeServer::jellyfin("12.0"),
        FakeServer::emby("3.2.40.0"),
        FakeServer::emby("4.8.11.0"),
    ] {
        let case = Case::new(setup).await;
        let user = case.server.id_of("ana").unwrap();
        let items = |section: &str, rest: &str| {
            format!(
                "Users/{user}/Items?ParentId={section}&Recursive=true\
                 &IncludeItemTypes=Movie,Episode&{rest}"
            )
        };
        let last = items(&case.films, "SortBy=DatePlayed&SortOrder=Descending&Limit=2");
        let list = case.ask(&last).await;
        assert_eq!(names(&list["Items"], "Name"), ["Alien", "Dune"]);
        assert_eq!(list["TotalRecordCount"], 160);

        for section in [&case.films, &case.shows] {
            let list = case.ask(&items(section, "Filters=IsPlayed&Limit=0")).await;
            assert_eq!(list["TotalRecordCount"], case.watched(section));
            assert!(list["Items"].as_array().unwrap().is_empty());
        }
        let begun = case.ask(&items(&case.films, "Filters=IsResumable&Limit=500")).await;
        let ours = case.server.library();
        let ana = ours.user("ana").unwrap();
        let expected =
            ours.entries_of(&case.films).filter(|e| ours.kept(ana, e).position_ticks > 0);
        let (mut begun, mut expected) = (
            names(&begun["Items"], "Id"),
            expected.map(|entry| entry.key.as_str()).collect::<Vec<_>>(),
        );
        begun.sort_unstable();
        expected.sort_unstable();
        assert_eq!(begun, expected);
        assert!(begun.contains(&ours.find("Alien").unwrap().as_str()));
    }
}
