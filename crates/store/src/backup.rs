//! What backups and tables for people are made of: titles with what is held of them, a page at a time.

use std::collections::HashMap;

use watchstate_model::{
    BackendId, ExternalIds, Kept, Marks, Moment, PersonId, ShowId, TitleId, Watch,
};

use crate::rows::{count, marks, watch};
use crate::{Import, Result, Store, Tx};

/// A title with what a backup keeps of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeptTitle {
    /// Its row.
    pub title: TitleId,
    /// Season and episode; nothing for a movie.
    pub place: Option<(u16, u16)>,
    /// Its own name.
    pub name: String,
    /// Its year.
    pub year: Option<u16>,
    /// Its series, where that is known.
    pub show: Option<ShowId>,
    /// The name of its series.
    pub show_name: Option<String>,
    /// The ids that servers give it.
    pub ids: ExternalIds,
    /// Its path on the backend; nothing where no backend is asked of.
    pub path: Option<String>,
    /// What is kept.
    pub kept: Kept,
}

/// A row of titles as both questions answer it.
struct Row {
    id: i64,
    season: Option<i64>,
    episode: Option<i64>,
    name: String,
    year: Option<i64>,
    show_id: Option<i64>,
    show: Option<String>,
    ids: Option<String>,
    watched: Option<i64>,
    position: Option<i64>,
    plays: Option<i64>,
    played_at: Option<i64>,
}

fn small(value: i64) -> u16 {
    u16::try_from(value).unwrap_or(u16::MAX)
}

impl Row {
    /// What we hold of it, where anything was ever decided.
    fn held(&self) -> Option<Kept> {
        let watched = self.watched?;
        Some(Kept {
            watch: watch(watched, self.position),
            plays: count(self.plays.unwrap_or(0)),
            played_at: self.played_at.map(Moment),
        })
    }

    fn with(self, kept: Kept, path: Option<String>) -> KeptTitle {
        KeptTitle {
            title: TitleId(self.id),
            place: self.season.zip(self.episode).map(|(s, e)| (small(s), small(e))),
            name: self.name,
            year: self.year.map(small),
            show: self.show_id.map(ShowId),
            show_name: self.show,
            ids: ExternalIds::from_text(self.ids.as_deref().unwrap_or_default()),
            path,
            kept,
        }
    }
}

/// What the copies of one title on a backend show.
#[derive(Default)]
struct Shown {
    kept: Option<Kept>,
    path: Option<String>,
}

