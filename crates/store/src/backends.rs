//! The backends, as the user added them, and their libraries.

use watchstate_model::{Abilities, BackendId, LibraryKey, Moment, PersonId};

use crate::{Result, Store, Tx};

/// What is taken from a backend.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Import {
    /// Its marks.
    On,
    /// Its items and ids only.
    Metadata,
    /// Nothing.
    Off,
}

impl Import {
    /// As it is stored and typed.
    pub fn name(self) -> &'static str {
        match self {
            Self::On => "on",
            Self::Metadata => "metadata",
            Self::Off => "off",
        }
    }

    /// From [`Import::name`].
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::On, Self::Metadata, Self::Off].into_iter().find(|import| import.name() == name)
    }
}

/// One account on one media server.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Backend {
    /// Its row.
    pub id: BackendId,
    /// Whose it is.
    pub person: PersonId,
    /// What the user calls it.
    pub name: String,
    /// `plex`, `jellyfin`, `emby` or `kodi`.
    pub kind: String,
    /// The base URL, without secrets.
    pub url: String,
    /// What the server calls itself.
    pub server_id: Option<String>,
    /// What the server calls the user.
    pub user_id: Option<String>,
    /// The user's name there.
    pub user_name: Option<String>,
    /// What is taken from it.
    pub import: Import,
    /// Whether anything is written to it.
    pub export: bool,
    /// What its server could be told when it was last asked.
    pub abilities: Option<Abilities>,
    /// When a person said yes to the first export to it.
    pub approved_at: Option<Moment>,
    /// The run that last saw all of its libraries to the end.
    pub swept_at: Option<Moment>,
    /// The last import that went well.
    pub imported_at: Option<Moment>,
    /// The last export that went well.
    pub exported_at: Option<Moment>,
    /// What went wrong last.
    pub trouble: Option<String>,
}

/// A backend that is being added.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewBackend<'a> {
    /// Whose it is.
    pub person: PersonId,
    /// What the user calls it.
    pub name: &'a str,
    /// `plex`, `jellyfin`, `emby` or `kodi`.
    pub kind: &'a str,
    /// The base URL, without secrets.
    pub url: &'a str,
    /// What the server calls itself.
    pub server_id: &'a str,
    /// What the server calls the user.
    pub user_id: &'a str,
    /// The user's name there.
    pub user_name: &'a str,
    /// What is taken from it.
    pub import: Import,
    /// Whether anything is written to it.
    pub export: bool,
    /// When.
    pub added_at: Moment,
}

struct Row {
    id: i64,
    person_id: i64,
    name: String,
    kind: String,
    url: String,
    server_id: Option<String>,
    user_id: Option<String>,
    user_name: Option<String>,
    import: String,
    export: i64,
    abilities: Option<String>,
    approved_at: Option<i64>,
    swept_at: Option<i64>,
    imported_at: Option<i64>,
    exported_at: Option<i64>,
    trouble: Option<String>,
}

impl From<Row> for Backend {
    fn from(row: Row) -> Self {
        Self {
            id: BackendId(row.id),
            person: PersonId(row.person_id),
            name: row.name,
            kind: row.kind,
            url: row.url,
            server_id: row.server_id,
            user_id: row.user_id,
            user_name: row.user_name,
            import: Import::from_name(&row.import).unwrap_or(Import::Off),
            export: row.export != 0,
            abilities: row.abilities.as_deref().and_then(abilities),
            approved_at: row.approved_at.map(Moment),
            swept_at: row.swept_at.map(Moment),
            imported_at: row.imported_at.map(Moment),
            exported_at: row.exported_at.map(Moment),
            trouble: row.trouble,
        }
    }
}

/// Abilities as one word, such as `dates,positions,unit=1000`.
fn abilities_text(abilities: &Abilities) -> String {
    let Abilities {
        dates,
        plays,
        positions,
        rewatch_positions,
        position_unit_ms,
        unwatch_clears_traces,
    } = *abilities;
    let mut words: Vec<String> = [
        (dates, "dates"),
        (plays, "plays"),
        (positions, "positions"),
        (rewatch_positions, "rewatch_positions"),
        (unwatch_clears_traces, "unwatch_clears_traces"),
    ]
    .into_iter()
    .filter(|(has, _)| *has)
    .map(|(_, word)| word.to_owned())
    .collect();
    words.push(format!("unit={position_unit_ms}"));
    words.join(",")
}

