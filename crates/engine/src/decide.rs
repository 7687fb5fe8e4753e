//! One observation of one item, decided: the model's functions in their order, and what follows from them
//! for the rows. No IO.

use std::collections::{BTreeMap, HashMap};

use watchstate_model::echo::echo;
use watchstate_model::merge::Trust;
use watchstate_model::{
    Abilities, BackendId, Because, Case, ClockOffset, Echo, ItemId, Marks, Moment, Sight, State,
    Target, TitleId, Verdict, Watch, Window,
};
use watchstate_store::{
    Baseline, ChangeRow, Changed, CopyChange, Import, ItemRow, JournalRow, Owed, Touched, What,
    marks_print,
};

use crate::{Account, Engine, Merge, Settings};

/// What decisions about one backend's items share.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stance {
    pub backend: BackendId,
    pub trust: Trust,
    pub abilities: Abilities,
    pub clock: ClockOffset,
    pub settings: Settings,
    /// The last run before this one that saw everything there: what is not kept as changed since was then
    /// as it was agreed on. (A sweep that finds an item unchanged writes nothing, not even the time.)
    pub swept_at: Option<Moment>,
    /// The rule that decides.
    pub merge: Merge,
    /// The run's time.
    pub at: Moment,
}

impl Stance {
    pub(crate) fn of(engine: &Engine, account: &Account, at: Moment) -> Self {
        Self {
            backend: account.backend.id,
            trust: match account.backend.import {
                Import::On => Trust::Marks,
                Import::Metadata => Trust::MetadataOnly,
                Import::Off => Trust::Off,
            },
            abilities: account.abilities,
            clock: account.clock,
            settings: engine.settings,
            merge: engine.merge,
            swept_at: account.backend.swept_at,
            at,
        }
    }
}

/// What was decided in one transaction, gathered until it is written.
#[derive(Default)]
pub(crate) struct Decisions {
    pub items: Vec<ItemRow>,
    pub states: HashMap<TitleId, (State, Because)>,
    pub journal: Vec<JournalRow>,
    /// The same changes of what we hold, and writes that came back, so that they can be taken back.
    pub changes: Vec<ChangeRow>,
    /// Copies on which a person did something: what was wished of them before is over.
    pub moved: Vec<ItemId>,
    /// Titles of which something was learned that is no other decision: what we held of them.
    pub learned: HashMap<TitleId, State>,
    /// Copies that show what was wished of them.
    pub told: Vec<ItemId>,
    /// With whether the title was watched again.
    pub touched: BTreeMap<TitleId, bool>,
    /// Un-watches for the brake, each with the last run in which the mark was still there.
    pub unwatches: Vec<(ItemId, Moment)>,
    /// Un-watches that are none any more.
    pub forget: Vec<ItemId>,
    /// Writes that came back.
    pub settled: Vec<ItemId>,
    /// Why un-watches count as meant, where a person said so.
    pub approved: Option<Because>,
    /// What we held before this transaction.
    pub before: HashMap<TitleId, State>,
}

/// How an item comes to be decided.
pub(crate) enum Seen {
    /// With the baseline of its row, or for the first time where it has none.
    AsKnown {
        /// Whether its add date is another one, or it was gone.
        readded: bool,
        /// Where an un-watch was found before and is not decided on: the last run that saw the mark.
        marked_at: Option<Moment>,
    },
    /// Under a new key, the old one gone.
    Rekeyed {
        /// What was agreed on for the old one.
        before: Baseline,
    },
}

impl Decisions {
    /// What we hold of a title.
    pub(crate) fn state(&self, title: TitleId) -> State {
        self.states
            .get(&title)
            .map(|(state, _)| *state)
            .or_else(|| self.before.get(&title).copied())
            .unwrap_or(State::UNTOUCHED)
    }

