//! What the brake holds: looked through, answered; and how much it lets pass.

use std::collections::HashSet;
use std::sync::Arc;

use watchstate_engine::{Answer, Say};
use watchstate_model::BrakePolicy;
use watchstate_store::HeldFilter;

use super::preview::{Aim, Deed};
use super::runs::Work;
use super::{App, LONGEST_PAGE};
use crate::HeldOn;
use crate::contract::{
    AnswerHeld, BackendBrake, Brakes, Failure, HeldCount, HeldReason, HeldRow, HeldSay, HeldWish,
    Page, Preview, SetBrake,
};

impl App {
    /// How much waits, by backend.
    pub async fn held_counts(&self) -> Result<Vec<HeldCount>, Failure> {
        let held = self.household().held_on().await?;
        Ok(held
            .into_iter()
            .map(|HeldOn { backend, count, reasons, sample }| HeldCount {
                backend: backend.id.into(),
                name: backend.name,
                count,
                reasons: reasons
                    .into_iter()
                    .map(|(because, count)| HeldReason { because: because.into(), count })
                    .collect(),
                sample,
            })
            .collect())
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
        let wanted = self.household().exported_to().await?;
        let aim = Aim { wanted, what: Deed::Answer(answer(wish)?) };
        self.preview_of(aim, wish.since.as_deref()).await
    }

    /// Answers what waits, then writes what follows from it. Answers when it has begun.
    pub async fn answer_held(self: &Arc<Self>, wish: AnswerHeld) -> Result<(), Failure> {
        let wanted = self.household().exported_to().await?;
        let answer = answer(&wish)?;
        let aim = Aim { wanted, what: Deed::Answer(answer.clone()) };
        let agreed = self.agreed(wish.preview, &aim).await?;
        let all = self.household().backends().await?.iter().map(|backend| backend.id).collect();
        self.start(all, Work::Answer { answer, agreed })
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
            usual: household.usual_brake().into(),
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
        Ok(household.set_brake(backend, wish.rule.map(BrakePolicy::from)).await?)
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
