//! Tests of `lookup.rs`.

use rusqlite::Connection;

use super::{by_name, by_prefix, by_rollout, children, count, descendants, get, newest_of_project};
use crate::threads::sample::{database, id, row};
use crate::threads::{ThreadRow, upsert};

fn ids(rows: Vec<ThreadRow>) -> Vec<String> {
    rows.into_iter().map(|row| row.thread_id).collect()
}

fn child_of(n: u32, parent: u32) -> ThreadRow {
    ThreadRow {
        parent_thread_id: Some(id(parent)),
        ..row(n)
    }
}

fn database_with(rows: &[ThreadRow]) -> Connection {
    let conn = database();
    for row in rows {
        upsert(&conn, row).unwrap();
    }
    conn
}

#[test]
fn a_prefix_in_either_case_finds_its_threads() {
    let conn = database_with(&[row(0xa1), row(0xa2), row(0xb1)]);
    let prefix = &id(0xa1)[..35];
    assert_eq!(ids(by_prefix(&conn, prefix, 10).unwrap()), [id(0xa1), id(0xa2)]);
    assert_eq!(ids(by_prefix(&conn, &prefix.to_uppercase(), 1).unwrap()), [id(0xa1)]);
    assert_eq!(ids(by_prefix(&conn, &id(0xb1), 10).unwrap()), [id(0xb1)]);
    assert_eq!(ids(by_prefix(&conn, "", 10).unwrap()).len(), 3);
    assert_eq!(ids(by_prefix(&conn, "zz", 10).unwrap()), Vec::<String>::new());
}

#[test]
fn a_name_finds_all_its_threads_the_last_changed_first() {
    let named = |n, name: &str, updated_at_ms| ThreadRow {
        name: Some(name.to_owned()),
        updated_at_ms,
        ..row(n)
    };
    let conn = database_with(&[named(1, "x", 10), named(2, "x", 30), named(3, "X", 20), row(4)]);
    assert_eq!(ids(by_name(&conn, "x").unwrap()), [id(2), id(1)]);
}

#[test]
fn a_rollout_finds_its_thread() {
    let conn = database_with(&[
        row(1),
        ThreadRow {
            rollout_key: 50,
            ..row(2)
        },
    ]);
    assert_eq!(ids(by_rollout(&conn, 50).unwrap()), [id(2)]);
    assert_eq!(ids(by_rollout(&conn, 2).unwrap()), Vec::<String>::new());
}

#[test]
fn children_are_direct_and_descendants_are_not() {
    let conn = database_with(&[row(1), child_of(2, 1), child_of(3, 2), child_of(4, 1), child_of(5, 9)]);
    assert_eq!(ids(children(&conn, &id(1)).unwrap()), [id(2), id(4)]);
    assert_eq!(ids(descendants(&conn, &id(1)).unwrap()), [id(2), id(3), id(4)]);
    assert_eq!(ids(descendants(&conn, &id(9)).unwrap()), [id(5)]);
}

#[test]
fn a_circle_of_parents_ends() {
    let conn = database_with(&[child_of(1, 2), child_of(2, 3), child_of(3, 1)]);
    assert_eq!(ids(descendants(&conn, &id(1)).unwrap()), [id(2), id(3)]);
}

#[test]
fn rows_are_counted_and_found_by_id() {
    let conn = database_with(&[row(1), row(2), row(1)]);
    assert_eq!(count(&conn).unwrap(), 2);
    assert_eq!(get(&conn, &id(2)).unwrap(), Some(row(2)));
    assert_eq!(get(&conn, &id(3)).unwrap(), None);
}

#[test]
fn the_newest_thread_of_a_project_is_the_one_that_is_not_archived() {
    let member = |n, recency_at_ms, archived| ThreadRow {
        project_id: Some("p".to_owned()),
        recency_at_ms,
        archived,
        ..row(n)
    };
    let conn = database_with(&[
        member(1, Some(70_000), false),
        // Without a turn its creation counts, 2 seconds.
        member(2, None, false),
        member(3, Some(90_000), true),
        row(4),
    ]);
    assert_eq!(newest_of_project(&conn, "p").unwrap(), Some(70_000));
    assert_eq!(newest_of_project(&conn, "q").unwrap(), None);
}
