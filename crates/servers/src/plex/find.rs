//! Titles looked up by name and recognised by their ids.
//!
//! A title is compared loosely by the server (`title=` means "contains": official API document, "Media
//! Queries"), so a name spelled like ours finds it among others, and the ids decide. A server in another
//! language may not find it; the next sweep will.

use watchstate_model::{ExternalIds, Item, Kind};

use super::wire::Metadata;
use super::{NEVER_READ, NO_FIELDS, Plex, section};
use crate::error::ServerError;
use crate::{Detail, LibraryKind, MediaServer, Stretch, Wanted};

/// How many entries a search reads at once, and after how many it gives up: longer than any series.
const SEARCH_PAGE: u32 = 1_000;
const SEARCH_MOST: u32 = 20_000;

impl Plex {
    /// See [`crate::MediaServer::find`].
    pub(super) async fn look_for(&self, wanted: &Wanted) -> Result<Vec<Item>, ServerError> {
        const OP: &str = "looking for a title";
        let (name, ids) = match wanted {
            Wanted::Movie { name, ids } => (name, ids),
            Wanted::Episode { show_name, show_ids, .. } => (show_name, show_ids),
        };
        // Without ids nothing would be recognised, and without a name everything would be read.
        if ids.is_empty() || name.trim().is_empty() {
            return Ok(Vec::new());
        }
        let (season, number) = match wanted {
            Wanted::Movie { .. } => {
                let hits = self.search(LibraryKind::Movies, name, OP).await?;
                let items = hits.iter().filter_map(|hit| hit.item(Detail::Full));
                let is_wanted = |item: &Item| {
                    item.facts.as_ref().is_some_and(|facts| share_one(&facts.ids, ids))
                };
                return Ok(items.filter(is_wanted).collect());
            }
            Wanted::Episode { season, number, .. } => (*season, *number),
        };
        let stands_there = |item: &Item| {
            item.facts.as_ref().is_some_and(|facts| match &facts.kind {
                Kind::Episode(e) => e.season == season && e.numbers().contains(&number),
                Kind::Movie => false,
            })
        };
        let shows = self.search(LibraryKind::Shows, name, OP).await?;
        let mut found = Vec::new();
        for show in shows.iter().filter_map(Metadata::show).filter(|s| share_one(&s.ids, ids)) {
            let path = format!("/library/metadata/{}/allLeaves", show.key);
            let query = [
                ("includeGuids", "1"),
                ("excludeElements", NEVER_READ),
                ("excludeFields", NO_FIELDS),
            ];
            let leaves = self.all(&path, &query, OP).await?;
            let items = leaves.iter().filter_map(|leaf| leaf.item(Detail::Full));
            found.extend(items.filter(stands_there));
        }
        Ok(found)
    }

    /// Hits of a search by name: the server compares loosely, ids decide.
    async fn search(
        &self,
        kind: LibraryKind,
        name: &str,
        op: &'static str,
    ) -> Result<Vec<Metadata>, ServerError> {
        // Series themselves, not their episodes: only the series has a name that is searched by.
        let number = match kind {
            LibraryKind::Shows => "2",
            LibraryKind::Movies | LibraryKind::Mixed => "1",
        };
        let mut hits = Vec::new();
        for library in self.libraries().await?.iter().filter(|library| library.kind == kind) {
            let query = [
                ("type", number),
                ("title", name),
                ("includeGuids", "1"),
                ("excludeElements", NEVER_READ),
                ("excludeFields", NO_FIELDS),
            ];
            hits.extend(self.all(&section(library, op)?, &query, op).await?);
        }
        Ok(hits)
    }

    /// A whole list that is short by nature: the hits of a search, the episodes of a series.
    async fn all(
        &self,
        path: &str,
        query: &[(&str, &str)],
        op: &'static str,
    ) -> Result<Vec<Metadata>, ServerError> {
        let mut all = Vec::new();
        let mut from = 0;
        loop {
            let sent = self.stretch(path, query, Stretch { from, size: SEARCH_PAGE }, op).await?;
            from = from.saturating_add(sent.count);
            all.extend(sent.entries);
            if sent.count == 0 || from >= sent.total || from >= SEARCH_MOST {
                return Ok(all);
            }
        }
    }
}

fn share_one(theirs: &ExternalIds, ours: &ExternalIds) -> bool {
    theirs.iter().any(|id| ours.of(id.provider()) == Some(id))
}
