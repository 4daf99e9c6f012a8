use rusqlite::Connection;

use super::{remove, upsert};
use crate::threads::sample::{database, id, row};
use crate::threads::{CutText, ListFilter, MAX_STORED_TEXT_BYTES, ThreadRow, get, list};

fn found_by(conn: &Connection, term: &str) -> Vec<String> {
    let filter = ListFilter {
        limit: 10,
        search_term: Some(term.to_owned()),
        ..ListFilter::default()
    };
    list(conn, &filter)
        .unwrap()
        .rows
        .into_iter()
        .map(|row| row.thread_id)
        .collect()
}

fn trigram_rows(conn: &Connection, trigram: &str) -> i64 {
    conn.query_row(
        "SELECT count(*) FROM thread_titles WHERE thread_titles MATCH ?1",
        [format!("\"{trigram}\"")],
        |row| row.get(0),
    )
    .unwrap()
}

fn full_row() -> ThreadRow {
    let some = |text: &str| Some(text.to_owned());
    ThreadRow {
        archived: true,
        paginated: true,
        recency_at_ms: Some(77),
        name: some("name"),
        title: CutText {
            text: "title".to_owned(),
            cut: false,
        },
        preview: CutText {
            text: "preview".to_owned(),
            cut: true,
        },
        first_user_message: CutText {
            text: "first".to_owned(),
            cut: true,
        },
        cwd: "/home/user//fx/".to_owned(),
        source: r#"{"custom":"x"}"#.to_owned(),
        thread_source: some("user"),
        originator: some("probe"),
        agent_nickname: some("nick"),
        agent_role: some("role"),
        model: some("model"),
        effort: some("high"),
        git_sha: some("sha"),
        git_branch: some("branch"),
        git_origin_url: some("url"),
        forked_from: some("f"),
        parent_thread_id: some("p"),
        attached_to: some("a"),
        codex_hidden: true,
        ..row(7)
    }
}

#[test]
fn a_row_reads_back_as_it_was_written() {
    let conn = database();
    for row in [
        row(1),
        full_row(),
        ThreadRow {
            thread_id: id(9),
            ..ThreadRow::default()
        },
    ] {
        upsert(&conn, &row).unwrap();
        assert_eq!(get(&conn, &row.thread_id).unwrap(), Some(row));
    }
}

#[test]
fn texts_survive_whichever_of_them_are_equal() {
    let conn = database();
    let texts = ["", "one", "two"].map(CutText::new);
    let cut = CutText {
        text: "one".to_owned(),
        cut: true,
    };
    let texts: Vec<_> = texts.into_iter().chain([cut]).collect();
    for preview in &texts {
        for title in &texts {
            for first in &texts {
                let row = ThreadRow {
                    preview: preview.clone(),
                    title: title.clone(),
                    first_user_message: first.clone(),
                    ..row(1)
                };
                upsert(&conn, &row).unwrap();
                assert_eq!(get(&conn, &row.thread_id).unwrap(), Some(row));
            }
        }
    }
}

#[test]
fn an_upsert_replaces_every_column() {
    let conn = database();
    upsert(&conn, &full_row()).unwrap();
    upsert(&conn, &row(7)).unwrap();
    assert_eq!(get(&conn, &id(7)).unwrap(), Some(row(7)));
}

#[test]
fn texts_are_cut_at_the_limit_on_a_character() {
    let conn = database();
    let fits = "x".repeat(MAX_STORED_TEXT_BYTES);
    let one_more = format!("{}é", "x".repeat(MAX_STORED_TEXT_BYTES - 1));
    for (text, expected) in [
        (&fits, (fits.len(), false)),
        (&one_more, (MAX_STORED_TEXT_BYTES - 1, true)),
    ] {
        assert_eq!((CutText::new(text).text.len(), CutText::new(text).cut), expected);
        let uncut = CutText {
            text: text.clone(),
            cut: false,
        };
        upsert(
            &conn,
            &ThreadRow {
                preview: uncut,
                ..row(1)
            },
        )
        .unwrap();
        assert_eq!(get(&conn, &id(1)).unwrap().unwrap().preview, CutText::new(text));
    }
}

#[test]
fn an_equal_row_is_not_written_again() {
    let conn = database();
    upsert(&conn, &full_row()).unwrap();
    let before = conn.total_changes();
    upsert(&conn, &full_row()).unwrap();
    assert_eq!(conn.total_changes(), before);
}

#[test]
fn a_new_time_leaves_the_text_index_alone() {
    let conn = database();
    upsert(&conn, &row(1)).unwrap();
    let before = conn.total_changes();
    upsert(
        &conn,
        &ThreadRow {
            updated_at_ms: 99,
            ..row(1)
        },
    )
    .unwrap();
    assert_eq!(conn.total_changes(), before + 1);
}

#[test]
fn renaming_moves_the_trigrams() {
    let conn = database();
    upsert(
        &conn,
        &ThreadRow {
            name: Some("walrus".to_owned()),
            ..row(1)
        },
    )
    .unwrap();
    assert_eq!(found_by(&conn, "walrus"), [id(1)]);
    upsert(
        &conn,
        &ThreadRow {
            name: Some("zebra".to_owned()),
            ..row(1)
        },
    )
    .unwrap();
    assert_eq!(
        (found_by(&conn, "walrus"), found_by(&conn, "zebra")),
        (vec![], vec![id(1)])
    );
    assert_eq!((trigram_rows(&conn, "wal"), trigram_rows(&conn, "zeb")), (0, 1));
}

#[test]
fn removing_leaves_nothing_behind() {
    let conn = database();
    upsert(&conn, &row(1)).unwrap();
    remove(&conn, &id(1)).unwrap();
    remove(&conn, &id(2)).unwrap();
    assert_eq!(get(&conn, &id(1)).unwrap(), None);
    assert_eq!(trigram_rows(&conn, "tit"), 0);
    upsert(&conn, &row(1)).unwrap();
    assert_eq!(found_by(&conn, "title"), [id(1)]);
}
