//! Tests of `write.rs`.

use rusqlite::Connection;

use super::super::sample::{add, database};
use super::{KnownTokens, MAX_KNOWN_TOKENS, WordWriter, optimize, remove, remove_rollout};
use crate::words::{Candidates, MAX_OFFSET, RolloutKeys, WordScope, WordTable, candidates};

fn found(conn: &Connection, term: &str) -> Vec<(i64, Vec<u64>)> {
    let Candidates::Rows(rows) = candidates(conn, term, WordScope::SaidAndHidden).unwrap() else {
        panic!("{term:?} narrows nothing")
    };
    let RolloutKeys::Only(keys) = rows.rollout_keys(conn, 100).unwrap() else {
        panic!("too many for {term:?}")
    };
    keys.into_iter()
        .map(|key| (key, rows.offsets(conn, key, 0..u64::MAX, 100).unwrap()))
        .collect()
}

#[test]
fn a_document_is_found_by_the_words_of_all_its_texts() {
    let mut conn = database();
    let transaction = conn.transaction().unwrap();
    WordWriter::new(&transaction)
        .insert(WordTable::Said, 1, 0, &["**b**old", "bold"])
        .unwrap();
    transaction.commit().unwrap();
    assert_eq!(found(&conn, "bold"), [(1, vec![0])]);
    assert_eq!(found(&conn, "**b**"), [(1, vec![0])]);
}

#[test]
fn inserting_again_replaces_the_document() {
    let mut conn = database();
    add(&mut conn, &[(1, 0, "walrus")]);
    add(&mut conn, &[(1, 0, "zebra"), (1, 0, "quokka")]);
    assert_eq!(found(&conn, "walrus"), []);
    assert_eq!(found(&conn, "zebra"), []);
    assert_eq!(found(&conn, "quokka"), [(1, vec![0])]);
}

#[test]
fn removing_a_line_keeps_its_neighbours() {
    let mut conn = database();
    add(
        &mut conn,
        &[(1, 0, "walrus"), (1, 1, "walrus"), (1, 2, "walrus"), (2, 1, "walrus")],
    );
    remove(&conn, 1, 1).unwrap();
    assert_eq!(found(&conn, "walrus"), [(1, vec![0, 2]), (2, vec![1])]);
}

#[test]
fn removing_a_rollout_keeps_the_others() {
    let mut conn = database();
    add(
        &mut conn,
        &[
            (1, MAX_OFFSET, "walrus"),
            (2, 0, "walrus"),
            (2, MAX_OFFSET, "walrus"),
            (3, 0, "walrus"),
        ],
    );
    remove_rollout(&conn, 2).unwrap();
    assert_eq!(found(&conn, "walrus"), [(1, vec![MAX_OFFSET]), (3, vec![0])]);
    add(&mut conn, &[(2, 5, "walrus")]);
    assert_eq!(
        found(&conn, "walrus"),
        [(1, vec![MAX_OFFSET]), (2, vec![5]), (3, vec![0])]
    );
}

#[test]
fn a_rollout_is_found_whose_new_documents_have_lower_numbers_than_its_removed_ones() {
    let mut conn = database();
    add(&mut conn, &[(3, 0, "walrus"), (2, 4, "walrus")]);
    remove_rollout(&conn, 3).unwrap();
    remove(&conn, 2, 4).unwrap();
    add(&mut conn, &[(2, 2, "walrus")]); // takes the number of the first document
    assert_eq!(found(&conn, "walrus"), [(2, vec![2])]);
}

#[test]
fn documents_in_any_order_are_found_in_the_order_of_their_offsets() {
    let mut conn = database();
    add(
        &mut conn,
        &[
            (1, 50, "walrus"),
            (1, 10, "walrus"),
            (2, 0, "walrus"),
            (1, 30, "walrus"),
            (1, 70, "walrus"),
        ],
    );
    remove(&conn, 1, 70).unwrap();
    add(&mut conn, &[(1, 60, "walrus")]);
    assert_eq!(found(&conn, "walrus"), [(1, vec![10, 30, 50, 60]), (2, vec![0])]);
    let Candidates::Rows(rows) = candidates(&conn, "walrus", WordScope::Said).unwrap() else {
        panic!("no rows")
    };
    assert_eq!(rows.offsets(&conn, 1, 20..60, 1).unwrap(), [30]);
    assert_eq!(rows.offsets(&conn, 1, 61..99, 9).unwrap(), [] as [u64; 0]);
}

