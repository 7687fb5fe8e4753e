//! The one table of commands: what can be asked, with what, what comes back, and which answers are stale
//! afterwards. Every window, in a frame of its own or in a browser, comes through [`dispatch`].

use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use ts_rs::{Config, TS};

use crate::App;
use crate::contract::*;

/// A command, described.
pub struct Command {
    /// Its name.
    pub name: &'static str,
    /// What the answer is about: it is stale when one of these changes.
    pub reads: &'static [Tag],
    /// What is stale when the command went well. What a run changes is told when it does.
    pub changes: &'static [Tag],
    /// What it is for.
    pub doc: &'static str,
    /// What it takes, in TypeScript.
    pub takes: fn(&Config) -> String,
    /// What it answers, in TypeScript.
    pub answers: fn(&Config) -> String,
}

/// Why a command came to nothing.
type Outcome<T> = Result<T, Failure>;

macro_rules! commands {
    ($(
        $(#[doc = $doc:literal])+
        $name:ident ($arguments:ty) -> $answer:ty, reads [$($reads:ident)*], changes [$($changes:ident)*],
        |$app:ident, $wish:ident| $body:expr;
    )*) => {
        /// All commands.
        pub const TABLE: &[Command] = &[$(Command {
            name: stringify!($name),
            reads: &[$(Tag::$reads),*],
            changes: &[$(Tag::$changes),*],
            doc: concat!($($doc),+),
            takes: <$arguments as TS>::name,
            answers: <$answer as TS>::name,
        }),*];

        /// Does what a window asks for: the command of this name, with arguments as JSON.
        pub async fn dispatch(app: &Arc<App>, name: &str, arguments: Value) -> Outcome<Value> {
            match name {
                $(stringify!($name) => {
                    let $wish: $arguments = read(name, arguments)?;
                    let $app = app;
                    let answer: Outcome<$answer> = async { $body }.await;
                    let answer = written(&answer?)?;
                    app.changed(&[$(Tag::$changes),*]);
                    Ok(answer)
                })*
                _ => Err(Failure::not_found(format!("There is no command {}", shown(name)))),
            }
        }
    };
}

commands! {
    /// The whole at a glance.
    overview(Nothing) -> Overview, reads [Backends Runs Owed Tasks Settings Live Connections], changes [],
    |app, _wish| app.overview().await;

    /// A person has read that the database was made anew.
    put_mended_away(Nothing) -> (), reads [], changes [Backends],
    |app, _wish| app.put_mended_away().await;

    /// All backends.
    backends(Nothing) -> Vec<BackendCard>, reads [Backends Owed Connections], changes [],
    |app, _wish| app.cards().await;

    /// Asks a backend who it is and what it has.
    test_backend(OneBackend) -> Tested, reads [], changes [],
    |app, wish| app.test_backend(wish.backend.into()).await;

    /// Changes a backend; what is left out stays.
    set_backend(SetBackend) -> (), reads [], changes [Backends Owed],
    |app, wish| app.set_backend(wish).await;

    /// Removes a backend and its token.
    remove_backend(RemoveBackend) -> (), reads [], changes [Backends Owed Titles],
    |app, wish| app.remove_backend(wish.backend.into(), wish.keep_history).await;

    /// Signs in at a server; the secret stays in the app.
    sign_in(SignInWish) -> SignIn, reads [], changes [],
    |app, wish| app.sign_in(wish).await;

    /// How a sign-in stands.
    sign_in_state(OneTicket) -> SignIn, reads [], changes [],
    |app, wish| app.sign_in_state(&wish.ticket).await;

    /// Goes on with one of the servers of an account.
    choose_server(ChooseServer) -> SignIn, reads [], changes [],
    |app, wish| app.choose_server(wish).await;

    /// The servers of the network and of this computer. Takes a few seconds.
    find_servers(Nothing) -> Vec<Found>, reads [], changes [],
    |app, _wish| Ok(app.find_servers().await);

    /// Forgets a sign-in.
    cancel_sign_in(OneTicket) -> (), reads [], changes [],
    |app, wish| { app.cancel_sign_in(&wish.ticket).await; Ok(()) };

    /// Adds a backend that was signed in at.
    add_backend(AddBackend) -> BackendId, reads [], changes [Backends],
    |app, wish| app.add_backend(wish).await.map(Into::into);

    /// Keeps tokens in a file that only its owner can read, where there is no keyring.
    keep_secrets_in_file(Nothing) -> (), reads [], changes [Settings],
    |app, _wish| app.keep_secrets_in_file().await;

    /// Runs the app on demo servers until it is started anew.
    start_demo(Nothing) -> (), reads [], changes [
        Backends Runs Owed Titles Journal Tasks Settings Live Watching Connections
    ],
    |app, _wish| app.start_demo().await;

    /// Imports, then exports. Answers when it has begun. With a preview: a person was shown it and agreed.
    sync_now(SyncNow) -> (), reads [], changes [],
    |app, wish| {
        let backends = wish.backends.map(|ids| ids.into_iter().map(Into::into).collect());
        app.sync_now(backends, wish.preview).await
    };

    /// Imports from one backend. Answers when it has begun.
    import_now(ImportNow) -> (), reads [], changes [],
    |app, wish| app.import_now(wish.backend.into(), wish.full).await;

    /// Exports to one backend. Answers when it has begun. With a preview: a person was shown it and agreed.
    export_now(ExportNow) -> (), reads [], changes [],
    |app, wish| app.export_now(wish.backend.into(), wish.full, wish.preview).await;

    /// Stops all that goes on; what was done is kept.
    stop_run(Nothing) -> (), reads [], changes [],
    |app, _wish| { app.stop_run(); Ok(()) };

    /// Lets schedules rest; `null` lets them go on.
    pause_sync(PauseSync) -> (), reads [], changes [],
    |app, wish| { app.pause_sync(wish.until); Ok(()) };

    /// What a sync, or an export, would change. Nothing is written.
    preview(PreviewWish) -> Preview, reads [], changes [],
    |app, wish| {
        let backends = wish.backends.map(|ids| ids.into_iter().map(Into::into).collect());
        app.preview(backends, wish.import, wish.full == Some(true), wish.since.as_deref()).await
    };

    /// A page of a preview.
    preview_rows(PreviewRows) -> Page<PreviewRow>, reads [], changes [],
    |app, wish| app.preview_rows(&wish);

    /// How many un-watches wait for a person, by backend, with the reasons and a sample.
    held_counts(Nothing) -> Vec<HeldCount>, reads [Backends Owed Titles], changes [],
    |app, _wish| app.held_counts().await;

    /// A page of the un-watches that wait for a person.
    held(HeldWish) -> Page<HeldRow>, reads [Backends Owed Titles], changes [],
    |app, wish| app.held(&wish).await;

    /// What would be written after an answer to what waits. Nothing is decided or written.
    preview_answer(AnswerHeld) -> Preview, reads [], changes [],
    |app, wish| app.preview_answer(&wish).await;

    /// Answers what waits, and writes what follows. Answers when it has begun.
    answer_held(AnswerHeld) -> (), reads [], changes [],
    |app, wish| app.answer_held(wish).await;

    /// How many titles may become unwatched without a person's yes.
    brakes(Nothing) -> Brakes, reads [Backends Settings], changes [],
    |app, _wish| app.brakes().await;

    /// Changes that, for the person or for one backend.
    set_brake(SetBrake) -> (), reads [], changes [Settings],
    |app, wish| app.set_brake(wish).await;

    /// What taking something back would change. Nothing is written.
    preview_undo(UndoWish) -> UndoPreview, reads [], changes [],
    |app, wish| app.preview_undo(wish).await;

    /// Takes back what a person was shown and agreed to. Answers when it has begun.
    undo(UndoNow) -> (), reads [], changes [],
    |app, wish| app.undo(wish.preview).await;

    /// What backends showed before something was written to them, the latest first.
    snapshots(Nothing) -> Vec<Snapshot>, reads [Runs Backends], changes [],
    |app, _wish| app.snapshots().await;

    /// What goes on.
    live(Nothing) -> Vec<Live>, reads [Live], changes [],
    |app, _wish| Ok(app.live());

    /// What is being played now, on whichever backend, and where it will be written.
    watching(Nothing) -> Vec<Watching>, reads [Watching Titles Owed Backends], changes [],
    |app, _wish| app.watching().await;

    /// A page of the runs, the latest first.
    runs(Stretch) -> Page<Run>, reads [Runs], changes [],
    |app, wish| app.runs(wish.from, wish.size).await;

    /// A page of the titles that a filter leaves.
    titles(Titles) -> Page<TitleRow>, reads [Titles], changes [],
    |app, wish| app.titles(&wish.filter, wish.from, wish.size).await;

    /// A title with its copies and its journal.
    title(OneTitle) -> Title, reads [Titles Owed], changes [],
    |app, wish| app.title(wish.title.into()).await;

    /// Marks a title everywhere.
    mark_title(MarkTitle) -> (), reads [], changes [Titles Owed Journal],
    |app, wish| app.mark_title(wish.title.into(), wish.watched).await;

    /// Leaves a title alone: nothing is written about it anywhere.
    ignore_title(IgnoreTitle) -> (), reads [], changes [Titles Owed],
    |app, wish| app.ignore_title(wish.title.into(), wish.ignored).await;

    /// Reads all copies of a title again. Answers when it has begun.
    reread_title(OneTitle) -> (), reads [], changes [],
    |app, wish| app.reread_title(wish.title.into()).await;

    /// A page of the journal, the latest line first.
    journal(Journal) -> Page<JournalLine>, reads [Journal], changes [],
    |app, wish| app.journal(&wish).await;

    /// What runs by itself, and when.
    tasks(Nothing) -> Vec<Task>, reads [Tasks Runs], changes [],
    |app, _wish| Ok(app.tasks());

    /// Changes when a task runs.
    set_task(SetTask) -> (), reads [], changes [Tasks],
    |app, wish| app.set_task(&wish);

    /// A crontab line in words, or what is wrong with it.
    read_cron(ReadCron) -> CronLine, reads [], changes [],
    |app, wish| Ok(app.read_cron(&wish));

    /// Begins a task. Answers when it has begun.
    run_task(OneTask) -> (), reads [], changes [Tasks],
    |app, wish| app.run_task(wish.name);

    /// Stops a task; what was done is kept.
    stop_task(OneTask) -> (), reads [], changes [Tasks],
    |app, wish| app.stop_task(wish.name);

    /// All settings.
    settings(Nothing) -> Vec<Setting>, reads [Settings], changes [],
    |app, _wish| Ok(app.settings());

    /// Changes a setting.
    set_setting(SetSetting) -> (), reads [], changes [Settings Tasks],
    |app, wish| app.set_setting(&wish);

    /// The address at which a backend's server may tell what happened. It holds a secret.
    webhook_address(OneBackend) -> WebhookAddress, reads [], changes [],
    |app, wish| app.webhook_address(wish.backend.into()).await;

    /// Gives a backend another such address; the one before is nobody's from then on.
    renew_webhook(OneBackend) -> WebhookAddress, reads [], changes [Webhooks],
    |app, wish| app.renew_webhook(wish.backend.into()).await;

    /// Enters the address at the backend's server, where a program can do that.
    register_webhook(OneBackend) -> WebhookRegistered, reads [], changes [],
    |app, wish| app.register_webhook(wish.backend.into()).await;

    /// What became of the webhooks that came, and how it stands with listening.
    webhook_counts(Nothing) -> WebhookCounts, reads [Webhooks Settings], changes [],
    |app, _wish| Ok(app.webhook_counts());

    /// The backups that are there.
    backups(Nothing) -> Backups, reads [Backups Settings], changes [],
    |app, _wish| app.backups().await;

    /// Takes a part of a backup that a person dropped into the window.
    offer_backup(OfferBackup) -> OfferedBackup, reads [], changes [],
    |app, wish| app.offer_backup(wish).await;

    /// What restoring a backup would change. Nothing is changed.
    preview_restore(RestoreWish) -> RestorePreview, reads [], changes [],
    |app, wish| app.preview_restore(&wish).await;

    /// A page of the entries of a backup that mean no title which can be told.
    not_matched(NotMatchedRows) -> Page<NotMatched>, reads [], changes [],
    |app, wish| app.not_matched(&wish);

    /// Restores the backup of a preview that a person agreed to. Answers when it has begun.
    restore_now(RestoreNow) -> (), reads [], changes [],
    |app, wish| app.restore_now(&wish.preview).await;

    /// Writes the whole history into a table beside the backups.
    export_history(Nothing) -> WrittenTable, reads [], changes [],
    |app, _wish| app.export_history().await;

    /// The latest lines of the log.
    log(Log) -> Vec<LogLine>, reads [], changes [],
    |app, wish| Ok(app.log(wish.level, wish.size));

    /// Writes a file for whoever helps, without secrets, addresses and titles.
    support_bundle(Nothing) -> WrittenFile, reads [], changes [],
    |app, _wish| app.support_bundle().await;

    /// About the app.
    about(Nothing) -> About, reads [], changes [],
    |app, _wish| Ok(app.about());
}

/// The arguments of a command. What is wrong with them is told without quoting them: they may hold a secret.
fn read<T: DeserializeOwned>(name: &str, arguments: Value) -> Outcome<T> {
    let arguments = if arguments.is_null() { Value::Object(Default::default()) } else { arguments };
    T::deserialize(arguments).map_err(|_| {
        Failure::usage(
            format!("The command {name} does not take these arguments"),
            "Reload the window; if that does not help, please report this",
        )
    })
}

fn written<T: Serialize>(answer: &T) -> Outcome<Value> {
    serde_json::to_value(answer).map_err(|_| {
        Failure::new(FailureKind::Internal, "The answer cannot be written", "Please report this")
    })
}

/// A name from outside, short and in plain letters.
fn shown(name: &str) -> String {
    name.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').take(40).collect()
}
