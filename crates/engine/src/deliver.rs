//! Owed writes go out: read, written, read back, kept.

use std::collections::{HashMap, HashSet};

use futures::StreamExt;
use watchstate_model::{Because, Item, ItemId, ItemKey, Marks, Moment, TitleId, Watch, Wish};
use watchstate_servers::{Fault, Playing, ServerError, Write};
use watchstate_store::{
    Attempt, Baseline, ChangeRow, Changed, CopyChange, JournalRow, KnownItem, OutboxRow, Run,
    Touched, Tx, What, marks_print,
};

use crate::decide::Stance;
use crate::report::Step;
use crate::take_in::Taker;
use crate::{Account, Engine, Result, Trouble};

/// After so many tries that the server accepted without showing it, a write is parked.
const TRIES: u32 = 3;
/// What a sweep showed is believed for so long before it is asked again: seconds. Whoever plays something while
/// thirty thousand writes go out must not be overwritten by what was true before the first.
const FRESH_S: i64 = 60;
/// When somebody is watching, it is looked at again after this: seconds.
const WHILE_PLAYING_S: i64 = 60;
/// The first wait after a failure, doubled for each further one: seconds.
const BACKOFF_S: i64 = 30;
/// No wait is longer: seconds.
const LONGEST_BACKOFF_S: i64 = 6 * 3600;

/// Which owed writes are tried.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Due<'a> {
    /// All: a person or a schedule wants it now, however short a failed one has rested.
    Now,
    /// Those that have rested long enough: what goes out by itself in between.
    Rested,
    /// Those to these copies, now: a person was shown them, and not what is owed besides.
    To(&'a HashSet<ItemId>),
}

impl Due<'_> {
    fn at(self, now: Moment) -> Moment {
        match self {
            Self::Now | Self::To(_) => Moment(i64::MAX),
            Self::Rested => now,
        }
    }

    fn is_meant(self, item: ItemId) -> bool {
        match self {
            Self::Now | Self::Rested => true,
            Self::To(these) => these.contains(&item),
        }
    }
}

/// A write and what the account shows before it.
pub(crate) struct Letter {
    pub row: OutboxRow,
    from: Marks,
    duration_ms: Option<u32>,
    /// What the copy is to show again, where that is why.
    pub wish: Option<Wish>,
}

impl Letter {
    /// Whether the account does not show it already: no write is made to one that agrees.
    fn is_needed(&self, stance: &Stance) -> bool {
        let (target, abilities) = (&self.row.target, &stance.abilities);
        if let Some(wish) = self.wish {
            let progress = stance.settings.progress;
            return !wish.is_shown_by(
                self.from,
                abilities,
                stance.clock,
                progress,
                self.duration_ms,
            );
        }
        let shown = target.is_shown_by(
            self.from.watch,
            abilities,
            stance.settings.progress,
            self.duration_ms,
        );
        let knows = self.from.last_played.map(|theirs| stance.clock.to_ours(theirs));
        let again = self.row.because == Because::WatchedAgain && abilities.dates;
        !shown || (again && target.played_at > knows)
    }
}

/// Some owed writes, and how they were found.
struct Batch<'a> {
    rows: Vec<OutboxRow>,
    after: ItemId,
    due: Due<'a>,
}

