//! Finds a literal term in a text, case-insensitively, in the two ways that the two searches of the API use.
//!
//! Thread search folds case by Unicode's simple case folding, occurrence search by lower-casing
//! (`app-server-api.md` 6.1, 6.2). Knows texts, not where they come from.

use std::ops::Range;

use regex::{Regex, RegexBuilder, bytes};

use super::{collapse_whitespace, search_snippet};

/// Longest term that is searched for.
pub const MAX_TERM_BYTES: usize = 4 * 1024;

/// Memory that a compiled term may take: enough for the longest one.
const MAX_COMPILED_BYTES: usize = 32 * 1024 * 1024;

/// A search term is longer than [`MAX_TERM_BYTES`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("search term of {bytes} bytes exceeds the limit of {MAX_TERM_BYTES}")]
pub struct TermTooLong {
    /// Length of the term.
    pub bytes: usize,
}

/// Finds a term in the collapsed text of messages: the thread search.
#[derive(Debug, Clone)]
pub struct LiteralMatcher {
    text: Regex,
    raw_line: Option<bytes::Regex>,
}

impl LiteralMatcher {
    /// Makes a matcher for which any white space in the term stands for any white space in the text.
    ///
    /// # Errors
    /// If the term is longer than [`MAX_TERM_BYTES`].
    pub fn folding(term: &str) -> Result<Self, TermTooLong> {
        Ok(Self {
            text: compile(&collapse_whitespace(term))?,
            raw_line: None,
        })
    }

    /// Makes a matcher for the exact view, which repeats the double condition of the real server.
    ///
    /// A thread is a hit if the collapsed text of one of its messages contains the term *and* some line of its file
    /// contains the term as JSON writes it. A term with a line break or tab hence never matches: collapsed text has
    /// none.
    ///
    /// # Errors
    /// If the term is longer than [`MAX_TERM_BYTES`].
    pub fn exact_view(term: &str) -> Result<Self, TermTooLong> {
        let text = compile(term)?;
        let escaped = serde_json::Value::from(term).to_string();
        let inner = &escaped[1..escaped.len() - 1];
        let raw_line = bytes::RegexBuilder::new(&regex::escape(inner))
            .case_insensitive(true)
            .size_limit(MAX_COMPILED_BYTES)
            .build()
            .map_err(|_| TermTooLong { bytes: term.len() })?;
        Ok(Self {
            text,
            raw_line: Some(raw_line),
        })
    }

    /// Finds the first match in a text whose white space is collapsed.
    pub fn find(&self, collapsed: &str) -> Option<Range<usize>> {
        self.text.find(collapsed).map(|found| found.range())
    }

    /// Collapses the text of a message and returns the snippet of its first match.
    pub fn snippet(&self, text: &str) -> Option<String> {
        let collapsed = collapse_whitespace(text);
        let found = self.find(&collapsed)?;
        Some(search_snippet(&collapsed, found))
    }

    /// Returns whether a raw line satisfies the second condition of the exact view; always true outside of it.
    ///
    /// One such line anywhere in the file is enough; it need not be the message that matches.
    pub fn raw_line_matches(&self, line: &[u8]) -> bool {
        self.raw_line.as_ref().is_none_or(|raw| raw.is_match(line))
    }
}

fn compile(term: &str) -> Result<Regex, TermTooLong> {
    let too_long = TermTooLong { bytes: term.len() };
    if term.len() > MAX_TERM_BYTES {
        return Err(too_long);
    }
    RegexBuilder::new(&regex::escape(term))
        .case_insensitive(true)
        .size_limit(MAX_COMPILED_BYTES)
        .build()
        .map_err(|_| too_long) // an escaped literal has no other way to fail
}

/// Finds a term by comparing lower-cased texts: the occurrence search.
#[derive(Debug, Clone)]
pub struct LowercaseMatcher {
    term: String,
}

impl LowercaseMatcher {
    /// Makes a matcher; an empty term matches nothing.
    pub fn new(term: &str) -> Self {
        Self { term: lower_case(term) }
    }

    /// Finds all non-overlapping matches as ascending ranges of the original text.
    ///
    /// Where lower-casing makes several characters of one (`İ`), a match of a part of them covers the whole.
    pub fn find_all(&self, text: &str) -> Vec<Range<usize>> {
        if self.term.is_empty() {
            return Vec::new();
        }
        let lower = lower_case(text);
        let mut places = PlaceMap::new(text);
        memchr::memmem::find_iter(lower.as_bytes(), self.term.as_bytes())
            .map(|start| places.start_of(start)..places.end_of(start + self.term.len()))
            .collect()
    }
}

/// Lower-cases character by character, so that the same character gives the same text everywhere (no final sigma).
fn lower_case(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.chars().flat_map(char::to_lowercase).collect()
}

/// Walks along a text and its lower-cased form and translates ascending offsets of the latter.
struct PlaceMap<'a> {
    rest: std::str::Chars<'a>,
    text_len: usize,
    /// Lower-cased bytes of the characters passed so far.
    lower_passed: usize,
    /// Lower-cased and original length of the last character passed.
    last: (usize, usize),
}

impl<'a> PlaceMap<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            rest: text.chars(),
            text_len: text.len(),
            lower_passed: 0,
            last: (0, 0),
        }
    }

    /// Original offset of the character that the lower-cased offset lies in or before.
    fn start_of(&mut self, lower_offset: usize) -> usize {
        self.pass(|lower_passed, next_len| lower_passed + next_len <= lower_offset);
        if self.lower_passed > lower_offset {
            self.passed() - self.last.1
        } else {
            self.passed()
        }
    }

    /// Original offset right after the character that ends at or beyond the lower-cased offset.
    fn end_of(&mut self, lower_offset: usize) -> usize {
        self.pass(|lower_passed, _| lower_passed < lower_offset);
        self.passed()
    }

    fn pass(&mut self, wanted: impl Fn(usize, usize) -> bool) {
        while let Some(c) = self.rest.clone().next() {
            let lower_len = c.to_lowercase().map(char::len_utf8).sum();
            if !wanted(self.lower_passed, lower_len) {
                break;
            }
            self.rest.next();
            self.lower_passed += lower_len;
            self.last = (lower_len, c.len_utf8());
        }
    }

    fn passed(&self) -> usize {
        self.text_len - self.rest.as_str().len()
    }
}

#[cfg(test)]
#[path = "matcher_tests.rs"]
mod matcher_tests;
