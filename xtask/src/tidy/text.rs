//! Rules that read any text.

use super::{Complaint, File};

const LONGEST: usize = 600;

/// Source files with more lines than one can keep in mind.
pub(super) fn too_long(files: &[File]) -> Vec<Complaint> {
    files
        .iter()
        .filter(|file| file.ends_with(&[".rs", ".ts", ".js", ".svelte", ".css", ".py", ".sh"]))
        .filter(|file| !is_generated(file))
        .filter_map(|file| {
            let lines = file.text.lines().count();
            let what = format!("{lines} lines: more than {LONGEST}; there are two rooms in it");
            (lines > LONGEST).then(|| Complaint::new(&file.path, 0, what))
        })
        .collect()
}

/// Whether a program wrote it: nobody has to keep that in mind.
fn is_generated(file: &File) -> bool {
    file.text.lines().take(3).any(|line| line.ends_with("; do not edit it."))
}

/// Folders that exist on one machine and not on another. In two parts, lest this file complain of itself.
const FOLDERS: &[&str] =
    &[concat!("/", "home/"), concat!("/", "root/"), concat!("/", "work/"), concat!("/", "tmp/")];

/// Paths of a machine in the project. Recordings of genuine servers say what these servers said.
pub(super) fn paths_of_a_machine(files: &[File]) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    let read = |file: &&File| !file.path.contains("/recordings/") && !file.path.ends_with(".lock");
    for file in files.iter().filter(read) {
        for (number, line) in file.text.lines().enumerate() {
            if let Some(folder) = FOLDERS.iter().find(|folder| names(line, folder)) {
                let what = format!("a path of a machine (`{folder}`)");
                complaints.push(Complaint::new(&file.path, number + 1, what));
            }
        }
    }
    complaints
}

/// Whether a line has an absolute path that begins with the folder: `…/api/home/users` has not.
fn names(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|letter| {
            letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.' | '}' | ')' | '*' | '$')
        })
    })
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    #[test]
    fn a_file_may_have_six_hundred_lines() {
        let lines = |count: usize| "line\n".repeat(count);
        assert!(too_long(&[file("crates/a/src/b.rs", &lines(600))]).is_empty());
        let generated = format!("// Written by a test; do not edit it.\n{}", lines(900));
        assert!(too_long(&[file("ui/src/contract.ts", &generated)]).is_empty());
        assert_eq!(too_long(&[file("crates/a/src/b.rs", &lines(601))]).len(), 1);
        assert!(too_long(&[file("Cargo.lock", &lines(9000))]).is_empty(), "not written by hand");
    }

    #[test]
    fn a_path_of_a_machine_is_found_and_a_path_of_an_address_is_not() {
        for (line, found) in [
            (concat!("let path = \"/", "home/ana/films\";"), true),
            (concat!("cd /", "work/project"), true),
            (concat!("/", "tmp/x"), true),
            (concat!("https://example.org/api/v2/", "home/users"), false),
            (concat!("format!(\"{base}/", "home/users\")"), false),
            (concat!("ui/", "work/a.ts"), false),
            ("/media/films/Dune.mkv", false),
        ] {
            let complaints = paths_of_a_machine(&[file("a.txt", line)]);
            assert_eq!(!complaints.is_empty(), found, "{line}");
        }
        let recorded =
            file("crates/servers/tests/recordings/kodi/a.json", concat!("/", "root/films"));
        assert!(paths_of_a_machine(&[recorded]).is_empty());
    }
}
