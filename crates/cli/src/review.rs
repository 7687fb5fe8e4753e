//! `review`, `review list|approve|refuse|brake`

use std::collections::HashSet;
use std::sync::Arc;

use serde::Serialize;
use watchstate_api::{ApiError, HeldOn, Household};
use watchstate_engine::{
    Answer, CancellationToken, Preview, PreviewChange, RunReport, Say, Silent,
};
use watchstate_model::{BackendId, Because, BrakePolicy, ItemId};
use watchstate_store::{Backend, HeldFilter, HeldUnwatch};

use crate::End;
use crate::agree::{Asking, Said, agree, at_the_terminal};
use crate::arguments::{AnswerWish, BrakeWish, ReviewCommand, Where};
use crate::json::{self, ChangeJson, RunJson, WatchJson};
use crate::preview::{changes, many};
use crate::run::{end, told};
use crate::table::table;
use crate::terminal::{say, tell};
use crate::words::{self, stamp, time};

/// `review`
pub(crate) async fn review(
    place: &Where,
    wish: Option<ReviewCommand>,
    cancel: CancellationToken,
) -> Result<End, ApiError> {
    let household = crate::open_by_the_book(place).await?;
    let json = place.json;
    let ended = match wish {
        None => summary(&household, json).await,
        Some(ReviewCommand::List { text, backend, most }) => {
            list(&household, &text.join(" "), backend.as_deref(), most, json).await
        }
        Some(ReviewCommand::Approve(wish)) => {
            answer(&household, Say::Approve, &wish, json, cancel).await
        }
        Some(ReviewCommand::Refuse(wish)) => {
            answer(&household, Say::Reject, &wish, json, cancel).await
        }
        Some(ReviewCommand::Brake(wish)) => brake(&household, &wish, json).await,
    };
    household.close().await;
    ended
}

fn length(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

/// Backends that wait for their first yes, and how much they are owed.
async fn first_exports(household: &Household) -> Result<Vec<(String, u64)>, ApiError> {
    let mut all = Vec::new();
    for backend in household.backends().await? {
        if backend.export && backend.approved_at.is_none() {
            let owed = household.store().waiting(backend.id).await?.owed;
            if owed > 0 {
                all.push((backend.name, owed));
            }
        }
    }
    Ok(all)
}

async fn summary(household: &Household, json: bool) -> Result<End, ApiError> {
    let held = household.held_on().await?;
    let first = first_exports(household).await?;
    let off = household.brakes_off().await?;
    if json {
        #[derive(Serialize)]
        struct All<'a> {
            held: Vec<HeldJson<'a>>,
            first_exports: Vec<FirstJson<'a>>,
            brakes_off: &'a [String],
        }
        #[derive(Serialize)]
        struct FirstJson<'a> {
            backend: &'a str,
            owed: u64,
        }
        say(&json::line(&All {
            held: held.iter().map(HeldJson::of).collect(),
            first_exports: first
                .iter()
                .map(|(backend, owed)| FirstJson { backend, owed: *owed })
                .collect(),
            brakes_off: &off,
        }));
        return Ok(End::Well);
    }
    for HeldOn { backend, count, reasons, sample } in &held {
        say(&format!(
            "{}: {} lost their mark and wait:",
            backend.name,
            many(length(*count), "title")
        ));
        for (because, count) in reasons {
            say(&format!("  {count}: {}", because.sentence()));
        }
        let more = if *count > sample.len() as u64 { ", and more" } else { "" };
        say(&format!("  such as {}{more}", sample.join(", ").replace(char::is_control, " ")));
    }
    if !held.is_empty() {
        say(
            "\nSee them with: watchstate-cli review list. If they were meant: review approve. If the server lost \
             them: review refuse, which puts the marks back.",
        );
    }
    for (name, owed) in &first {
        let much = many(length(*owed), "change");
        say(&format!(
            "{name}: the first export waits for your yes: {much}. See them with: watchstate-cli export {name} \
             --dry-run"
        ));
    }
    if held.is_empty() && first.is_empty() {
        say("Nothing waits for you.");
    }
    for off in &off {
        say(&format!("{off}."));
    }
    Ok(End::Well)
}

