//! What the brake holds: looked through, answered; and how much it lets pass.

use std::collections::HashSet;
use std::sync::Arc;

use watchstate_engine::{Answer, Say};
use watchstate_model::{BackendId, BrakePolicy};
use watchstate_store::HeldFilter;

use super::preview::{Aim, Deed};
use super::runs::Work;
use super::{App, LONGEST_PAGE};
use crate::contract::{
    AnswerHeld, BackendBrake, Brakes, Failure, HeldCount, HeldReason, HeldRow, HeldSay, HeldWish,
    Page, Preview, SetBrake,
};

/// So many names stand for all of a backend's.
const SAMPLE: u32 = 3;

impl App {
    /// How much waits, by backend.
    pub async fn held_counts(&self) -> Result<Vec<HeldCount>, Failure> {
        let household = self.household();
        let (store, person) = (household.store(), household.person());
        let counts = store.count_held(person).await?;
        let mut all = Vec::new();
        for backend in household.backends().await? {
            let these = counts.iter().filter(|(id, ..)| *id == backend.id);
            let mut reasons: Vec<HeldReason> = these
                .map(|(_, because, count)| HeldReason { because: (*because).into(), count: *count })
                .collect();
            if reasons.is_empty() {
                continue;
            }
            reasons.sort_by_key(|reason| std::cmp::Reverse(reason.count));
            let filter = HeldFilter { backend: Some(backend.id), text: String::new() };
            let (sample, _) = store.held(person, &filter, 0, SAMPLE).await?;
            all.push(HeldCount {
                backend: backend.id.into(),
                name: backend.name,
                count: reasons.iter().map(|reason| reason.count).sum(),
                reasons,
                sample: sample.into_iter().map(|row| row.name).collect(),
            });
        }
        Ok(all)
    }

    /// A page of what waits.
    pub async fn held(&self, wish: &HeldWish) -> Result<Page<HeldRow>, Failure> {
        let household = self.household();
        let filter = HeldFilter {
            backend: wish.backend.map(Into::into),
            text: wish.text.clone().unwrap_or_default(),
        };
        let size = wish.size.min(LONGEST_PAGE);
        let (rows, total) =
            household.store().held(household.person(), &filter, wish.from, size).await?;
        let rows = rows
            .into_iter()
            .map(|row| HeldRow {
                item: row.item.into(),
                title_id: row.title.into(),
                title: row.name,
                backend: row.backend.into(),
                was: row.was.into(),
                now: row.now.into(),
                because: row.because.into(),
                since: row.since.into(),
                seen_at: row.seen_at.into(),
            })
            .collect();
        Ok(Page { rows, total })
    }

    /// What would be written after an answer to what waits. It is kept, so that it can be agreed to.
    pub async fn preview_answer(self: &Arc<Self>, wish: &AnswerHeld) -> Result<Preview, Failure> {
        let wanted = self.exported_to().await?;
        let aim = Aim { wanted, what: Deed::Answer(answer(wish)?) };
        self.preview_of(aim, wish.since.as_deref()).await
    }

    /// Answers what waits, then writes what follows from it. Answers when it has begun.
    pub async fn answer_held(self: &Arc<Self>, wish: AnswerHeld) -> Result<(), Failure> {
        let wanted = self.exported_to().await?;
        let answer = answer(&wish)?;
        let aim = Aim { wanted, what: Deed::Answer(answer.clone()) };
        let agreed = self.agreed(wish.preview, &aim).await?;
        let all = self.household().backends().await?.iter().map(|backend| backend.id).collect();
        self.start(all, Work::Answer { answer, agreed })
    }

    async fn exported_to(&self) -> Result<Vec<BackendId>, Failure> {
        let all = self.household().backends().await?;
        Ok(all.into_iter().filter(|backend| backend.export).map(|backend| backend.id).collect())
    }

    /// All brakes.
    pub async fn brakes(&self) -> Result<Brakes, Failure> {
        let household = self.household();
        let brakes = household.store().brakes(household.person()).await?;
        let mut backends = Vec::new();
        for backend in household.backends().await? {
            if let Some(policy) = brakes.of(backend.id) {
                let (backend, name) = (backend.id.into(), backend.name);
                backends.push(BackendBrake { backend, name, rule: policy.into() });
            }
        }
        Ok(Brakes {
            usual: household.around.settings().brake.into(),
            person: brakes.person.map(Into::into),
            backends,
            off: household.brakes_off().await?,
        })
    }

    /// Changes a brake. What waits already goes on waiting.
    pub async fn set_brake(&self, wish: SetBrake) -> Result<(), Failure> {
        let household = self.household();
        let backend = match wish.backend {
            Some(backend) => Some(self.backend(backend.into()).await?.id),
            None => None,
        };
        let policy = wish.rule.map(BrakePolicy::from);
        if policy.is_some_and(|policy| policy.percent > 100) {
            return Err(Failure::usage(
                "That share cannot be used",
                "Enter a whole number from 0 to 100",
            ));
        }
        let mut tx = household.store().begin().await?;
        tx.set_brake(household.person(), backend, policy).await?;
        tx.commit().await?;
        Ok(())
    }
}

fn answer(wish: &AnswerHeld) -> Result<Answer, Failure> {
    let items: Option<HashSet<_>> =
        wish.items.as_ref().map(|items| items.iter().map(|item| (*item).into()).collect());
    if items.as_ref().is_some_and(HashSet::is_empty) {
        return Err(Failure::usage("No title is chosen", "Choose at least one"));
    }
    let say = match wish.say {
        HeldSay::Approve => Say::Approve,
        HeldSay::Reject => Say::Reject,
    };
    Ok(Answer { say, backend: wish.backend.map(Into::into), items })
}
