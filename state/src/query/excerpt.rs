//! The part of a text that is shown of a match.
//!
//! Works on places that the evaluator found; finds nothing itself. White space is shown as one space.

use std::ops::Range;

use super::evaluate::TermMatch;
use crate::text::SNIPPET_CHARS_BEFORE;

/// Characters that are shown of a text, besides the marks where it is cut.
const EXCERPT_CHARS: usize = 200;
/// Characters behind a match in which further terms make it the better one to show.
const NEAR_CHARS: usize = 120;

const CUT_BEFORE: &str = "... ";
const CUT_AFTER: &str = " ...";

/// Matches in their surroundings.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Excerpt {
    /// The surroundings, with marks where they are cut.
    pub text: String,
    /// Matches inside `text`, ascending: first UTF-16 code unit, and first one behind.
    pub highlights: Vec<(usize, usize)>,
    /// The match that is shown first, inside the whole text, in UTF-16 code units.
    pub match_range: (usize, usize),
}

/// Returns the surroundings of the place where most terms are close together; without matches the beginning.
///
/// `matches` are those of one field, whose text this is.
///
/// # Panics
/// If a match is no range of `text` on character boundaries.
pub fn excerpt<'m>(text: &str, matches: impl IntoIterator<Item = &'m TermMatch>) -> Excerpt {
    let mut places: Vec<(Range<usize>, usize)> = matches
        .into_iter()
        .flat_map(|found| found.ranges.iter().map(|range| (range.clone(), found.term)))
        .collect();
    places.sort_by_key(|(range, term)| (range.start, range.end, *term));
    let Some(first) = densest(text, &places) else {
        return shown(text, 0, &[]);
    };
    let start = text[..first.start]
        .char_indices()
        .rev()
        .take(SNIPPET_CHARS_BEFORE)
        .last()
        .map_or(first.start, |(at, _)| at);
    let mut excerpt = shown(text, start, &merged(&places));
    let units_before = utf16_len(&text[..first.start]);
    excerpt.match_range = (units_before, units_before + utf16_len(&text[first]));
    excerpt
}

/// Returns the first place behind which the most different terms are near.
fn densest(text: &str, places: &[(Range<usize>, usize)]) -> Option<Range<usize>> {
    let mut best: Option<(usize, &Range<usize>)> = None;
    for (index, (range, _)) in places.iter().enumerate() {
        let end = text[range.start..]
            .char_indices()
            .nth(NEAR_CHARS)
            .map_or(text.len(), |(at, _)| range.start + at);
        let near = places[index..].iter().take_while(|(other, _)| other.start < end);
        let mut terms: Vec<usize> = near.map(|(_, term)| *term).collect();
        terms.sort_unstable();
        terms.dedup();
        if best.is_none_or(|(most, _)| terms.len() > most) {
            best = Some((terms.len(), range));
        }
    }
    best.map(|(_, range)| range.clone())
}

/// Joins places that overlap.
fn merged(places: &[(Range<usize>, usize)]) -> Vec<Range<usize>> {
    let mut merged: Vec<Range<usize>> = Vec::new();
    for (range, _) in places {
        match merged.last_mut() {
            Some(last) if range.start < last.end => last.end = last.end.max(range.end),
            _ => merged.push(range.clone()),
        }
    }
    merged
}

/// Writes what is shown from `start` on.
fn shown(text: &str, start: usize, places: &[Range<usize>]) -> Excerpt {
    let mut excerpt = Excerpt::default();
    if start > 0 {
        excerpt.text.push_str(CUT_BEFORE);
    }
    let mut units = excerpt.text.len();
    let mut places = places.iter().skip_while(|range| range.end <= start).peekable();
    let (mut chars, mut needs_space, mut is_open) = (0, false, false);
    for (at, c) in text[start..].char_indices().map(|(at, c)| (start + at, c)) {
        if c.is_whitespace() {
            needs_space = chars > 0;
            continue;
        }
        if chars >= EXCERPT_CHARS {
            excerpt.text.push_str(CUT_AFTER);
            break;
        }
        if needs_space {
            excerpt.text.push(' ');
            units += 1;
            chars += 1;
            needs_space = false;
        }
        while places.next_if(|range| range.end <= at).is_some() {
            is_open = false;
        }
        let behind = units + c.len_utf16();
        if places.peek().is_some_and(|range| range.start <= at) {
            match excerpt.highlights.last_mut().filter(|_| is_open) {
                Some(last) => last.1 = behind,
                None => excerpt.highlights.push((units, behind)),
            }
            is_open = true;
        }
        excerpt.text.push(c);
        units = behind;
        chars += 1;
    }
    excerpt
}

fn utf16_len(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

#[cfg(test)]
#[path = "excerpt_tests.rs"]
mod excerpt_tests;