async fn id_of(household: &Household, name: Option<&str>) -> Result<Option<BackendId>, ApiError> {
    match name {
        Some(name) => Ok(Some(household.backend(name).await?.id)),
        None => Ok(None),
    }
}

async fn list(
    household: &Household,
    text: &str,
    backend: Option<&str>,
    most: u32,
    json: bool,
) -> Result<End, ApiError> {
    let filter = HeldFilter { backend: id_of(household, backend).await?, text: text.to_owned() };
    let (rows, total) = household.store().held(household.person(), &filter, 0, most).await?;
    let known = household.backends().await?;
    if json {
        #[derive(Serialize)]
        struct All<'a> {
            total: u64,
            titles: Vec<RowJson<'a>>,
        }
        let titles = rows.iter().map(|row| RowJson::of(row, &known)).collect();
        say(&json::line(&All { total, titles }));
        return Ok(End::Well);
    }
    if rows.is_empty() {
        let any = text.is_empty() && backend.is_none();
        say(if any { "Nothing waits for you." } else { "Nothing of this waits for you." });
        return Ok(End::Well);
    }
    let lines: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            vec![
                row.item.to_string(),
                name_of(row.backend, &known).to_owned(),
                row.name.clone(),
                words::watch(row.was),
                words::watch(row.now),
                time(row.seen_at),
                row.because.sentence().to_owned(),
            ]
        })
        .collect();
    say(&table(&["ITEM", "BACKEND", "TITLE", "WAS", "SHOWS", "SINCE", "WHY"], &lines));
    if length(total) > rows.len() {
        say(&format!("{} of {total}; see more with --most", rows.len()));
    }
    say(
        "\nAnswer with: watchstate-cli review approve ITEM… or review refuse ITEM…, or with --backend NAME or \
         --all in their place.",
    );
    Ok(End::Well)
}

fn name_of(id: BackendId, known: &[Backend]) -> &str {
    known.iter().find(|backend| backend.id == id).map_or("", |backend| &backend.name)
}

/// What is meant by an answer, if anything of it waits; all that waits, where nothing is chosen.
async fn meant(
    household: &Household,
    say: Say,
    wish: &AnswerWish,
) -> Result<(Answer, usize), ApiError> {
    let backend = id_of(household, wish.backend.as_deref()).await?;
    let filter = HeldFilter { backend, text: String::new() };
    let (rows, _) = household.store().held(household.person(), &filter, 0, u32::MAX).await?;
    if wish.items.is_empty() {
        return Ok((Answer { say, backend, items: None }, rows.len()));
    }
    let items: HashSet<ItemId> = wish.items.iter().map(|item| ItemId(*item)).collect();
    if let Some(item) = items.iter().find(|item| !rows.iter().any(|row| row.item == **item)) {
        return Err(ApiError::usage(format!(
            "item {item} does not wait for you; find the numbers with review list"
        )));
    }
    let count = items.len();
    Ok((Answer { say, backend, items: Some(items) }, count))
}

