//! The servers of the demo.

use std::path::Path;

use anyhow::Context;
use serde_json::json;
use watchstate_api::{Credentials, NewAccount};
use watchstate_model::Watch;
use watchstate_servers::{Sensitive, ServerKind};
use watchstate_store::Import;
use watchstate_testkit::fake::{FakeServer, Refused};
use watchstate_testkit::genuine_kodi::{GenuineKodi, Options, Start};

use super::agree::Shown;
use crate::terminal::say;

/// Films of the sample library, long enough to be left after 40 minutes.
pub(super) const FILMS: [&str; 12] = [
    "Dune",
    "Arrival",
    "Heat",
    "Jaws",
    "Casablanca",
    "Alien",
    "Parasite",
    "Spirited Away",
    "Blade Runner",
    "The Big Lebowski",
    "Inception",
    "The Matrix",
];

/// A sample server, and the account on it.
pub(crate) struct Server {
    pub(super) name: &'static str,
    kind: ServerKind,
    version: &'static str,
    pub(super) person: &'static str,
    pub(super) fake: FakeServer,
}

impl Server {
    /// One of each kind, with the same titles and other marks.
    pub(crate) async fn start_all() -> anyhow::Result<Vec<Self>> {
        let mut servers = Vec::new();
        for (name, kind, version, person) in [
            ("plex", ServerKind::Plex, "1.40.2", "ana"),
            ("jellyfin", ServerKind::Jellyfin, "10.10.7", "ben"),
            ("emby", ServerKind::Emby, "4.8.11.0", "kim"),
        ] {
            let fake = FakeServer::of(kind, version).with_sample().in_real_time().start().await?;
            watch_whole_files(&fake, person)?;
            servers.push(Self { name, kind, version, person, fake });
        }
        Ok(servers)
    }

    /// How it is added: with a token on Plex, with name and password on the others.
    pub(crate) fn account(&self) -> anyhow::Result<NewAccount> {
        let credentials = match self.kind {
            ServerKind::Plex => {
                Credentials::Token(Sensitive::new(self.fake.token_of(self.person)?))
            }
            _ => Credentials::Password {
                username: self.person.to_owned(),
                password: Sensitive::new(format!("{}-password", self.person)),
            },
        };
        Ok(account(self.name, self.kind, self.fake.url().as_str(), credentials))
    }

    pub(super) fn introduction(&self) -> String {
        let Self { name, kind, version, person, .. } = self;
        let kind = match kind {
            ServerKind::Plex => "Plex",
            ServerKind::Jellyfin => "Jellyfin",
            ServerKind::Emby => "Emby",
            ServerKind::Kodi => "Kodi",
        };
        format!("{name:9} {kind} {version} with the account {person}")
    }

    /// What the account is shown for a title.
    pub(super) fn shows(&self, title: &str) -> Result<Watch, Refused> {
        self.fake.shows(title, self.person).map(|marks| marks.watch)
    }
}

/// The sample library has files of two episodes, and so has Kodi. Plex shows them as two, the others as one,
/// which has one mark: a half-watched file is something on which they cannot agree. The people of this demo
/// watch them whole.
fn watch_whole_files(fake: &FakeServer, person: &str) -> Result<(), Refused> {
    let shows: Vec<String> =
        fake.library().all_series().iter().map(|series| series.name.clone()).collect();
    let in_sample = shows.iter().map(|show| [9, 10].map(|n| format!("{show} S02E{n:02}")));
    let on_kodi = [2, 3].map(|n| format!("Breaking Bad S02E{n:02}"));
    for both in in_sample.chain([on_kodi]) {
        let shown = both.each_ref().map(|title| fake.shows(title, person).map(|marks| marks.watch));
        if let [Ok(one), Ok(other)] = shown
            && one.is_watched() != other.is_watched()
        {
            for title in &both {
                fake.mark_watched(title, person)?;
            }
        }
    }
    Ok(())
}

/// A genuine Kodi.
pub(super) struct Kodi(Box<GenuineKodi>);

impl Kodi {
    /// Starts it; nothing where it is not installed, which is said.
    pub(super) async fn start(folder: &Path) -> anyhow::Result<Option<Self>> {
        say("Starting Kodi, which takes a moment...");
        std::fs::create_dir_all(folder)?;
        match GenuineKodi::start(folder, &Options::default()).await? {
            Start::Running(kodi) => Ok(Some(Self(kodi))),
            Start::Missing(missing) => {
                say(&format!("The demo goes on WITHOUT KODI: {missing}"));
                Ok(None)
            }
        }
    }

    pub(super) fn account(&self) -> NewAccount {
        let token = Credentials::Token(Sensitive::new(self.0.token()));
        account("kodi", ServerKind::Kodi, self.0.url().as_str(), token)
    }

    /// What it shows, title by title.
    pub(super) async fn shows(&self) -> anyhow::Result<Vec<Shown>> {
        let mut all = Vec::new();
        let wish = json!({ "properties": ["title", "year", "playcount"] });
        let answer = self.0.call("VideoLibrary.GetMovies", wish).await?;
        for movie in answer["movies"].as_array().context("Kodi lists no movies")? {
            let title = movie["title"].as_str().unwrap_or_default();
            all.push(Shown {
                title: format!("{title} ({})", movie["year"]),
                watched: movie["playcount"].as_u64().unwrap_or(0) > 0,
            });
        }
        let wish = json!({ "properties": ["showtitle", "season", "episode", "playcount"] });
        let answer = self.0.call("VideoLibrary.GetEpisodes", wish).await?;
        for episode in answer["episodes"].as_array().context("Kodi lists no episodes")? {
            let number = |name: &str| episode[name].as_u64().unwrap_or(0);
            let show = episode["showtitle"].as_str().unwrap_or_default();
            all.push(Shown {
                title: format!("{show} S{:02}E{:02}", number("season"), number("episode")),
                watched: number("playcount") > 0,
            });
        }
        Ok(all)
    }

    /// Ends it.
    pub(super) async fn end(&self) -> anyhow::Result<()> {
        self.0.kill().await
    }
}

fn account(name: &str, kind: ServerKind, url: &str, credentials: Credentials) -> NewAccount {
    NewAccount {
        name: name.to_owned(),
        kind,
        url: url.to_owned(),
        user: None,
        credentials,
        import: Import::On,
        export: true,
    }
}
