//! Tests of `snippet.rs`.

use super::{OccurrenceSnippet, SNIPPET_CHARS_AFTER, SNIPPET_CHARS_BEFORE, occurrence_snippet, search_snippet};

const BEFORE: usize = SNIPPET_CHARS_BEFORE;
const AFTER: usize = SNIPPET_CHARS_AFTER;

fn check_search(text: &str, term: &str, expected: &str) {
    let start = text.find(term).unwrap();
    assert_eq!(search_snippet(text, start..start + term.len()), expected);
}

fn check_occurrence(text: &str, term: &str, (snippet, start, end): (&str, usize, usize)) {
    let at = text.find(term).unwrap();
    let expected = OccurrenceSnippet {
        text: snippet.to_owned(),
        match_start_utf16: start,
        match_end_utf16: end,
    };
    assert_eq!(occurrence_snippet(text, at..at + term.len()), expected);
}

#[test]
fn a_recorded_answer_is_met() {
    let line = |n: usize| format!("lorem ipsum é😀 needle{n} dolor 00000{} ", n + 1);
    let text: String = (38..50).map(line).collect();
    let expected = "... m ipsum é😀 needle41 dolor 0000042 lorem ipsum é😀 needle42 dolor 0000043 lorem ipsum é😀 needle43 \
                    dolor 0000044 lorem ipsum é😀 needle44 dolor 0000045 lorem ...";
    check_search(text.trim(), "needle42", expected);
    check_occurrence(text.trim(), "needle42", (expected, 55, 63));
}

#[test]
fn short_texts_are_shown_whole() {
    check_search("Hello plain legacy", "plain", "Hello plain legacy");
    check_occurrence("Hello plain legacy", "plain", ("Hello plain legacy", 6, 11));
}

#[test]
fn as_many_characters_as_are_shown_are_not_cut() {
    let text = format!("{}X{}", "a".repeat(BEFORE), "b".repeat(AFTER));
    check_search(&text, "X", &text);
    check_occurrence(&text, "X", (&text, BEFORE, BEFORE + 1));
}

#[test]
fn one_character_more_is_cut_and_marked() {
    let text = format!("{}X{}", "a".repeat(BEFORE + 1), "b".repeat(AFTER + 1));
    let shown = format!("... {}X{} ...", "a".repeat(BEFORE), "b".repeat(AFTER));
    check_search(&text, "X", &shown);
    check_occurrence(&text, "X", (&shown, BEFORE + 4, BEFORE + 5));
}

#[test]
fn characters_count_not_bytes() {
    let text = format!("{}X{}", "é".repeat(BEFORE + 1), "日".repeat(AFTER + 1));
    check_search(
        &text,
        "X",
        &format!("... {}X{} ...", "é".repeat(BEFORE), "日".repeat(AFTER)),
    );
}

#[test]
fn a_search_snippet_is_trimmed_before_it_is_marked() {
    let text = format!("zz {}X{} zz", "a".repeat(BEFORE - 1), "b".repeat(AFTER - 1));
    check_search(
        &text,
        "X",
        &format!("... {}X{} ...", "a".repeat(BEFORE - 1), "b".repeat(AFTER - 1)),
    );
}

#[test]
fn an_occurrence_snippet_keeps_white_space() {
    let text = format!("z \n{}X\n", "a".repeat(BEFORE - 2));
    check_occurrence(
        &text,
        "X",
        (&format!("...  \n{}X\n", "a".repeat(BEFORE - 2)), BEFORE + 4, BEFORE + 5),
    );
}

#[test]
fn match_offsets_are_utf16_code_units() {
    check_occurrence("é😀 needle😀42 x", "needle😀42", ("é😀 needle😀42 x", 4, 14));
}

#[test]
fn the_context_is_measured_from_both_ends_of_the_match() {
    let term = "m".repeat(300);
    let text = format!("{}{term}{}", "a".repeat(BEFORE + 9), "b".repeat(AFTER + 9));
    check_search(
        &text,
        &term,
        &format!("... {}{term}{} ...", "a".repeat(BEFORE), "b".repeat(AFTER)),
    );
}
