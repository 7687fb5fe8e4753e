//! Looking for a title on a server that has not been swept since it appeared.

use watchstate_model::{ExternalIds, Item, Kind, Show};

use super::auth::percent;
use super::wire::{Entry, List};
use super::{Dialect, MediaBrowser};
use crate::error::{Fault, ServerError};
use crate::http::Request;
use crate::{Detail, Wanted};

const OP: &str = "looking for a title";

/// How many results of a search by name are looked at.
const MOST: &str = "50";

impl<D: Dialect> MediaBrowser<D> {
    /// Searched by name, recognised by ids. The search by id that Emby documents (`anyProviderIdEquals`) is
    /// ignored by every server that was recorded (`32-items-byprovider.json`).
    pub(super) async fn look_up(&self, wanted: &Wanted) -> Result<Vec<Item>, ServerError> {
        match wanted {
            Wanted::Movie { name, ids } => {
                let mut found = self.search(name, "Movie", |e| e.item(Detail::Full)).await?;
                found.retain(|item| item.facts.as_ref().is_some_and(|f| share_an_id(&f.ids, ids)));
                Ok(found)
            }
            Wanted::Episode { show_name, show_ids, season, number } => {
                let shows = self.search(show_name, "Series", |e| e.show()).await?;
                let mut found = Vec::new();
                for show in shows.iter().filter(|show| share_an_id(&show.ids, show_ids)) {
                    found.extend(self.episodes(show, *season, *number).await?);
                }
                Ok(found)
            }
        }
    }

    async fn search<T>(
        &self,
        name: &str,
        kind: &str,
        take: impl Fn(Entry<'_>) -> Option<T>,
    ) -> Result<Vec<T>, ServerError> {
        // A search for nothing finds everything.
        if name.trim().is_empty() {
            return Ok(vec![]);
        }
        let user = self.known().await?.user.id;
        let query = [
            ("searchTerm", name),
            ("includeItemTypes", kind),
            ("recursive", "true"),
            ("enableUserData", "true"),
            ("fields", D::FACTS),
            ("limit", MOST),
        ];
        let answer = self.list(&user, &query, OP).await?;
        let list: List<Entry<'_>> = answer.json(OP)?;
        Ok(list.entries(OP)?.filter_map(take).collect())
    }

    /// `GET /Shows/{id}/Episodes?season=` (`81-episodes.json`). It may bring specials that were aired within
    /// the season, so the place is compared.
    async fn episodes(
        &self,
        show: &Show,
        season: u16,
        number: u16,
    ) -> Result<Vec<Item>, ServerError> {
        let user = self.known().await?.user.id;
        let path = format!("/Shows/{}/Episodes", percent(show.key.as_str()));
        let season_text = season.to_string();
        let query = [
            ("userId", user.as_str()),
            ("season", &season_text),
            ("isMissing", "false"),
            ("enableUserData", "true"),
            ("enableImages", "false"),
            ("fields", D::FACTS),
        ];
        let answer = match self.http.send(&Request::get(&path, &query, OP)).await {
            // The series vanished since it was found, or has no such season.
            Err(error) if error.fault == Fault::NotFound => return Ok(vec![]),
            answer => answer?,
        };
        let list: List<Entry<'_>> = answer.json(OP)?;
        let is_it = |item: &Item| match item.facts.as_ref().map(|facts| &facts.kind) {
            Some(Kind::Episode(e)) => e.season == season && e.numbers().contains(&number),
            _ => false,
        };
        Ok(list.entries(OP)?.filter_map(|e| e.item(Detail::Full)).filter(is_it).collect())
    }
}

fn share_an_id(a: &ExternalIds, b: &ExternalIds) -> bool {
    a.iter().any(|id| b.of(id.provider()) == Some(id))
}
