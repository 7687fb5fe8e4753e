//! Names of files that say nothing of what is in them.

use super::{Complaint, File};

/// Not the name of a file or folder of code, and not its last word (`sync_manager.rs`).
const EMPTY_WORDS: &[&str] = &["manager", "service", "helper", "helpers", "util", "utils"];

/// Not the whole name of one.
const EMPTY_NAMES: &[&str] = &["common", "core", "types"];

const CODE: &[&str] = &[".rs", ".ts", ".js", ".svelte", ".css", ".py", ".sh"];

/// Files and folders of code that are named for no thing of the user's.
pub(super) fn forbidden(files: &[File]) -> Vec<Complaint> {
    files
        .iter()
        .filter(|file| file.ends_with(CODE))
        .filter_map(|file| {
            let part = file.path.split('/').find(|part| says_nothing(part))?;
            Some(Complaint::new(
                &file.path,
                0,
                format!("`{part}` does not say what is in it: name it by a word of the user's"),
            ))
        })
        .collect()
}

fn says_nothing(part: &str) -> bool {
    let stem = part.split('.').next().unwrap_or(part).to_lowercase();
    let last = stem.rsplit(['_', '-']).next().unwrap_or_default();
    let named_for_it = EMPTY_WORDS.contains(&stem.as_str()) || EMPTY_NAMES.contains(&stem.as_str());
    // `secret_service` is the name of a thing; a `sync_manager` is not.
    named_for_it || (last != "service" && EMPTY_WORDS.contains(&last))
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    #[test]
    fn a_name_tells_what_is_in_it() {
        for (path, tells) in [
            ("crates/engine/src/deliver.rs", true),
            ("crates/engine/src/sync_manager.rs", false),
            ("crates/engine/src/utils/dates.rs", false),
            ("crates/servers/src/common.rs", false),
            ("crates/model/src/types.rs", false),
            ("crates/store/src/core/mod.rs", false),
            ("crates/cli/src/secret_service.rs", true),
            ("ui/src/parts/date-helper.ts", false),
            ("ui/src/views/Service.svelte", false),
            ("docs/guide/common.md", true),
        ] {
            assert_eq!(forbidden(&[file(path, "")]).is_empty(), tells, "{path}");
        }
    }
}
