//! Tests of `candidates.rs`.

use std::collections::BTreeSet;

use proptest::prelude::*;
use rusqlite::Connection;

use super::super::sample::{add, database};
use super::{Candidates, RolloutKeys, candidates};
use crate::text::MAX_TOKEN_CHARS;
use crate::text::{LiteralMatcher, LowercaseMatcher};
use crate::words::{MAX_EXPANSION, MAX_OFFSET, WordScope, WordTable, WordWriter, remove, remove_rollout};

fn rows(conn: &Connection, term: &str, scope: WordScope) -> super::CandidateRows {
    match candidates(conn, term, scope).unwrap() {
        Candidates::Rows(rows) => rows,
        Candidates::All => panic!("{term:?} narrows nothing"),
    }
}

fn offsets(conn: &Connection, term: &str, rollout_key: i64) -> Vec<u64> {
    rows(conn, term, WordScope::Said)
        .offsets(conn, rollout_key, 0..u64::MAX, 100)
        .unwrap()
}

#[test]
fn candidates_are_found_by_rollout_and_offset() {
    let mut conn = database();
    add(
        &mut conn,
        &[
            (1, 0, "alpha beta"),
            (1, 900, "Beta gamma"),
            (3, 5, "alphabet"),
            (2, 7, "gamma"),
        ],
    );
    assert_eq!(offsets(&conn, "BETA", 1), [0, 900]);
    assert_eq!(offsets(&conn, "pha b", 1), [0]);
    assert_eq!(offsets(&conn, "beta", 2), [] as [u64; 0]);
    let keys = |term, max| rows(&conn, term, WordScope::Said).rollout_keys(&conn, max).unwrap();
    assert_eq!(keys("alpha", 9), RolloutKeys::Only(vec![1, 3]));
    assert_eq!(keys("nothing", 9), RolloutKeys::Only(vec![]));
    assert_eq!(keys("gamma", 2), RolloutKeys::Only(vec![1, 2]));
    assert_eq!(keys("gamma", 1), RolloutKeys::TooMany);
}

#[test]
fn ranges_and_counts_limit_the_offsets() {
    let mut conn = database();
    add(
        &mut conn,
        &[
            (1, 10, "x"),
            (1, 20, "x"),
            (1, 30, "x"),
            (1, MAX_OFFSET, "x"),
            (2, 0, "x"),
        ],
    );
    let found = |range, max| rows(&conn, "x", WordScope::Said).offsets(&conn, 1, range, max).unwrap();
    assert_eq!(found(10..30, 9), [10, 20]);
    assert_eq!(found(11..u64::MAX, 9), [20, 30, MAX_OFFSET]);
    assert_eq!(found(0..u64::MAX, 2), [10, 20]);
}

#[test]
fn hidden_documents_are_found_only_in_the_wide_scope() {
    let mut conn = database();
    let transaction = conn.transaction().unwrap();
    let mut writer = WordWriter::new(&transaction);
    writer.insert(WordTable::Said, 1, 10, &["walrus"]).unwrap();
    writer.insert(WordTable::Hidden, 1, 5, &["walrus"]).unwrap();
    writer.insert(WordTable::Hidden, 1, 10, &["walrus"]).unwrap();
    writer.insert(WordTable::Hidden, 2, 5, &["walrus"]).unwrap();
    transaction.commit().unwrap();
    let said = rows(&conn, "walrus", WordScope::Said);
    let both = rows(&conn, "walrus", WordScope::SaidAndHidden);
    assert_eq!(said.offsets(&conn, 1, 0..99, 9).unwrap(), [10]);
    assert_eq!(both.offsets(&conn, 1, 0..99, 9).unwrap(), [5, 10]);
    assert_eq!(said.rollout_keys(&conn, 9).unwrap(), RolloutKeys::Only(vec![1]));
    assert_eq!(both.rollout_keys(&conn, 9).unwrap(), RolloutKeys::Only(vec![1, 2]));
}

#[test]
fn terms_without_letters_or_digits_narrow_nothing() {
    let conn = database();
    for term in ["", " ", "_", "\"", "😀", "\\", "%$"] {
        assert_eq!(
            candidates(&conn, term, WordScope::Said).unwrap(),
            Candidates::All,
            "{term:?}"
        );
    }
}

#[test]
fn a_document_with_an_overlong_token_is_a_candidate_for_pieces_but_not_for_whole_words() {
    let mut conn = database();
    add(
        &mut conn,
        &[(1, 0, &"blob".repeat(MAX_TOKEN_CHARS)), (1, 1, "small blobs")],
    );
    assert_eq!(offsets(&conn, "blob", 1), [0, 1]);
    assert_eq!(offsets(&conn, "zebra", 1), [0]);
    assert_eq!(offsets(&conn, &"blob".repeat(MAX_TOKEN_CHARS / 2), 1), [0]);
    assert_eq!(offsets(&conn, "(blobs)", 1), [1]);
}

#[test]
fn as_many_tokens_as_the_limit_make_a_valid_expression() {
    let mut conn = database();
    let tokens: Vec<String> = (0..MAX_EXPANSION).map(|n| format!("common{n} x{n}common")).collect();
    add(&mut conn, &[(1, 0, &tokens.join(" ")), (1, 1, "other")]);
    assert_eq!(offsets(&conn, "common common", 1), [0]);
    assert_eq!(offsets(&conn, "(common", 1), [0]);
}