#[test]
fn a_removed_line_can_come_back_anywhere_in_an_ordered_rollout() {
    let mut conn = database();
    add(
        &mut conn,
        &[
            (1, 10, "walrus"),
            (1, 20, "walrus"),
            (2, 5, "walrus"),
            (1, 30, "walrus"),
        ],
    );
    remove(&conn, 1, 10).unwrap();
    add(&mut conn, &[(1, 10, "walrus")]);
    assert_eq!(found(&conn, "walrus"), [(1, vec![10, 20, 30]), (2, vec![5])]);
}

#[test]
fn known_tokens_carry_over_to_the_next_transaction() {
    let mut conn = database();
    let mut known = KnownTokens::default();
    for (offset, text) in (0..).zip(["walrus", "walrus zebra", "walrus zebra zebra"]) {
        let transaction = conn.transaction().unwrap();
        let mut writer = WordWriter::with_known(&transaction, known);
        writer.insert(WordTable::Said, 1, offset, &[text]).unwrap();
        known = writer.into_known();
        transaction.commit().unwrap();
    }
    assert_eq!(found(&conn, "alru"), [(1, vec![0, 1, 2])]);
    assert_eq!(found(&conn, "ebr"), [(1, vec![1, 2])]);
    let tokens: i64 = conn
        .query_row("SELECT count(*) FROM word_tokens", [], |row| row.get(0))
        .unwrap();
    assert_eq!(tokens, 2);
}

#[test]
fn a_rolled_back_transaction_leaves_no_gap_in_the_vocabulary() {
    let mut conn = database();
    let transaction = conn.transaction().unwrap();
    WordWriter::new(&transaction)
        .insert(WordTable::Said, 1, 0, &["walrus"])
        .unwrap();
    transaction.rollback().unwrap();
    assert_eq!(found(&conn, "alru"), []);
    add(&mut conn, &[(1, 0, "walrus")]);
    assert_eq!(found(&conn, "alru"), [(1, vec![0])]);
}

#[test]
fn optimizing_changes_no_answer() {
    let mut conn = database();
    for offset in 0..40 {
        add(&mut conn, &[(1, offset, &format!("walrus number{offset}"))]);
    }
    remove(&conn, 1, 7).unwrap();
    optimize(&conn).unwrap();
    assert_eq!(
        found(&conn, "number3"),
        [(1, vec![3, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39])]
    );
    assert_eq!(found(&conn, "walrus")[0].1.len(), 39);
}

#[test]
fn positions_beyond_the_limits_are_refused() {
    let mut conn = database();
    let transaction = conn.transaction().unwrap();
    let mut writer = WordWriter::new(&transaction);
    assert!(writer.insert(WordTable::Said, 1, MAX_OFFSET + 1, &["x"]).is_err());
    assert!(writer.insert(WordTable::Said, -1, 0, &["x"]).is_err());
    assert!(remove(&transaction, 1, MAX_OFFSET + 1).is_err());
    assert!(remove_rollout(&transaction, -1).is_err());
}

#[test]
fn tokens_are_remembered_up_to_the_limit_and_then_all_forgotten() {
    for (count, new_tokens) in [(MAX_KNOWN_TOKENS, 0), (MAX_KNOWN_TOKENS + 1, 1)] {
        let mut known = KnownTokens::default();
        let tokens: Vec<String> = (0..count).map(|number| format!("t{number}")).collect();
        assert_eq!(known.words_of([tokens.join(" ").as_str()]).new_tokens.len(), count);
        assert_eq!(known.words_of(["t7"]).new_tokens.len(), new_tokens);
    }
}
