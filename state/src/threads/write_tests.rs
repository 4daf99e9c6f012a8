//! Tests of `write.rs`.

use rusqlite::Connection;

use super::{remove, upsert};
use crate::threads::sample::{database, id, row};
use crate::threads::{
    CutText, ListFilter, MAX_STORED_TEXT_BYTES, SectionPlace, ThreadRow, get, index_titles, list,
};

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
        section: Some(SectionPlace {
            section_id: "s".to_owned(),
            rank: -3,
            entered_at_ms: 9,
        }),
        project_id: some("p"),
        daybreak: Some(false),
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
fn a_renamed_thread_is_found_before_and_after_its_trigrams_follow() {
    let conn = database();
    let named = |name: &str| ThreadRow {
        name: Some(name.to_owned()),
        ..row(1)
    };
    upsert(&conn, &named("walrus")).unwrap();
    assert_eq!(found_by(&conn, "walrus"), [id(1)]);
    assert_eq!(index_titles(&conn, 10).unwrap(), 1);
    assert_eq!(
        (found_by(&conn, "walrus"), trigram_rows(&conn, "wal")),
        (vec![id(1)], 1)
    );
    upsert(&conn, &named("zebra")).unwrap();
    assert_eq!(
        (found_by(&conn, "walrus"), found_by(&conn, "zebra")),
        (vec![], vec![id(1)])
    );
    assert_eq!(trigram_rows(&conn, "wal"), 0);
    upsert(&conn, &named("quokka")).unwrap();
    assert_eq!(index_titles(&conn, 10).unwrap(), 1);
    assert_eq!(
        (found_by(&conn, "zebra"), found_by(&conn, "quokka")),
        (vec![], vec![id(1)])
    );
    assert_eq!((trigram_rows(&conn, "zeb"), trigram_rows(&conn, "quo")), (0, 1));
}

#[test]
fn indexing_goes_on_where_it_stopped() {
    let conn = database();
    for n in 1..=5 {
        upsert(&conn, &row(n)).unwrap();
    }
    let steps: Vec<usize> = (0..4).map(|_| index_titles(&conn, 2).unwrap()).collect();
    assert_eq!(steps, [2, 2, 1, 0]);
    upsert(
        &conn,
        &ThreadRow {
            updated_at_ms: 99,
            ..row(1)
        },
    )
    .unwrap();
    assert_eq!(index_titles(&conn, 2).unwrap(), 0);
}

#[test]
fn removing_leaves_nothing_behind() {
    let conn = database();
    upsert(&conn, &row(1)).unwrap();
    index_titles(&conn, 10).unwrap();
    upsert(&conn, &row(2)).unwrap();
    for n in 1..=3 {
        remove(&conn, &id(n)).unwrap();
        assert_eq!(get(&conn, &id(n)).unwrap(), None);
    }
    assert_eq!((trigram_rows(&conn, "tit"), index_titles(&conn, 10).unwrap()), (0, 0));
    upsert(&conn, &row(1)).unwrap();
    assert_eq!(found_by(&conn, "title"), [id(1)]);
}
