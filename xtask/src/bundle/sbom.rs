//! The list of everything that is in the program (SBOM), in the form of CycloneDX 1.5.
//!
//! It is made from what Cargo and npm themselves have written down, and holds neither a time nor a random
//! number: the same sources give the same list.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

/// The package that is the program.
const PROGRAM: &str = "watchstate";

/// The list, from the answer of `cargo metadata` for one system, `Cargo.lock` and `package-lock.json`.
///
/// Tests, tools and what only runs while building are left out; they are in no package.
///
/// # Errors
/// When one of the three is not in the form that is known here.
pub(super) fn sbom(metadata: &Value, cargo_lock: &str, package_lock: &Value) -> Result<Value> {
    let mut list = List::default();
    let program = crates(metadata, &checksums(cargo_lock), &mut list)?;
    packages_of_the_page(package_lock, &program, &mut list)?;

    let Some(own) = list.components.remove(&program) else {
        bail!("the program is not among its own parts");
    };
    let mut own = own;
    own["type"] = "application".into();
    let dependencies: Vec<Value> =
        list.edges.iter().map(|(from, to)| json!({"ref": from, "dependsOn": to})).collect();
    Ok(json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"lifecycles": [{"phase": "build"}], "component": own},
        "components": list.components.into_values().collect::<Vec<_>>(),
        "dependencies": dependencies,
    }))
}

/// What was gathered so far, each by its package URL.
#[derive(Default)]
struct List {
    components: BTreeMap<String, Value>,
    edges: BTreeMap<String, BTreeSet<String>>,
}

/// Gathers the crates that the program is linked from. The package URL of the program.
fn crates(
    metadata: &Value,
    checksums: &BTreeMap<(String, String), String>,
    list: &mut List,
) -> Result<String> {
    let by_id = |list: &Value| -> BTreeMap<String, Value> {
        let list = list.as_array().map_or(&[][..], Vec::as_slice);
        list.iter().map(|one| (text(one, "id").to_owned(), one.clone())).collect()
    };
    let packages = by_id(&metadata["packages"]);
    let nodes = by_id(&metadata["resolve"]["nodes"]);
    let (start, program) = packages
        .iter()
        .find(|(_, package)| text(package, "name") == PROGRAM)
        .context("cargo metadata does not name the program")?;

    let mut open = vec![start.clone()];
    let mut seen: BTreeSet<String> = open.iter().cloned().collect();
    while let Some(id) = open.pop() {
        let package = packages.get(&id).with_context(|| format!("{id} is not described"))?;
        let node = nodes.get(&id).with_context(|| format!("{id} is not resolved"))?;
        let (name, version) = (text(package, "name"), text(package, "version"));
        let hash = checksums.get(&(name.to_owned(), version.to_owned()));
        list.components.insert(
            crate_url(package),
            component(
                &crate_url(package),
                name,
                version,
                package["license"].as_str(),
                hash.map(|hash| ("SHA-256", hash.clone())),
            ),
        );
        let edges = list.edges.entry(crate_url(package)).or_default();
        for dependency in node["deps"].as_array().map_or(&[][..], Vec::as_slice) {
            let kinds = dependency["dep_kinds"].as_array().map_or(&[][..], Vec::as_slice);
            // "dev" is for tests and "build" runs while building: neither is linked.
            if !kinds.iter().any(|kind| kind["kind"].is_null()) {
                continue;
            }
            let on = text(dependency, "pkg");
            edges.insert(crate_url(packages.get(on).with_context(|| on.to_owned())?));
            if seen.insert(on.to_owned()) {
                open.push(on.to_owned());
            }
        }
    }
    Ok(crate_url(program))
}

pub(super) fn crate_url(package: &Value) -> String {
    // The plus of a version is a sign of its own in a URL.
    let version = text(package, "version").replace('+', "%2B");
    format!("pkg:cargo/{}@{version}", text(package, "name"))
}

/// The SHA-256 of each crate that comes from a registry, by name and version, out of `Cargo.lock`.
fn checksums(cargo_lock: &str) -> BTreeMap<(String, String), String> {
    cargo_lock
        .split("[[package]]")
        .filter_map(|block| {
            let value = |key: &str| {
                block.lines().find_map(|line| {
                    let value = line.strip_prefix(key)?.strip_prefix(" = \"")?;
                    value.strip_suffix('"').map(str::to_owned)
                })
            };
            Some(((value("name")?, value("version")?), value("checksum")?))
        })
        .collect()
}

/// Gathers the packages that the page of the window is built from.
fn packages_of_the_page(lock: &Value, program: &str, list: &mut List) -> Result<()> {
    let packages = lock["packages"].as_object().context("package-lock.json has no packages")?;
    for (place, package) in packages.iter().filter(|(_, package)| is_in_the_page(package)) {
        let url = match place.as_str() {
            // The page itself is part of the program.
            "" => program.to_owned(),
            place => {
                let url = package_url(place, package);
                let hash = package["integrity"].as_str().map(sha512).transpose()?;
                list.components.insert(
                    url.clone(),
                    component(
                        &url,
                        name_at(place),
                        text(package, "version"),
                        package["license"].as_str(),
                        hash.map(|hash| ("SHA-512", hash)),
                    ),
                );
                url
            }
        };
        let edges = list.edges.entry(url).or_default();
        for kind in ["dependencies", "peerDependencies"] {
            for on in package[kind].as_object().into_iter().flat_map(Map::keys) {
                if let Some((place, found)) = found_from(packages, place, on)
                    && is_in_the_page(found)
                {
                    edges.insert(package_url(&place, found));
                }
            }
        }
    }
    Ok(())
}