impl Engine {
    /// Delivers what an account is owed. `fresh` when it was swept in this very run, so that what it shows
    /// need not be asked again. The caller has the account's lane.
    pub(crate) async fn deliver(
        &self,
        accounts: &[Account],
        account: &Account,
        taker: &Taker,
        fresh: bool,
        due: Due<'_>,
        run: &mut Run,
    ) -> Result<()> {
        let backend = account.backend.id;
        let mut due = due;
        let at_once = account.server.read_at_once().max(1);
        let most = u32::try_from(at_once).unwrap_or(100);
        let mut after = ItemId(0);
        let mut refusals = Refusals::default();
        loop {
            self.go_on()?;
            let rows = self.owed(account, taker, due, (after, None), most).await?;
            let Some(last) = rows.last().map(|row| row.item) else {
                // What is owed now instead goes out as well, where nobody was shown just what goes out; what failed
                // a moment ago rests.
                if !std::mem::take(&mut refusals.overtaken) || matches!(due, Due::To(_)) {
                    break;
                }
                self.plan_touched(accounts, taker.person, taker.stance.at).await?;
                (after, due) = (ItemId(0), Due::Rested);
                continue;
            };
            let fresh = fresh && self.clock.now().0 - taker.stance.at.0 <= FRESH_S;
            let keys: Vec<ItemKey> = rows.iter().map(|row| row.key.clone()).collect();
            let (playing, read) = futures::join!(self.ask(account.server.playing()), async {
                if fresh { None } else { Some(self.ask(account.server.read(&keys)).await) }
            });
            let playing = match playing {
                // Whoever may not ask goes by what the server told by itself.
                Ok(Playing::NotVisible) => {
                    let told = self.attention.plays(backend, self.clock.now());
                    Playing::Items(told.into_iter().map(Into::into).collect())
                }
                Ok(playing) => playing,
                Err(trouble) if trouble.is_fatal() || trouble.ends_the_lane() => {
                    return Err(trouble);
                }
                Err(_) => {
                    self.wait_for_sessions(&rows, taker.stance.at, run).await?;
                    after = last;
                    continue;
                }
            };
            let letters = match read {
                None => self.letters_as_swept(&rows).await?,
                Some(read) => {
                    let rows = Batch { rows, after, due };
                    self.letters_as_read(accounts, account, taker, rows, read?, run).await?
                }
            };
            self.send(account, taker, letters, &playing, run, &mut refusals).await?;
            after = last;
            self.report.step(Step::Delivered {
                backend,
                done: run.written + run.already + run.failed + run.held,
                total: run.planned,
            });
        }
        if run.failed > 0 {
            let Refusals { cause, parked, .. } = refusals;
            let (failed, planned) = (run.failed, run.planned);
            return Err(Trouble::SomeFailed { failed, planned, cause, parked });
        }
        Ok(())
    }

    /// The next owed writes that are due: to items after one, and up to another.
    async fn owed(
        &self,
        account: &Account,
        taker: &Taker,
        due: Due<'_>,
        (mut after, upto): (ItemId, Option<ItemId>),
        most: u32,
    ) -> Result<Vec<OutboxRow>> {
        let enough = usize::try_from(most).unwrap_or(usize::MAX);
        let now = due.at(taker.stance.at);
        let mut tx = self.store.begin().await?;
        let mut owed = Vec::new();
        // Those that are not meant may stand between those that are.
        loop {
            let rows = tx.owed(account.backend.id, now, after, most).await?;
            let Some(last) = rows.last().map(|row| row.item) else { break };
            after = last;
            let within = |row: &OutboxRow| upto.is_none_or(|upto| row.item <= upto);
            owed.extend(rows.into_iter().filter(|row| within(row) && due.is_meant(row.item)));
            if owed.len() >= enough || !matches!(due, Due::To(_)) || upto.is_some_and(|u| u <= last)
            {
                break;
            }
        }
        owed.truncate(enough);
        Ok(owed)
    }

