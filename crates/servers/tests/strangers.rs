//! What reads bytes of strangers, fed with the corpus of the fuzz targets and with what becomes of it when
//! pieces are changed, doubled, cut off and mixed.
//!
//! The fuzzer (`cargo xtask fuzz`) looks further, where it can be built; this runs everywhere.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::Path;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::TestRunner;
use targets::{TARGETS, Target};

#[allow(unreachable_pub, reason = "the file is a crate of its own for the fuzzer")]
#[path = "../../../fuzz/src/lib.rs"]
mod targets;

/// The committed inputs of a target, in the order of their names.
fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let files = std::fs::read_dir(&folder).unwrap_or_else(|_| panic!("no corpus of {target}"));
    let mut paths: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(|path| std::fs::read(path).unwrap()).collect()
}

/// A change of an input. Places are told relative to its length.
#[derive(Clone, Debug)]
enum Change {
    /// Another byte at a place.
    Byte(Index, u8),
    /// A piece is left out, from the first place to the second.
    Without(Index, Index),
    /// A piece is there once more.
    Twice(Index, Index),
    /// Something is put in at a place.
    Put(Index, Vec<u8>),
    /// What follows a place is that of another input.
    Other(Index, Index, Index),
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let place = any::<Index>;
    let word = select(vec![
        &b"\0"[..],
        b"\xff",
        b"\n",
        b"\"",
        b"\\",
        b"\\ud800",
        b"{",
        b"}",
        b"[",
        b",",
        b":",
        b"null",
        b"-1",
        b"1e999",
        b"18446744073709551616",
        b"\r\n--x\r\n",
        b"\r\n--x--",
        b"%00",
        b"&",
        b"=",
    ]);
    let put = prop_oneof![
        word.prop_map(<[u8]>::to_vec),
        vec(any::<u8>(), 1..20),
        (select(b"[{\"\\ 0-".to_vec()), 1..3000_usize).prop_map(|(byte, times)| vec![byte; times]),
    ];
    let change = prop_oneof![
        (place(), any::<u8>()).prop_map(|(at, byte)| Change::Byte(at, byte)),
        (place(), place()).prop_map(|(from, to)| Change::Without(from, to)),
        (place(), place()).prop_map(|(from, to)| Change::Twice(from, to)),
        (place(), put).prop_map(|(at, what)| Change::Put(at, what)),
        (place(), place(), place()).prop_map(|(at, other, from)| Change::Other(at, other, from)),
    ];
    vec(change, 1..8)
}

fn apply(change: &Change, input: &mut Vec<u8>, corpus: &[Vec<u8>]) {
    let ends = input.len() + 1;
    let piece = |from: &Index, to: &Index| {
        let (from, to) = (from.index(ends), to.index(ends));
        from.min(to)..from.max(to)
    };
    match change {
        Change::Byte(at, byte) => {
            if let Some(place) = input.get_mut(at.index(ends)) {
                *place = *byte;
            }
        }
        Change::Without(from, to) => drop(input.drain(piece(from, to))),
        Change::Twice(from, to) => {
            let piece = piece(from, to);
            let copy = input[piece.clone()].to_vec();
            input.splice(piece.start..piece.start, copy);
        }
        Change::Put(at, what) => {
            let at = at.index(ends);
            input.splice(at..at, what.iter().copied());
        }
        Change::Other(at, other, from) => {
            let other = &corpus[other.index(corpus.len())];
            input.truncate(at.index(ends));
            input.extend(&other[from.index(other.len() + 1)..]);
        }
    }
}

/// The corpus, and several thousand inputs that are made of it: always the same ones.
fn fed(name: &str, target: Target) {
    let corpus = corpus(name);
    assert!(corpus.len() >= 10, "{name}: a corpus of {} inputs", corpus.len());
    corpus.iter().for_each(|input| target(input));
    let config = ProptestConfig { cases: 4000, failure_persistence: None, ..Default::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRunner::deterministic().rng().clone());
    let made = (any::<Index>(), changes()).prop_map(|(start, changes)| {
        let mut input = corpus[start.index(corpus.len())].clone();
        changes.iter().for_each(|change| apply(change, &mut input, &corpus));
        input
    });
    runner
        .run(&made, |input| {
            target(&input);
            Ok(())
        })
        .unwrap_or_else(|error| panic!("{name}: {error}"));
}

#[test]
fn nothing_that_is_sent_ends_the_program() {
    for (name, target) in TARGETS {
        fed(name, *target);
    }
}
