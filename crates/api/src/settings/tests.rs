use std::collections::BTreeSet;
use std::time::Duration;

use super::table::*;
use super::*;

fn with(name: &'static str, value: &'static str) -> Result<Settings> {
    settings(move |asked| (asked == name).then(|| value.to_owned()))
}

#[test]
fn what_is_set_is_used() {
    assert_eq!(settings(|_| None), Ok(Settings::default()), "the defaults are the engine's");
    assert_eq!(with(EXPORT_THRESHOLD, " "), Ok(Settings::default()), "empty is not set");
    assert_eq!(with(EXPORT_THRESHOLD, "7").unwrap().export_threshold, 7);
    let small = with(LIBRARY_SEGMENT, "300").unwrap();
    assert_eq!((small.page_first, small.page_most), (300, 300), "no page is larger, the first too");
    let large = with(LIBRARY_SEGMENT, "5000").unwrap();
    assert_eq!((large.page_first, large.page_most), (1000, 5000));
    assert_eq!(with(PROGRESS_MINIMUM, "90").unwrap().progress.minimum_ms, 90_000);
    assert_eq!(with(PROGRESS_THRESHOLD, "600").unwrap().progress.rewatch_after_s, 600);
    assert_eq!(with(PROGRESS_THRESHOLD, "1").unwrap().progress.rewatch_after_s, 1, "as it is said");
    assert_eq!(with(BRAKE_AT_LEAST, "3").unwrap().brake.at_least, 3);
    assert_eq!(with(BRAKE_PERCENT, "0").unwrap().brake.percent, 0);
    assert_eq!(with(BRAKE_LATEST, "3").unwrap().brake.latest, 3);
    assert_eq!(with(BACKENDS_AT_ONCE, "1").unwrap().backends_at_once, 1);
    assert_eq!(with(WRITES_AT_ONCE, "2").unwrap().writes_at_once, 2);
}

#[test]
fn what_is_wrong_is_told() {
    for (name, value, why) in [
        (EXPORT_THRESHOLD, "many", "no number"),
        (EXPORT_THRESHOLD, "-1", "less than nothing"),
        (LIBRARY_SEGMENT, "49", "a page too small"),
        (LIBRARY_SEGMENT, "1e3", "a number as programs write it"),
        (PROGRESS_MINIMUM, "3601", "more than an hour"),
        (PROGRESS_THRESHOLD, "86401", "more than a day"),
        (TIME_ZONE, "Atlantis/Capital", "no such place"),
        (CRON_IMPORT, "perhaps", "no switch"),
        (CRON_EXPORT_AT, "0 25 * * *", "no such hour"),
        (THEME, "purple", "none of the choices"),
        (WEBHOOK_BIND, "localhost", "a name is no address"),
        (WEBHOOK_PORT, "80", "a port of the system"),
    ] {
        let told = with(name, value).unwrap_err();
        assert_eq!(told.code, crate::Code::Usage, "{why}");
        assert!(told.message.contains(name) && told.message.contains(value), "{why}: {told}");
    }
}

#[test]
fn the_table_is_sound() {
    let names: BTreeSet<_> = TABLE.iter().map(|definition| definition.name).collect();
    assert_eq!(names.len(), TABLE.len(), "each name once");
    for definition in TABLE {
        let name = definition.name;
        assert!(name.starts_with("WS_"), "{name}");
        assert_eq!(
            definition.kind.read(definition.default).as_deref(),
            Ok(definition.default),
            "{name}"
        );
        assert!(definition.meaning.ends_with('.') && !definition.meaning.contains("  "), "{name}");
    }
    let usual = watchstate_servers::Limits::default();
    let default = |name: &str| definition(name).unwrap().default.to_owned();
    assert_eq!(table::limits(default), usual, "the defaults are the clients'");
}

/// The line of a table of the guide about a setting.
fn told<'a>(page: &'a str, name: &str) -> Option<&'a str> {
    page.lines().find(|line| line.starts_with(&format!("| `{name}` |")))
}

#[test]
fn the_guide_names_every_setting_and_no_other() {
    let page = include_str!("../../../../docs/guide/settings.md");
    let of_tasks = include_str!("../../../../docs/guide/schedules.md");
    for Definition { name, title, group, default, .. } in TABLE {
        let line = told(page, name).unwrap_or_else(|| panic!("settings.md: {name}"));
        let usual = if default.is_empty() { "empty".to_owned() } else { format!("`{default}`") };
        assert!(line.contains(&usual), "settings.md: the default of {name}: {line}");
        if *group == Group::Tasks {
            let line = told(of_tasks, name).unwrap_or_else(|| panic!("schedules.md: {name}"));
            assert!(line.contains(&usual), "schedules.md: the default of {name}: {line}");
        } else {
            assert!(line.contains(title), "settings.md: the title of {name}: {line}");
        }
    }
    for (page, text) in [("settings.md", page), ("schedules.md", of_tasks)] {
        for line in text.lines().filter_map(|line| line.strip_prefix("| `WS_")) {
            let name = format!("WS_{}", line.split('`').next().unwrap_or_default());
            let known = definition(&name).is_some() || name == "WS_DATA_PATH";
            assert!(known, "{page}: there is no {name}");
        }
    }
}

