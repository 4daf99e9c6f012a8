//! What is stored in steps is what is stored at once, byte for byte, and is found as rows in memory are.

use rusqlite::Transaction;

use super::super::{Index, StoredRows};
use super::sample::{ITEM_BYTES, ROLLOUT, changes, raw};
use super::store_changes;
use crate::error::StateResult;
use crate::projector::{KeyRange, MemoryRows, Order, RowChanges, RowReader, RowStore};
use crate::rows::{RowKey, RowSet};

const ITEMS: u64 = 40;

fn new_index() -> (tempfile::TempDir, Index) {
    let folder = tempfile::tempdir().expect("folder");
    let index = Index::open(&folder.path().join("index.sqlite")).expect("new");
    (folder, index)
}

fn store(index: &Index, new_from: u64, changes: &RowChanges) {
    let stored = index.write(|transaction: &Transaction<'_>| store_changes(transaction, ROLLOUT, new_from, changes));
    stored.expect("stored");
}

/// Returns every value of the tables of history.
fn dump(index: &Index) -> Vec<String> {
    let reader = index.reader().expect("reader");
    let mut values = Vec::new();
    for sql in [
        "SELECT 'b', place, hex(body), 0, 0 FROM item_blocks ORDER BY place",
        "SELECT 'p', rollout, bucket, block, 0 FROM item_places ORDER BY rollout, bucket, block",
        "SELECT 't', rollout, key, bucket, hex(body) FROM turns ORDER BY rollout, key",
    ] {
        let mut statement = reader.connection().prepare(sql).expect("our tables");
        let rows = statement
            .query_map([], |row| {
                let values: Result<Vec<_>, _> = (0..5)
                    .map(|at| row.get_ref(at).map(|value| format!("{value:?}")))
                    .collect();
                values
            })
            .expect("rows");
        values.extend(rows.map(|row| row.expect("values").join(" ")));
    }
    values
}

#[test]
fn steps_store_what_one_step_stores() {
    let (_folder, once) = new_index();
    store(&once, 0, &changes(0..ITEMS));
    let expected = dump(&once);
    for cut in [1, 3, 11, 12, 13, 14, 37, ITEMS - 1] {
        let (_folder, stepwise) = new_index();
        store(&stepwise, 0, &changes(0..cut));
        // Rows before the cut are replaced by what they are; those after it are new.
        store(&stepwise, cut * ITEM_BYTES, &changes(cut.saturating_sub(2)..ITEMS));
        assert_eq!(dump(&stepwise), expected, "cut before item {cut}");
    }
}

#[test]
fn raw_rows_go_without_a_trace() {
    let (_folder, plain) = new_index();
    store(&plain, 0, &changes(0..ITEMS));
    let (_folder, index) = new_index();
    let mut with_raw = changes(0..30);
    // The last one is alone in its block.
    for n in [2, 14, 29, 36] {
        let (turn, item) = raw(n);
        with_raw.turns.insert(turn.key, turn);
        with_raw.items.insert(item.key, item);
    }
    store(&index, 0, &with_raw);
    assert_ne!(dump(&index), dump(&plain));
    let mut rest = changes(30..ITEMS);
    rest.raw_removed = true;
    store(&index, 37 * ITEM_BYTES, &rest);
    assert_eq!(dump(&index), dump(&plain));
    index.check().expect("whole");
}

#[test]
fn stored_rows_are_found_as_those_in_memory() {
    let (_folder, index) = new_index();
    let all = changes(0..ITEMS);
    store(&index, 0, &all);
    let reader = index.reader().expect("reader");
    let stored = StoredRows::new(reader.connection(), ROLLOUT);
    let mut memory: MemoryRows<StoredRows<'_>> = MemoryRows::empty();
    all.turns
        .values()
        .for_each(|row| memory.put_turn(row.clone()).expect("memory"));
    all.items
        .values()
        .for_each(|row| memory.put_item(row.clone()).expect("memory"));
    for row in all.items.values() {
        assert_eq!(stored.item(row.key).ok(), memory.item(row.key).ok());
        assert_eq!(stored.item(RowKey(row.key.0 + 2)).ok(), Some(None));
        assert_eq!(
            stored.items_by_id(row.id_hash).ok(),
            memory.items_by_id(row.id_hash).ok()
        );
    }
    let links = all.turns.values().map(|turn| Some(turn.link)).chain([None, Some(7)]);
    for link in links {
        for (low, high) in [(0, ITEMS), (3, 5), (10, 25), (13, 14), (30, 200), (9, 9), (20, 10)] {
            let range = KeyRange {
                low: RowKey(low * ITEM_BYTES * 2),
                high: RowKey(high * ITEM_BYTES * 2),
            };
            for (order, limit) in [
                (Order::Ascending, 0),
                (Order::Ascending, 2),
                (Order::Descending, 3),
                (Order::Descending, usize::MAX),
            ] {
                let found =
                    |rows: &dyn RowReader| -> StateResult<_> { rows.items(RowSet::Codex, link, range, order, limit) };
                assert_eq!(
                    found(&stored).ok(),
                    found(&memory).ok(),
                    "{link:?} {range:?} {order:?} {limit}"
                );
                let found =
                    |rows: &dyn RowReader| -> StateResult<_> { rows.messages(RowSet::Full, range, order, limit) };
                assert_eq!(found(&stored).ok(), found(&memory).ok());
            }
        }
    }
    assert_eq!(
        stored.item_count(RowSet::Full).ok(),
        memory.item_count(RowSet::Full).ok()
    );
    assert_eq!(stored.counts().ok(), Some((8, ITEMS - 3)));
}

#[test]
fn a_key_beyond_every_block_is_refused_and_not_found() {
    let (_folder, index) = new_index();
    let mut beyond = changes(0..1);
    let mut row = beyond.items.values().next().expect("one").clone();
    row.key = RowKey(1 << 49);
    beyond.items.insert(row.key, row.clone());
    let stored = index.write(|transaction: &Transaction<'_>| store_changes(transaction, ROLLOUT, 0, &beyond));
    assert!(stored.is_err());
    row.key = RowKey((1 << 49) - 2);
    let mut last = changes(0..1);
    last.items.insert(row.key, row.clone());
    store(&index, 0, &last);
    let reader = index.reader().expect("reader");
    let rows = StoredRows::new(reader.connection(), ROLLOUT);
    assert_eq!(rows.item(row.key).expect("read"), Some(row));
    assert_eq!(rows.item(RowKey(1 << 49)).expect("read"), None);
    let all = rows.items(RowSet::Full, None, KeyRange::ALL, Order::Descending, usize::MAX);
    assert_eq!(all.expect("read").len(), 2);
}