    /// Decides on an item. Its row comes as it was, with what it now shows in `seen` and `added_at`;
    /// `let_go` when a person, or the brake, lets its un-watch pass.
    pub(crate) fn decide(
        &mut self,
        stance: &Stance,
        mut row: ItemRow,
        titles: &[TitleId],
        owed: Option<Owed>,
        seen: &Seen,
        let_go: bool,
    ) {
        let observed = row.seen;
        let print = marks_print(&observed, row.added_at);
        let was_decided = row.present && row.print != 0;
        row.present = true;
        let was_open = row.print == 0 && row.because == Because::Unwatched;
        if let Some(owed) = owed
            && self.is_echo(stance, &mut row, titles, owed)
        {
            self.items.push(row);
            return;
        }
        let (sight, since) = match (seen, row.baseline) {
            (Seen::Rekeyed { before }, _) => {
                (Sight::Rekeyed { before: of_titles(before.marks, titles.len()) }, before.at)
            }
            (Seen::AsKnown { readded, marked_at }, Some(base)) => {
                let still = marked_at.or(stance.swept_at.filter(|_| was_decided));
                let since = still.map_or(base.at, |swept| swept.max(base.at));
                let baseline = of_titles(base.marks, titles.len());
                (Sight::Known { baseline, readded: *readded }, since)
            }
            // Whatever is seen for the first time was there before this run, not after it.
            (Seen::AsKnown { .. }, None) => (Sight::First, Moment(stance.at.0 - 1)),
        };
        let mut case = Case {
            state: State::UNTOUCHED,
            backend: stance.backend,
            sight,
            observed: of_titles(observed, titles.len()),
            duration_ms: row.duration_ms,
            window: Window { since, until: stance.at },
            clock: stance.clock,
            trust: stance.trust,
            unwatch_clears_traces: stance.abilities.unwatch_clears_traces,
            progress: stance.settings.progress,
        };
        let verdicts: Vec<(TitleId, Verdict)> = titles
            .iter()
            .map(|title| {
                case.state = self.state(*title);
                (*title, (stance.merge)(&case))
            })
            .collect();
        let unwatch = verdicts.iter().any(|(_, v)| matches!(v, Verdict::Unwatch(..)));
        if unwatch && !let_go {
            // Nothing is taken from it yet, and its baseline stays: the next look sees the same again.
            row.print = 0;
            row.because = Because::Unwatched;
            self.unwatches.push((row.id, since));
            self.items.push(row);
            return;
        }
        if was_open {
            self.forget.push(row.id);
        }
        let mut agreed = true;
        // What it showed before a person did something there; at first sight nobody has.
        let copy = CopyChange {
            backend: stance.backend,
            item: row.id,
            showed: match (seen, row.baseline) {
                (Seen::Rekeyed { before }, _) => before.marks,
                (Seen::AsKnown { .. }, base) => base.map_or(observed, |base| base.marks),
            },
            shows: observed,
        };
        let is_first = matches!(sight, Sight::First);
        for (title, verdict) in verdicts {
            let ours = self.state(title);
            if !is_first && is_an_act(&verdict) {
                self.moved.push(row.id);
            }
            row.because = match verdict {
                Verdict::Nothing(because) => because,
                Verdict::NotTrusted(because) => {
                    agreed = false;
                    because
                }
                Verdict::Keep(because) => {
                    if because != Because::FirstSightKnowsLess {
                        self.line(stance, title, What::Kept, observed.watch, ours.watch, because);
                    }
                    because
                }
                Verdict::Take(state, because) => {
                    self.take(stance, title, state, because, copy);
                    because
                }
                Verdict::Unwatch(state, because) => {
                    let because = self.approved.unwrap_or(because);
                    self.take(stance, title, state, because, copy);
                    because
                }
            };
            let target = Target::of(&self.state(title), &stance.abilities);
            let shown = target.is_shown_by(
                of_titles(observed, titles.len()).watch,
                &stance.abilities,
                stance.settings.progress,
                row.duration_ms,
            );
            if !shown || owed.is_some() {
                self.touched.entry(title).or_default();
            }
        }
        row.print = print;
        if agreed {
            row.baseline = Some(Baseline { marks: observed, at: stance.at });
        }
        self.items.push(row);
    }

