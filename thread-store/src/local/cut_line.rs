//! Cuts the long texts of a line, so that a large item can be shown without its bulk (design 5).
//!
//! Works on the text of the JSON: what was an object of some shape stays one. Pure; what a line means is not known here.

use std::ops::Range;

/// Texts up to this length are never cut.
const MIN_KEPT_BYTES: usize = 4 * 1024;
/// Bytes before a cut that must hold no escape, so that none is torn apart, nor one inside a text that is JSON itself.
const ESCAPE_BYTES: usize = 12;
/// How far a place for a cut is looked for.
const MAX_SEARCH_BYTES: usize = 1024;

/// Returns the line with its longest texts cut so that it has at most `max_bytes`, if texts alone can make it so short;
/// else as short as they can. `place` says where the whole line is, in words that need no escape.
///
/// Of each text the beginning and the end are kept, and in between it says how much is left out. Keys are kept.
pub(super) fn cut_line(line: &[u8], max_bytes: u64, place: &str) -> Vec<u8> {
    let max_bytes = usize::try_from(max_bytes).unwrap_or(usize::MAX);
    let texts = long_texts(line);
    let level = level_of(&texts, line.len(), max_bytes, mark(0, place).len());
    let mut cut = Vec::with_capacity(line.len().min(max_bytes));
    let mut copied = 0;
    for text in texts.into_iter().filter(|text| text.len() > level) {
        let Some(left_out) = middle(line, &text, level.saturating_sub(mark(text.len(), place).len())) else {
            continue;
        };
        cut.extend_from_slice(&line[copied..left_out.start]);
        cut.extend_from_slice(mark(left_out.len(), place).as_bytes());
        copied = left_out.end;
    }
    cut.extend_from_slice(&line[copied..]);
    cut
}

fn mark(left_out_bytes: usize, place: &str) -> String {
    format!(" [... {left_out_bytes} bytes left out; whole {place} ...] ")
}

/// Finds the texts that may be cut, without their quotes.
fn long_texts(line: &[u8]) -> Vec<Range<usize>> {
    let mut texts = Vec::new();
    let mut at = 0;
    while let Some(quote) = memchr::memchr(b'"', &line[at..]) {
        let start = at + quote + 1;
        let Some(end) = text_end(line, start) else { break };
        at = end + 1;
        let is_key = line[at..].iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b':');
        if !is_key && end - start > MIN_KEPT_BYTES {
            texts.push(start..end);
        }
    }
    texts
}

/// Finds the quote that ends a text.
fn text_end(line: &[u8], start: usize) -> Option<usize> {
    let mut at = start;
    loop {
        at += memchr::memchr2(b'"', b'\\', line.get(at..)?)?;
        if line[at] == b'"' {
            return Some(at);
        }
        at += 2;
    }
}

/// Returns the length down to which all longer texts are cut: the same for all of them.
fn level_of(texts: &[Range<usize>], line_bytes: usize, max_bytes: usize, mark_bytes: usize) -> usize {
    let mut lengths: Vec<usize> = texts.iter().map(Range::len).collect();
    lengths.sort_unstable();
    let other_bytes = line_bytes - lengths.iter().sum::<usize>();
    let mut left = max_bytes.saturating_sub(other_bytes);
    for (at, length) in lengths.iter().enumerate() {
        let share = left / (lengths.len() - at);
        if *length > share {
            return share.max(MIN_KEPT_BYTES + mark_bytes);
        }
        left -= length;
    }
    usize::MAX
}

/// Returns what of a text is left out so that about `kept` bytes remain: three quarters of them before it.
fn middle(line: &[u8], text: &Range<usize>, kept: usize) -> Option<Range<usize>> {
    let before = (text.start + kept / 4 * 3).min(text.end);
    let after = text.end - (kept / 4).min(text.end - before);
    let lowest = before.saturating_sub(MAX_SEARCH_BYTES).max(text.start + ESCAPE_BYTES);
    let start = (lowest..=before).rev().find(|at| is_place(line, *at));
    let highest = (after + MAX_SEARCH_BYTES).min(text.end);
    let end = (after..highest).find(|at| is_place(line, *at)).unwrap_or(text.end);
    let start = match start {
        Some(start) => start,
        None => unit_before(line, text, before),
    };
    (start < end).then_some(start..end)
}

/// Tells whether a character begins there, with no escape close before it.
fn is_place(line: &[u8], at: usize) -> bool {
    let is_continuation = line[at] & 0xC0 == 0x80;
    !is_continuation && !line[at.saturating_sub(ESCAPE_BYTES)..=at].contains(&b'\\')
}

/// Finds the last character or escape that begins at or before a place, by going through the text: it may be nothing but
/// escapes.
fn unit_before(line: &[u8], text: &Range<usize>, place: usize) -> usize {
    let mut at = text.start;
    loop {
        let len = unit_bytes(&line[at..text.end]);
        if len == 0 || at + len > place {
            return at;
        }
        at += len;
    }
}

/// Length of the first character or escape, together with what it escapes in a text that is JSON itself.
fn unit_bytes(text: &[u8]) -> usize {
    let bytes = match text {
        [
            b'\\',
            b'\\',
            b'u',
            b'd' | b'D',
            b'8' | b'9' | b'a' | b'b' | b'A' | b'B',
            ..,
        ] => 14,
        [b'\\', b'\\', b'u', ..] => 7,
        [b'\\', b'\\', rest @ ..] => 2 + character_bytes(rest),
        _ => character_bytes(text),
    };
    bytes.min(text.len())
}

/// Length of the first character or escape; two escapes that make one character count as one.
fn character_bytes(text: &[u8]) -> usize {
    match text {
        [] => 0,
        [b'\\', b'u', b'd' | b'D', b'8' | b'9' | b'a' | b'b' | b'A' | b'B', ..] => 12,
        [b'\\', b'u', ..] => 6,
        [b'\\', ..] => 2,
        [_, rest @ ..] => 1 + rest.iter().take_while(|byte| **byte & 0xC0 == 0x80).count(),
    }
}

#[cfg(test)]
#[path = "cut_line_tests.rs"]
mod cut_line_tests;