/// From [`abilities_text`]; nothing when another version of ours wrote it, so that the server is asked.
fn abilities(text: &str) -> Option<Abilities> {
    let mut abilities = Abilities {
        dates: false,
        plays: false,
        positions: false,
        rewatch_positions: false,
        position_unit_ms: 1,
        unwatch_clears_traces: false,
    };
    for word in text.split(',') {
        match word.split_once('=') {
            Some(("unit", ms)) => abilities.position_unit_ms = ms.parse().ok()?,
            None if word == "dates" => abilities.dates = true,
            None if word == "plays" => abilities.plays = true,
            None if word == "positions" => abilities.positions = true,
            None if word == "rewatch_positions" => abilities.rewatch_positions = true,
            None if word == "unwatch_clears_traces" => abilities.unwatch_clears_traces = true,
            _ => return None,
        }
    }
    Some(abilities)
}

impl Store {
    /// All backends, in the order in which they were added.
    pub async fn backends(&self) -> Result<Vec<Backend>> {
        let rows = sqlx::query_as!(
            Row,
            r#"SELECT id, person_id, name, kind, url, server_id, user_id, user_name, import, export,
                      abilities, approved_at, swept_at, imported_at, exported_at, trouble
               FROM backends ORDER BY id"#
        )
        .fetch_all(self.reader())
        .await?;
        Ok(rows.into_iter().map(Backend::from).collect())
    }

    /// When each library of a backend was last seen to the end.
    pub async fn libraries_swept(&self, backend: BackendId) -> Result<Vec<(LibraryKey, Moment)>> {
        let rows = sqlx::query!(
            r#"SELECT key, swept_at AS "swept_at!" FROM libraries
               WHERE backend_id = ?1 AND swept_at IS NOT NULL"#,
            backend.0
        )
        .fetch_all(self.reader())
        .await?;
        Ok(rows.into_iter().map(|r| (LibraryKey(r.key), Moment(r.swept_at))).collect())
    }
}

impl Tx {
    /// Adds a person of the household. A name that is taken is refused by the database.
    pub async fn add_person(&mut self, name: &str) -> Result<PersonId> {
        let row = sqlx::query!("INSERT INTO people (name) VALUES (?1) RETURNING id", name)
            .fetch_one(self.conn())
            .await?;
        Ok(PersonId(row.id))
    }

    /// Adds a backend.
    pub async fn add_backend(&mut self, new: &NewBackend<'_>) -> Result<BackendId> {
        let import = new.import.name();
        let row = sqlx::query!(
            "INSERT INTO backends (person_id, name, kind, url, server_id, user_id, user_name, import,
                                   export, added_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            new.person.0,
            new.name,
            new.kind,
            new.url,
            new.server_id,
            new.user_id,
            new.user_name,
            import,
            new.export,
            new.added_at.0
        )
        .execute(self.conn())
        .await?;
        Ok(BackendId(row.last_insert_rowid()))
    }

    /// Sets the switches. Whatever it newly may say or be told is looked at again: its items are decided
    /// anew at the next import, its titles are planned anew at the next export. A yes to its first export ends
    /// with the export: who knows what has gathered when it is switched on again, and whether that is meant.
    pub async fn set_switches(
        &mut self,
        backend: BackendId,
        import: Import,
        export: bool,
    ) -> Result<()> {
        let import = import.name();
        sqlx::query!(
            "UPDATE backends SET import = ?2, export = ?3,
                                 approved_at = iif(export AND ?3, approved_at, NULL)
             WHERE id = ?1",
            backend.0,
            import,
            export
        )
        .execute(self.conn())
        .await?;
        sqlx::query!("UPDATE items SET print = 0 WHERE backend_id = ?1", backend.0)
            .execute(self.conn())
            .await?;
        self.keep_only_pages(backend, &[]).await?;
        sqlx::query!("DELETE FROM outbox WHERE backend_id = ?1", backend.0)
            .execute(self.conn())
            .await?;
        self.touch_backend(backend).await
    }

    /// Sets where and as whom a backend is reached.
    pub async fn set_address(&mut self, backend: BackendId, url: &str) -> Result<()> {
        sqlx::query!("UPDATE backends SET url = ?2 WHERE id = ?1", backend.0, url)
            .execute(self.conn())
            .await?;
        Ok(())
    }

