//! The check of all rows finds every sort of row that would be missed, or answer wrongly.

use rusqlite::Transaction;

use super::super::Index;
use super::super::history_write::sample::{ROLLOUT, changes};
use super::super::history_write::store_changes;
use crate::error::StateResult;

/// Stores sample rows, damages them with a statement, and returns whether the check finds out.
fn is_found(damage: &'static str) -> bool {
    let folder = tempfile::tempdir().expect("folder");
    let index = Index::open(&folder.path().join("index.sqlite")).expect("new");
    let store = |transaction: &Transaction<'_>| store_changes(transaction, ROLLOUT, 0, &changes(0..40));
    index.write(store).expect("stored");
    index.check().expect("whole");
    let damage = |transaction: &Transaction<'_>| -> StateResult<usize> { Ok(transaction.execute(damage, [])?) };
    assert!(index.write(damage).expect("damaged") > 0);
    index.check().is_err()
}

#[test]
fn rows_that_would_be_missed_are_found() {
    for damage in [
        "DELETE FROM item_places WHERE block = (SELECT max(block) FROM item_places)",
        "UPDATE item_places SET bucket = bucket + 1 WHERE block = (SELECT max(block) FROM item_places)",
        "UPDATE item_blocks SET place = place + 1 WHERE place = (SELECT max(place) FROM item_blocks)",
        "UPDATE item_blocks SET body = substr(body, 1, length(body) - 1) WHERE place = (SELECT max(place) FROM item_blocks)",
        "DELETE FROM item_blocks WHERE place = (SELECT max(place) FROM item_blocks)",
        "UPDATE turns SET bucket = bucket + 1 WHERE key = (SELECT max(key) FROM turns)",
        "UPDATE turns SET end_key = coalesce(end_key, 0) + 2 WHERE key = (SELECT max(key) FROM turns)",
        "UPDATE turns SET key = key + 2 WHERE key = (SELECT max(key) FROM turns)",
    ] {
        assert!(is_found(damage), "{damage}");
    }
}
