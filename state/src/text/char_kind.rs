//! Which characters make words, and of which sort.
//!
//! The one rule for index, queries and matchers. Asked of folded characters (`folding.rs`).

/// Longest word that is indexed as it is; longer ones become one common marker.
pub const MAX_TOKEN_CHARS: usize = 64;

/// What a character does to a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CharKind {
    /// Ends words.
    Separator,
    /// A letter or digit of a script that puts spaces between words.
    Spaced,
    /// A letter of a script that does not; runs of them are found by their pairs.
    Unspaced,
}

/// Returns what a folded character does to a word.
pub(crate) fn char_kind(c: char) -> CharKind {
    if c.is_ascii() {
        return if c.is_ascii_alphanumeric() {
            CharKind::Spaced
        } else {
            CharKind::Separator
        };
    }
    if !c.is_alphanumeric() {
        return CharKind::Separator;
    }
    match c {
        '\u{0e00}'..='\u{0eff}' // Thai, Lao
        | '\u{1000}'..='\u{109f}' // Myanmar
        | '\u{1780}'..='\u{17ff}' // Khmer
        | '\u{2e80}'..='\u{31ff}' // radicals, kana, Bopomofo
        | '\u{3400}'..='\u{9fff}' // ideographs
        | '\u{f900}'..='\u{faff}'
        | '\u{ff66}'..='\u{ff9f}' // half-width kana
        | '\u{1b000}'..='\u{1b16f}' // more kana
        | '\u{20000}'..='\u{3ffff}' => CharKind::Unspaced,
        _ => CharKind::Spaced,
    }
}
