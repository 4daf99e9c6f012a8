use super::{TitleCandidates, candidates, indexed_text, trigram_expression};
use crate::threads::sample::{database, row};
use crate::threads::{CutText, ThreadRow, upsert};

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
    assert_eq!(indexed_text(&row(1)), "\na title");
    let different = ThreadRow {
        name: Some("n".to_owned()),
        preview: CutText::new("p"),
        ..row(1)
    };
    assert_eq!(indexed_text(&different), "n\na title\np");
}

#[test]
fn a_row_with_an_unstored_rest_is_always_a_candidate() {
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
    assert_eq!(candidates(&conn, "zebra").unwrap(), TitleCandidates::Only(vec![2]));
    assert_eq!(candidates(&conn, "title").unwrap(), TitleCandidates::Only(vec![1, 2]));
}
