//! Who answered in place of the server or the user that a backend is known by.

use watchstate_model::{BackendId, Moment};

use crate::{Result, Store, Tx};

/// Somebody else than a backend is known by.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stranger {
    /// The backend at whose address they answered.
    pub backend: BackendId,
    /// What the server calls itself.
    pub server_id: String,
    /// The server's name, for people.
    pub server_name: String,
    /// What the server calls the user.
    pub user_id: String,
    /// The user's name there.
    pub user_name: String,
}

/// Who a backend is known by from now on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NewIdentity<'a> {
    /// What the server calls itself.
    pub server_id: &'a str,
    /// What the server calls the user.
    pub user_id: &'a str,
    /// The user's name there.
    pub user_name: &'a str,
}

impl Store {
    /// All who wait for a person's word.
    pub async fn strangers(&self) -> Result<Vec<Stranger>> {
        let rows = sqlx::query!(
            r#"SELECT backend_id AS "backend_id!: i64", server_id AS "server_id!",
                      server_name AS "server_name!", user_id AS "user_id!", user_name AS "user_name!"
               FROM strangers ORDER BY backend_id"#
        )
        .fetch_all(self.reader())
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| Stranger {
                backend: BackendId(row.backend_id),
                server_id: row.server_id,
                server_name: row.server_name,
                user_id: row.user_id,
                user_name: row.user_name,
            })
            .collect())
    }
}

impl Tx {
    /// Keeps who answered, for a person to say what that means.
    pub async fn met_a_stranger(&mut self, who: &Stranger, at: Moment) -> Result<()> {
        sqlx::query!(
            "INSERT INTO strangers (backend_id, server_id, server_name, user_id, user_name, seen_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (backend_id) DO UPDATE SET server_id = ?2, server_name = ?3, user_id = ?4,
                                                    user_name = ?5, seen_at = ?6",
            who.backend.0,
            who.server_id,
            who.server_name,
            who.user_id,
            who.user_name,
            at.0
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// The one that is known answers again.
    pub async fn no_stranger(&mut self, backend: BackendId) -> Result<()> {
        sqlx::query!("DELETE FROM strangers WHERE backend_id = ?1", backend.0)
            .execute(self.conn())
            .await?;
        Ok(())
    }

    /// A new server, or a new user, stands in the place of the one that a backend was known by. What the old
    /// one had is forgotten, so that everything is seen for the first time: its keys may mean other titles
    /// now, and a mark that it does not show was never taken away there. What is held to be true stays, and a
    /// person is asked before the first export.
    pub async fn begin_anew(&mut self, backend: BackendId, who: NewIdentity<'_>) -> Result<()> {
        // Their titles are planned anew: the others may be owed something by what stays true.
        self.touch_backend(backend).await?;
        self.forget_snapshots_of(backend).await?;
        self.forget_copies_on(backend).await?;
        sqlx::query!("DELETE FROM items WHERE backend_id = ?1", backend.0)
            .execute(self.conn())
            .await?;
        sqlx::query!("DELETE FROM pages WHERE backend_id = ?1", backend.0)
            .execute(self.conn())
            .await?;
        sqlx::query!("DELETE FROM libraries WHERE backend_id = ?1", backend.0)
            .execute(self.conn())
            .await?;
        sqlx::query!("DELETE FROM backend_shows WHERE backend_id = ?1", backend.0)
            .execute(self.conn())
            .await?;
        sqlx::query!("DELETE FROM inbox WHERE backend_id = ?1", backend.0)
            .execute(self.conn())
            .await?;
        sqlx::query!(
            "UPDATE backends SET server_id = ?2, user_id = ?3, user_name = ?4, abilities = NULL,
                                 approved_at = NULL, swept_at = NULL, imported_at = NULL,
                                 exported_at = NULL, trouble = NULL
             WHERE id = ?1",
            backend.0,
            who.server_id,
            who.user_id,
            who.user_name
        )
        .execute(self.conn())
        .await?;
        self.no_stranger(backend).await
    }
}
