//! Tests of `query.rs`.

use rusqlite::Connection;

use super::super::sample::{add, database};
use super::{MAX_EXPANSION, expression};

fn vocabulary(text: &str) -> Connection {
    let mut conn = database();
    add(&mut conn, &[(1, 0, text)]);
    conn
}

fn check(conn: &Connection, term: &str, expected: Option<&str>) {
    assert_eq!(expression(conn, term).unwrap().as_deref(), expected, "{term:?}");
}

#[test]
fn every_fragment_is_a_condition_and_long_tokens_satisfy_open_ones() {
    let conn = vocabulary("alone one two three threefold");
    check(
        &conn,
        "one Two thr",
        Some(r#"("alone" OR "one" OR "…") AND ("two") AND ("three" OR "threefold" OR "…")"#),
    );
    check(&conn, "zzz", Some(r#"("…")"#));
    check(&conn, "!?", None);
}

#[test]
fn white_space_around_a_term_does_not_count() {
    let conn = vocabulary("alone");
    check(&conn, " lon\n", Some(r#"("alone" OR "…")"#));
}

#[test]
fn short_open_fragments_are_looked_up_only_if_nothing_else_narrows() {
    let conn = vocabulary("ab cab word");
    check(&conn, "ab", Some(r#"("ab" OR "cab" OR "…")"#));
    check(&conn, "ab word", Some(r#"("word" OR "…")"#));
}

#[test]
fn a_fragment_of_too_many_tokens_is_dropped() {
    let tokens: Vec<String> = (0..=MAX_EXPANSION).map(|n| format!("common{n}")).collect();
    let conn = vocabulary(&format!("rare {}", tokens.join(" ")));
    check(&conn, "common", None);
    check(&conn, "rare comm", Some(r#"("rare" OR "…")"#));
    let conn = vocabulary(&tokens[1..].join(" "));
    let expression = expression(&conn, "common").unwrap().unwrap();
    assert_eq!(expression.matches(" OR ").count(), MAX_EXPANSION);
}

#[test]
fn the_longest_fragments_of_a_long_term_are_used() {
    let conn = vocabulary("x");
    let words: Vec<String> = (0..40).map(|n| format!("{}{n:02}", "w".repeat(n))).collect();
    let expression = expression(&conn, &format!("({})", words.join(" "))).unwrap().unwrap();
    assert_eq!(expression.matches(" AND ").count(), 15);
    assert!(expression.contains("w39") && !expression.contains("\"ww02\""));
}
