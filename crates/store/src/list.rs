//! The history as a list of hundreds of thousands of titles: which there are, in what order, and a page.
//!
//! What a filter needs of *all* titles comes out as sets of their numbers, one short JSON text each, which
//! the caller keeps while nothing changes; a page is then a question about a hundred titles by their
//! numbers. Counting and skipping in SQL would go through the whole table again for each page.

use std::cmp::Reverse;
use std::collections::HashMap;

use roaring::RoaringTreemap;
use serde::Deserialize;
use watchstate_model::{BackendId, Marks, Moment, PersonId, TitleId, Watch};

use crate::rows::{marks, watch};
use crate::{Result, Store};

/// A title in the whole list, as filters look at it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Listed {
    /// Which.
    pub title: TitleId,
    /// Whether it is an episode; else it is a movie.
    pub episode: bool,
    /// Whether it is watched.
    pub watched: bool,
    /// Whether there is a place to go on.
    pub position: bool,
}

/// A title in a page of the list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ListRow {
    /// Which.
    pub title: TitleId,
    /// Its own name.
    pub name: String,
    /// The name of its series, where it is an episode of a known one.
    pub show: Option<String>,
    /// Season and episode; nothing for a movie.
    pub place: Option<(u32, u32)>,
    /// Its year.
    pub year: Option<u32>,
    /// What we hold, the date on our clock.
    pub marks: Marks,
    /// When that was decided; nothing for a title that nobody ever touched.
    pub changed_at: Option<Moment>,
    /// Whether a person wants it to be left alone.
    pub ignored: bool,
}

/// What a copy of a title shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Shown {
    /// The title.
    pub title: TitleId,
    /// On which backend.
    pub backend: BackendId,
    /// The marks, the date on the server's clock.
    pub marks: Marks,
    /// Its running time in milliseconds.
    pub duration_ms: Option<u32>,
    /// Whether it was there at the last look.
    pub present: bool,
    /// Whether its file holds further titles.
    pub several: bool,
}

/// A copy that does not show, letter by letter, what we hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Differing {
    /// The copy.
    pub shown: Shown,
    /// What we hold of the title.
    pub ours: Watch,
}

/// How much a backend has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stock {
    /// Which backend.
    pub backend: BackendId,
    /// Items that are there.
    pub items: u64,
    /// Those that it shows as watched.
    pub watched: u64,
}

/// The words of a search as FTS5 wants them: each the beginning of a word, all of them somewhere. Nothing
/// when there are none.
pub(crate) fn search_words(text: &str) -> Option<String> {
    let words: Vec<String> = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| format!("\"{word}\"*"))
        .collect();
    (!words.is_empty()).then(|| words.join(" "))
}

fn number(n: i64) -> u32 {
    u32::try_from(n).unwrap_or(0)
}

fn set(json: &str) -> Result<RoaringTreemap> {
    let ids: Vec<u64> = serde_json::from_str(json)?;
    // They come in their order, mostly: then each is put at the end without a search for its place.
    Ok(RoaringTreemap::from_sorted_iter(ids.iter().copied())
        .unwrap_or_else(|_| ids.iter().copied().collect()))
}

impl Store {
    /// All titles, the latest change first; those that nobody ever touched come last.
    pub async fn listed(&self, person: PersonId) -> Result<Vec<Listed>> {
        // Sorted here and not there: SQLite would look each title's state up and sort whole rows. One number
        // a title, with its flags in the lowest bits.
        let row = sqlx::query!(
            r#"SELECT json_group_array(id * 2 + (season IS NOT NULL)) AS "all!: String" FROM titles"#
        )
        .fetch_one(self.reader())
        .await?;
        let titles: Vec<i64> = serde_json::from_str(&row.all)?;
        let row = sqlx::query!(
            r#"SELECT json_group_array(title_id * 4 + watched * 2 + (position IS NOT NULL))
                          AS "titles!: String",
                      json_group_array(decided_at) AS "times!: String"
               FROM states WHERE person_id = ?1"#,
            person.0
        )
        .fetch_one(self.reader())
        .await?;
        let states: Vec<i64> = serde_json::from_str(&row.titles)?;
        let times: Vec<i64> = serde_json::from_str(&row.times)?;
        let states: HashMap<i64, (i64, i64)> =
            states.into_iter().zip(times).map(|(state, at)| (state >> 2, (state, at))).collect();
        let mut all: Vec<(Option<i64>, Listed)> = titles
            .into_iter()
            .map(|title| {
                let state = states.get(&(title >> 1));
                let flag = |bit: i64| state.is_some_and(|(state, _)| state & bit != 0);
                let listed = Listed {
                    title: TitleId(title >> 1),
                    episode: title & 1 != 0,
                    watched: flag(2),
                    position: flag(1),
                };
                (state.map(|(_, at)| *at), listed)
            })
            .collect();
        all.sort_unstable_by_key(|(at, listed)| (Reverse(*at), listed.title));
        Ok(all.into_iter().map(|(_, listed)| listed).collect())
    }

