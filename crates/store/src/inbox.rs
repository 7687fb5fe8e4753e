//! What servers told by themselves and nobody has looked after yet.

use watchstate_model::{BackendId, ItemKey, Moment};

use crate::{Result, Store, Tx};

/// So many hints about items of one backend are kept. What is told beyond that is kept as one hint without an item: then
/// all of the backend is to be looked at, which is less work than so many single looks.
pub const MOST_HINTS: i64 = 10_000;

/// The number of a hint. A hint that is told again gets another one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct HintId(pub i64);

/// What is told of an item.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum HintHow {
    /// Somebody plays it.
    Runs,
    /// Somebody plays it, and it stands still.
    Paused,
    /// Nobody plays it any more.
    Stopped,
    /// It may show something else than before.
    Changed,
}

impl HintHow {
    /// As it is stored.
    fn word(self) -> &'static str {
        match self {
            Self::Runs => "runs",
            Self::Paused => "paused",
            Self::Stopped => "stopped",
            Self::Changed => "changed",
        }
    }

    /// From [`HintHow::word`]; a word that is not known asks for the item to be read.
    fn of_word(word: &str) -> Self {
        let all = [Self::Runs, Self::Paused, Self::Stopped];
        all.into_iter().find(|how| how.word() == word).unwrap_or(Self::Changed)
    }
}

/// Something that a server told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hint {
    /// Its number, to forget it by.
    pub id: HintId,
    /// About what; nothing where something changed and the server did not say what.
    pub key: Option<ItemKey>,
    /// What.
    pub how: HintHow,
    /// When it was told last.
    pub received_at: Moment,
}

impl Store {
    /// The first hints of a backend, so many at most, in the order in which they were told last.
    pub async fn hints(&self, backend: BackendId, most: u32) -> Result<Vec<Hint>> {
        let rows = sqlx::query!(
            r#"SELECT id AS "id!", key, how, received_at FROM inbox WHERE backend_id = ?1 ORDER BY id LIMIT ?2"#,
            backend.0,
            most
        )
        .fetch_all(self.reader())
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| Hint {
                id: HintId(row.id),
                key: Some(row.key).filter(|key| !key.is_empty()).map(ItemKey),
                how: HintHow::of_word(&row.how),
                received_at: Moment(row.received_at),
            })
            .collect())
    }
}

impl Tx {
    /// Keeps a hint. The same about the same item takes the place of the one before, under a number of its
    /// own and after all others: whoever looks after that one now does not forget this one with it.
    pub async fn keep_hint(
        &mut self,
        backend: BackendId,
        key: Option<&ItemKey>,
        how: HintHow,
        at: Moment,
    ) -> Result<()> {
        let (mut key, mut how) = match key {
            Some(key) => (key.as_str(), how.word()),
            None => ("", HintHow::Changed.word()),
        };
        if !key.is_empty() && self.has_no_room(backend, key, how).await? {
            (key, how) = ("", HintHow::Changed.word());
        }
        sqlx::query!(
            "INSERT OR REPLACE INTO inbox (backend_id, key, how, received_at) VALUES (?1, ?2, ?3, ?4)",
            backend.0,
            key,
            how,
            at.0
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Forgets hints that were looked after.
    pub async fn forget_hints(&mut self, hints: &[HintId]) -> Result<()> {
        if hints.is_empty() {
            return Ok(());
        }
        let hints = serde_json::to_string(&hints.iter().map(|id| id.0).collect::<Vec<_>>())?;
        sqlx::query!("DELETE FROM inbox WHERE id IN (SELECT value FROM json_each(?1))", hints)
            .execute(self.conn())
            .await?;
        Ok(())
    }

    /// Whether a hint would be one too many of its backend.
    async fn has_no_room(&mut self, backend: BackendId, key: &str, how: &str) -> Result<bool> {
        let row = sqlx::query!(
            r#"
            SELECT
                (SELECT count(*) FROM inbox WHERE backend_id = ?1 AND key <> '') AS "all!: i64",
                EXISTS (SELECT 1 FROM inbox WHERE backend_id = ?1 AND key = ?2 AND how = ?3) AS "known!: bool"
            "#,
            backend.0,
            key,
            how
        )
        .fetch_one(self.conn())
        .await?;
        Ok(row.all >= MOST_HINTS && !row.known)
    }
}