/// Shows what an answer would write, asks for a yes, and gives it.
async fn answer(
    household: &Household,
    how: Say,
    wish: &AnswerWish,
    json: bool,
    cancel: CancellationToken,
) -> Result<End, ApiError> {
    let (answer, count) = meant(household, how, wish).await?;
    if count == 0 {
        let nothing = Answered { say: how, count: 0, answered: None, new: &[] };
        if json {
            say(&json::line(&AnswerJson::of(&nothing, &Preview::default(), &[])));
        } else {
            say("Nothing of this waits for you.");
        }
        return Ok(End::Well);
    }
    let wanted = household.exported_to().await?;
    let mut accounts = household.accounts().await?;
    let engine = household.engine(Arc::new(Silent), cancel.clone());
    let asking = Asking { yes: wish.yes.yes, json, question: "Answer so, and write this?" };
    let said = agree(
        asking,
        async || household.preview_answer(&engine, &accounts, &wanted, &answer).await,
        |seen: &Preview| &seen.changes,
        |seen| show(how, count, seen),
        async |question: &str| at_the_terminal(question, &cancel).await,
    )
    .await?;
    let (seen, new, done) = match said {
        Said::Yes(seen) => {
            household.keep_copy().await;
            let answered = household.answer(&engine, &accounts, &answer).await?;
            let runs = household.tell_what_follows(&engine, &mut accounts).await?;
            (seen, Vec::new(), Some((answered, runs)))
        }
        Said::Nothing(seen) => (seen, Vec::new(), None),
        Said::Outdated(seen, new) => (seen, new, None),
    };
    let (answered, runs) = match done {
        Some((answered, runs)) => (Some(answered), runs),
        None => (None, Vec::new()),
    };
    if json {
        let told = Answered { say: how, count, answered, new: &new };
        say(&json::line(&AnswerJson::of(&told, &seen, &runs)));
    } else if let Some(answered) = answered {
        for report in &runs {
            told(report);
        }
        let much = many(length(answered), "title");
        say(&match how {
            Say::Approve => format!("Approved: {much} not watched any more."),
            Say::Reject => format!("Refused: {much} still watched."),
        });
    } else {
        say("\nNothing was answered. If this is what you want, repeat the command with --yes.");
    }
    Ok(if answered.is_some() { end(&runs) } else { End::Held })
}

fn show(said: Say, count: usize, seen: &Preview) {
    let much = many(count, "title");
    say(&match said {
        Say::Approve => {
            format!("{much} would become unwatched, on every backend that is written to.")
        }
        Say::Reject => {
            format!("{much} would stay watched, and get the mark back where it was lost.")
        }
    });
    for error in seen.runs.iter().filter_map(|report| report.run.error.as_deref()) {
        tell(&format!("error: {error}"));
    }
    let (now, waits): (Vec<PreviewChange>, Vec<PreviewChange>) =
        seen.changes.iter().cloned().partition(|change| change.held.is_none());
    if now.is_empty() {
        say("Nothing would be written to any backend now.");
    } else {
        say(&format!("What would be written ({}):", many(now.len(), "change")));
        say(&changes(&now));
    }
    if !waits.is_empty() {
        say(&format!("{} more wait on.", waits.len()));
    }
}

/// `review brake`
async fn brake(household: &Household, wish: &BrakeWish, json: bool) -> Result<End, ApiError> {
    let backend = id_of(household, wish.backend.as_deref()).await?;
    let brakes = household.store().brakes(household.person()).await?;
    if wish.usual {
        household.set_brake(backend, None).await?;
    } else if wish.changes_something() {
        let everybody = brakes.person.unwrap_or_else(|| household.usual_brake());
        let now = backend.and_then(|backend| brakes.of(backend)).unwrap_or(everybody);
        household.set_brake(backend, Some(wish.onto(now))).await?;
    }
    let brakes = household.store().brakes(household.person()).await?;
    let everybody = brakes.person.unwrap_or_else(|| household.usual_brake());
    let mut rules = vec![(None, everybody, brakes.person.is_some())];
    for backend in household.backends().await? {
        let own = brakes.of(backend.id);
        rules.push((Some(backend.name), own.unwrap_or(everybody), own.is_some()));
    }
    let off = household.brakes_off().await?;
    if json {
        #[derive(Serialize)]
        struct All<'a> {
            brakes: Vec<BrakeJson<'a>>,
            brakes_off: &'a [String],
        }
        let brakes = rules.iter().map(BrakeJson::of).collect();
        say(&json::line(&All { brakes, brakes_off: &off }));
        return Ok(End::Well);
    }
    let lines: Vec<Vec<String>> = rules
        .iter()
        .map(|(name, rule, own)| {
            vec![
                name.clone().unwrap_or_else(|| "all backends".to_owned()),
                if rule.off { "off" } else { "on" }.to_owned(),
                format!("{}, or {} % of what is watched", rule.at_least, rule.percent),
                match rule.latest {
                    0 => "never".to_owned(),
                    latest => format!("from {latest} on"),
                },
                if *own { "its own" } else { "the usual" }.to_owned(),
            ]
        })
        .collect();
    say(&table(&["BACKEND", "BRAKE", "SO MANY PASS", "LATEST MARKS WAIT", "RULE"], &lines));
    for off in &off {
        say(&format!("\n{off}."));
    }
    Ok(End::Well)
}

