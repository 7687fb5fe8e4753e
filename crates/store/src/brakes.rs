//! The brakes that a person wants instead of the usual one.

use watchstate_model::{BackendId, BrakePolicy, PersonId};

use crate::rows::count;
use crate::{Result, Store, Tx};

/// The brakes of a person's accounts, where they are not the usual one.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Brakes {
    /// For all accounts that have no rule of their own.
    pub person: Option<BrakePolicy>,
    /// For single accounts.
    pub backends: Vec<(BackendId, BrakePolicy)>,
}

impl Brakes {
    /// The rule of a backend's own.
    pub fn of(&self, backend: BackendId) -> Option<BrakePolicy> {
        self.backends.iter().find(|(id, _)| *id == backend).map(|(_, policy)| *policy)
    }
}

impl Store {
    /// The brakes of a person's accounts, where they are not the usual one.
    pub async fn brakes(&self, person: PersonId) -> Result<Brakes> {
        let rows = sqlx::query!(
            "SELECT backend_id, is_off, at_least, percent, latest FROM brakes
             WHERE person_id = ?1 ORDER BY backend_id",
            person.0
        )
        .fetch_all(self.reader())
        .await?;
        let mut brakes = Brakes::default();
        for row in rows {
            let policy = BrakePolicy {
                at_least: count(row.at_least),
                percent: count(row.percent),
                latest: count(row.latest),
                off: row.is_off != 0,
            };
            match row.backend_id {
                None => brakes.person = Some(policy),
                Some(backend) => brakes.backends.push((BackendId(backend), policy)),
            }
        }
        Ok(brakes)
    }
}

impl Tx {
    /// Keeps a brake for all of a person's accounts, or for one; nothing for the usual one.
    pub async fn set_brake(
        &mut self,
        person: PersonId,
        backend: Option<BackendId>,
        policy: Option<BrakePolicy>,
    ) -> Result<()> {
        let backend = backend.map(|backend| backend.0);
        sqlx::query!(
            "DELETE FROM brakes WHERE person_id = ?1 AND backend_id IS ?2",
            person.0,
            backend
        )
        .execute(self.conn())
        .await?;
        let Some(policy) = policy else { return Ok(()) };
        sqlx::query!(
            "INSERT INTO brakes (person_id, backend_id, is_off, at_least, percent, latest)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            person.0,
            backend,
            policy.off,
            policy.at_least,
            policy.percent,
            policy.latest
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }
}
