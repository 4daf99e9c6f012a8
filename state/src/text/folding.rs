//! Folds case so that any two texts that a matcher takes for equal become identical.
//!
//! The fold is coarser than both matchers (`matcher.rs`): it may also unite characters that they keep apart (`ı` and
//! `i`), never the other way round. An index over folded text therefore yields supersets, never misses. A test walks
//! all characters to prove it.

/// Appends the folded form of `c`: usually one character, for `İ` two.
pub fn fold_into(c: char, emit: &mut impl FnMut(char)) {
    if c.is_ascii() {
        emit(c.to_ascii_lowercase());
    } else if is_caseless_block(c) {
        emit(c);
    } else {
        // Lower-casing first makes a text and its lower-cased form fold alike, which `LowercaseMatcher` needs.
        for lower in c.to_lowercase() {
            emit(representative(lower));
        }
    }
}

/// Returns one character for all that Unicode's simple case folding makes equal to `c`.
fn representative(c: char) -> char {
    match c {
        // Pairs of the simple folding that no one-to-one case mapping connects.
        '\u{1fd3}' => return '\u{390}',
        '\u{1fe3}' => return '\u{3b0}',
        '\u{fb05}' => return '\u{fb06}',
        _ => {}
    }
    let upper = only(c.to_uppercase()).unwrap_or(c);
    only(upper.to_lowercase()).unwrap_or(c)
}

fn only(mut chars: impl Iterator<Item = char>) -> Option<char> {
    let first = chars.next()?;
    chars.next().is_none().then_some(first)
}

/// Returns whether `c` lies in one of the large blocks without case: ideographs, kana, Yi, Hangul.
fn is_caseless_block(c: char) -> bool {
    matches!(c, '\u{2e80}'..='\u{a63f}' | '\u{ac00}'..='\u{d7ff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..)
}

#[cfg(test)]
#[path = "folding_tests.rs"]
mod folding_tests;