    async fn wait_for_sessions(&self, rows: &[OutboxRow], at: Moment, run: &mut Run) -> Result<()> {
        let waits: Vec<Attempt> = rows
            .iter()
            .map(|row| Attempt {
                item: row.item,
                because: Because::SessionsUnknown,
                sent: false,
                next_at: Moment(at.0 + WHILE_PLAYING_S),
                parked: false,
            })
            .collect();
        run.held += waits.len() as u64;
        let mut tx = self.store.begin().await?;
        tx.attempted(&waits).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn letters_as_swept(&self, rows: &[OutboxRow]) -> Result<Vec<Letter>> {
        let mut tx = self.store.begin().await?;
        let items: Vec<ItemId> = rows.iter().map(|row| row.item).collect();
        let known: HashMap<ItemId, KnownItem> =
            tx.items(&items).await?.into_iter().map(|(_, item)| (item.row.id, item)).collect();
        Ok(rows
            .iter()
            .filter_map(|row| {
                let item = known.get(&row.item)?;
                let (from, duration_ms) = (item.row.seen, item.row.duration_ms);
                Some(Letter { row: row.clone(), from, duration_ms, wish: None })
            })
            .collect())
    }

    /// What items show just before they are written may be a person's doing since the last look: it is taken
    /// in like any other observation, and only what is owed after that is written.
    async fn letters_as_read(
        &self,
        accounts: &[Account],
        account: &Account,
        taker: &Taker,
        batch: Batch<'_>,
        items: Vec<Item>,
        run: &mut Run,
    ) -> Result<Vec<Letter>> {
        let Batch { rows, after, due } = batch;
        self.learn_shows(account, &items).await?;
        let found: HashMap<&ItemKey, &Item> = items.iter().map(|item| (&item.key, item)).collect();
        let gone: Vec<&OutboxRow> =
            rows.iter().filter(|row| !found.contains_key(&row.key)).collect();
        self.keep_gone(taker, &gone).await?;
        let mut counted = Run::default();
        self.take_in(taker, &items, None, &mut counted).await?;
        self.plan_touched(accounts, taker.person, taker.stance.at).await?;
        let (most, last) = (u32::try_from(rows.len()).unwrap_or(u32::MAX), rows.last());
        let upto = last.map(|row| row.item);
        let still = self.owed(account, taker, due, (after, upto), most).await?;
        run.already += (rows.len() - gone.len()).saturating_sub(still.len()) as u64;
        Ok(still
            .into_iter()
            .filter_map(|row| {
                let item = found.get(&row.key)?;
                let duration_ms = item.facts.as_ref().and_then(|facts| facts.duration_ms);
                Some(Letter { row, from: item.marks, duration_ms, wish: None })
            })
            .collect())
    }

    /// Which of these must wait because the account's person is playing their title now, be it another copy.
    async fn played_there(
        &self,
        account: &Account,
        letters: &[Letter],
        playing: &Playing,
    ) -> Result<HashSet<ItemId>> {
        let keys: Vec<&str> = playing.keys().map(ItemKey::as_str).collect();
        if keys.is_empty() {
            return Ok(HashSet::new());
        }
        let mut tx = self.store.begin().await?;
        let titles: HashSet<TitleId> = tx
            .items_with_keys(account.backend.id, &keys)
            .await?
            .iter()
            .flat_map(KnownItem::titles)
            .collect();
        let items: Vec<ItemId> = letters.iter().map(|letter| letter.row.item).collect();
        let of_these = tx.items(&items).await?.into_iter();
        Ok(of_these
            .filter(|(_, item)| {
                keys.contains(&item.row.key.as_str())
                    || item.titles().any(|title| titles.contains(&title))
            })
            .map(|(_, item)| item.row.id)
            .collect())
    }

    async fn keep_gone(&self, taker: &Taker, gone: &[&OutboxRow]) -> Result<()> {
        if gone.is_empty() {
            return Ok(());
        }
        let items: Vec<ItemId> = gone.iter().map(|row| row.item).collect();
        let mut tx = self.store.begin().await?;
        let lines: Vec<JournalRow> = tx
            .items(&items)
            .await?
            .iter()
            .flat_map(|(_, item)| {
                item.titles().map(|title| JournalRow {
                    title,
                    backend: Some(taker.stance.backend),
                    what: What::Gone,
                    was: item.row.seen.watch,
                    became: Watch::Unwatched,
                    because: Because::ItemGone,
                })
            })
            .collect();
        tx.journal(taker.run, taker.person, taker.stance.at, &lines).await?;
        tx.gone(&items).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn send(
        &self,
        account: &Account,
        taker: &Taker,
        mut letters: Vec<Letter>,
        playing: &Playing,
        run: &mut Run,
        refusals: &mut Refusals,
    ) -> Result<()> {
        let at = taker.stance.at;
        self.recall_wishes(&mut letters).await?;
        let busy = self.played_there(account, &letters, playing).await?;
        let mut tx = self.store.begin().await?;
        let letters = still_owed(&mut tx, letters, refusals).await?;
        let (wait, letters): (Vec<Letter>, Vec<Letter>) =
            letters.into_iter().partition(|letter| busy.contains(&letter.row.item));
        let (letters, needless): (Vec<Letter>, Vec<Letter>) =
            letters.into_iter().partition(|letter| letter.is_needed(&taker.stance));
        run.already += needless.len() as u64;
        let needless: Vec<ItemId> = needless.iter().map(|letter| letter.row.item).collect();
        run.held += wait.len() as u64;
        let mut kept: Vec<Attempt> = wait
            .iter()
            .map(|letter| Attempt {
                item: letter.row.item,
                because: Because::BeingPlayed,
                sent: false,
                next_at: Moment(at.0 + WHILE_PLAYING_S),
                parked: false,
            })
            .collect();
        tx.attempted(&kept).await?;
        tx.settle(&needless).await?;
        if letters.is_empty() {
            tx.commit().await?;
            return Ok(());
        }
        kept.clear();
        let items: Vec<ItemId> = letters.iter().map(|letter| letter.row.item).collect();
        if !std::mem::replace(&mut refusals.has_begun, true) {
            self.before_the_first_write(taker, &mut tx).await?;
        }
        tx.sending(&items).await?;
        tx.commit().await?;
        let backend = account.backend.id;
        self.report.step(Step::Sending { backend });

        let answers: Vec<(Letter, Result<()>)> = futures::stream::iter(letters)
            .map(|letter| async move {
                let write = Write {
                    key: letter.row.key.clone(),
                    from: letter.from,
                    to: letter.row.target,
                    duration_ms: letter.duration_ms,
                };
                // What has not begun when it is told to stop does not begin.
                let answer = match (self.go_on(), &letter.wish) {
                    (Err(stopped), _) => return (letter, Err(stopped)),
                    (_, Some(wish)) => {
                        self.finish(account.server.restore(&write, &wish.shows)).await
                    }
                    (_, None) => self.finish(account.server.write(&write)).await,
                };
                self.report.step(Step::Sent { backend, item: letter.row.item });
                (letter, answer)
            })
            .buffered(self.settings.writes_at_once.max(1))
            .collect()
            .await;
        self.read_back(account, taker, answers, run, refusals).await
    }

    /// Reads back what was written, and keeps it only then. A write without an answer may have happened all
    /// the same: reading tells.
    async fn read_back(
        &self,
        account: &Account,
        taker: &Taker,
        answers: Vec<(Letter, Result<()>)>,
        run: &mut Run,
        refusals: &mut Refusals,
    ) -> Result<()> {
        let keys: Vec<ItemKey> = answers.iter().map(|(letter, _)| letter.row.key.clone()).collect();
        let read = self.finish(account.server.read(&keys)).await;
        let shown: HashMap<ItemKey, Item> = match read {
            Ok(items) => items.into_iter().map(|item| (item.key.clone(), item)).collect(),
            Err(trouble) => {
                // Nothing is known of them now: they stay owed, marked as possibly sent. The first cause is
                // what the user should hear of.
                let cause = answers.into_iter().find_map(|(_, answer)| answer.err());
                return Err(cause.unwrap_or(trouble));
            }
        };
        let stance = &taker.stance;
        let mut tx = self.store.begin().await?;
        let items: Vec<ItemId> = answers.iter().map(|(letter, _)| letter.row.item).collect();
        let mut known: HashMap<ItemId, KnownItem> =
            tx.items(&items).await?.into_iter().map(|(_, item)| (item.row.id, item)).collect();
        let owed = tx.targets(&items).await?;
        let (mut rows, mut settled, mut attempts, mut lines) = (vec![], vec![], vec![], vec![]);
        let (mut changes, mut brought_back, mut touched) = (vec![], vec![], vec![]);
        let mut gone = Vec::new();
        let mut end = None;
        for (letter, answer) in answers {
            let Some(item) = known.remove(&letter.row.item) else { continue };
            let Some(now) = shown.get(&letter.row.key) else {
                gone.push(letter.row.item);
                continue;
            };
            // While it was on its way, what the account is to show became another thing, planned against what it
            // showed before: now it shows what is written here, and that has to be planned for anew.
            let is_overtaken = owed.get(&letter.row.item) != Some(&letter.row.target);
            let told = letter.row.target.is_shown_by(
                now.marks.watch,
                &stance.abilities,
                stance.settings.progress,
                letter.duration_ms,
            );
            if told && (answer.is_ok() || now.marks != letter.from) {
                run.written += 1;
                lines.extend(item.titles().map(|title| JournalRow {
                    title,
                    backend: Some(stance.backend),
                    what: What::Told,
                    was: letter.from.watch,
                    became: now.marks.watch,
                    because: letter.row.because,
                }));
                if is_overtaken {
                    touched.extend(item.titles().map(|title| Touched { title, again: false }));
                } else {
                    settled.push(letter.row.item);
                }
                if letter.row.because.brings_back() {
                    brought_back.push(letter.row.item);
                }
                changes.extend(item.titles().next().map(|title| ChangeRow {
                    title,
                    changed: Changed::Told {
                        copy: CopyChange {
                            backend: stance.backend,
                            item: letter.row.item,
                            showed: letter.from,
                            shows: now.marks,
                        },
                        meant: letter.row.target,
                    },
                    because: letter.row.because,
                }));
                let mut row = item.row;
                row.seen = now.marks;
                row.added_at = now.added_at;
                row.print = marks_print(&row.seen, row.added_at);
                row.baseline = Some(Baseline { marks: row.seen, at: stance.at });
                row.because = Because::Delivered;
                rows.push(row);
                continue;
            }
            if matches!(answer, Err(Trouble::Cancelled)) {
                end = Some(Trouble::Cancelled);
                continue;
            }
            if is_overtaken {
                refusals.overtaken = true;
                continue;
            }
            let attempt = after_failure(&letter.row, &answer, stance.at);
            run.failed += 1;
            refusals.parked |= attempt.parked;
            if let Err(trouble @ Trouble::Server(_)) = &answer {
                refusals.cause.get_or_insert_with(|| trouble.to_string());
            }
            if attempt.parked {
                lines.extend(item.titles().map(|title| JournalRow {
                    title,
                    backend: Some(stance.backend),
                    what: What::Parked,
                    was: now.marks.watch,
                    became: letter.row.target.watch,
                    because: attempt.because,
                }));
            }
            attempts.push(attempt);
            if let Err(trouble) = answer
                && (trouble.is_fatal() || trouble.ends_the_lane())
            {
                end.get_or_insert(trouble);
            }
        }
        tx.put_items(stance.backend, &rows).await?;
        tx.settle(&settled).await?;
        tx.attempted(&attempts).await?;
        tx.journal(taker.run, taker.person, stance.at, &lines).await?;
        tx.add_changes(taker.run, taker.person, stance.at, &changes).await?;
        tx.told_wishes(&brought_back).await?;
        tx.gone(&gone).await?;
        tx.touch(taker.person, &touched).await?;
        refusals.overtaken |= !touched.is_empty();
        tx.commit().await?;
        match end {
            Some(trouble) => Err(trouble),
            None => Ok(()),
        }
    }
}

/// What a run that goes on remembers of its writes, and of those that were not taken.
#[derive(Default)]
struct Refusals {
    /// Why the first of them failed, as a sentence.
    cause: Option<String>,
    /// Whether any of them is not tried again by itself.
    parked: bool,
    /// Whether anything was written before.
    has_begun: bool,
    /// Whether an account is to show something else by now than what was about to be written.
    overtaken: bool,
}

/// Those of these letters that are still what is owed. Between planning and writing a person may have changed
/// their mind, elsewhere or in the window.
async fn still_owed(
    tx: &mut Tx,
    letters: Vec<Letter>,
    refusals: &mut Refusals,
) -> Result<Vec<Letter>> {
    let items: Vec<ItemId> = letters.iter().map(|letter| letter.row.item).collect();
    let owed = tx.targets(&items).await?;
    let (still, overtaken): (Vec<Letter>, Vec<Letter>) = letters
        .into_iter()
        .partition(|letter| owed.get(&letter.row.item) == Some(&letter.row.target));
    refusals.overtaken |= overtaken.iter().any(|letter| owed.contains_key(&letter.row.item));
    Ok(still)
}

/// What becomes of a write that did not come to be.
fn after_failure(row: &OutboxRow, answer: &Result<()>, at: Moment) -> Attempt {
    let fault = match answer {
        Err(Trouble::Server(ServerError { fault, .. })) => Some(*fault),
        _ => None,
    };
    let (because, parked) = match fault {
        Some(Fault::Forbidden | Fault::Unsupported) => (Because::Refused, true),
        Some(Fault::NotFound | Fault::Refused | Fault::BadAnswer) => {
            (Because::Refused, row.attempts + 1 >= TRIES)
        }
        Some(_) => (Because::TryAgain, false),
        // Accepted, and yet it is not shown.
        None => (Because::NotTaken, row.attempts + 1 >= TRIES),
    };
    let wait = BACKOFF_S.saturating_mul(1_i64 << row.attempts.min(16)).min(LONGEST_BACKOFF_S);
    // Spread over time, so that a hundred failed writes do not come back in one second.
    let spread = wait * (row.item.0 % 20) / 100;
    let next_at = Moment(at.0.saturating_add(wait + spread));
    Attempt { item: row.item, because, sent: true, next_at, parked }
}
