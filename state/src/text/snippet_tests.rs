use super::{OccurrenceSnippet, occurrence_snippet, search_snippet};

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
fn short_texts_are_shown_whole() {
    check_search("Hello plain legacy", "plain", "Hello plain legacy");
    check_occurrence("Hello plain legacy", "plain", ("Hello plain legacy", 6, 11));
}

#[test]
fn forty_eight_characters_before_and_ninety_six_after_fit() {
    let text = format!("{}X{}", "a".repeat(48), "b".repeat(96));
    check_search(&text, "X", &text);
    check_occurrence(&text, "X", (&text, 48, 49));
}

#[test]
fn one_character_more_is_cut_and_marked() {
    let text = format!("{}X{}", "a".repeat(49), "b".repeat(97));
    let shown = format!("... {}X{} ...", "a".repeat(48), "b".repeat(96));
    check_search(&text, "X", &shown);
    check_occurrence(&text, "X", (&shown, 52, 53));
}

#[test]
fn characters_count_not_bytes() {
    let text = format!("{}X{}", "é".repeat(49), "日".repeat(97));
    check_search(&text, "X", &format!("... {}X{} ...", "é".repeat(48), "日".repeat(96)));
}

#[test]
fn a_search_snippet_is_trimmed_before_it_is_marked() {
    let text = format!("zz {}X{} zz", "a".repeat(47), "b".repeat(95));
    check_search(&text, "X", &format!("... {}X{} ...", "a".repeat(47), "b".repeat(95)));
}

#[test]
fn an_occurrence_snippet_keeps_white_space() {
    let text = format!("z \n{}X\n", "a".repeat(46));
    check_occurrence(&text, "X", (&format!("...  \n{}X\n", "a".repeat(46)), 52, 53));
}

#[test]
fn match_offsets_are_utf16_code_units() {
    check_occurrence("é😀 needle😀42 x", "needle😀42", ("é😀 needle😀42 x", 4, 14));
}

#[test]
fn the_context_is_measured_from_both_ends_of_the_match() {
    let term = "m".repeat(300);
    let text = format!("{}{term}{}", "a".repeat(60), "b".repeat(100));
    check_search(
        &text,
        &term,
        &format!("... {}{term}{} ...", "a".repeat(48), "b".repeat(96)),
    );
}
