//! Tests of `required.rs`.

use proptest::prelude::*;
use regex::RegexBuilder;

use super::required_literals;
use crate::text::fold_into;

#[track_caller]
fn check(pattern: &str, expected: &[&str]) {
    assert_eq!(required_literals(pattern), expected, "{pattern}");
}

#[test]
fn what_every_match_has_is_known() {
    check("error", &["error"]);
    check("err(or)?", &["err"]);
    check(r"foo\s+bar\d", &["foo", "bar"]);
    check("(ab)+c", &["ab", "c"]);
    check("a{2,}", &["a"]);
    check("^É$", &["É"]);
    check(r"\.rs:", &[".rs:"]);
}

#[test]
fn what_some_match_lacks_is_not() {
    check("a|b", &[]);
    check("x*", &[]);
    check("[ab]", &[]);
    check("(?i)abc", &[]);
    check("a(", &[]);
    check("", &[]);
}

fn folded(text: &str) -> String {
    let mut folded = String::new();
    text.chars().for_each(|c| fold_into(c, &mut |c| folded.push(c)));
    folded
}

proptest! {
    #[test]
    fn every_match_has_them(pattern in "([a-cK\u{212a}ß.]|\\(a\\)|[a-c]\\?|b\\+|a\\|b){1,6}", text in "[a-ckKſßẞ\u{212a}\n]{0,20}") {
        let Ok(regex) = RegexBuilder::new(&pattern).case_insensitive(true).multi_line(true).build() else {
            return Ok(());
        };
        for found in regex.find_iter(&text) {
            for literal in required_literals(&pattern) {
                prop_assert!(folded(found.as_str()).contains(&folded(&literal)), "{} in {}", literal, found.as_str());
            }
        }
    }
}
