//! Where nothing asks before much becomes unwatched: never silently.

use crate::{Household, Result};

impl Household {
    /// What lets everything pass, each in a sentence; empty where much at once waits for a person's yes.
    /// Whoever shows how things stand shows this as well.
    pub async fn brakes_off(&self) -> Result<Vec<String>> {
        let brakes = self.store().brakes(self.person()).await?;
        let everybody = brakes.person.unwrap_or_else(|| self.around.settings().brake);
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
