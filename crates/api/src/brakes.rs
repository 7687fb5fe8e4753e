//! How much becomes unwatched without asking; and where nothing asks: never silently.

use watchstate_model::{BackendId, BrakePolicy};

use crate::{ApiError, Household, Result};

impl Household {
    /// The brake of the settings: what holds where nobody said otherwise.
    pub fn usual_brake(&self) -> BrakePolicy {
        self.around.settings().brake
    }

    /// Changes how much passes without asking: the brake of a backend, or that of the person where none is
    /// named; `None` for the one that holds otherwise. What waits already goes on waiting.
    pub async fn set_brake(
        &self,
        backend: Option<BackendId>,
        policy: Option<BrakePolicy>,
    ) -> Result<()> {
        if policy.is_some_and(|policy| policy.percent > 100) {
            return Err(ApiError::usage(
                "that share cannot be used; enter a whole number from 0 to 100",
            ));
        }
        let mut tx = self.store().begin().await?;
        tx.set_brake(self.person(), backend, policy).await?;
        tx.commit().await?;
        Ok(())
    }

    /// What lets everything pass, each in a sentence; empty where much at once waits for a person's yes.
    /// Whoever shows how things stand shows this as well.
    pub async fn brakes_off(&self) -> Result<Vec<String>> {
        let brakes = self.store().brakes(self.person()).await?;
        let everybody = brakes.person.unwrap_or_else(|| self.usual_brake());
        let mut off = Vec::new();
        if everybody.lets_all_pass() {
            let but = brakes.backends.iter().any(|(_, policy)| !policy.lets_all_pass());
            let rest = if but { ", except on servers with a rule of their own" } else { "" };
            off.push(format!("Nothing asks you before many titles become unwatched at once{rest}"));
        }
        for backend in self.backends().await? {
            if brakes.of(backend.id).is_some_and(|policy| policy.lets_all_pass()) {
                off.push(format!(
                    "Nothing asks you before the titles that lose their marks on {} become unwatched",
                    backend.name
                ));
            }
        }
        Ok(off)
    }
}
