//! Tests of `collapse.rs`.

use std::borrow::Cow;

use proptest::prelude::*;

use super::collapse_whitespace;

fn check(input: &str, expected: &str) {
    assert_eq!(collapse_whitespace(input), expected, "{input:?}");
}

#[test]
fn runs_become_one_space_and_ends_are_trimmed() {
    check("", "");
    check(" ", "");
    check("a", "a");
    check("a b", "a b");
    check(" a", "a");
    check("a ", "a");
    check("a  b", "a b");
    check("a\nb\t\r\nc", "a b c");
    check("a\u{b}\u{c}b", "a b");
    check("a\u{85}b\u{a0}c\u{2028}d\u{3000}e", "a b c d e");
}

#[test]
fn zero_width_characters_are_not_white_space() {
    check("a\u{200b}b\u{feff}c", "a\u{200b}b\u{feff}c");
}

#[test]
fn collapsed_text_is_not_copied() {
    assert!(matches!(collapse_whitespace("plain words only"), Cow::Borrowed(_)));
}

proptest! {
    #[test]
    fn equals_splitting_and_joining(text in "[a é\u{a0}\t\n]{0,12}") {
        let words: Vec<&str> = text.split_whitespace().collect();
        prop_assert_eq!(collapse_whitespace(&text), words.join(" "));
    }
}
