//! Rules that read Rust, as tokens: what stands in a string or a comment is not code.

use std::path::Path;
use std::str::FromStr;

use anyhow::{Result, anyhow};
use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::{Complaint, File};

/// Methods that end the program where an error should travel on.
const METHODS: &[&str] = &["unwrap", "expect", "unwrap_err", "expect_err"];

/// Macros that do.
const MACROS: &[&str] = &["panic", "todo", "unimplemented"];

/// What must not stand in code that runs outside tests, and no test that is left out.
pub(super) fn careless(files: &[File]) -> Result<Vec<Complaint>> {
    let rust: Vec<_> = files.iter().filter(|file| file.ends_with(&[".rs"])).collect();
    let mut parsed = Vec::new();
    let mut only_tests = Vec::new();
    for file in &rust {
        let tokens = TokenStream::from_str(&file.text)
            .map_err(|error| anyhow!("{}: not readable as Rust: {error}", file.path))?;
        let trees: Vec<TokenTree> = tokens.into_iter().collect();
        only_tests.extend(modules_of_tests(&file.path, &trees));
        parsed.push((file, trees));
    }
    let mut complaints = Vec::new();
    for (file, trees) in &parsed {
        let in_tests = is_of_tests(&file.path)
            || only_tests.iter().any(|module| is_of_module(&file.path, module));
        search(&file.path, trees, in_tests, &mut complaints);
    }
    Ok(complaints)
}

/// Files whose first words do not say what they are for.
pub(super) fn without_purpose(files: &[File]) -> Vec<Complaint> {
    files
        .iter()
        .filter(|file| file.ends_with(&[".rs"]) && !is_of_tests(&file.path))
        .filter(|file| {
            let first = file.text.lines().find(|line| {
                !line.trim().is_empty() && !line.starts_with("#!") && !line.starts_with("// ")
            });
            !first.is_some_and(|line| line.starts_with("//!"))
        })
        .map(|file| Complaint::new(&file.path, 0, "no `//!` at its head says what it is for"))
        .collect()
}

/// Whether a file is all tests by where it lies.
fn is_of_tests(path: &str) -> bool {
    let mut parts = path.split('/');
    parts.any(|part| matches!(part, "tests" | "benches" | "tests.rs"))
}

/// The modules that a file declares for tests only: `#[cfg(test)] mod laws;`. As paths without an ending.
fn modules_of_tests(path: &str, trees: &[TokenTree]) -> Vec<String> {
    let path = Path::new(path);
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let folder = path.parent().unwrap_or(Path::new(""));
    let folder = match stem.as_ref() {
        "lib" | "main" | "mod" => folder.to_path_buf(),
        stem => folder.join(stem),
    };
    let mut modules = Vec::new();
    let mut marked = false;
    for (at, tree) in trees.iter().enumerate() {
        match tree {
            TokenTree::Group(group) if is_attribute(trees, at) => {
                marked |= is_only_for_tests(&group.stream());
            }
            TokenTree::Ident(word) if word == "mod" => {
                if let (true, Some(TokenTree::Ident(name)), Some(TokenTree::Punct(end))) =
                    (marked, trees.get(at + 1), trees.get(at + 2))
                    && end.as_char() == ';'
                {
                    modules
                        .push(folder.join(name.to_string()).to_string_lossy().replace('\\', "/"));
                }
            }
            TokenTree::Punct(end) if end.as_char() == ';' => marked = false,
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => marked = false,
            _ => {}
        }
    }
    modules
}

fn is_of_module(path: &str, module: &str) -> bool {
    path.strip_prefix(module).is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
}

/// Whether the group at a place is the bracket of an attribute, `#[…]` or `#![…]`.
fn is_attribute(trees: &[TokenTree], at: usize) -> bool {
    let is = |tree: Option<&TokenTree>, sign| matches!(tree, Some(TokenTree::Punct(punct)) if punct.as_char() == sign);
    let before = |steps: usize| at.checked_sub(steps).and_then(|at| trees.get(at));
    matches!(&trees[at], TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket)
        && (is(before(1), '#') || (is(before(1), '!') && is(before(2), '#')))
}

/// Whether an attribute says that what follows is compiled for tests only.
fn is_only_for_tests(attribute: &TokenStream) -> bool {
    let text: String = attribute.to_string().split_whitespace().collect();
    text == "test"
        || text.ends_with("::test")
        || text.starts_with("tokio::test")
        || text.starts_with("cfg(test)")
        || text.starts_with("cfg(all(test,")
}

