//! Tests of `titles.rs`.

use rusqlite::Connection;

use super::{CANDIDATE_BOUNDS, TitleCandidates, indexed_text, max_candidates, trigram_expression};
use crate::threads::sample::{database, row};
use crate::threads::{CutText, ThreadRow, index_titles, upsert};

fn candidates(conn: &Connection, term: &str) -> TitleCandidates {
    super::candidates(conn, term, 1).unwrap()
}

#[test]
fn terms_below_three_characters_cannot_be_looked_up() {
    for term in ["", "a", "ab", "éé", "日本", "a\0bcd"] {
        assert_eq!(trigram_expression(term), None, "{term:?}");
    }
}

#[test]
fn longer_terms_become_their_trigrams() {
    assert_eq!(trigram_expression("abc").unwrap(), r#""abc""#);
    assert_eq!(trigram_expression("日本語d").unwrap(), r#""日本語" AND "本語d""#);
    assert_eq!(trigram_expression("a\"b*").unwrap(), "\"a\"\"b\" AND \"\"\"b*\"");
}

#[test]
fn at_most_sixteen_trigrams_are_asked_for() {
    for chars in [18, 19, 34, 100, 5_000] {
        let count = trigram_expression(&"x".repeat(chars)).unwrap().split(" AND ").count();
        assert!((9..=16).contains(&count), "{count} trigrams of {chars} characters");
    }
}

#[test]
fn every_stored_text_is_indexed_once() {
    assert_eq!(indexed_text(&row(1)), "\na title\n\n");
    let different = ThreadRow {
        name: Some("n".to_owned()),
        preview: CutText::new("p"),
        ..row(1)
    };
    assert_eq!(indexed_text(&different), "n\na title\np\n\n");
}

#[test]
fn short_terms_are_looked_up_by_the_trigrams_that_begin_with_them() {
    let conn = database();
    for (n, text) in [(1, "ab"), (2, "xab\0c"), (3, "日本"), (4, "b\u{ffff}"), (5, "\"q")] {
        upsert(
            &conn,
            &ThreadRow {
                name: Some(text.to_owned()),
                ..row(n)
            },
        )
        .unwrap();
    }
    index_titles(&conn, 10).unwrap();
    let short = |term| super::short_candidates(&conn, term, 1).unwrap();
    for (term, rows) in [
        ("ab", &[1, 2][..]),
        ("b", &[1, 2, 4]),
        ("xa", &[2]),
        ("本", &[3]),
        ("日本", &[3]),
        ("\"q", &[5]),
        ("q", &[5]),
        ("zz", &[]),
        ("é", &[]),
    ] {
        assert_eq!(short(term), TitleCandidates::Only(rows.to_vec()), "{term:?}");
    }
    for unknown in ["b\0", "b\u{ffff}", "\u{fffe}"] {
        assert_eq!(short(unknown), TitleCandidates::Any, "{unknown:?}");
    }
    upsert(&conn, &row(6)).unwrap();
    assert_eq!(
        short("zz"),
        TitleCandidates::Only(vec![6]),
        "its text is not indexed yet"
    );
}

#[test]
fn a_short_term_that_begins_many_trigrams_is_not_looked_up() {
    let conn = database();
    for n in 0..=super::MAX_CONTINUATIONS as u32 {
        let text = format!("zq{}", char::from_u32(0x4e00 + n).unwrap());
        upsert(
            &conn,
            &ThreadRow {
                name: Some(text),
                ..row(n + 1)
            },
        )
        .unwrap();
        index_titles(&conn, 10).unwrap();
        let found = super::short_candidates(&conn, "zq", 1).unwrap();
        let is_looked_up = (n as usize) < super::MAX_CONTINUATIONS;
        assert_eq!(matches!(found, TitleCandidates::Only(_)), is_looked_up, "{n}");
    }
}

#[test]
fn rows_with_an_unstored_rest_or_without_trigrams_are_always_candidates() {
    let conn = database();
    upsert(&conn, &row(1)).unwrap();
    upsert(
        &conn,
        &ThreadRow {
            preview: CutText {
                text: "begin".to_owned(),
                cut: true,
            },
            ..row(2)
        },
    )
    .unwrap();
    assert_eq!(candidates(&conn, "zebra"), TitleCandidates::Only(vec![1, 2]));
    index_titles(&conn, 10).unwrap();
    assert_eq!(candidates(&conn, "zebra"), TitleCandidates::Only(vec![2]));
    assert_eq!(candidates(&conn, "title"), TitleCandidates::Only(vec![1, 2]));
}

#[test]
fn more_candidates_than_the_bound_are_not_listed() {
    let conn = database();
    for n in 1..=200 {
        upsert(&conn, &row(n)).unwrap();
    }
    let many = |conn| candidates(conn, "title") == TitleCandidates::Any;
    for step in [0, 100, 100] {
        index_titles(&conn, step).unwrap();
        assert!(!many(&conn));
    }
    upsert(&conn, &row(201)).unwrap();
    index_titles(&conn, 1).unwrap();
    assert!(many(&conn));
}

#[test]
fn the_bound_grows_with_the_list_and_the_page() {
    let conn = database();
    assert_eq!(max_candidates(&conn, 50).unwrap(), CANDIDATE_BOUNDS.0);
    upsert(&conn, &row(1)).unwrap();
    conn.execute("UPDATE threads SET thread_num = 100000", []).unwrap();
    assert_eq!(max_candidates(&conn, 50).unwrap(), 2_236);
    assert_eq!(max_candidates(&conn, usize::MAX).unwrap(), CANDIDATE_BOUNDS.1);
}
