//! Tests of `parts.rs`.

use proptest::prelude::*;

use super::{MAX_IDENTIFIER_PARTS, PartKind, each_part};
use crate::text::MAX_TOKEN_CHARS;
use crate::words::tokens_of;

/// Parts as texts: identifiers in brackets, unspaced characters with `~`, too long words as `…`.
fn parts(text: &str) -> Vec<String> {
    let mut parts = Vec::new();
    each_part(text, |part| {
        parts.push(match part.kind {
            PartKind::Word => part.text.to_owned(),
            PartKind::Unspaced => format!("~{}", part.text),
            PartKind::Identifier { parts } => format!("[{parts} {}]", part.text),
            PartKind::Long => "…".to_owned(),
        });
    });
    parts
}

#[track_caller]
fn check(text: &str, expected: &[&str]) {
    assert_eq!(parts(text), expected, "{text:?}");
}

#[test]
fn identifiers_are_cut_where_case_says_so() {
    check(
        "parseHistoryBase",
        &["parse", "history", "base", "[3 parsehistorybase]"],
    );
    check("ParseHistory", &["parse", "history", "[2 parsehistory]"]);
    check("parse_history_base", &["parse", "history", "base"]);
    check("HTTPServer", &["http", "server", "[2 httpserver]"]);
    check("base64Text", &["base64", "text", "[2 base64text]"]);
    check("HTTP", &["http"]);
    check("Hello World", &["hello", "world"]);
    check("sha256sum", &["sha256sum"]);
    check("größeÄndern", &["größe", "ändern", "[2 größeändern]"]);
}

#[test]
fn paths_are_cut_into_segments() {
    check(
        "src/textIndex.rs:42",
        &["src", "text", "index", "[2 textindex]", "rs", "42"],
    );
    check("C:\\Temp\\a-b", &["c", "temp", "a", "b"]);
}

#[test]
fn unspaced_scripts_are_cut_into_characters() {
    check("Codex検索x", &["codex", "~検", "~索", "x"]);
}

#[test]
fn odd_characters_cut_as_in_the_index() {
    check("İstanbul", &["i", "stanbul"]);
    check("", &[]);
    check(" \u{0} ", &[]);
}

#[test]
fn words_at_the_limits_are_cut_and_longer_ones_are_not() {
    let longest = "x".repeat(MAX_TOKEN_CHARS);
    check(&longest, &[&longest]);
    check(&format!("{longest}y z"), &["…", "z"]);
    let parts_at_limit = "aB".repeat(MAX_IDENTIFIER_PARTS - 1);
    assert_eq!(
        parts(&parts_at_limit).len(),
        MAX_IDENTIFIER_PARTS + 1,
        "its parts and itself"
    );
    let more = "aB".repeat(MAX_IDENTIFIER_PARTS);
    check(&more, &[&more.to_lowercase()]);
}

#[test]
fn places_are_those_in_the_text() {
    let text = "é parseHTTPBody(検)";
    let mut found = Vec::new();
    each_part(text, |part| found.push(&text[part.range]));
    assert_eq!(found, ["é", "parse", "HTTP", "Body", "parseHTTPBody", "検"]);
}

proptest! {
    #[test]
    fn words_are_those_of_the_index(text in "[a-zA-Z0-9_ßİé検索 \n/.-]{0,40}|\\PC{0,40}") {
        let mut words = Vec::new();
        let mut pending: Vec<String> = Vec::new();
        let mut last_end = 0;
        each_part(&text, |part| match part.kind {
            PartKind::Unspaced => {}
            PartKind::Word => pending.push(part.text.to_owned()),
            PartKind::Identifier { parts } => {
                let glued: String = pending.split_off(pending.len() - parts).concat();
                assert_eq!(glued, part.text, "an identifier is its parts");
                words.append(&mut pending);
                words.push(glued);
            }
            PartKind::Long => {
                words.append(&mut pending);
                words.push("\u{2026}".to_owned());
            }
        });
        words.append(&mut pending);
        each_part(&text, |part| {
            assert!(part.range.end >= last_end && text.get(part.range.clone()).is_some());
            last_end = part.range.end;
        });
        let indexed: Vec<String> = tokens_of(&text).into_iter().filter(|token| token.is_ascii() || token == "\u{2026}"
            || !token.chars().any(|c| super::char_kind(c) == super::CharKind::Unspaced)).collect();
        prop_assert_eq!(words, indexed);
    }
}