fn is_in_the_page(package: &Value) -> bool {
    let set = |key: &str| package[key].as_bool().unwrap_or(false);
    !set("dev") && !set("devOptional") && !set("link")
}

/// `node_modules/a/node_modules/@b/c` is a place of `@b/c`.
fn name_at(place: &str) -> &str {
    place.rsplit_once("node_modules/").map_or(place, |(_, name)| name)
}

pub(super) fn package_url(place: &str, package: &Value) -> String {
    format!("pkg:npm/{}@{}", name_at(place).replace('@', "%40"), text(package, "version"))
}

/// The package that a name means at a place: the nearest one on the way up.
fn found_from<'a>(
    packages: &'a Map<String, Value>,
    place: &str,
    name: &str,
) -> Option<(String, &'a Value)> {
    let mut folder = place;
    loop {
        let at = match folder {
            "" => format!("node_modules/{name}"),
            folder => format!("{folder}/node_modules/{name}"),
        };
        if let Some(package) = packages.get(&at) {
            return Some((at, package));
        }
        if folder.is_empty() {
            return None;
        }
        folder = folder.rsplit_once("/node_modules/").map_or("", |(above, _)| above);
    }
}

/// npm writes `sha512-` and base64; the list wants hexadecimal digits.
fn sha512(integrity: &str) -> Result<String> {
    let hash = integrity
        .split_whitespace()
        .find_map(|one| one.strip_prefix("sha512-"))
        .with_context(|| format!("an unknown kind of checksum: {integrity}"))?;
    let bytes = STANDARD.decode(hash).context("a checksum that is not base64")?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn component(
    url: &str,
    name: &str,
    version: &str,
    licence: Option<&str>,
    hash: Option<(&str, String)>,
) -> Value {
    let mut component = json!({
        "type": "library",
        "bom-ref": url,
        "name": name,
        "version": version,
        "purl": url,
    });
    if let Some(licence) = licence {
        // The way in which old crates write it.
        let expression = licence.replace(" / ", "/").replace('/', " OR ");
        component["licenses"] = json!([{"expression": expression}]);
    }
    if let Some((algorithm, content)) = hash {
        component["hashes"] = json!([{"alg": algorithm, "content": content}]);
    }
    component
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

/// What is wrong with a list, in sentences; nothing when all is well.
pub(super) fn flaws(list: &Value) -> Vec<String> {
    let mut flaws = Vec::new();
    for (key, wanted) in [("bomFormat", json!("CycloneDX")), ("specVersion", json!("1.5"))] {
        if list[key] != wanted {
            flaws.push(format!("{key} is {}", list[key]));
        }
    }
    let components = list["components"].as_array().map_or(&[][..], Vec::as_slice);
    let own = &list["metadata"]["component"];
    if text(own, "name") != PROGRAM {
        flaws.push("it does not say which program it is of".into());
    }
    let mut known = BTreeSet::new();
    for one in components.iter().chain([own]) {
        let url = text(one, "bom-ref");
        if !known.insert(url) {
            flaws.push(format!("{url} is there twice"));
        }
        for key in ["bom-ref", "name", "version", "purl"] {
            if text(one, key).is_empty() {
                flaws.push(format!("{url} has no {key}"));
            }
        }
        if text(&one["licenses"][0], "expression").is_empty() {
            flaws.push(format!("{url} has no licence"));
        }
        let length = match text(&one["hashes"][0], "alg") {
            "SHA-256" => 64,
            "SHA-512" => 128,
            // What is ours came from no registry.
            _ if text(one, "name").starts_with(PROGRAM) => 0,
            other => {
                flaws.push(format!("{url} has a checksum of the kind `{other}`"));
                continue;
            }
        };
        let content = text(&one["hashes"][0], "content");
        if content.len() != length || !content.chars().all(|digit| digit.is_ascii_hexdigit()) {
            flaws.push(format!("{url} has a checksum that is none: `{content}`"));
        }
    }
    for edge in list["dependencies"].as_array().map_or(&[][..], Vec::as_slice) {
        let to = edge["dependsOn"].as_array().map_or(&[][..], Vec::as_slice);
        for end in to.iter().chain([&edge["ref"]]).filter_map(Value::as_str) {
            if !known.contains(end) {
                flaws.push(format!("{end} is depended on and not described"));
            }
        }
    }
    flaws
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = "version = 4\n\n[[package]]\nname = \"watchstate\"\nversion = \"0.1.0\"\n\
        dependencies = [\n \"linked\",\n]\n\n[[package]]\nname = \"linked\"\nversion = \"1.2.3\"\n\
        source = \"registry\"\nchecksum = \"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\"\n";

    fn metadata() -> Value {
        let package = |name: &str, version: &str, licence: &str| json!({"id": name, "name": name, "version": version, "license": licence});
        let on = |name: &str, kind: Value| json!({"pkg": name, "dep_kinds": [{"kind": kind}]});
        json!({
            "packages": [
                package("watchstate", "0.1.0", "MIT"),
                package("linked", "1.2.3", "MIT/Apache-2.0"),
                package("tests", "2.0.0", "MIT"),
                package("builds", "3.0.0", "MIT"),
            ],
            "resolve": {"nodes": [
                {"id": "watchstate", "deps": [
                    on("linked", Value::Null), on("tests", json!("dev")), on("builds", json!("build")),
                ]},
                {"id": "linked", "deps": []},
                {"id": "tests", "deps": []},
                {"id": "builds", "deps": []},
            ]},
        })
    }

    fn page() -> Value {
        let integrity = format!("sha512-{}", STANDARD.encode([7; 64]));
        json!({"packages": {
            "": {"name": "watchstate-ui", "dependencies": {"@lucide/svelte": "1"}, "devDependencies": {"vite": "8"}},
            "node_modules/@lucide/svelte": {
                "version": "1.48.0", "license": "ISC", "integrity": integrity,
                "peerDependencies": {"svelte": "^5"},
            },
            "node_modules/svelte": {
                "version": "5.0.0", "license": "MIT", "integrity": integrity,
                "dependencies": {"inner": "2"},
            },
            "node_modules/svelte/node_modules/inner": {"version": "2.0.0", "license": "MIT", "integrity": integrity},
            "node_modules/inner": {"version": "1.0.0", "license": "MIT", "integrity": integrity, "dev": true},
            "node_modules/vite": {"version": "8.0.0", "license": "MIT", "integrity": integrity, "dev": true},
        }})
    }

    fn list() -> Value {
        sbom(&metadata(), LOCK, &page()).unwrap()
    }

    fn one<'a>(list: &'a Value, name: &str) -> &'a Value {
        let all = list["components"].as_array().unwrap();
        all.iter().find(|component| component["name"] == name).unwrap()
    }

    fn names(list: &Value) -> Vec<&str> {
        list["components"].as_array().unwrap().iter().map(|one| text(one, "name")).collect()
    }

    #[test]
    fn what_is_in_the_program_is_listed_and_what_is_not_is_not() {
        assert_eq!(names(&list()), ["linked", "@lucide/svelte", "inner", "svelte"]);
    }

    #[test]
    fn each_part_says_its_version_licence_and_checksum() {
        let list = list();
        let linked = one(&list, "linked");
        assert_eq!(linked["purl"], "pkg:cargo/linked@1.2.3");
        assert_eq!(linked["licenses"][0]["expression"], "MIT OR Apache-2.0");
        assert_eq!(linked["hashes"][0]["alg"], "SHA-256");
        let icons = one(&list, "@lucide/svelte");
        assert_eq!(icons["purl"], "pkg:npm/%40lucide/svelte@1.48.0");
        assert_eq!(icons["hashes"][0]["content"], "07".repeat(64));
        assert_eq!(list["metadata"]["component"]["type"], "application");
    }

    #[test]
    fn who_needs_whom_is_told_with_the_nearest_of_two_versions() {
        let list = list();
        let of = |url: &str| -> Value {
            let edges = list["dependencies"].as_array().unwrap();
            edges.iter().find(|edge| edge["ref"] == url).unwrap()["dependsOn"].clone()
        };
        assert_eq!(
            of("pkg:cargo/watchstate@0.1.0"),
            json!(["pkg:cargo/linked@1.2.3", "pkg:npm/%40lucide/svelte@1.48.0"])
        );
        assert_eq!(of("pkg:npm/%40lucide/svelte@1.48.0"), json!(["pkg:npm/svelte@5.0.0"]));
        assert_eq!(of("pkg:npm/svelte@5.0.0"), json!(["pkg:npm/inner@2.0.0"]));
    }

    #[test]
    fn a_whole_list_has_no_flaw_and_a_broken_one_says_which() {
        assert_eq!(flaws(&list()), [""; 0]);
        type Break = fn(&mut Value);
        let broken: [(Break, &str); 6] = [
            (|list| list["bomFormat"] = json!("SPDX"), "bomFormat is"),
            (|list| list["components"][0]["licenses"] = json!([]), "has no licence"),
            (|list| list["components"][0]["hashes"] = json!([]), "has a checksum of the kind"),
            (|list| list["components"][1]["hashes"][0]["content"] = json!("07"), "that is none"),
            (|list| list["components"][1] = list["components"][0].clone(), "is there twice"),
            (|list| list["dependencies"][0]["ref"] = json!("pkg:cargo/gone@1"), "not described"),
        ];
        for (break_it, says) in broken {
            let mut list = list();
            break_it(&mut list);
            let flaws = flaws(&list);
            assert!(flaws.iter().any(|flaw| flaw.contains(says)), "{says}: {flaws:?}");
        }
    }
}
