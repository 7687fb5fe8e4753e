//! `doctor`

use serde::Serialize;
use watchstate_api::doctor::{BackendCheck, Checkup, Complaint, TaskCheck};
use watchstate_api::settings::Book;
use watchstate_api::{ApiError, Code, Household, SecretsPlace};
use watchstate_store::{Condition, Copy};

use crate::End;
use crate::json;
use crate::table::table;
use crate::terminal::say;
use crate::words::{bytes, stamp, time};

/// Looks at everything, and says what is wrong and what to do. Ends well only when nothing is wrong. `seen`: a
/// person has read that the database was made anew, which is not told any more.
pub(crate) async fn doctor(household: &Household, seen: bool, json: bool) -> Result<End, ApiError> {
    if seen {
        household.put_mended_away().await?;
    }
    let book = Book::open(household.path(), |name| std::env::var(name).ok());
    let found = household.checkup(&book).await?;
    if json {
        say(&json::line(&Answer { doctor: Doctor::of(household, &found) }));
    } else {
        tell(household, &found);
    }
    Ok(if found.complaints.is_empty() { End::Well } else { End::Failed })
}

/// What is told when the app, or another command, has the data folder: that looks after everything meanwhile, and
/// says in its window what it found.
pub(crate) fn at_work_elsewhere(error: ApiError) -> ApiError {
    if error.code != Code::Busy {
        return error;
    }
    let (what, _) = error.message.split_once("; ").unwrap_or((&error.message, ""));
    let todo = "look at Overview and Backends in its window, which say what is wrong, and at Settings for \
                a support bundle; or quit it to have everything looked at here";
    ApiError::new(Code::Busy, format!("{what}; {todo}"))
}

fn tell(household: &Household, found: &Checkup) {
    let database = &found.database;
    say(&format!("data      {}", household.path().display()));
    if let Some(free) = found.free_bytes {
        say(&format!("disk      {} free", bytes(free)));
    }
    let condition = match database.condition {
        Condition::Whole => "whole",
        Condition::Damaged(_) => "damaged",
        Condition::Unfinished => "too large to be looked through in a minute",
    };
    say(&format!("database  {}, version {}, {condition}", bytes(database.bytes), database.version));
    say(&format!("copies    {}", copies(&database.copies)));
    for (name, size) in &database.damaged {
        say(&format!(
            "aside     {name}, {}: damaged; remove it when you do not need it",
            bytes(*size)
        ));
    }
    let place = place(found.secrets);
    say(&format!("tokens    {place}, which {}", answers(found.secrets_answer)));
    for task in &found.tasks {
        say(&format!("{:<9} {}", task.task.name(), when(task)));
    }
    if !found.backends.is_empty() {
        say("");
        let heads = &["BACKEND", "ANSWERS", "USER", "CLOCK", "EXPORT", "OWED", "HELD", "REFUSED"];
        say(&table(heads, &found.backends.iter().map(row).collect::<Vec<_>>()));
    }
    say("");
    for off in &found.brakes_off {
        let todo = "If you did not mean that: watchstate-cli review brake --usual (--backend NAME)";
        say(&format!("brake: {off}\n  -> {todo}"));
    }
    if found.complaints.is_empty() {
        say("All is well.");
    }
    for Complaint { about, what, todo } in &found.complaints {
        say(&format!("{about}: {what}\n  -> {todo}"));
    }
}

fn copies(copies: &[Copy]) -> String {
    match copies.first() {
        None => "none yet; one is made before the first run of a day".to_owned(),
        Some(newest) => format!("{}, the newest of {}", copies.len(), time(newest.at)),
    }
}

fn place(place: SecretsPlace) -> &'static str {
    match place {
        SecretsPlace::Keyring => "keyring",
        SecretsPlace::File => "file",
    }
}

fn answers(answers: bool) -> &'static str {
    if answers { "answers" } else { "does not answer" }
}

fn when(task: &TaskCheck) -> String {
    match task.next {
        Some(next) => format!("{} (next {})", task.line.words(), time(next)),
        None => "off".to_owned(),
    }
}

fn row(check: &BackendCheck) -> Vec<String> {
    let BackendCheck { backend, waiting, answered } = check;
    let (server, user, clock) = match answered {
        Some(tested) => (
            format!("{} {}", tested.server.name, tested.server.version),
            tested.user.name.clone(),
            format!("{:+} s", tested.server.clock.0),
        ),
        None => ("no".to_owned(), backend.user_name.clone().unwrap_or_default(), String::new()),
    };
    vec![
        backend.name.clone(),
        server,
        user,
        clock,
        export(check).to_owned(),
        waiting.owed.to_string(),
        waiting.held.to_string(),
        waiting.parked.to_string(),
    ]
}

