//! Tests of `pattern.rs`.

use proptest::prelude::*;

use super::{literal, regex};
use crate::query::QueryProblem;
use crate::text::{LiteralMatcher, collapse_whitespace};

fn places<'t>(pattern: &super::Pattern, text: &'t str) -> Vec<&'t str> {
    let mut found = Vec::new();
    pattern.find_in(text, |range| found.push(&text[range]));
    found
}

#[test]
fn literals_are_found_inside_words_and_across_lines() {
    let found = |term: &str, text| places(&literal(term).unwrap(), text);
    assert_eq!(found("stor", "history STORY"), ["stor", "STOR"]);
    assert_eq!(found("a  b", "a\n\tb a b"), ["a\n\tb", "a b"]);
    assert_eq!(found("100%_x.(", "at 100%_x.("), ["100%_x.("]);
    assert_eq!(found("=>", "a => b"), ["=>"]);
    assert!(found("  ", "a b").is_empty());
}

#[test]
fn regular_expressions_are_found_line_by_line() {
    let found = |pattern: &str, text| places(&regex(pattern).unwrap(), text);
    assert_eq!(found("^err.*$", "ok\nError 5\nerr"), ["Error 5", "err"]);
    assert_eq!(found("(?-i)Err", "err Err"), ["Err"]);
    assert!(found("x*", "aaa").is_empty());
}

#[test]
fn regular_expressions_that_explode_or_are_none_are_refused() {
    let problem = |pattern: &str| regex(pattern).unwrap_err();
    assert_eq!(problem(r"(\w{100}){100}"), QueryProblem::RegexTooLarge);
    assert_eq!(problem("a{1000}{1000}{1000}"), QueryProblem::RegexTooLarge);
    let nested = "(".repeat(100) + &")".repeat(100);
    assert!(matches!(problem(&nested), QueryProblem::Regex { .. }));
    let QueryProblem::Regex { detail } = problem("a(b") else {
        panic!("not a regular expression")
    };
    assert_eq!(detail, "unclosed group");
}

proptest! {
    #[test]
    fn literals_are_found_where_the_thread_search_finds_them(
        term in "[ab \n.İK\u{212a}ß]{1,4}", text in "[abk \n\t.iİKß]{0,30}"
    ) {
        let collapsed = collapse_whitespace(&text);
        let expected = !collapse_whitespace(&term).is_empty()
            && LiteralMatcher::folding(&term).unwrap().find(&collapsed).is_some();
        let pattern = literal(&term).unwrap();
        prop_assert_eq!(!places(&pattern, &text).is_empty(), expected);
    }
}
