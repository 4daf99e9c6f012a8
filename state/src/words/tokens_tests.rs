//! Tests of `tokens.rs`.

use super::{Fragment, LONG_TOKEN, MAX_TOKEN_CHARS, each_token, fragments};

fn tokens(text: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    each_token(text, |token| tokens.push(token.to_owned()));
    tokens
}

fn check(text: &str, expected: &[&str]) {
    assert_eq!(tokens(text), expected, "{text:?}");
}

fn whole(text: &str) -> Fragment {
    Fragment::Whole(text.to_owned())
}

fn prefix(text: &str) -> Fragment {
    Fragment::Prefix(text.to_owned())
}

fn suffix(text: &str) -> Fragment {
    Fragment::Suffix(text.to_owned())
}

fn piece(text: &str) -> Fragment {
    Fragment::Piece(text.to_owned())
}

#[test]
fn tokens_are_folded_runs_of_letters_and_digits() {
    check("", &[]);
    check("  \n!?", &[]);
    check("Hello, WORLD", &["hello", "world"]);
    check("snake_case-Name.rs:42", &["snake", "case", "name", "rs", "42"]);
    check("a\0b", &["a", "b"]);
    check("ÄÖ ẞ \u{212a}", &["äö", "ß", "k"]);
    check("İstanbul", &["i", "stanbul"]);
    check("e\u{301}té", &["e", "té"]);
    check("עברית 😀 x", &["עברית", "x"]);
}

#[test]
fn unspaced_scripts_are_cut_into_pairs() {
    check("日", &["日"]);
    check("日本語", &["日本", "本語"]);
    check("データ3件x", &["デー", "ータ", "3", "件", "x"]);
    check("ภาษา", &["ภา", "าษ", "ษา"]);
    check("한국어", &["한국어"]);
}

#[test]
fn a_token_at_the_limit_is_kept_and_one_longer_becomes_the_marker() {
    let longest = "é".repeat(MAX_TOKEN_CHARS);
    check(&format!("{longest} {longest}x y"), &[&longest, LONG_TOKEN, "y"]);
    assert_eq!(
        fragments(&format!("-{longest}- -{longest}x-")),
        [whole(&longest), Fragment::Long]
    );
}

#[test]
fn a_fragment_knows_on_which_sides_it_can_continue() {
    assert_eq!(fragments("Middle"), [piece("middle")]);
    assert_eq!(fragments(" Middle."), [whole("middle")]);
    assert_eq!(
        fragments("one two three"),
        [suffix("one"), whole("two"), prefix("three")]
    );
    assert_eq!(fragments("one."), [suffix("one")]);
    assert_eq!(fragments("/one"), [prefix("one")]);
    assert_eq!(fragments("!? 😀"), []);
    assert_eq!(fragments(""), []);
}

#[test]
fn a_change_of_script_bounds_a_fragment() {
    assert_eq!(fragments("日本語"), [whole("日本"), whole("本語")]);
    assert_eq!(fragments("日"), [piece("日")]);
    assert_eq!(fragments("x日"), [suffix("x"), prefix("日")]);
    assert_eq!(fragments("日x日"), [suffix("日"), whole("x"), prefix("日")]);
    assert_eq!(fragments("x日x"), [suffix("x"), whole("日"), prefix("x")]);
}

proptest::proptest! {
    #[test]
    fn documents_hold_the_tokens_and_the_parts_of_identifiers(
        text in "[a-cA-C0-9_\u{df}\u{130}\u{691c}\u{7d22}\u{30ab} \n.-]{0,40}|\\PC{0,40}"
    ) {
        let mut tokens: std::collections::BTreeSet<String> = super::tokens_of(&text).into_iter().collect();
        crate::text::each_part(&text, |part| {
            if part.kind == crate::text::PartKind::Word {
                tokens.insert(part.text.to_owned());
            }
        });
        let mut held = std::collections::BTreeSet::new();
        super::each_document_token(&text, |token| {
            held.insert(token.to_owned());
        });
        proptest::prop_assert_eq!(held, tokens);
    }
}