    /// Whether the observation is our own write coming back; then the row is made to agree with it.
    fn is_echo(
        &mut self,
        stance: &Stance,
        row: &mut ItemRow,
        titles: &[TitleId],
        owed: Owed,
    ) -> bool {
        let unmoved = row.baseline.is_some_and(|base| base.marks == row.seen);
        if !owed.attempted || unmoved {
            return false;
        }
        let said = echo(
            &owed.target,
            owed.because.brings_back(),
            row.baseline.map(|base| of_titles(base.marks, titles.len())),
            of_titles(row.seen, titles.len()),
            &stance.abilities,
            stance.settings.progress,
            row.duration_ms,
        );
        let showed = row.baseline.map_or(Marks::UNTOUCHED, |base| base.marks);
        row.because = match said {
            Echo::No => return false,
            Echo::Confirmed => {
                self.settled.push(row.id);
                if owed.because.brings_back() {
                    self.told.push(row.id);
                }
                let was = row.baseline.map_or(Watch::Unwatched, |base| base.marks.watch);
                for title in titles {
                    let now = row.seen.watch;
                    self.line(stance, *title, What::Told, was, now, Because::OwnWrite);
                }
                Because::OwnWrite
            }
            Echo::Unfinished => Because::OwnWriteUnfinished,
        };
        if let Some(title) = titles.first() {
            let (backend, item, shows) = (stance.backend, row.id, row.seen);
            let copy = CopyChange { backend, item, showed, shows };
            let changed = Changed::Told { copy, meant: owed.target };
            self.changes.push(ChangeRow { title: *title, changed, because: owed.because });
        }
        // Whether anything is still owed is for the planning to say.
        for title in titles {
            self.touched.entry(*title).or_default();
        }
        self.forget.push(row.id);
        row.baseline = Some(Baseline { marks: row.seen, at: stance.at });
        row.print = marks_print(&row.seen, row.added_at);
        true
    }

    fn take(
        &mut self,
        stance: &Stance,
        title: TitleId,
        state: State,
        because: Because,
        copy: CopyChange,
    ) {
        let ours = self.state(title);
        if state == ours {
            return;
        }
        let again = because == Because::WatchedAgain;
        if state.watch != ours.watch || again {
            self.line(stance, title, What::Took, ours.watch, state.watch, because);
            let changed = Changed::Took { held: ours, holds: state, copy: Some(copy) };
            self.changes.push(ChangeRow { title, changed, because });
            let touched = self.touched.entry(title).or_default();
            *touched |= again;
        }
        if because == Because::FirstSightAgrees {
            self.learned.entry(title).or_insert(ours);
        }
        self.states.insert(title, (state, because));
    }

    fn line(
        &mut self,
        stance: &Stance,
        title: TitleId,
        what: What,
        was: Watch,
        became: Watch,
        because: Because,
    ) {
        let backend = Some(stance.backend);
        self.journal.push(JournalRow { title, backend, what, was, became, because });
    }

    /// What has to be planned, in order.
    pub(crate) fn touched(&self) -> Vec<Touched> {
        self.touched.iter().map(|(title, again)| Touched { title: *title, again: *again }).collect()
    }
}

/// Whether a person did something on an account, that was told from its baseline: be it that what we hold stays.
fn is_an_act(verdict: &Verdict) -> bool {
    match verdict {
        Verdict::Take(..) | Verdict::Unwatch(..) | Verdict::Keep(Because::LaterChangeElsewhere) => {
            true
        }
        // The account lost something: nobody's doing.
        Verdict::Keep(_) | Verdict::Nothing(_) | Verdict::NotTrusted(_) => false,
    }
}

/// What the marks of an item say of the titles it covers, so many: a place in a file of several episodes is
/// a place in none of them. It is neither told to others nor taken away.
pub(crate) fn of_titles(marks: Marks, titles: usize) -> Marks {
    if titles < 2 { marks } else { Marks { watch: marks.watch.with_position(None), ..marks } }
}

/// Whether an item that was known has been added anew: its add date moved, or it was gone meanwhile.
pub(crate) fn readded(row: &ItemRow, added_at: Option<Moment>) -> bool {
    !row.present || (row.added_at.is_some() && added_at.is_some() && row.added_at != added_at)
}

/// A row for an item that was never seen.
pub(crate) fn new_row(id: ItemId, item: &watchstate_model::Item) -> ItemRow {
    ItemRow {
        id,
        key: item.key.clone(),
        title: None,
        review: None,
        ids: String::new(),
        path: None,
        duration_ms: None,
        facts_print: 0,
        present: true,
        added_at: item.added_at,
        seen: Marks::UNTOUCHED,
        baseline: None,
        print: 0,
        because: Because::NoIds,
    }
}
