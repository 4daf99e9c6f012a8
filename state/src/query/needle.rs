//! Words in a row, found in a text by its parts.
//!
//! Text and query are cut by the same rule (`text/parts.rs`), so that an identifier is found by its parts and by itself,
//! and its parts by the identifier. Knows no fields and no query.

use std::ops::Range;

use crate::text::{Part, PartKind, each_part};

/// The parts of a text, cut once for all needles.
#[derive(Debug, Default)]
pub(super) struct CutText {
    folded: String,
    tokens: Vec<Token>,
}

#[derive(Debug)]
struct Token {
    /// In `folded`; empty for a word that is too long to be one.
    text: Range<usize>,
    /// In the text.
    range: Range<usize>,
    is_unspaced: bool,
    /// The identifier that begins here.
    identifier: Option<Identifier>,
}

#[derive(Debug)]
struct Identifier {
    text: Range<usize>,
    parts: usize,
}

impl CutText {
    /// Cuts a text.
    pub(super) fn new(text: &str) -> Self {
        let mut cut = Self::default();
        each_part(text, |part| cut.push(&part));
        cut
    }

    fn push(&mut self, part: &Part<'_>) {
        let start = self.folded.len();
        self.folded.push_str(part.text);
        let text = start..self.folded.len();
        if let PartKind::Identifier { parts } = part.kind {
            let first = self.tokens.len().saturating_sub(parts);
            if let Some(token) = self.tokens.get_mut(first) {
                token.identifier = Some(Identifier { text, parts });
            }
            return;
        }
        self.tokens.push(Token {
            text,
            range: part.range.clone(),
            is_unspaced: part.kind == PartKind::Unspaced,
            identifier: None,
        });
    }

    fn text_of(&self, range: &Range<usize>) -> &str {
        &self.folded[range.clone()]
    }
}

/// Whether the last word of a needle may go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Whole,
    Open,
}

/// Words that have to follow one another.
#[derive(Debug, Clone)]
pub(super) struct Needle {
    items: Vec<Item>,
    end: End,
}

#[derive(Debug, Clone)]
enum Item {
    Word(String),
    /// A character; `glued` to the one before it without anything between.
    Unspaced {
        text: String,
        glued: bool,
    },
    Identifier {
        text: String,
        parts: Vec<String>,
    },
    /// A word that is too long: only literals find it.
    Nothing,
}

impl Needle {
    /// Cuts the words of a term. There may be none: such a needle is nowhere.
    pub(super) fn new(term: &str, end: End) -> Self {
        let mut items: Vec<Item> = Vec::new();
        let mut last_end = 0;
        each_part(term, |part| {
            let text = part.text.to_owned();
            let glued = part.range.start == last_end && matches!(items.last(), Some(Item::Unspaced { .. }));
            last_end = part.range.end;
            match part.kind {
                PartKind::Word => items.push(Item::Word(text)),
                PartKind::Unspaced => items.push(Item::Unspaced { text, glued }),
                PartKind::Long => items.push(Item::Nothing),
                PartKind::Identifier { parts } => {
                    let first = items.len().saturating_sub(parts);
                    let parts = items.drain(first..).filter_map(Item::into_word).collect();
                    items.push(Item::Identifier { text, parts });
                }
            }
        });
        Self { items, end }
    }

    /// Returns how many words have to follow one another.
    pub(super) fn words(&self) -> usize {
        let words = |item: &Item| match item {
            Item::Identifier { parts, .. } => parts.len(),
            Item::Word(_) | Item::Unspaced { .. } | Item::Nothing => 1,
        };
        self.items.iter().map(words).sum()
    }

    /// Calls `found` with each place, ascending and not overlapping.
    pub(super) fn find_in(&self, text: &CutText, mut found: impl FnMut(Range<usize>)) {
        let mut at = 0;
        while at < text.tokens.len() {
            match self.match_from(text, at, 0) {
                Some(end) if end > at => {
                    found(text.tokens[at].range.start..text.tokens[end - 1].range.end);
                    at = end;
                }
                _ => at += 1,
            }
        }
    }

    /// Matches the items from `item` on at token `at`; returns the token behind the match.
    fn match_from(&self, text: &CutText, at: usize, item: usize) -> Option<usize> {
        let Some(wanted) = self.items.get(item) else {
            return Some(at);
        };
        let token = text.tokens.get(at)?;
        let is_last = item + 1 == self.items.len();
        let fits = |have: &Range<usize>, want: &str, is_end: bool| {
            let have = text.text_of(have);
            match self.end {
                End::Open if is_end => have.starts_with(want),
                End::Open | End::Whole => have == want,
            }
        };
        let go_on = |next: usize| self.match_from(text, next, item + 1);
        let as_identifier = |want: &str| {
            let identifier = token.identifier.as_ref()?;
            fits(&identifier.text, want, is_last).then(|| at + identifier.parts)
        };
        match wanted {
            Item::Nothing => None,
            Item::Unspaced { text: want, glued } => {
                let follows = |at: usize| text.tokens[at - 1].range.end == token.range.start;
                let fits = token.is_unspaced && text.text_of(&token.text) == want && (!glued || at > 0 && follows(at));
                if fits { go_on(at + 1) } else { None }
            }
            Item::Word(want) => {
                let as_word = (!token.is_unspaced && fits(&token.text, want, is_last)).then_some(at + 1);
                as_word.and_then(go_on).or_else(|| as_identifier(want).and_then(go_on))
            }
            Item::Identifier { text: want, parts } => {
                let whole = || (!token.is_unspaced && fits(&token.text, want, is_last)).then_some(at + 1);
                let in_parts = || {
                    let fits_at = |(index, part): (usize, &String)| {
                        let is_end = is_last && index + 1 == parts.len();
                        let token = text.tokens.get(at + index);
                        token.is_some_and(|token| !token.is_unspaced && fits(&token.text, part, is_end))
                    };
                    parts.iter().enumerate().all(fits_at).then_some(at + parts.len())
                };
                let mut ends = as_identifier(want).into_iter().chain(whole()).chain(in_parts());
                ends.find_map(go_on)
            }
        }
    }
}

impl Item {
    fn into_word(self) -> Option<String> {
        match self {
            Self::Word(text) => Some(text),
            Self::Unspaced { .. } | Self::Identifier { .. } | Self::Nothing => None,
        }
    }
}

#[cfg(test)]
#[path = "needle_tests.rs"]
mod needle_tests;
