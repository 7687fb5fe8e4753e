//! What the brake holds, for every shell: how much of it there is, and what becomes of it.

use watchstate_engine::{Account, Answer, Consent, Engine, RunReport};
use watchstate_model::{BackendId, Because};
use watchstate_store::{Backend, HeldFilter};

use crate::{Household, Result};

/// So many names stand for all of a backend's.
const SAMPLE: u32 = 3;

/// The un-watches of a backend that wait for a person.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HeldOn {
    /// Which backend.
    pub backend: Backend,
    /// How many.
    pub count: u64,
    /// Why, and how many for that reason; the most frequent first.
    pub reasons: Vec<(Because, u64)>,
    /// The names of a few of them.
    pub sample: Vec<String>,
}

impl Household {
    /// How much waits, by backend; only those on which something does.
    pub async fn held_on(&self) -> Result<Vec<HeldOn>> {
        let counts = self.store().count_held(self.person()).await?;
        let mut all = Vec::new();
        for backend in self.backends().await? {
            let these = counts.iter().filter(|(id, ..)| *id == backend.id);
            let mut reasons: Vec<(Because, u64)> =
                these.map(|(_, because, count)| (*because, *count)).collect();
            if reasons.is_empty() {
                continue;
            }
            reasons.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
            let filter = HeldFilter { backend: Some(backend.id), text: String::new() };
            let (sample, _) = self.store().held(self.person(), &filter, 0, SAMPLE).await?;
            all.push(HeldOn {
                backend,
                count: reasons.iter().map(|(_, count)| count).sum(),
                reasons,
                sample: sample.into_iter().map(|row| row.name).collect(),
            });
        }
        Ok(all)
    }

    /// The backends that may be told of an answer.
    pub async fn exported_to(&self) -> Result<Vec<BackendId>> {
        let all = self.backends().await?;
        Ok(all.into_iter().filter(|backend| backend.export).map(|backend| backend.id).collect())
    }

    /// Answers what waits: see [`Engine::answer`]. What follows is owed and not written yet
    /// ([`Household::tell_what_follows`]).
    pub async fn answer(
        &self,
        engine: &Engine,
        accounts: &[Account],
        answer: &Answer,
    ) -> Result<u64> {
        Ok(engine.answer(accounts, self.person(), answer).await?)
    }

    /// Exports to whoever is owed something now.
    pub async fn tell_what_follows(
        &self,
        engine: &Engine,
        accounts: &mut [Account],
    ) -> Result<Vec<RunReport>> {
        let due = self.store().due(self.now()).await?;
        let owed: Vec<BackendId> = due.into_iter().map(|(backend, _)| backend).collect();
        Ok(engine.export(accounts, &owed, Consent::default()).await?)
    }
}
