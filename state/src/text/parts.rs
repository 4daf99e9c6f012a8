//! Cuts a text into the parts that queries find it by, each with its place.
//!
//! Words are cut as the word index cuts them (`char_kind.rs`, folded by `folding.rs`); identifiers are cut into their
//! parts besides, so that `parseHistoryBase`, `parse_history_base` and `history base` meet. Knows no query.

use std::ops::Range;

use super::char_kind::{CharKind, MAX_TOKEN_CHARS, char_kind};
use super::folding::fold_into;

/// Parts of an identifier that are told apart; one with more is a word as it stands.
pub const MAX_IDENTIFIER_PARTS: usize = 16;

/// What a part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartKind {
    /// A word, or one of the words of an identifier.
    Word,
    /// One character of a script that puts no spaces between words.
    Unspaced,
    /// All words of an identifier as one; follows them.
    Identifier {
        /// How many they are: at least two.
        parts: usize,
    },
    /// A word that is too long to be one: a blob, mostly. Its text is empty.
    Long,
}

/// A part of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part<'a> {
    /// What it is.
    pub kind: PartKind,
    /// Its characters, folded.
    pub text: &'a str,
    /// Its bytes in the text.
    pub range: Range<usize>,
}

/// Calls `emit` with each part of `text`, in the order of their ends.
pub fn each_part(text: &str, mut emit: impl FnMut(Part<'_>)) {
    let mut word = WordInMaking::default();
    let bytes = text.as_bytes();
    let mut start = 0;
    while start < bytes.len() {
        if is_ascii_separator(bytes[start]) {
            start += 1;
            continue;
        }
        let run = bytes[start..].iter().take_while(|byte| !is_ascii_separator(**byte));
        // Most words are small ASCII letters and digits: they are their own folded form, and have no parts.
        let (mut len, mut is_plain) = (0, true);
        for byte in run {
            len += 1;
            is_plain &= byte.is_ascii_lowercase() || byte.is_ascii_digit();
        }
        let range = start..start + len;
        start = range.end;
        if is_plain && len <= MAX_TOKEN_CHARS {
            let text = &text[range.clone()];
            emit(Part {
                kind: PartKind::Word,
                text,
                range,
            });
        } else {
            each_part_of_run(&text[range.clone()], range.start, &mut word, &mut emit);
        }
    }
}

fn is_ascii_separator(byte: u8) -> bool {
    byte.is_ascii() && !byte.is_ascii_alphanumeric()
}

/// Does the same for what stands between ASCII separators, which end words in any case.
fn each_part_of_run(run: &str, run_start: usize, word: &mut WordInMaking, emit: &mut impl FnMut(Part<'_>)) {
    for (start, c) in run.char_indices() {
        let range = run_start + start..run_start + start + c.len_utf8();
        let case = Case::of(c);
        fold_into(c, &mut |folded| match char_kind(folded) {
            CharKind::Separator => word.finish(emit),
            CharKind::Spaced => word.push(folded, case, range.clone()),
            CharKind::Unspaced => {
                word.finish(emit);
                emit(Part {
                    kind: PartKind::Unspaced,
                    text: folded.encode_utf8(&mut [0; 4]),
                    range: range.clone(),
                });
            }
        });
    }
    word.finish(emit);
}

/// Returns whether a text has anything that words are found by.
pub fn has_word(text: &str) -> bool {
    let mut is_word = false;
    for c in text.chars() {
        fold_into(c, &mut |c| is_word |= char_kind(c) != CharKind::Separator);
        if is_word {
            return true;
        }
    }
    false
}

/// Whether a character can end or begin a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Case {
    Upper,
    Lower,
    Digit,
    #[default]
    None,
}

impl Case {
    fn of(c: char) -> Self {
        match c {
            c if c.is_uppercase() => Self::Upper,
            c if c.is_lowercase() => Self::Lower,
            c if c.is_numeric() => Self::Digit,
            _ => Self::None,
        }
    }
}

/// The word that is being read.
#[derive(Debug, Default)]
struct WordInMaking {
    folded: String,
    chars: usize,
    /// Where parts begin: in `folded`, and in the text.
    starts: Vec<(usize, usize)>,
    /// The last two characters.
    cases: [Case; 2],
    /// The last character: where it begins in `folded`, and in the text.
    last_start: (usize, usize),
    end: usize,
}

impl WordInMaking {
    fn push(&mut self, folded: char, case: Case, range: Range<usize>) {
        let place = (self.folded.len(), range.start);
        match (self.cases, case) {
            _ if self.chars == 0 => self.starts.push(place),
            // `parseHistory`, `base64Text`
            ([_, Case::Lower | Case::Digit], Case::Upper) => self.starts.push(place),
            // `HTTPServer`: the last capital belongs to what follows.
            ([Case::Upper, Case::Upper], Case::Lower) => self.starts.push(self.last_start),
            _ => {}
        }
        self.chars += 1;
        self.cases = [self.cases[1], case];
        self.last_start = place;
        self.end = range.end;
        // A word that is too long is not needed in full.
        if self.chars <= MAX_TOKEN_CHARS {
            self.folded.push(folded);
        }
    }

    fn finish(&mut self, emit: &mut impl FnMut(Part<'_>)) {
        let Some(&(_, first)) = self.starts.first() else {
            return;
        };
        let whole = first..self.end;
        let parts = self.starts.len();
        if self.chars > MAX_TOKEN_CHARS {
            emit(Part {
                kind: PartKind::Long,
                text: "",
                range: whole,
            });
        } else if parts == 1 || parts > MAX_IDENTIFIER_PARTS {
            emit(Part {
                kind: PartKind::Word,
                text: &self.folded,
                range: whole,
            });
        } else {
            self.emit_parts(emit);
            emit(Part {
                kind: PartKind::Identifier { parts },
                text: &self.folded,
                range: whole,
            });
        }
        self.folded.clear();
        self.starts.clear();
        self.chars = 0;
        self.cases = [Case::None; 2];
    }

    fn emit_parts(&self, emit: &mut impl FnMut(Part<'_>)) {
        let ends = self.starts.iter().skip(1).copied();
        let ends = ends.chain([(self.folded.len(), self.end)]);
        for (start, end) in self.starts.iter().zip(ends) {
            emit(Part {
                kind: PartKind::Word,
                text: &self.folded[start.0..end.0],
                range: start.1..end.1,
            });
        }
    }
}

#[cfg(test)]
#[path = "parts_tests.rs"]
mod parts_tests;