    /// The titles whose names, or whose series' names, have words that begin so, in the order in which they came
    /// up; nothing when the text has no word to look for.
    pub async fn titles_named(&self, text: &str) -> Result<Option<Vec<TitleId>>> {
        let Some(words) = search_words(text) else { return Ok(None) };
        let row = sqlx::query!(
            r#"SELECT json_group_array(rowid) AS "ids!: String" FROM title_names
               WHERE title_names MATCH ?1"#,
            words
        )
        .fetch_one(self.reader())
        .await?;
        // Some hundred thousand for a single letter: they come in their order, which costs nothing to keep.
        let mut ids: Vec<i64> = serde_json::from_str(&row.ids)?;
        ids.sort();
        Ok(Some(ids.into_iter().map(TitleId).collect()))
    }

    /// The titles that a backend has.
    pub async fn titles_on(&self, backend: BackendId) -> Result<RoaringTreemap> {
        let row = sqlx::query!(
            r#"SELECT json_group_array(title_id) AS "ids!: String" FROM (
                   SELECT title_id FROM items
                   WHERE backend_id = ?1 AND present = 1 AND title_id IS NOT NULL
                   UNION ALL
                   SELECT c.title_id FROM also_covers c CROSS JOIN items i ON i.id = c.item_id
                   WHERE i.backend_id = ?1 AND i.present = 1
               )"#,
            backend.0
        )
        .fetch_one(self.reader())
        .await?;
        set(&row.ids)
    }

    /// The copies that do not show exactly what we hold. Which of them differ in a way that matters is for
    /// the model to say.
    pub async fn differing(&self, person: PersonId) -> Result<Vec<Differing>> {
        #[derive(Deserialize)]
        struct Out(i64, i64, i64, Option<i64>, Option<i64>, i64, i64, Option<i64>);
        let row = sqlx::query!(
            r#"WITH covered (title_id, item_id, several) AS (
                   SELECT i.title_id, i.id,
                          EXISTS (SELECT 1 FROM also_covers c WHERE c.item_id = i.id)
                   FROM items i WHERE i.title_id IS NOT NULL
                   UNION ALL SELECT c.title_id, c.item_id, 1 FROM also_covers c
               )
               SELECT json_group_array(json_array(v.title_id, i.backend_id, i.seen_watched,
                          i.seen_position, i.duration_ms, v.several, coalesce(s.watched, 0),
                          s.position)) AS "rows!: String"
               FROM covered v CROSS JOIN items i ON i.id = v.item_id
               LEFT JOIN states s ON s.person_id = ?1 AND s.title_id = v.title_id
               WHERE i.present = 1
                 AND (i.seen_watched <> coalesce(s.watched, 0) OR i.seen_position IS NOT s.position)
                 AND i.backend_id IN (SELECT id FROM backends WHERE person_id = ?1)"#,
            person.0
        )
        .fetch_one(self.reader())
        .await?;
        let rows: Vec<Out> = serde_json::from_str(&row.rows)?;
        Ok(rows
            .into_iter()
            .map(|Out(title, backend, seen, place, duration, several, watched, position)| {
                Differing {
                    shown: Shown {
                        title: TitleId(title),
                        backend: BackendId(backend),
                        marks: marks(seen, place, 0, None),
                        duration_ms: duration.map(number),
                        present: true,
                        several: several != 0,
                    },
                    ours: watch(watched, position),
                }
            })
            .collect())
    }

    /// A page: these titles, in this order. Titles that are not there any more are left out.
    pub async fn list_page(&self, person: PersonId, titles: &[TitleId]) -> Result<Vec<ListRow>> {
        let titles = ids_of(titles)?;
        let rows = sqlx::query!(
            r#"SELECT t.id AS "id!: i64", t.name AS "name!", w.name AS "show?", t.season, t.episode,
                      t.year, s.watched AS "watched?: i64", s.position AS "position?: i64",
                      s.plays AS "plays?: i64", s.played_at AS "played_at?: i64",
                      s.decided_at AS "decided_at?: i64",
                      EXISTS (SELECT 1 FROM ignored g WHERE g.person_id = ?2 AND g.title_id = t.id)
                          AS "ignored!: i64"
               FROM json_each(?1) j CROSS JOIN titles t ON t.id = j.value
               LEFT JOIN shows w ON w.id = t.show_id
               LEFT JOIN states s ON s.person_id = ?2 AND s.title_id = t.id
               ORDER BY j.key"#,
            titles,
            person.0
        )
        .fetch_all(self.reader())
        .await?;
        Ok(rows
            .into_iter()
            .map(|r| ListRow {
                title: TitleId(r.id),
                name: r.name,
                show: r.show,
                place: r.season.zip(r.episode).map(|(s, e)| (number(s), number(e))),
                year: r.year.map(number),
                marks: marks(r.watched.unwrap_or(0), r.position, r.plays.unwrap_or(0), r.played_at),
                changed_at: r.decided_at.map(Moment),
                ignored: r.ignored != 0,
            })
            .collect())
    }

    /// What all copies of these titles show, in the order of their backends and rows.
    pub async fn shown(&self, person: PersonId, titles: &[TitleId]) -> Result<Vec<Shown>> {
        let titles = ids_of(titles)?;
        let rows = sqlx::query!(
            r#"SELECT v.title_id AS "title_id!: i64", i.backend_id AS "backend_id!: i64",
                      i.seen_watched AS "seen_watched!: i64", i.seen_position AS "seen_position?: i64",
                      i.seen_plays AS "seen_plays!: i64", i.seen_played_at AS "seen_played_at?: i64",
                      i.duration_ms AS "duration_ms?: i64", i.present AS "present!: i64",
                      EXISTS (SELECT 1 FROM also_covers c WHERE c.item_id = i.id) AS "several!: i64"
               FROM (SELECT i.title_id, i.id FROM json_each(?1) j
                     CROSS JOIN items i ON i.title_id = j.value
                     UNION
                     SELECT c.title_id, c.item_id FROM json_each(?1) j
                     CROSS JOIN also_covers c ON c.title_id = j.value) v
               CROSS JOIN items i ON i.id = v.id
               JOIN backends b ON b.id = i.backend_id AND b.person_id = ?2
               ORDER BY i.backend_id, i.id"#,
            titles,
            person.0
        )
        .fetch_all(self.reader())
        .await?;
        Ok(rows
            .into_iter()
            .map(|r| Shown {
                title: TitleId(r.title_id),
                backend: BackendId(r.backend_id),
                marks: marks(r.seen_watched, r.seen_position, r.seen_plays, r.seen_played_at),
                duration_ms: r.duration_ms.map(number),
                present: r.present != 0,
                several: r.several != 0,
            })
            .collect())
    }

    /// How much each backend has.
    pub async fn stock(&self) -> Result<Vec<Stock>> {
        let rows = sqlx::query!(
            r#"SELECT backend_id, count(*) AS "items!: i64", sum(seen_watched) AS "watched!: i64"
               FROM items WHERE present = 1 GROUP BY backend_id"#
        )
        .fetch_all(self.reader())
        .await?;
        let large = |n: i64| u64::try_from(n).unwrap_or(0);
        Ok(rows
            .into_iter()
            .map(|r| Stock {
                backend: BackendId(r.backend_id),
                items: large(r.items),
                watched: large(r.watched),
            })
            .collect())
    }

    /// How many titles are known.
    pub async fn count_titles(&self) -> Result<u64> {
        let row = sqlx::query!(r#"SELECT count(*) AS "n!: i64" FROM titles"#)
            .fetch_one(self.reader())
            .await?;
        Ok(u64::try_from(row.n).unwrap_or(0))
    }
}

fn ids_of(titles: &[TitleId]) -> Result<String> {
    Ok(serde_json::to_string(&titles.iter().map(|id| id.0).collect::<Vec<_>>())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_search() {
        for (text, words, why) in [
            ("", None, "nothing"),
            (" - \"", None, "no word in it"),
            ("the big", Some("\"the\"* \"big\"*"), "beginnings of words"),
            ("s01e02\" OR x*", Some("\"s01e02\"* \"OR\"* \"x\"*"), "no operator gets through"),
            ("Amélie 2001", Some("\"Amélie\"* \"2001\"*"), "any letters"),
            ("Spider-Man", Some("\"Spider\"* \"Man\"*"), "as the index takes names apart"),
        ] {
            assert_eq!(search_words(text).as_deref(), words, "{why}");
        }
    }
}