    /// Keeps what the server of a backend can be told. All its titles are planned anew: what was left out
    /// because it could not be told may be told now.
    pub async fn set_abilities(&mut self, backend: BackendId, abilities: &Abilities) -> Result<()> {
        let text = abilities_text(abilities);
        sqlx::query!("UPDATE backends SET abilities = ?2 WHERE id = ?1", backend.0, text)
            .execute(self.conn())
            .await?;
        self.touch_backend(backend).await
    }

    /// Puts all titles of a backend on the list of those to be planned.
    pub async fn touch_backend(&mut self, backend: BackendId) -> Result<()> {
        sqlx::query!(
            "INSERT INTO touched (person_id, title_id)
             SELECT b.person_id, i.title_id FROM items i JOIN backends b ON b.id = i.backend_id
             WHERE i.backend_id = ?1 AND i.title_id IS NOT NULL
             UNION
             SELECT b.person_id, c.title_id FROM also_covers c JOIN items i ON i.id = c.item_id
             JOIN backends b ON b.id = i.backend_id WHERE i.backend_id = ?1
             ON CONFLICT DO NOTHING",
            backend.0
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Removes a backend with everything that only it said. What was learned from it stays.
    pub async fn remove_backend(&mut self, backend: BackendId) -> Result<()> {
        self.forget_snapshots_of(backend).await?;
        self.forget_copies_on(backend).await?;
        sqlx::query!("DELETE FROM backends WHERE id = ?1", backend.0).execute(self.conn()).await?;
        Ok(())
    }

    /// A person said yes to the first export.
    pub async fn approve_backend(&mut self, backend: BackendId, at: Moment) -> Result<()> {
        sqlx::query!(
            "UPDATE backends SET approved_at = ?2 WHERE id = ?1 AND approved_at IS NULL",
            backend.0,
            at.0
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Keeps when the import of a backend went well; `swept` when all libraries were seen to the end.
    pub async fn imported(&mut self, backend: BackendId, at: Moment, swept: bool) -> Result<()> {
        sqlx::query!(
            "UPDATE backends SET imported_at = ?2, trouble = NULL,
                                 swept_at = CASE WHEN ?3 THEN ?2 ELSE swept_at END
             WHERE id = ?1",
            backend.0,
            at.0,
            swept
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Keeps when all libraries of a backend were seen to the end, by an export that had to look first.
    pub async fn swept(&mut self, backend: BackendId, at: Moment) -> Result<()> {
        sqlx::query!("UPDATE backends SET swept_at = ?2 WHERE id = ?1", backend.0, at.0)
            .execute(self.conn())
            .await?;
        Ok(())
    }

    /// Keeps when the export to a backend went well.
    pub async fn exported(&mut self, backend: BackendId, at: Moment) -> Result<()> {
        sqlx::query!(
            "UPDATE backends SET exported_at = ?2, trouble = NULL WHERE id = ?1",
            backend.0,
            at.0
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Keeps what went wrong with a backend.
    pub async fn in_trouble(&mut self, backend: BackendId, why: &str) -> Result<()> {
        sqlx::query!("UPDATE backends SET trouble = ?2 WHERE id = ?1", backend.0, why)
            .execute(self.conn())
            .await?;
        Ok(())
    }

    /// A library was seen to the end.
    pub async fn library_swept(
        &mut self,
        backend: BackendId,
        key: &LibraryKey,
        name: &str,
        at: Moment,
    ) -> Result<()> {
        let key = key.as_str();
        sqlx::query!(
            "INSERT INTO libraries (backend_id, key, name, swept_at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (backend_id, key) DO UPDATE SET name = ?3, swept_at = ?4",
            backend.0,
            key,
            name,
            at.0
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn abilities_come_back() {
        let all = Abilities {
            dates: true,
            plays: true,
            positions: true,
            rewatch_positions: true,
            position_unit_ms: 1,
            unwatch_clears_traces: true,
        };
        for (told, why) in [
            (all, "all"),
            (Abilities { position_unit_ms: 1000, plays: false, ..all }, "whole seconds"),
            (Abilities { dates: false, unwatch_clears_traces: false, ..all }, "others"),
            (Abilities { positions: false, rewatch_positions: false, ..all }, "no positions"),
        ] {
            assert_eq!(abilities(&abilities_text(&told)), Some(told), "{why}");
        }
        for text in ["", "dreams,unit=1", "dates,unit=many"] {
            assert_eq!(abilities(text), None, "{text:?} is not ours");
        }
    }
}
