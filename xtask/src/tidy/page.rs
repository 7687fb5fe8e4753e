//! Who may import whom in the page of the window.

use super::{Complaint, File};

/// Imports of Tauri outside `ui/src/host`: everything else must run in a browser and in tests too.
pub(super) fn only_the_host_talks_to_tauri(files: &[File]) -> Vec<Complaint> {
    find(files, |path, from| {
        (from.starts_with("@tauri-apps/") && !path.starts_with("ui/src/host/"))
            .then_some("only ui/src/host talks to Tauri")
    })
}

/// Imports of one view by another: what both need is a part.
pub(super) fn no_view_imports_a_view(files: &[File]) -> Vec<Complaint> {
    find(files, |path, from| {
        let own = view(path)?;
        let other = view(&resolve(path, from))?.to_owned();
        (own != other).then_some("a view imports no view; what both need belongs in ui/src/parts")
    })
}

/// The complaints about single imports: a rule sees the file's path and what it imports.
fn find(files: &[File], rule: impl Fn(&str, &str) -> Option<&'static str>) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for file in files {
        if !file.path.starts_with("ui/src/") || !file.ends_with(&[".ts", ".js", ".svelte"]) {
            continue;
        }
        for (number, line) in file.text.lines().enumerate() {
            for from in imports(line) {
                if let Some(what) = rule(&file.path, from) {
                    complaints.push(Complaint::new(&file.path, number + 1, what));
                }
            }
        }
    }
    complaints
}

/// What a line imports: `from "x"`, `import "x"` and `import("x")`.
fn imports(line: &str) -> impl Iterator<Item = &str> {
    ["from ", "import ", "import("].into_iter().flat_map(move |word| {
        line.split(word).skip(1).filter_map(|rest| {
            let quote = rest.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
            rest[1..].split(quote).next()
        })
    })
}

/// The view that a file belongs to: the folder or file below `ui/src/views`.
fn view(path: &str) -> Option<&str> {
    let below = path.strip_prefix("ui/src/views/")?;
    let name = below.split('/').next()?;
    Some(name.split('.').next().unwrap_or(name))
}

/// The path that an import means, from the top folder.
fn resolve(path: &str, from: &str) -> String {
    if !from.starts_with('.') {
        return from.to_owned();
    }
    let mut parts: Vec<&str> = path.split('/').collect();
    parts.pop();
    for part in from.split('/') {
        match part {
            "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    #[test]
    fn tauri_is_imported_by_the_host_alone() {
        let line = "import { invoke } from \"@tauri-apps/api/core\";";
        let elsewhere =
            only_the_host_talks_to_tauri(&[file("ui/src/views/history/History.svelte", line)]);
        assert_eq!(elsewhere.len(), 1);
        assert!(only_the_host_talks_to_tauri(&[file("ui/src/host/tauri.ts", line)]).is_empty());
        let later = "  const core = await import('@tauri-apps/api/core');";
        assert_eq!(only_the_host_talks_to_tauri(&[file("ui/src/data/call.ts", later)]).len(), 1);
    }

    #[test]
    fn a_view_does_not_import_another() {
        for (path, from, allowed, why) in [
            ("ui/src/views/history/History.svelte", "../tasks/Tasks.svelte", false, "another view"),
            ("ui/src/views/history/History.svelte", "./Row.svelte", true, "its own row"),
            ("ui/src/views/history/History.svelte", "../../parts/Mark.svelte", true, "a part"),
            (
                "ui/src/views/history/deep/Row.svelte",
                "../../tasks/Tasks.svelte",
                false,
                "from deeper",
            ),
            ("ui/src/views/History.svelte", "./Tasks.svelte", false, "views without folders"),
            ("ui/src/App.svelte", "./views/history/History.svelte", true, "the app shows views"),
        ] {
            let found =
                no_view_imports_a_view(&[file(path, &format!("import X from \"{from}\";"))]);
            assert_eq!(found.is_empty(), allowed, "{why}");
        }
    }
}
