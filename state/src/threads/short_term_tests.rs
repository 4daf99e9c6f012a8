//! Tests of lists by terms of one or two characters, where the walk is left for the trigram index.

use rusqlite::Connection;

use super::{SHORT_TERM_TEXTS, list};
use crate::threads::sample::{database, id, row};
use crate::threads::{ArchivedRows, CutText, ListAnchor, ListDirection, ListFilter, ThreadRow, index_titles, upsert};

/// More rows than are looked at, of which a few of the oldest say something that no other says; the last text has no trigrams yet.
fn database_of_many() -> (Connection, Vec<ThreadRow>) {
    let count = SHORT_TERM_TEXTS as u32 + 200;
    let rows: Vec<ThreadRow> = (1..=count)
        .map(|n| ThreadRow {
            name: match n {
                3 | 7 => Some("the q7".to_owned()),
                5 => Some("日本".to_owned()),
                6 => Some("q\0z".to_owned()),
                _ => None,
            },
            archived: n == 7,
            preview: CutText::new(if n == 9 { "a preview, q7 as well" } else { "a title" }),
            ..row(n)
        })
        .collect();
    let conn = database();
    for row in &rows {
        upsert(&conn, row).unwrap();
    }
    index_titles(&conn, count).unwrap();
    let late = ThreadRow {
        name: Some("q7, late".to_owned()),
        ..row(1)
    };
    upsert(&conn, &late).unwrap();
    let rows = [late].into_iter().chain(rows.into_iter().skip(1)).collect();
    (conn, rows)
}

fn listed(conn: &Connection, filter: &ListFilter) -> (Vec<String>, bool) {
    let page = list(conn, filter).unwrap();
    (page.rows.into_iter().map(|row| row.thread_id).collect(), page.has_more)
}

#[test]
fn short_terms_find_the_rows_that_a_comparison_of_all_texts_finds() {
    let (conn, rows) = database_of_many();
    for term in ["q7", "zz", "7", "日", "本", "q\0", "\0z", "a", " t", "e"] {
        for direction in [ListDirection::Ascending, ListDirection::Descending] {
            for archived in [ArchivedRows::Live, ArchivedRows::Any] {
                let filter = ListFilter {
                    search_term: Some(term.to_owned()),
                    limit: 2,
                    direction,
                    archived,
                    ..ListFilter::default()
                };
                let mut expected: Vec<String> = rows
                    .iter()
                    .filter(|row| archived == ArchivedRows::Any || !row.archived)
                    .filter(|row| row.stored_text_contains(term))
                    .map(|row| row.thread_id.clone())
                    .collect();
                if direction == ListDirection::Descending {
                    expected.reverse();
                }
                let has_more = expected.len() > filter.limit;
                expected.truncate(filter.limit);
                assert_eq!(listed(&conn, &filter), (expected, has_more), "{filter:?}");
            }
        }
    }
}

#[test]
fn pages_by_a_short_term_follow_each_other() {
    let (conn, _) = database_of_many();
    let mut filter = ListFilter {
        search_term: Some("q7".to_owned()),
        limit: 1,
        ..ListFilter::default()
    };
    for (n, has_more) in [(9, true), (3, true), (1, false)] {
        assert_eq!(listed(&conn, &filter), (vec![id(n)], has_more));
        filter.anchor = Some(ListAnchor {
            time_ms: row(n).created_at_ms,
            thread_id: Some(id(n)),
        });
    }
}
