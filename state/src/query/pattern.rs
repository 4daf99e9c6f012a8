//! Literal texts and regular expressions, found in a text as it is.
//!
//! The only code of queries that makes regular expressions.

use std::ops::Range;

use regex::{Regex, RegexBuilder};

use super::error::QueryProblem;
use super::limits::MAX_REGEX_BYTES;

/// How deep a regular expression may be nested.
const REGEX_DEPTH: u32 = 64;
/// Memory that a compiled literal may take: enough for the longest one.
const LITERAL_BYTES: usize = 32 * 1024 * 1024;

/// What is found as it is written.
#[derive(Debug, Clone)]
pub(super) struct Pattern(Regex);

impl Pattern {
    /// Calls `found` with each place, ascending and not overlapping; a match of nothing is none.
    pub(super) fn find_in(&self, text: &str, found: impl FnMut(Range<usize>)) {
        let matches = self.0.find_iter(text).map(|found| found.range());
        matches.filter(|range| !range.is_empty()).for_each(found);
    }
}

/// Compiles a literal: letter case makes no difference, and any white space in it stands for any in the text.
///
/// Finds what [`LiteralMatcher::folding`](crate::text::LiteralMatcher::folding) finds, but in the text as it is. A blank
/// literal is nowhere.
///
/// # Errors
/// If it takes too much memory, which no term of a permitted length does.
pub(super) fn literal(text: &str) -> Result<Pattern, QueryProblem> {
    let words: Vec<String> = text.split_whitespace().map(regex::escape).collect();
    RegexBuilder::new(&words.join(r"\s+"))
        .case_insensitive(true)
        .size_limit(LITERAL_BYTES)
        .build()
        .map(Pattern)
        .map_err(|_| QueryProblem::TermTooLong) // an escaped literal has no other way to fail
}

/// Compiles a regular expression: letter case makes no difference, unless it says so.
///
/// # Errors
/// If it is none, or takes too much memory.
pub(super) fn regex(pattern: &str) -> Result<Pattern, QueryProblem> {
    let compiled = RegexBuilder::new(pattern)
        .case_insensitive(true)
        .multi_line(true)
        .nest_limit(REGEX_DEPTH)
        .size_limit(MAX_REGEX_BYTES)
        .dfa_size_limit(MAX_REGEX_BYTES)
        .build();
    compiled.map(Pattern).map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => QueryProblem::RegexTooLarge,
        error => QueryProblem::Regex {
            detail: reason(&error.to_string()),
        },
    })
}

/// Returns what is wrong, without the drawing that the error of the crate begins with.
fn reason(error: &str) -> String {
    let last = error
        .lines()
        .rev()
        .find(|line| !line.trim().is_empty())
        .unwrap_or(error);
    last.trim().trim_start_matches("error: ").to_owned()
}

#[cfg(test)]
#[path = "pattern_tests.rs"]
mod pattern_tests;