/// Looks through tokens and all groups in them; what is marked for tests is looked at as such.
fn search(path: &str, trees: &[TokenTree], in_tests: bool, complaints: &mut Vec<Complaint>) {
    let mut marked = false;
    for (at, tree) in trees.iter().enumerate() {
        let line = tree.span().start().line;
        match tree {
            TokenTree::Group(group) if is_attribute(trees, at) => {
                let attribute = group.stream();
                marked |= is_only_for_tests(&attribute);
                if attribute.to_string().split_whitespace().next() == Some("ignore") {
                    let what = "a test that is left out: assert what is wrong today instead";
                    complaints.push(Complaint::new(path, line, what));
                }
            }
            TokenTree::Group(group) => {
                let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                search(path, &inner, in_tests || marked, complaints);
                if group.delimiter() == Delimiter::Brace {
                    marked = false;
                }
            }
            TokenTree::Punct(end) if end.as_char() == ';' => marked = false,
            TokenTree::Ident(word) if !in_tests && !marked => {
                if let Some(what) = ends_the_program(trees, at, &word.to_string()) {
                    complaints.push(Complaint::new(path, line, what));
                }
            }
            _ => {}
        }
    }
}

/// What is wrong with the word at a place, if it is a call that ends the program.
fn ends_the_program(trees: &[TokenTree], at: usize, word: &str) -> Option<String> {
    let sign = |at: usize| match trees.get(at) {
        Some(TokenTree::Punct(punct)) => Some(punct.as_char()),
        _ => None,
    };
    let called = matches!(trees.get(at + 1), Some(TokenTree::Group(group))
        if group.delimiter() == Delimiter::Parenthesis);
    if METHODS.contains(&word) && called && at.checked_sub(1).and_then(sign) == Some('.') {
        return Some(format!("`.{word}(…)` outside tests: hand the error on"));
    }
    let is_call = matches!(trees.get(at + 2), Some(TokenTree::Group(_)));
    if MACROS.contains(&word) && sign(at + 1) == Some('!') && is_call {
        return Some(format!("`{word}!` outside tests: return an error"));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    /// The lines that are complained of in one file.
    fn lines(path: &str, text: &str) -> Vec<usize> {
        careless(&[file(path, text)]).unwrap().into_iter().map(|complaint| complaint.line).collect()
    }

    #[test]
    fn calls_that_end_the_program_are_found_by_line() {
        let text = "fn a() {\n    b().unwrap();\n    c().expect(\"d\");\n    panic!(\"e\");\n}\n\
                    fn f() { todo!() }\nfn g() { unimplemented!() }";
        assert_eq!(lines("crates/a/src/lib.rs", text), [2, 3, 4, 6, 7]);
    }

    #[test]
    fn what_only_looks_like_one_is_left_alone() {
        for (text, why) in [
            (
                "/// Never `.unwrap()` here.\nfn a() { b().unwrap_or(1); }",
                "a comment, another method",
            ),
            ("const A: &str = \".unwrap() panic!()\";", "a string"),
            ("#[expect(dead_code, reason = \"b\")]\nfn a() {}", "an attribute of that name"),
            ("fn a(expect: u8) { expect; unwrap(expect) }", "names and functions of one's own"),
            ("#[should_panic]\nfn a() {}", "an attribute"),
        ] {
            assert_eq!(lines("crates/a/src/lib.rs", text), [0; 0], "{why}");
        }
    }

    #[test]
    fn tests_may_end_the_program() {
        let text = "#[cfg(test)]\nmod tests {\n    fn a() { b().unwrap(); }\n}\n\
                    #[cfg(test)]\nfn c() -> u8 { d().expect(\"e\") }\n\
                    #[tokio::test]\nasync fn f() { g().unwrap(); }\n\
                    fn h() { i().unwrap(); }";
        assert_eq!(lines("crates/a/src/lib.rs", text), [9], "only what follows the tests");
        assert_eq!(lines("crates/a/tests/b.rs", "fn a() { b().unwrap(); }"), [0; 0]);
        assert_eq!(lines("crates/a/src/b/tests.rs", "fn a() { b().unwrap(); }"), [0; 0]);
    }

    #[test]
    fn a_file_that_is_declared_for_tests_only_is_one_of_tests() {
        let declared = |at: &str| {
            let files = [
                file("crates/a/src/lib.rs", "#[cfg(test)]\nmod sample;\nmod other;"),
                file(at, "//! A.\nfn a() { b().unwrap(); }"),
            ];
            careless(&files).unwrap().is_empty()
        };
        assert!(declared("crates/a/src/sample.rs"));
        assert!(declared("crates/a/src/sample/films.rs"), "and what lies below it");
        assert!(!declared("crates/a/src/other.rs"), "the mark is for one module only");
        assert!(!declared("crates/b/src/sample.rs"), "of another crate");
    }

    #[test]
    fn a_test_that_is_left_out_is_found_in_tests_too() {
        let text = "#[test]\n#[ignore = \"slow\"]\nfn a() {}";
        assert_eq!(lines("crates/a/tests/b.rs", text), [2]);
    }

    #[test]
    fn a_file_says_at_its_head_what_it_is_for() {
        for (text, says) in [
            ("//! For this.\nfn a() {}", true),
            ("#![forbid(unsafe_code)]\n\n//! For this.", true),
            ("fn a() {}", false),
            ("/// Of the function.\nfn a() {}", false),
            ("", false),
        ] {
            assert_eq!(
                without_purpose(&[file("crates/a/src/b.rs", text)]).is_empty(),
                says,
                "{text}"
            );
        }
        assert!(without_purpose(&[file("crates/a/tests/b.rs", "")]).is_empty());
    }
}
