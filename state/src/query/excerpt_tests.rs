//! Tests of `excerpt.rs`.

use proptest::prelude::*;

use super::{EXCERPT_CHARS, Excerpt, excerpt};
use crate::query::TermMatch;

fn matches(text: &str, terms: &[&str]) -> Vec<TermMatch> {
    let of_term = |(term, word): (usize, &&str)| {
        let ranges: Vec<_> = text.match_indices(word).map(|(at, word)| at..at + word.len()).collect();
        TermMatch {
            term,
            field: 0,
            count: ranges.len(),
            ranges,
        }
    };
    terms.iter().enumerate().map(of_term).collect()
}

/// Writes what is shown with its matches in brackets.
fn marked(excerpt: &Excerpt) -> String {
    let units: Vec<u16> = excerpt.text.encode_utf16().collect();
    let mut marked = String::new();
    let mut at = 0;
    for (start, end) in &excerpt.highlights {
        let text = |range: std::ops::Range<usize>| String::from_utf16(&units[range]).unwrap();
        marked.push_str(&format!("{}[{}]", text(at..*start), text(*start..*end)));
        at = *end;
    }
    marked + &String::from_utf16(&units[at..]).unwrap()
}

#[track_caller]
fn check(text: &str, terms: &[&str], expected: &str) {
    assert_eq!(marked(&excerpt(text, &matches(text, terms))), expected);
}

#[test]
fn matches_are_marked_and_white_space_is_one_space() {
    check("", &[], "");
    check(" a\n\n b ", &[], "a b");
    check("the  quick\n\tbrown fox", &["quick\n\tbrown"], "the [quick brown] fox");
    check("ab ab", &["ab"], "[ab] [ab]");
    check("😀 needle 😀", &["needle"], "😀 [needle] 😀");
    check("abcde", &["abc", "cd"], "[abcd]e");
    check("aabb", &["aa", "bb"], "[aa][bb]");
}

#[test]
fn a_long_text_is_cut_around_the_place_with_most_terms() {
    let text = format!(
        "{}one {}one two {}",
        "x".repeat(300) + " ",
        "y".repeat(300) + " ",
        "z ".repeat(300)
    );
    let found = excerpt(&text, &matches(&text, &["one", "two"]));
    let shown = marked(&found);
    assert!(shown.starts_with("... yyyy"), "{shown}");
    assert!(shown.contains("y [one] [two] z z"), "{shown}");
    assert!(shown.ends_with("z ..."), "{shown}");
    let at = text.find("one two").unwrap();
    assert_eq!(found.match_range, (at, at + 3));
}

#[test]
fn a_match_that_is_longer_than_what_is_shown_is_cut() {
    let text = "m".repeat(5 * EXCERPT_CHARS);
    check(&text, &[&text], &format!("[{}] ...", "m".repeat(EXCERPT_CHARS)));
}

proptest! {
    #[test]
    fn what_is_marked_is_what_matches(text in "[ab😀 \n]{0,400}", term in "[ab😀]{1,2}") {
        let matches = matches(&text, &[&term]);
        let found = excerpt(&text, &matches);
        let units: Vec<u16> = found.text.encode_utf16().collect();
        for (start, end) in &found.highlights {
            let shown = String::from_utf16(&units[*start..*end]).unwrap();
            prop_assert!(shown.starts_with(&term) || *end == units.len() - 4, "{}", shown);
        }
        prop_assert_eq!(found.highlights.is_empty(), !text.contains(&term));
        let all: Vec<u16> = text.encode_utf16().collect();
        if !found.highlights.is_empty() {
            let (start, end) = found.match_range;
            prop_assert_eq!(String::from_utf16(&all[start..end]).unwrap(), term);
        }
    }
}