#[derive(Serialize)]
struct HeldJson<'a> {
    backend: &'a str,
    count: u64,
    reasons: Vec<ReasonJson>,
    sample: &'a [String],
}

#[derive(Serialize)]
struct ReasonJson {
    because: &'static str,
    reason: &'static str,
    count: u64,
}

impl<'a> HeldJson<'a> {
    fn of(held: &'a HeldOn) -> Self {
        Self {
            backend: &held.backend.name,
            count: held.count,
            reasons: held
                .reasons
                .iter()
                .map(|(because, count)| ReasonJson {
                    because: because.code(),
                    reason: because.sentence(),
                    count: *count,
                })
                .collect(),
            sample: &held.sample,
        }
    }
}

#[derive(Serialize)]
struct RowJson<'a> {
    item: i64,
    title: i64,
    name: &'a str,
    backend: &'a str,
    was: WatchJson,
    shows: WatchJson,
    because: &'static str,
    reason: &'static str,
    marked_at: String,
    gone_at: String,
}

impl<'a> RowJson<'a> {
    fn of(row: &'a HeldUnwatch, known: &'a [Backend]) -> Self {
        Self {
            item: row.item.0,
            title: row.title.0,
            name: &row.name,
            backend: name_of(row.backend, known),
            was: WatchJson::of(row.was),
            shows: WatchJson::of(row.now),
            because: Because::code(row.because),
            reason: row.because.sentence(),
            marked_at: stamp(row.since),
            gone_at: stamp(row.seen_at),
        }
    }
}

/// How an answer went.
struct Answered<'a> {
    say: Say,
    /// How many titles it is about.
    count: usize,
    /// How many were answered; nothing where none was, without a yes.
    answered: Option<u64>,
    /// What was not shown before; then nothing was answered.
    new: &'a [PreviewChange],
}

#[derive(Serialize)]
struct AnswerJson<'a> {
    say: &'static str,
    titles: usize,
    changes: Vec<ChangeJson<'a>>,
    new: Vec<ChangeJson<'a>>,
    answered: u64,
    runs: Vec<RunJson<'a>>,
}

impl<'a> AnswerJson<'a> {
    fn of(told: &Answered<'a>, seen: &'a Preview, runs: &'a [RunReport]) -> Self {
        Self {
            say: match told.say {
                Say::Approve => "approve",
                Say::Reject => "refuse",
            },
            titles: told.count,
            changes: seen.changes.iter().map(ChangeJson::of).collect(),
            new: told.new.iter().map(ChangeJson::of).collect(),
            answered: told.answered.unwrap_or(0),
            runs: runs.iter().map(RunJson::of).collect(),
        }
    }
}

#[derive(Serialize)]
struct BrakeJson<'a> {
    /// Nothing for all that have no rule of their own.
    backend: Option<&'a str>,
    off: bool,
    at_least: u32,
    percent: u32,
    latest: u32,
    own: bool,
}

impl<'a> BrakeJson<'a> {
    fn of((name, rule, own): &'a (Option<String>, BrakePolicy, bool)) -> Self {
        let BrakePolicy { at_least, percent, latest, off } = *rule;
        Self { backend: name.as_deref(), off, at_least, percent, latest, own: *own }
    }
}
