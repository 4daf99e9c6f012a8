//! Cuts texts into tokens and terms into fragments of tokens, by one rule.
//!
//! Both fold case first (`text/folding.rs`), so a term that a matcher finds in a text is, folded, a piece of the
//! folded text, and its fragments are pieces of the text's tokens. Tokens hold only lower-case ASCII letters, digits
//! and characters beyond ASCII, which SQLite's `ascii` tokenizer leaves alone.

use crate::text::{CharKind, MAX_TOKEN_CHARS, Part, PartKind, char_kind, each_part, fold_into};

/// Stands for all tokens that are too long: blobs, mostly. Documents with one stay candidates for every term. No
/// token looks like it: tokens are alphanumeric.
pub(super) const LONG_TOKEN: &str = "\u{2026}";

/// Calls `emit` with each token of `text`, repetitions included: what terms are cut for.
#[cfg(test)]
fn each_token(text: &str, mut emit: impl FnMut(&str)) {
    let mut pair = String::new();
    each_run(text, |run| match run.kind {
        CharKind::Separator => {}
        CharKind::Spaced if run.chars > MAX_TOKEN_CHARS => emit(LONG_TOKEN),
        CharKind::Spaced => emit(run.text),
        CharKind::Unspaced if run.chars == 1 => emit(run.text),
        CharKind::Unspaced => each_pair(run.text, &mut pair, &mut emit),
    });
}

/// Calls `emit` with each token of `text` and with each part of an identifier, repetitions included: what documents hold.
///
/// Tokens are the runs that terms are cut into, so what narrows by these stays right; the parts only add to them.
pub(super) fn each_document_token(text: &str, mut emit: impl FnMut(&str)) {
    let mut run = UnspacedRun::default();
    each_part(text, |part| {
        if part.kind == PartKind::Unspaced {
            return run.push(&part, &mut emit);
        }
        run.end(&mut emit);
        match part.kind {
            PartKind::Word | PartKind::Identifier { .. } => emit(part.text),
            PartKind::Long => emit(LONG_TOKEN),
            PartKind::Unspaced => {}
        }
    });
    run.end(&mut emit);
}

/// Neighbouring characters of a script without spaces.
#[derive(Default)]
struct UnspacedRun {
    /// The last two characters; one while the run has one.
    pair: String,
    chars: usize,
    end: usize,
}

impl UnspacedRun {
    fn push(&mut self, part: &Part<'_>, emit: &mut impl FnMut(&str)) {
        if self.chars > 0 && part.range.start != self.end {
            self.end(emit);
        }
        if self.chars > 1 {
            let second = self.pair.chars().next().map_or(0, char::len_utf8);
            self.pair.drain(..second);
        }
        self.pair.push_str(part.text);
        self.chars += 1;
        self.end = part.range.end;
        if self.chars > 1 {
            emit(&self.pair);
        }
    }

    fn end(&mut self, emit: &mut impl FnMut(&str)) {
        if self.chars == 1 {
            emit(&self.pair);
        }
        self.pair.clear();
        self.chars = 0;
    }
}

/// Returns all tokens of a text.
#[cfg(test)]
pub(crate) fn tokens_of(text: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    each_token(text, |token| tokens.push(token.to_owned()));
    tokens
}

fn each_pair(run: &str, pair: &mut String, emit: &mut impl FnMut(&str)) {
    for (first, second) in run.chars().zip(run.chars().skip(1)) {
        pair.clear();
        pair.push(first);
        pair.push(second);
        emit(pair);
    }
}

/// What is known of a token that a text with the term must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fragment {
    /// The token itself.
    Whole(String),
    /// The token begins like this.
    Prefix(String),
    /// The token ends like this.
    Suffix(String),
    /// The token contains this.
    Piece(String),
    /// The token is longer than [`MAX_TOKEN_CHARS`].
    Long,
}

/// Returns what every text with the term must have.
pub(super) fn fragments(term: &str) -> Vec<Fragment> {
    let mut fragments = Vec::new();
    each_run(term, |run| {
        let text = || run.text.to_owned();
        match (run.kind, run.at_start, run.at_end) {
            (CharKind::Separator, ..) => {}
            (CharKind::Spaced, ..) if run.chars > MAX_TOKEN_CHARS => fragments.push(Fragment::Long),
            (CharKind::Unspaced, ..) if run.chars > 1 => {
                each_pair(run.text, &mut String::new(), &mut |pair| {
                    fragments.push(Fragment::Whole(pair.to_owned()))
                });
            }
            // A run at an end of the term can continue in the text; and a single unspaced character is there a
            // token of its own, or the first or second of a pair.
            (_, false, false) => fragments.push(Fragment::Whole(text())),
            (_, false, true) => fragments.push(Fragment::Prefix(text())),
            (_, true, false) => fragments.push(Fragment::Suffix(text())),
            (_, true, true) => fragments.push(Fragment::Piece(text())),
        }
    });
    fragments
}

struct Run<'a> {
    text: &'a str,
    kind: CharKind,
    chars: usize,
    at_start: bool,
    at_end: bool,
}

/// Calls `emit` with each maximal run of folded characters of one kind; a separator run's text is empty.
fn each_run(text: &str, mut emit: impl FnMut(Run<'_>)) {
    let mut run = String::new();
    let mut kind = CharKind::Separator;
    let mut chars = 0;
    let mut at_start = true;
    for c in text.chars() {
        fold_into(c, &mut |c| {
            let next = char_kind(c);
            if next != kind {
                if chars > 0 {
                    emit(Run {
                        text: &run,
                        kind,
                        chars,
                        at_start,
                        at_end: false,
                    });
                    at_start = false;
                }
                run.clear();
                chars = 0;
                kind = next;
            }
            chars += 1;
            match next {
                CharKind::Separator => {}
                // A token that is too long is not needed in full.
                CharKind::Spaced if chars > MAX_TOKEN_CHARS => {}
                CharKind::Spaced | CharKind::Unspaced => run.push(c),
            }
        });
    }
    if chars > 0 {
        emit(Run {
            text: &run,
            kind,
            chars,
            at_start,
            at_end: true,
        });
    }
}

#[cfg(test)]
#[path = "tokens_tests.rs"]
mod tokens_tests;
