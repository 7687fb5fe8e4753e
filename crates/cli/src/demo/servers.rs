//! The films of the demo, and a genuine Kodi beside its sample servers.

use std::path::Path;

use anyhow::Context;
use serde_json::json;
use watchstate_api::{Credentials, NewAccount};
use watchstate_demo::account;
use watchstate_servers::{Sensitive, ServerKind};
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
