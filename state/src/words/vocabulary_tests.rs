//! Tests of `vocabulary.rs`.

use rusqlite::Connection;

use super::super::sample::{add, database};
use super::super::tokens::Fragment;
use super::{Expansion, expand, needs_scan};

fn vocabulary(text: &str) -> Connection {
    let mut conn = database();
    add(&mut conn, &[(1, 0, text)]);
    conn
}

fn check(conn: &Connection, fragment: &Fragment, expected: &[&str]) {
    match expand(conn, fragment, 10).unwrap() {
        Expansion::Tokens(mut tokens) => {
            tokens.sort_unstable();
            assert_eq!(tokens, expected, "{fragment:?}");
        }
        Expansion::TooMany => panic!("too many for {fragment:?}"),
    }
}

#[test]
fn fragments_expand_to_the_tokens_that_fit() {
    let conn = vocabulary("needle needles pineneedle need dle née Überprüfung 日本語 a");
    check(
        &conn,
        &Fragment::Prefix("need".to_owned()),
        &["need", "needle", "needles"],
    );
    check(&conn, &Fragment::Suffix("needle".to_owned()), &["needle", "pineneedle"]);
    check(
        &conn,
        &Fragment::Suffix("dle".to_owned()),
        &["dle", "needle", "pineneedle"],
    );
    check(
        &conn,
        &Fragment::Suffix("le".to_owned()),
        &["dle", "needle", "pineneedle"],
    );
    check(
        &conn,
        &Fragment::Piece("eedl".to_owned()),
        &["needle", "needles", "pineneedle"],
    );
    check(&conn, &Fragment::Piece("prüf".to_owned()), &["überprüfung"]);
    check(&conn, &Fragment::Piece("é".to_owned()), &["née"]);
    check(&conn, &Fragment::Piece("本".to_owned()), &["日本", "本語"]);
    check(&conn, &Fragment::Prefix("zz".to_owned()), &[]);
    check(&conn, &Fragment::Piece("zzz".to_owned()), &[]);
    check(&conn, &Fragment::Whole("anything".to_owned()), &["anything"]);
    check(&conn, &Fragment::Long, &[]);
}

#[test]
fn trigrams_in_another_order_are_not_enough() {
    let conn = vocabulary("abcxbcd");
    check(&conn, &Fragment::Piece("abcd".to_owned()), &[]);
}

#[test]
fn at_the_limit_all_are_returned_and_one_more_is_too_many() {
    let conn = vocabulary("xaa xab xac");
    for fragment in [Fragment::Prefix("xa".to_owned()), Fragment::Piece("a".to_owned())] {
        assert!(matches!(expand(&conn, &fragment, 3).unwrap(), Expansion::Tokens(tokens) if tokens.len() == 3));
        assert_eq!(expand(&conn, &fragment, 2).unwrap(), Expansion::TooMany);
    }
}

#[test]
fn only_short_pieces_need_a_scan() {
    assert!(needs_scan(&Fragment::Piece("ab".to_owned())));
    assert!(needs_scan(&Fragment::Suffix("éé".to_owned())));
    assert!(!needs_scan(&Fragment::Piece("abc".to_owned())));
    assert!(!needs_scan(&Fragment::Prefix("a".to_owned())));
    assert!(!needs_scan(&Fragment::Whole("a".to_owned())));
}
