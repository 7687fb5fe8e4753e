//! Whether all servers show the same: the servers themselves are asked, not our database.

use std::collections::BTreeMap;

use watchstate_model::Watch;
use watchstate_model::marks::ProgressRule;
use watchstate_testkit::fake::titles::What;

use watchstate_demo::Server;

use super::servers::Kodi;
use crate::preview::many;
use crate::terminal::say;
use crate::words;

/// How many disagreements are shown.
const SHOWN: usize = 20;

/// What a server without positions to compare shows for a title.
pub(super) struct Shown {
    pub(super) title: String,
    pub(super) watched: bool,
}

/// What every server shows for every title.
pub(super) struct Agreement {
    servers: Vec<&'static str>,
    titles: BTreeMap<String, Vec<(&'static str, Watch)>>,
    /// What differs, a line for each title.
    differ: Vec<String>,
    kodi: Option<usize>,
}

impl Agreement {
    /// Of the sample servers. Positions that are no progress, a look inside or the credits, count as none:
    /// they are not told to others.
    pub(super) fn of(servers: &[Server]) -> Self {
        let mut titles: BTreeMap<String, Vec<(&'static str, Watch)>> = BTreeMap::new();
        for server in servers {
            let library = server.fake.library();
            let Some(user) = library.user(server.person) else { continue };
            for entry in library.entries() {
                let shown = library.shown(user, entry).shown().watch;
                let shown = ProgressRule::default().settle(shown, Some(entry.duration_ms));
                for title in names(entry, &library) {
                    titles.entry(title).or_default().push((server.name, shown));
                }
            }
        }
        let mut differ = Vec::new();
        for (title, shown) in &titles {
            let same = shown.windows(2).all(|two| two[0].1 == two[1].1);
            if !same || shown.len() != servers.len() {
                let each: Vec<String> = shown
                    .iter()
                    .map(|(server, watch)| format!("{server}: {}", words::watch(*watch)))
                    .collect();
                differ.push(format!("{title}: {}", each.join("; ")));
            }
        }
        let servers = servers.iter().map(|server| server.name).collect();
        Self { servers, titles, differ, kodi: None }
    }

    /// With a Kodi that has some of the titles. Its films are samples of some seconds, so that a position
    /// in them means nothing: only the marks are compared.
    pub(super) async fn with_kodi(&mut self, kodi: &Kodi) -> anyhow::Result<()> {
        let mut compared = 0;
        for shown in kodi.shows().await? {
            let Some((_, watch)) = self.titles.get(&shown.title).and_then(|all| all.first()) else {
                continue;
            };
            compared += 1;
            if watch.is_watched() != shown.watched {
                let (title, mark) = (&shown.title, words::watch(*watch));
                self.differ
                    .push(format!("{title}: {mark}, but kodi has watched={}", shown.watched));
            }
        }
        self.kodi = Some(compared);
        Ok(())
    }

    /// Says what differs, if anything, and whether nothing does.
    pub(super) fn told(&self) -> bool {
        if self.differ.is_empty() {
            return true;
        }
        say(&format!("The servers do not agree on {}:", many(self.differ.len(), "title")));
        for line in self.differ.iter().take(SHOWN) {
            say(&format!("  {line}"));
        }
        if self.differ.len() > SHOWN {
            say(&format!("  and {} more", self.differ.len() - SHOWN));
        }
        false
    }

    /// The last line.
    pub(super) fn conclusion(&self) -> String {
        let mut names = self.servers.clone();
        let last = names.pop().unwrap_or_default();
        let all = format!("{} and {last}", names.join(", "));
        let kodi = match self.kodi {
            Some(compared) => format!(", and kodi on the {compared} it has"),
            None => String::new(),
        };
        format!("All servers agree: {} on {all}{kodi}.", many(self.titles.len(), "title"))
    }
}

/// The titles that an entry covers: several where a file holds several episodes.
fn names(
    entry: &watchstate_testkit::fake::titles::Entry,
    library: &watchstate_testkit::fake::Library,
) -> Vec<String> {
    match &entry.what {
        What::Movie => vec![format!("{} ({})", entry.name, entry.year.unwrap_or_default())],
        What::Episode { show, season, number, last } => {
            let name = library.series(show.as_str()).map_or("", |series| series.name.as_str());
            (*number..=*last).map(|number| format!("{name} S{season:02}E{number:02}")).collect()
        }
    }
}
