//! The parts of an identifier that is written as one word.
//!
//! What separators part (`parse_history`, `src/lib.rs`) are words of their own already.

use std::ops::Range;

/// Returns the parts of a word at its humps, at least two of them, or none.
///
/// A word is a run of letters and digits, as written. A capital begins a part behind a letter or digit that is none, and so
/// does the last of several capitals that a small letter follows: `parseHistoryBase`, `HTTPServer`, `utf8Path`.
pub fn identifier_parts(word: &str) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut before: Option<char> = None;
    let mut chars = word.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let begins = c.is_uppercase()
            && before.is_some_and(|before| {
                !before.is_uppercase() || chars.peek().is_some_and(|(_, next)| next.is_lowercase())
            });
        if begins {
            parts.push(start..at);
            start = at;
        }
        before = Some(c);
    }
    if !parts.is_empty() {
        parts.push(start..word.len());
    }
    parts
}

#[cfg(test)]
#[path = "parts_tests.rs"]
mod parts_tests;