#[test]
fn the_environment_wins_then_the_file_then_the_default() {
    use Source::{Default, Environment, Kept};
    for (name, environment, kept, value, source, trouble, why) in [
        (EXPORT_THRESHOLD, None, None, "1000", Default, false, "nobody says"),
        (EXPORT_THRESHOLD, None, Some("7"), "7", Kept, false, "set in the window"),
        (EXPORT_THRESHOLD, Some("9"), Some("7"), "9", Environment, false, "the environment wins"),
        (EXPORT_THRESHOLD, Some(" 9 "), None, "9", Environment, false, "spaces do not count"),
        (EXPORT_THRESHOLD, Some(""), Some("7"), "7", Kept, false, "an empty variable is not set"),
        (EXPORT_THRESHOLD, Some("x"), Some("7"), "1000", Environment, true, "wrong, and locked"),
        (EXPORT_THRESHOLD, None, Some("x"), "1000", Kept, true, "a file edited by hand"),
        (EXPORT_THRESHOLD, None, Some("null"), "1000", Kept, true, "nonsense in the file"),
        (NOTIFICATIONS, Some("0"), None, "false", Environment, false, "a switch as 0"),
        (NOTIFICATIONS, Some("Yes"), None, "true", Environment, false, "a switch as a word"),
        (NOTIFICATIONS, None, Some("off"), "false", Kept, false, "a switch as another word"),
        (THEME, Some("DARK"), None, "dark", Environment, false, "a choice in capitals"),
        (WEBHOOK_BIND, Some(" ::1 "), None, "::1", Environment, false, "an address of six"),
        (TIME_ZONE, None, Some("europe/berlin"), "Europe/Berlin", Kept, false, "a zone in small"),
        (TIME_ZONE, None, Some(""), "", Kept, false, "no zone is this computer's"),
        (CRON_IMPORT_AT, Some("@daily"), None, "@daily", Environment, false, "a line"),
        (CRON_IMPORT_AT, Some("0 0 30 2 *"), None, "0 */1 * * *", Environment, true, "never"),
    ] {
        let resolved = resolve(definition(name).unwrap(), environment, kept);
        assert_eq!((resolved.value.as_str(), resolved.source), (value, source), "{why}");
        assert_eq!(resolved.trouble.is_some(), trouble, "{why}");
        assert_eq!(resolved.locked_by().is_some(), source == Environment, "{why}");
    }
}

#[test]
fn set_kept_and_put_back() {
    let folder = tempfile::tempdir().unwrap();
    let open = || Book::open(folder.path(), |name| (name == HTTP_TIMEOUT).then(|| "20".to_owned()));
    let book = open();
    assert_eq!(book.trouble(), None);
    book.set(EXPORT_THRESHOLD, Some(" 7 ")).unwrap();
    book.set(REQUESTS_AT_ONCE, Some("2")).unwrap();
    book.set(TIME_ZONE, Some("Asia/Kolkata")).unwrap();
    let again = open();
    assert_eq!(again.engine().export_threshold, 7);
    let limits = again.limits();
    assert_eq!((limits.at_once, limits.total_timeout), (2, Duration::from_secs(20)));
    assert_eq!(again.zone().iana_name(), Some("Asia/Kolkata"));
    assert!(again.shown().iter().all(|setting| setting.definition.group != Group::Tasks));
    again.set(EXPORT_THRESHOLD, None).unwrap();
    assert_eq!(open().engine().export_threshold, 1000);
    for (name, value, why) in [
        ("WS_NONSENSE", Some("1"), "no such setting"),
        (HTTP_TIMEOUT, Some("30"), "the environment sets it"),
        (HTTP_TIMEOUT, None, "and keeps it"),
        (LIBRARY_SEGMENT, Some("1"), "too small"),
    ] {
        assert_eq!(again.set(name, value).unwrap_err().code, crate::Code::Usage, "{why}");
    }
}

#[test]
fn numbers_written_by_hand_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("settings.json");
    std::fs::write(&file, r#"{"WS_EXPORT_THRESHOLD": 7, "WS_NOTIFICATIONS": false, "WS_X": {}}"#)
        .unwrap();
    let book = Book::open(folder.path(), |_| None);
    assert_eq!(book.engine().export_threshold, 7);
    assert!(!book.get(NOTIFICATIONS).unwrap().is_on());
    book.set(NOTIFICATIONS, Some("on")).unwrap();
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains("WS_X"), "what is not known stays");
}

#[test]
fn a_value_that_cannot_be_taken_is_told_wherever_it_was_said() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("settings.json");
    let open = |value: &'static str| {
        Book::open(folder.path(), move |name| (name == BACKUP_PATH).then(|| value.to_owned()))
    };
    assert_eq!(open(" ").not_taken(), None, "an empty variable is not set");
    assert_eq!(open("/backups").not_taken(), None);
    let told = open("backups").not_taken().unwrap();
    assert!(told.what.contains(BACKUP_PATH) && told.todo.contains("whole path"), "{told}");
    std::fs::write(&file, r#"{"WS_BACKUP_KEEP": "many"}"#).unwrap();
    let told = open("").not_taken().unwrap();
    assert!(told.what.contains(BACKUP_KEEP) && told.what.contains("settings.json"), "{told}");
}

#[test]
fn variables_of_another_program_are_told() {
    let names = ["WS_CRON_PLAYLIST", "PATH", "WS_CRON_IMPORT", "WS_DATA_PATH", "WS_API_KEY"];
    let idle = without_effect(names.map(str::to_owned));
    assert_eq!(idle, ["WS_API_KEY", "WS_CRON_PLAYLIST"]);
}
