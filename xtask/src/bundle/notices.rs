//! The licence texts of everything that is in the program, which their authors ask to be passed on with it.
//!
//! The texts are those that lie beside the sources the program was built from. The same text is printed once,
//! under the names of all that come with it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;

use super::sbom;

/// The name of the file in the packages.
pub(super) const FILE: &str = "third-party.txt";
/// Beginnings of the names under which licences and what belongs to them are kept.
const NAMES: &[&str] =
    &["LICENSE", "LICENCE", "COPYING", "COPYRIGHT", "NOTICE", "UNLICENSE", "AUTHORS"];
/// A longer one is no licence.
const LONGEST: u64 = 256 * 1024;

/// One part of the program that others wrote.
struct Part {
    /// Name and version.
    name: String,
    /// Its licence as an expression, where it says one.
    licence: String,
    /// Where its sources lie.
    folder: PathBuf,
}

/// All texts, from the list of what is in the program and where the sources lie.
///
/// # Errors
/// When a part of the list has no sources, or they cannot be read: then something else was built than is listed.
pub(super) fn notices(list: &Value, metadata: &Value, lock: &Value, page: &Path) -> Result<String> {
    let mut folders = BTreeMap::new();
    for package in metadata["packages"].as_array().map_or(&[][..], Vec::as_slice) {
        let manifest = Path::new(package["manifest_path"].as_str().unwrap_or_default());
        folders.insert(sbom::crate_url(package), manifest.parent().map(Path::to_path_buf));
    }
    for (place, package) in lock["packages"].as_object().into_iter().flatten() {
        folders.insert(sbom::package_url(place, package), Some(page.join(place)));
    }
    let mut parts = Vec::new();
    for one in list["components"].as_array().map_or(&[][..], Vec::as_slice) {
        let word = |key: &str| one[key].as_str().unwrap_or_default();
        // What is ours came from no registry, and is under the licence of the program.
        if one["hashes"].is_null() {
            continue;
        }
        let name = format!("{} {}", word("name"), word("version"));
        let folder = folders.remove(word("purl")).flatten();
        parts.push(Part {
            folder: folder.with_context(|| format!("the sources of {name} are nowhere"))?,
            licence: one["licenses"][0]["expression"].as_str().unwrap_or_default().to_owned(),
            name,
        });
    }
    written(&parts)
}

fn written(parts: &[Part]) -> Result<String> {
    let mut texts: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    let mut without = Vec::new();
    for part in parts {
        let own = texts_of(&part.folder).with_context(|| part.name.clone())?;
        if own.is_empty() {
            without.push(part);
        }
        for text in own {
            texts.entry(text).or_default().insert(&part.name);
        }
    }
    let mut out = String::from(
        "WatchState contains the works of others, named here with the terms under which they are passed on.\n",
    );
    for part in without {
        write!(out, "\n{}: {}; its sources hold no text of it.\n", part.name, part.licence)?;
    }
    for (text, names) in texts {
        let line = "-".repeat(78);
        let names: Vec<&str> = names.into_iter().collect();
        write!(out, "\n{line}\n{}\n{line}\n\n{text}\n", names.join("\n"))?;
    }
    Ok(out)
}

/// The texts that lie in a folder of sources.
fn texts_of(folder: &Path) -> Result<Vec<String>> {
    let mut texts = Vec::new();
    for entry in
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?
    {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().to_uppercase();
        let about = entry.metadata()?;
        let is_one = NAMES.iter().any(|known| name.starts_with(known));
        if is_one && about.is_file() && about.len() <= LONGEST {
            let bytes = fs::read(entry.path())?;
            let text = String::from_utf8_lossy(&bytes).replace("\r\n", "\n");
            texts.push(text.trim_matches('\n').trim_end().to_owned());
        }
    }
    texts.retain(|text| !text.is_empty());
    texts.sort();
    Ok(texts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        folder
    }

    fn list(names: &[&str]) -> Value {
        let component = |name: &&str| {
            json!({
                "name": name, "version": "1.0.0", "purl": format!("pkg:cargo/{name}@1.0.0"),
                "licenses": [{"expression": "MIT"}], "hashes": [{"alg": "SHA-256"}],
            })
        };
        let own = json!({"name": "watchstate-model", "version": "1.0.0", "purl": "pkg:cargo/watchstate-model@1.0.0"});
        let all: Vec<Value> = names.iter().map(component).chain([own]).collect();
        json!({ "components": all })
    }

    fn metadata(of: &[(&str, &tempfile::TempDir)]) -> Value {
        let package = |(name, folder): &(&str, &tempfile::TempDir)| {
            let manifest = folder.path().join("Cargo.toml");
            json!({"name": name, "version": "1.0.0", "manifest_path": manifest})
        };
        json!({"packages": of.iter().map(package).collect::<Vec<_>>()})
    }

    #[test]
    fn the_same_text_is_printed_once_for_all_that_come_with_it() {
        let a = folder(&[("LICENSE-MIT", "Do as you like.\r\n"), ("README", "no licence")]);
        let b = folder(&[("license", "\nDo as you like.\n"), ("NOTICE.md", "By B.")]);
        let said = notices(
            &list(&["a", "b"]),
            &metadata(&[("a", &a), ("b", &b)]),
            &json!({}),
            Path::new("ui"),
        )
        .unwrap();
        assert_eq!(said.matches("Do as you like.").count(), 1, "{said}");
        assert!(said.contains("\na 1.0.0\nb 1.0.0\n"), "{said}");
        assert!(said.contains("By B."), "{said}");
        assert!(!said.contains("no licence"), "{said}");
        assert!(!said.contains("watchstate-model"), "what is ours needs no notice: {said}");
    }

    #[test]
    fn a_part_without_a_text_is_named_with_its_licence() {
        let a = folder(&[]);
        let said = notices(&list(&["a"]), &metadata(&[("a", &a)]), &json!({}), Path::new("ui"));
        assert!(said.unwrap().contains("a 1.0.0: MIT; its sources hold no text of it."));
    }

    #[test]
    fn packages_of_the_page_are_found_where_npm_put_them() {
        let page = tempfile::tempdir().unwrap();
        let place = page.path().join("node_modules/@x/y");
        fs::create_dir_all(&place).unwrap();
        fs::write(place.join("LICENSE"), "ISC it is.").unwrap();
        let list = json!({"components": [{
            "name": "@x/y", "version": "2.0.0", "purl": "pkg:npm/%40x/y@2.0.0", "hashes": [{}],
        }]});
        let lock = json!({"packages": {"node_modules/@x/y": {"version": "2.0.0"}}});
        let said = notices(&list, &json!({}), &lock, page.path()).unwrap();
        assert!(said.contains("@x/y 2.0.0\n") && said.contains("ISC it is."), "{said}");
    }

    #[test]
    fn a_part_whose_sources_are_nowhere_is_refused() {
        let said = notices(&list(&["gone"]), &json!({}), &json!({}), Path::new("ui"));
        assert!(said.unwrap_err().to_string().contains("the sources of gone 1.0.0"));
    }
}
