//! Which crate may know which.

use anyhow::{Context, Result};
use serde_json::Value;

use super::Complaint;

/// What a crate must not depend on, in any way.
const FORBIDDEN: &[(&str, &[&str])] = &[
    ("watchstate-servers", &["watchstate-store", "watchstate-engine", "watchstate-api", "sqlx"]),
    ("watchstate-store", &["watchstate-servers", "watchstate-engine", "watchstate-api", "reqwest"]),
    ("watchstate-engine", &["watchstate-api"]),
];

/// The crate whose rules are pure: nothing but the language, except for its tests.
const PURE: &str = "watchstate-model";

/// The only package that may name Tauri.
const SHELL: &str = "watchstate";

/// Dependencies that the architecture forbids, from the answer of `cargo metadata`.
pub(super) fn forbidden(metadata: &Value) -> Result<Vec<Complaint>> {
    let packages = metadata["packages"].as_array().context("cargo metadata names no packages")?;
    let mut complaints = Vec::new();
    for package in packages {
        let name = package["name"].as_str().unwrap_or_default();
        let dependencies = package["dependencies"].as_array().map_or(&[][..], Vec::as_slice);
        for dependency in dependencies {
            let on = dependency["name"].as_str().unwrap_or_default();
            let only_tests = dependency["kind"].as_str() == Some("dev");
            let why = if name == PURE && !only_tests {
                "the model depends on nothing"
            } else if name != SHELL && (on == "tauri" || on.starts_with("tauri-")) {
                "only the root package knows Tauri"
            } else if FORBIDDEN.iter().any(|(from, to)| *from == name && to.contains(&on)) {
                "this edge is forbidden (docs/ARCHITECTURE.md)"
            } else {
                continue;
            };
            complaints.push(Complaint::new("Cargo.toml", 0, format!("{name} -> {on}: {why}")));
        }
    }
    Ok(complaints)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(from: &str, to: &str, kind: Option<&str>, is_forbidden: bool) {
        let metadata =
            json!({"packages": [{"name": from, "dependencies": [{"name": to, "kind": kind}]}]});
        let found = forbidden(&metadata).unwrap();
        assert_eq!(!found.is_empty(), is_forbidden, "{from} -> {to} ({kind:?}): {found:?}");
    }

    #[test]
    fn the_edges_of_the_house() {
        for (from, to, kind, is_forbidden) in [
            ("watchstate-model", "serde", None, true),
            ("watchstate-model", "cc", Some("build"), true),
            ("watchstate-model", "proptest", Some("dev"), false),
            ("watchstate-servers", "watchstate-model", None, false),
            ("watchstate-servers", "watchstate-store", None, true),
            ("watchstate-servers", "watchstate-engine", Some("dev"), true),
            ("watchstate-store", "watchstate-servers", None, true),
            ("watchstate-store", "reqwest", None, true),
            ("watchstate-store", "sqlx", None, false),
            ("watchstate-engine", "watchstate-store", None, false),
            ("watchstate-engine", "tauri", None, true),
            ("watchstate-api", "tauri-plugin-log", None, true),
            ("watchstate-cli", "tauri", None, true),
            ("watchstate", "tauri", None, false),
            ("watchstate", "tauri-build", Some("build"), false),
        ] {
            check(from, to, kind, is_forbidden);
        }
    }

    #[test]
    fn an_answer_without_packages_is_not_taken_for_a_tidy_one() {
        assert!(forbidden(&json!({})).is_err());
    }
}