impl Store {
    /// The titles of a backend after one, in the order of their numbers, copies that are gone included.
    ///
    /// Where marks are taken from the backend, what is kept is what we hold of the title: it knows better
    /// than a server that has just lost its marks, it has the date of the play where the server stamps its
    /// own, and what waits for a person is not in it. Of other backends it is what they last showed, with the
    /// date on the server's clock.
    pub async fn kept_on(
        &self,
        backend: BackendId,
        person: PersonId,
        import: Import,
        after: TitleId,
        most: u32,
    ) -> Result<Vec<KeptTitle>> {
        let rows = sqlx::query_as!(
            Row,
            r#"WITH p (id) AS MATERIALIZED (
                   SELECT t.id FROM titles t
                   WHERE t.id > ?2
                     AND (EXISTS (SELECT 1 FROM items i WHERE i.title_id = t.id AND i.backend_id = ?1)
                          OR EXISTS (SELECT 1 FROM also_covers c CROSS JOIN items i ON i.id = c.item_id
                                     WHERE c.title_id = t.id AND i.backend_id = ?1))
                   ORDER BY t.id LIMIT ?3)
               SELECT t.id AS "id!: i64", t.season, t.episode, t.name AS "name!", t.year, t.show_id,
                      w.name AS "show?", s.watched AS "watched?: i64", s.position AS "position?: i64",
                      s.plays AS "plays?: i64", s.played_at AS "played_at?: i64",
                      (SELECT group_concat(i.ids, ' ') FROM items i WHERE i.title_id = t.id)
                          AS "ids?: String"
               FROM p CROSS JOIN titles t ON t.id = p.id
               LEFT JOIN shows w ON w.id = t.show_id
               LEFT JOIN states s ON s.person_id = ?4 AND s.title_id = t.id
               ORDER BY t.id"#,
            backend.0,
            after.0,
            most,
            person.0
        )
        .fetch_all(self.reader())
        .await?;
        let titles: Vec<i64> = rows.iter().map(|row| row.id).collect();
        let mut shown = self.shown_by_copies(backend, &titles).await?;
        let taken = import == Import::On;
        Ok(rows
            .into_iter()
            .map(|row| {
                let Shown { kept, path } = shown.remove(&row.id).unwrap_or_default();
                let kept = row.held().filter(|_| taken).or(kept).unwrap_or(NOTHING);
                row.with(kept, path)
            })
            .collect())
    }

    /// What the copies of titles on a backend show; of several copies the more watched.
    async fn shown_by_copies(
        &self,
        backend: BackendId,
        titles: &[i64],
    ) -> Result<HashMap<i64, Shown>> {
        let titles = serde_json::to_string(titles)?;
        let rows = sqlx::query!(
            r#"SELECT v.title_id AS "title_id!: i64", i.seen_watched AS "watched!: i64",
                      i.seen_position AS "position?: i64", i.seen_plays AS "plays!: i64",
                      i.seen_played_at AS "played_at?: i64", i.path AS "path?",
                      EXISTS (SELECT 1 FROM also_covers c WHERE c.item_id = i.id) AS "several!: i64"
               FROM (SELECT i.title_id, i.id FROM json_each(?1) j
                     CROSS JOIN items i ON i.title_id = j.value AND i.backend_id = ?2
                     UNION ALL
                     SELECT c.title_id, c.item_id FROM json_each(?1) j
                     CROSS JOIN also_covers c ON c.title_id = j.value
                     CROSS JOIN items i ON i.id = c.item_id AND i.backend_id = ?2) v
               CROSS JOIN items i ON i.id = v.id
               ORDER BY i.id"#,
            titles,
            backend.0
        )
        .fetch_all(self.reader())
        .await?;
        let mut all: HashMap<i64, Shown> = HashMap::new();
        for row in rows {
            // A place in a file of several episodes is a place in none of them.
            let position = row.position.filter(|_| row.several == 0);
            let Marks { watch, plays, last_played } =
                marks(row.watched, position, row.plays, row.played_at);
            let one = Kept { watch, plays, played_at: last_played };
            let shown = all.entry(row.title_id).or_default();
            shown.kept = Some(shown.kept.map_or(one, |kept| kept.joined_with(one)));
            shown.path = shown.path.take().or(row.path);
        }
        Ok(all)
    }

    /// The titles of which anything is held for a person, after one, in the order of their numbers.
    pub async fn kept_of(
        &self,
        person: PersonId,
        after: TitleId,
        most: u32,
    ) -> Result<Vec<KeptTitle>> {
        let rows = sqlx::query_as!(
            Row,
            r#"SELECT t.id AS "id!: i64", t.season, t.episode, t.name AS "name!", t.year, t.show_id,
                      w.name AS "show?", s.watched AS "watched?: i64", s.position AS "position?: i64",
                      s.plays AS "plays?: i64", s.played_at AS "played_at?: i64",
                      (SELECT group_concat(i.ids, ' ') FROM items i WHERE i.title_id = t.id)
                          AS "ids?: String"
               FROM states s CROSS JOIN titles t ON t.id = s.title_id
               LEFT JOIN shows w ON w.id = t.show_id
               WHERE s.person_id = ?1 AND s.title_id > ?2
                 AND (s.watched = 1 OR s.position IS NOT NULL OR s.plays > 0 OR s.played_at IS NOT NULL)
               ORDER BY s.title_id LIMIT ?3"#,
            person.0,
            after.0,
            most
        )
        .fetch_all(self.reader())
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| {
                let kept = row.held().unwrap_or(NOTHING);
                row.with(kept, None)
            })
            .collect())
    }

    /// The ids by which all series are known: there are few of them beside titles.
    pub async fn ids_of_shows(&self) -> Result<HashMap<ShowId, ExternalIds>> {
        let rows = sqlx::query!(
            r#"SELECT show_id AS "show_id!: i64", group_concat(ids, ' ') AS "ids!: String"
               FROM backend_shows WHERE show_id IS NOT NULL GROUP BY show_id"#
        )
        .fetch_all(self.reader())
        .await?;
        Ok(rows.into_iter().map(|r| (ShowId(r.show_id), ExternalIds::from_text(&r.ids))).collect())
    }

    /// How many items of a backend are not known to be a copy of any title.
    pub async fn count_in_review(&self, backend: BackendId) -> Result<u64> {
        let row = sqlx::query!(
            r#"SELECT count(*) AS "n!: i64" FROM items
               WHERE backend_id = ?1 AND title_id IS NULL AND present = 1"#,
            backend.0
        )
        .fetch_one(self.reader())
        .await?;
        Ok(u64::try_from(row.n).unwrap_or(0))
    }

    /// The name of a person.
    pub async fn person_name(&self, person: PersonId) -> Result<Option<String>> {
        let row = sqlx::query!("SELECT name FROM people WHERE id = ?1", person.0)
            .fetch_optional(self.reader())
            .await?;
        Ok(row.map(|row| row.name))
    }
}

/// A title of which nothing was ever heard.
const NOTHING: Kept = Kept { watch: Watch::Unwatched, plays: 0, played_at: None };

impl Tx {
    /// The titles after one that a person has watched and that have a copy on a backend.
    pub async fn watched_on(
        &mut self,
        backend: BackendId,
        person: PersonId,
        after: TitleId,
        most: u32,
    ) -> Result<Vec<TitleId>> {
        let rows = sqlx::query!(
            r#"SELECT s.title_id AS "title_id!: i64" FROM states s
               WHERE s.person_id = ?2 AND s.title_id > ?3 AND s.watched = 1
                 AND (EXISTS (SELECT 1 FROM items i WHERE i.title_id = s.title_id
                              AND i.backend_id = ?1 AND i.present = 1)
                      OR EXISTS (SELECT 1 FROM also_covers c CROSS JOIN items i ON i.id = c.item_id
                                 WHERE c.title_id = s.title_id AND i.backend_id = ?1
                                   AND i.present = 1))
               ORDER BY s.title_id LIMIT ?4"#,
            backend.0,
            person.0,
            after.0,
            most
        )
        .fetch_all(self.conn())
        .await?;
        Ok(rows.into_iter().map(|r| TitleId(r.title_id)).collect())
    }
}