fn export(check: &BackendCheck) -> &'static str {
    match (check.backend.export, check.backend.approved_at) {
        (false, _) => "off",
        (true, None) => "waits for your yes",
        (true, Some(_)) => "on",
    }
}

#[derive(Serialize)]
struct Answer<'a> {
    doctor: Doctor<'a>,
}

#[derive(Serialize)]
struct Doctor<'a> {
    ok: bool,
    data_dir: String,
    free_bytes: Option<u64>,
    database: DatabaseJson<'a>,
    secrets: SecretsJson,
    backends: Vec<BackendJson<'a>>,
    tasks: Vec<TaskJson<'a>>,
    brakes_off: &'a [String],
    complaints: Vec<ComplaintJson<'a>>,
}

#[derive(Serialize)]
struct DatabaseJson<'a> {
    bytes: u64,
    version: i64,
    condition: &'static str,
    copies: Vec<CopyJson>,
    damaged: Vec<&'a str>,
}

#[derive(Serialize)]
struct CopyJson {
    at: String,
    bytes: u64,
    before_migration: Option<i64>,
}

#[derive(Serialize)]
struct SecretsJson {
    place: &'static str,
    answers: bool,
}

#[derive(Serialize)]
struct BackendJson<'a> {
    name: &'a str,
    kind: &'a str,
    answers: bool,
    server: Option<&'a str>,
    version: Option<&'a str>,
    user: Option<&'a str>,
    clock_offset_s: Option<i64>,
    import: &'static str,
    export: &'static str,
    imported_at: Option<String>,
    exported_at: Option<String>,
    owed: u64,
    held: u64,
    refused: u64,
}

#[derive(Serialize)]
struct TaskJson<'a> {
    task: &'static str,
    on: bool,
    line: &'a str,
    next: Option<String>,
}

#[derive(Serialize)]
struct ComplaintJson<'a> {
    about: &'a str,
    what: &'a str,
    todo: &'a str,
}

impl<'a> Doctor<'a> {
    fn of(household: &Household, found: &'a Checkup) -> Self {
        let database = &found.database;
        Self {
            ok: found.complaints.is_empty(),
            data_dir: household.path().display().to_string(),
            free_bytes: found.free_bytes,
            database: DatabaseJson {
                bytes: database.bytes,
                version: database.version,
                condition: match database.condition {
                    Condition::Whole => "whole",
                    Condition::Damaged(_) => "damaged",
                    Condition::Unfinished => "unfinished",
                },
                copies: database
                    .copies
                    .iter()
                    .map(|copy| CopyJson {
                        at: stamp(copy.at),
                        bytes: copy.bytes,
                        before_migration: copy.before,
                    })
                    .collect(),
                damaged: database.damaged.iter().map(|(name, _)| name.as_str()).collect(),
            },
            secrets: SecretsJson { place: place(found.secrets), answers: found.secrets_answer },
            backends: found.backends.iter().map(BackendJson::of).collect(),
            tasks: found
                .tasks
                .iter()
                .map(|task| TaskJson {
                    task: task.task.name(),
                    on: task.on,
                    line: task.line.as_str(),
                    next: task.next.map(stamp),
                })
                .collect(),
            brakes_off: &found.brakes_off,
            complaints: found
                .complaints
                .iter()
                .map(|Complaint { about, what, todo }| ComplaintJson { about, what, todo })
                .collect(),
        }
    }
}

impl<'a> BackendJson<'a> {
    fn of(check: &'a BackendCheck) -> Self {
        let BackendCheck { backend, waiting, answered } = check;
        let answered = answered.as_ref();
        Self {
            name: &backend.name,
            kind: &backend.kind,
            answers: answered.is_some(),
            server: answered.map(|tested| tested.server.name.as_str()),
            version: answered.map(|tested| tested.server.version.as_str()),
            user: answered.map(|tested| tested.user.name.as_str()),
            clock_offset_s: answered.map(|tested| tested.server.clock.0),
            import: backend.import.name(),
            export: export(check),
            imported_at: backend.imported_at.map(stamp),
            exported_at: backend.exported_at.map(stamp),
            owed: waiting.owed,
            held: waiting.held,
            refused: waiting.parked,
        }
    }
}
