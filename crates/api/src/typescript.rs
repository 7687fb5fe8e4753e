//! The contract in TypeScript, written from the table and its types.

use std::fmt::Write;

use ts_rs::{Config, Dummy, TS};

use crate::contract::*;
use crate::table::TABLE;

const HEAD: &str = "\
// The contract between the window and the app: what can be asked, with what, and what comes back.
// Written by `cargo test -p watchstate-api contract` from the Rust types; do not edit it.
/* eslint-disable */
";

/// The whole file.
pub fn contract() -> String {
    let config = Config::new().with_large_int("number");
    let mut text = HEAD.to_owned();
    declare::<BackendId>(&config, &mut text);
    macro_rules! all {
        ($($type:ty,)*) => { $(declare::<$type>(&config, &mut text);)* };
    }
    all! {
        TitleId, RunId, ItemId, Moment, Advice, FailureKind, Failure, Tag, Event, Page<Dummy>, Nothing,
        Truth, Overview, NextRun, Today, WaitingWhy, Waiting, Mended,
        ConnectionState, Asking, Connection,
        ServerKind, Import, BackendCard, Stranger, LibraryKind, Library, Tested, OneBackend, SetBackend,
        RemoveBackend,
        FoundHow, Found, ServerUser, SignIn, Credentials, SignInWish, OneTicket,
        ChooseServer, AddBackend,
        TaskName, RunTask, RunMode, Run, LiveTask, Live, SyncNow, ImportNow, ExportNow, PauseUntil,
        PauseSync, Stretch,
        Action, PreviewCount, Preview, PreviewSince, PreviewRow, PreviewWish, PreviewRows,
        HeldReason, HeldCount, HeldRow, HeldWish, HeldSay, AnswerHeld, BrakeRule, BackendBrake, Brakes,
        SetBrake,
        Mark, Marks, Reason, TitleKind, TitleState, TitleFilter, Titles, On, TitleRow, TitleIdentity,
        CopyOwed, TitleCopy, Title, OneTitle, MarkTitle, IgnoreTitle, NamedTitle, NamedBackend,
        WatchedTitle, GoesHow, GoesTo, Watching,
        JournalWhat, JournalLine, Journal,
        UndoWish, UndoLeft, UndoPreview, Snapshot, UndoNow,
        TaskEnd, Task, SetTask, ReadCron, OneTask, CronLine, SettingGroup, Choice, SettingKind, Setting,
        SetSetting, WebhookAddress, WebhookRegistered, WebhookState, WebhooksOf, WebhookCounts,
        BackupForm, BackupFile, Backups, OfferBackup, OfferedBackup, RestoreWay, RestoreWish,
        RestorePreview, NotMatched, NotMatchedRows, RestoreNow, WrittenTable,
        SecretsIn, Host, About, LogLevel, LogLine, Log, WrittenFile,
    }
    text += "\n/** All commands: what each takes, and what it answers. */\nexport interface Commands {\n";
    for command in TABLE {
        let (takes, answers) = ((command.takes)(&config), (command.answers)(&config));
        // Writing into a text cannot fail.
        let _ = writeln!(text, "  /** {} */", command.doc.trim());
        let _ = writeln!(text, "  {}: [{takes}, {answers}];", command.name);
    }
    text += "}\n\n/** Which answers each command's depends on, and which are stale when it went well. */\n";
    text += "export const TAGS: { readonly [C in keyof Commands]: { readonly reads: readonly Tag[]; \
             readonly changes: readonly Tag[] } } = {\n";
    for command in TABLE {
        let tags = |tags: &[Tag]| serde_json::to_string(tags).unwrap_or_default();
        let (reads, changes) = (tags(command.reads), tags(command.changes));
        let _ = writeln!(text, "  {}: {{ reads: {reads}, changes: {changes} }},", command.name);
    }
    text += "};\n";
    text
}

fn declare<T: TS>(config: &Config, text: &mut String) {
    if let Some(docs) = T::docs() {
        let _ = write!(text, "\n{}", docs.trim_end());
    }
    let _ = writeln!(text, "\nexport {}", T::decl(config));
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::contract;

    /// The file that is committed is the one that would be written; with `WATCHSTATE_WRITE_CONTRACT=1` it is
    /// written.
    #[test]
    fn the_committed_contract_is_this_one() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ui/src/contract/contract.ts");
        let now = contract();
        if std::env::var_os("WATCHSTATE_WRITE_CONTRACT").is_some() {
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(&file, &now).unwrap();
        }
        let committed = std::fs::read_to_string(&file).unwrap_or_default().replace("\r\n", "\n");
        assert!(
            committed == now,
            "ui/src/contract/contract.ts is not what the types say; write it with \
             WATCHSTATE_WRITE_CONTRACT=1 cargo test -p watchstate-api contract"
        );
    }
}
