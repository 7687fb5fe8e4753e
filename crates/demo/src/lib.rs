//! Three sample servers, one of each kind, with the same titles and other marks: what a person tries
//! WatchState with who has no server at hand, or would rather not try it with that.
//!
//! They are the fakes of the tests, on loopback, and end with the program.
#![deny(missing_docs)]

use async_trait::async_trait;
use watchstate_api::{Credentials, Demo, DemoServers, NewAccount};
use watchstate_model::Watch;
use watchstate_servers::{Sensitive, ServerKind};
use watchstate_store::Import;
use watchstate_testkit::fake::{FakeServer, Refused};

/// A sample server, and the account on it.
pub struct Server {
    /// What the backend is called.
    pub name: &'static str,
    kind: ServerKind,
    version: &'static str,
    /// Whose account it is.
    pub person: &'static str,
    /// The server itself.
    pub fake: FakeServer,
}

impl Server {
    /// One of each kind, with the same titles and other marks.
    pub async fn start_all() -> anyhow::Result<Vec<Self>> {
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
    pub fn account(&self) -> anyhow::Result<NewAccount> {
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

    /// What it is, in a line.
    pub fn introduction(&self) -> String {
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
    pub fn shows(&self, title: &str) -> Result<Watch, Refused> {
        self.fake.shows(title, self.person).map(|marks| marks.watch)
    }
}

/// The sample library has files of two episodes, and so has Kodi. Plex shows them as two, the others as one,
/// which has one mark: a half-watched file is something on which they cannot agree. With this a person has
/// watched them whole.
pub fn watch_whole_files(fake: &FakeServer, person: &str) -> Result<(), Refused> {
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

/// An account that is read and written.
pub fn account(name: &str, kind: ServerKind, url: &str, credentials: Credentials) -> NewAccount {
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

/// The sample servers for a window.
pub struct SampleServers;

#[async_trait]
impl Demo for SampleServers {
    async fn start(&self) -> Result<DemoServers, String> {
        let told = |error: anyhow::Error| error.to_string();
        let servers = Server::start_all().await.map_err(told)?;
        let accounts =
            servers.iter().map(Server::account).collect::<Result<_, _>>().map_err(told)?;
        Ok(DemoServers { accounts, keep: Box::new(servers) })
    }
}