/// Texts in which every rule of the tokens can go wrong: cases that grow and shrink, scripts that change, marks.
fn any_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[a-zA-Z0-9]{1,6}",
        3 => "[ _.,\n\t\"\\\\/-]{1,2}",
        2 => "[ßẞſsSkK\u{212a}İıiIσςΣéÉ\u{301}\u{307}ǅǆﬁﬅﬆ\u{390}\u{1fd3}]{1,4}",
        2 => "[日本語データ漢件ภาษาไทย]{1,4}",
        1 => "[😀👨‍👩‍👧\u{fe0f}\u{200b}\u{feff}]{1,2}",
        1 => "\\PC{1,4}",
        1 => Just("long".repeat(20)),
    ];
    prop::collection::vec(piece, 1..8).prop_map(|pieces| pieces.concat())
}

fn swap_case(text: &str, how: u8) -> String {
    match how {
        0 => text.to_owned(),
        1 => text.to_lowercase(),
        2 => text.to_uppercase(),
        _ => text
            .chars()
            .flat_map(|c| {
                if c.is_lowercase() {
                    c.to_uppercase().collect::<Vec<_>>()
                } else {
                    c.to_lowercase().collect()
                }
            })
            .collect(),
    }
}

fn piece_of(text: &str, from: usize, len: usize) -> String {
    let count = text.chars().count();
    text.chars().skip(from % count).take(len).collect()
}

fn is_candidate(conn: &Connection, term: &str) -> bool {
    match candidates(conn, term, WordScope::Said).unwrap() {
        Candidates::All => true,
        Candidates::Rows(rows) => {
            rows.rollout_keys(conn, 9).unwrap() == RolloutKeys::Only(vec![1])
                && rows.offsets(conn, 1, 0..u64::MAX, 9).unwrap() == [4]
        }
    }
}

/// What becomes of a line of a small home.
#[derive(Debug, Clone)]
enum Change {
    Insert(WordTable, i64, u64),
    Remove(i64, u64),
    RemoveRollout(i64),
}

fn any_change() -> impl Strategy<Value = Change> {
    let table = || prop::sample::select(vec![WordTable::Said, WordTable::Hidden]);
    prop_oneof![
        8 => (table(), 1i64..4, 0u64..12).prop_map(|(table, key, offset)| Change::Insert(table, key, offset)),
        2 => (1i64..4, 0u64..12).prop_map(|(key, offset)| Change::Remove(key, offset)),
        1 => (1i64..4).prop_map(Change::RemoveRollout),
    ]
}

proptest! {
    #[test]
    fn ranges_of_rollouts_hold_exactly_the_documents_left(
        changes in prop::collection::vec(any_change(), 0..30),
        start in 0u64..12,
        max in 1usize..6,
    ) {
        let mut conn = database();
        let mut left: BTreeSet<(i64, u64)> = BTreeSet::new();
        for change in changes {
            let transaction = conn.transaction().unwrap();
            match change {
                Change::Insert(table, key, offset) => {
                    WordWriter::new(&transaction).insert(table, key, offset, &["walrus"]).unwrap();
                    left.insert((key, offset));
                }
                Change::Remove(key, offset) => {
                    remove(&transaction, key, offset).unwrap();
                    left.remove(&(key, offset));
                }
                Change::RemoveRollout(key) => {
                    remove_rollout(&transaction, key).unwrap();
                    left.retain(|(other, _)| *other != key);
                }
            }
            transaction.commit().unwrap();
        }
        let rows = rows(&conn, "walrus", WordScope::SaidAndHidden);
        let mut keys: Vec<i64> = left.iter().map(|(key, _)| *key).collect();
        keys.dedup();
        prop_assert_eq!(rows.rollout_keys(&conn, 99).unwrap(), RolloutKeys::Only(keys));
        for key in 1..4 {
            let expected: Vec<u64> =
                left.range((key, start)..(key, start.max(10))).map(|(_, offset)| *offset).take(max).collect();
            prop_assert_eq!(rows.offsets(&conn, key, start..10, max).unwrap(), expected);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn every_document_that_a_matcher_accepts_is_a_candidate(
        text in any_text(),
        (from, len, how) in (0usize..60, 1usize..20, 0u8..4),
    ) {
        let mut conn = database();
        add(&mut conn, &[(1, 4, &text)]);
        let term = swap_case(&piece_of(&text, from, len), how);
        let folding = LiteralMatcher::folding(&term).unwrap().snippet(&text).is_some();
        let lower = !LowercaseMatcher::new(&term).find_all(&text).is_empty();
        prop_assert!(how != 0 || lower, "a piece is not found in its own text");
        if folding || lower {
            prop_assert!(is_candidate(&conn, &term), "{term:?} misses {text:?}");
        }
    }

    #[test]
    fn a_foreign_document_does_not_hide_a_candidate(texts in prop::collection::vec(any_text(), 1..6), from in 0usize..60, len in 1usize..12) {
        let mut conn = database();
        let documents: Vec<(i64, u64, &str)> =
            texts.iter().zip(0..).map(|(text, at)| (7, at, text.as_str())).collect();
        add(&mut conn, &documents);
        let term = piece_of(&texts[0], from, len);
        if let Candidates::Rows(rows) = candidates(&conn, &term, WordScope::Said).unwrap() {
            let found = rows.offsets(&conn, 7, 0..u64::MAX, 99).unwrap();
            let matcher = LowercaseMatcher::new(&term);
            for (_, offset, text) in documents {
                prop_assert!(matcher.find_all(text).is_empty() || found.contains(&offset), "{term:?} misses {text:?}");
            }
        }
    }
}
