//! Tests of `matcher.rs`.

use std::ops::Range;

use proptest::prelude::*;

use super::{LiteralMatcher, LowercaseMatcher, MAX_TERM_BYTES, TermTooLong};

fn folding(term: &str) -> LiteralMatcher {
    LiteralMatcher::folding(term).unwrap()
}

fn check_folding(term: &str, text: &str, found: bool) {
    assert_eq!(folding(term).snippet(text).is_some(), found, "{term:?} in {text:?}");
}

/// A message as a line of a log, and whether the exact view finds the term in a file of this one line.
fn check_exact(term: &str, text: &str, found: bool) {
    let line = serde_json::json!({ "message": text }).to_string();
    let matcher = LiteralMatcher::exact_view(term).unwrap();
    let hit = matcher.raw_line_matches(line.as_bytes()) && matcher.snippet(text).is_some();
    assert_eq!(hit, found, "{term:?} in {text:?}");
}

fn lower(term: &str, text: &str) -> Vec<Range<usize>> {
    LowercaseMatcher::new(term).find_all(text)
}

fn check_lower(term: &str, text: &str, expected: &[(usize, usize)]) {
    let found: Vec<(usize, usize)> = lower(term, text)
        .into_iter()
        .map(|found| (found.start, found.end))
        .collect();
    assert_eq!(found, expected, "{term:?} in {text:?}");
}

#[test]
fn simple_folding_finds_case_variants_of_one_character() {
    check_folding("äö", "ok ÄÖ", true);
    check_folding("strasse", "İstanbul STRASSE ﬁne", true);
    check_folding("WIDGET", "beta widget", true);
    check_folding("k", "\u{212a}", true);
    check_folding("S", "ſ", true);
    check_folding("ß", "ẞ", true);
}

#[test]
fn simple_folding_does_not_expand_characters() {
    check_folding("straße", "STRASSE", false);
    check_folding("istanbul", "İstanbul", false);
    check_folding("fine", "ﬁne", false);
}

#[test]
fn terms_are_literals() {
    check_folding("a.c", "abc", false);
    check_folding("(?i)[a-z]+\\d{2}$", "x (?i)[A-Z]+\\d{2}$", true);
    check_folding("100%", "is 100% sure", true);
    check_folding("", "anything", true);
}

#[test]
fn white_space_of_any_kind_matches_outside_the_exact_view() {
    check_folding("slash new", "back\\slash\nnew line", true);
    check_folding("slash\nnew", "back\\slash\nnew line", true);
    check_folding("tab\there", "tab here", true);
    check_folding(" padded ", "x padded", true);
}

#[test]
fn the_exact_view_never_matches_across_line_breaks_and_tabs() {
    check_exact("slash new", "back\\slash\nnew line", false);
    check_exact("slash\nnew", "back\\slash\nnew line", false);
    check_exact("tab here", "tab\there", false);
    check_exact("tab\there", "tab\there", false);
}

#[test]
fn the_exact_view_escapes_the_term_like_json() {
    check_exact("\"inner\"", "quote \"inner\" back", true);
    check_exact("back\\slash", "back\\slash", true);
    check_exact("ÄÖ", "äö", true);
    check_exact("lorem ipsum", "x lorem ipsum y", true);
}

#[test]
fn the_exact_view_needs_the_term_in_some_raw_line() {
    let matcher = LiteralMatcher::exact_view("slash new").unwrap();
    assert!(matcher.raw_line_matches(br#"{"output":"a SLASH new one"}"#));
    assert!(!matcher.raw_line_matches(br#"{"message":"slash\nnew"}"#));
    assert!(folding("slash new").raw_line_matches(b"anything"));
}

#[test]
fn the_first_match_is_reported() {
    assert_eq!(folding("b").find("aBcb"), Some(1..2));
    assert_eq!(folding("b").find("acd"), None);
}

#[test]
fn the_longest_term_compiles_and_one_byte_more_is_refused() {
    let longest = "kß".repeat(MAX_TERM_BYTES / 3) + "x";
    assert_eq!(longest.len(), MAX_TERM_BYTES);
    assert!(
        LiteralMatcher::folding(&longest)
            .unwrap()
            .find(&longest.to_uppercase())
            .is_none()
    );
    assert!(LiteralMatcher::exact_view(&longest).unwrap().find(&longest).is_some());
    let error = LiteralMatcher::folding(&(longest + "y")).unwrap_err();
    assert_eq!(
        error,
        TermTooLong {
            bytes: MAX_TERM_BYTES + 1
        }
    );
}

#[test]
fn lower_casing_finds_all_matches_without_overlap() {
    check_lower("AA", "aaaAA", &[(0, 2), (2, 4)]);
    check_lower("widget", "Widget widGET", &[(0, 6), (7, 13)]);
    check_lower("x", "abc", &[]);
    check_lower("", "abc", &[]);
}

#[test]
fn lower_casing_keeps_line_breaks_significant() {
    check_lower("slash new", "slash\nnew", &[]);
    check_lower("slash\nnew", "slash\nnew", &[(0, 9)]);
}

#[test]
fn ranges_are_those_of_the_original_where_lower_case_is_longer_or_shorter() {
    // `İ` has 2 bytes, its lower case 3; `ẞ` has 3 bytes, its lower case 2; the Kelvin sign 3 and 1.
    check_lower("stanbul", "İstanbul", &[(2, 9)]);
    check_lower("ß", "aẞß", &[(1, 4), (4, 6)]);
    check_lower("k", "\u{212a}k", &[(0, 3), (3, 4)]);
    check_lower("needle", "İẞ\u{212a} NEEDLE İ needle", &[(9, 15), (19, 25)]);
}

#[test]
fn a_match_of_a_part_of_a_lower_cased_character_covers_it_whole() {
    check_lower("i", "İx", &[(0, 2)]);
    check_lower("\u{307}x", "İx", &[(0, 3)]);
    check_lower("xi", "xİ", &[(0, 3)]);
}

#[test]
fn sigma_is_lower_cased_without_regard_to_its_place() {
    check_lower("ΟΔΟΣ", "ΟΔΟΣΑ", &[(0, 8)]);
}

proptest! {
    #[test]
    fn ranges_lie_on_characters_and_contain_the_term(text in "[aAİẞ\u{212a}ß é\u{307}ik😀]{0,20}", term in "[aİßki\u{307}]{1,3}") {
        let mut end = 0;
        for found in lower(&term, &text) {
            prop_assert!(found.start < found.end);
            let matched = text[found.clone()].chars().flat_map(char::to_lowercase).collect::<String>();
            let wanted = term.chars().flat_map(char::to_lowercase).collect::<String>();
            prop_assert!(matched.contains(&wanted), "{matched:?} has no {wanted:?}");
            prop_assert!(found.end > end);
            end = found.end;
        }
    }

    #[test]
    fn a_piece_of_a_text_is_found_at_or_before_its_place(text in "\\PC{1,30}", from in 0usize..30, len in 1usize..5) {
        let chars: Vec<(usize, char)> = text.char_indices().collect();
        let from = from.min(chars.len() - 1);
        let piece: String = chars[from..].iter().take(len).map(|(_, c)| *c).collect();
        let found = lower(&piece.to_uppercase(), &text.to_uppercase());
        prop_assert!(!found.is_empty());
        prop_assert!(found[0].start <= text[..chars[from].0].to_uppercase().len());
    }
}
