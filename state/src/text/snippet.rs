//! Cuts the surroundings of a match out of a text (`app-server-api.md` 6.1 and 6.2).
//!
//! Works on ranges that a matcher found; finds nothing itself.

use std::ops::Range;

/// Characters shown before a match: one more than `app-server-api.md` says, as recorded answers of the real server
/// show.
pub const SNIPPET_CHARS_BEFORE: usize = 49;
/// Characters shown after a match.
pub const SNIPPET_CHARS_AFTER: usize = 96;

const CUT_BEFORE: &str = "... ";
const CUT_AFTER: &str = " ...";

/// An occurrence in its surroundings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OccurrenceSnippet {
    /// The match and what surrounds it, with marks where it is cut.
    pub text: String,
    /// First UTF-16 code unit of the match inside `text`.
    pub match_start_utf16: usize,
    /// First UTF-16 code unit after the match inside `text`.
    pub match_end_utf16: usize,
}

/// Returns the snippet of a thread search: `found` is a range of `collapsed`, whose white space is collapsed already.
///
/// # Panics
/// If `found` is not a range of `collapsed` on character boundaries.
pub fn search_snippet(collapsed: &str, found: Range<usize>) -> String {
    let shown = surroundings(collapsed, &found);
    let body = collapsed[shown.clone()].trim();
    let mut snippet = String::with_capacity(body.len() + CUT_BEFORE.len() + CUT_AFTER.len());
    if shown.start > 0 {
        snippet.push_str(CUT_BEFORE);
    }
    snippet.push_str(body);
    if shown.end < collapsed.len() {
        snippet.push_str(CUT_AFTER);
    }
    snippet
}

/// Returns the snippet of an occurrence: white space stays as it is, and the match is located in it.
///
/// # Panics
/// If `found` is not a range of `text` on character boundaries.
pub fn occurrence_snippet(text: &str, found: Range<usize>) -> OccurrenceSnippet {
    let shown = surroundings(text, &found);
    let mut snippet = String::with_capacity(shown.len() + CUT_BEFORE.len() + CUT_AFTER.len());
    if shown.start > 0 {
        snippet.push_str(CUT_BEFORE);
    }
    snippet.push_str(&text[shown.start..found.start]);
    let match_start_utf16 = utf16_len(&snippet);
    let matched = &text[found.clone()];
    snippet.push_str(matched);
    snippet.push_str(&text[found.end..shown.end]);
    if shown.end < text.len() {
        snippet.push_str(CUT_AFTER);
    }
    OccurrenceSnippet {
        text: snippet,
        match_start_utf16,
        match_end_utf16: match_start_utf16 + utf16_len(matched),
    }
}

fn surroundings(text: &str, found: &Range<usize>) -> Range<usize> {
    let start = text[..found.start]
        .char_indices()
        .rev()
        .take(SNIPPET_CHARS_BEFORE)
        .last()
        .map_or(found.start, |(offset, _)| offset);
    let end = text[found.end..]
        .char_indices()
        .nth(SNIPPET_CHARS_AFTER)
        .map_or(text.len(), |(offset, _)| found.end + offset);
    start..end
}

fn utf16_len(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

#[cfg(test)]
#[path = "snippet_tests.rs"]
mod snippet_tests;
