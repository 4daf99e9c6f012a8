//! The items of a turn are the same whether its rows are walked or looked up.

use rusqlite::{Connection, params};

use super::{MIN_NEIGHBOURS, STRANGERS_READ_ALONG, StoredRows, store_changes};
use crate::db::schema::migrate;
use crate::projector::{KeyRange, Order, RowChanges, RowReader};
use crate::rows::{FoldKind, ItemClass, ItemRow, RowKey, RowSet, RowSets, Span};

const OURS: i64 = 7;

fn row(at: u64, turn_link: i64) -> ItemRow {
    let offset = at * 100;
    ItemRow {
        key: RowKey::new(offset, RowSets::BOTH),
        // Some are shown by one view only, some were removed.
        sets: if at % 5 == 4 { RowSets::FULL } else { RowSets::BOTH },
        turn_link,
        id_hash: at.cast_signed(),
        alias: None,
        ordinal: at,
        class: ItemClass::Other,
        fold: FoldKind::Canonical,
        spans: vec![Span { offset, len: 90 }],
        removed_at: (at % 7 == 6).then_some(9_000),
    }
}

/// A database with one row for each link, in their order.
#[expect(clippy::disallowed_methods, reason = "a database of the test's own")]
fn database(links: &[i64]) -> (Connection, Vec<ItemRow>) {
    let rows: Vec<ItemRow> = links
        .iter()
        .enumerate()
        .map(|(at, link)| row(at as u64, *link))
        .collect();
    let mut connection = Connection::open_in_memory().expect("memory");
    migrate(&mut connection).expect("tables");
    let mut changes = RowChanges::default();
    changes.items.extend(rows.iter().map(|row| (row.key, row.clone())));
    let transaction = connection.transaction().expect("begun");
    store_changes(&transaction, 1, 0, &changes).expect("stored");
    transaction.commit().expect("committed");
    (connection, rows)
}

fn check(links: &[i64]) {
    let (connection, rows) = database(links);
    let stored = StoredRows::new(&connection, 1);
    let end = RowKey(rows.len() as u64 * 200);
    for (low, high) in [(RowKey(0), end), (RowKey(0), RowKey(1_100)), (RowKey(400), end)] {
        let range = KeyRange { low, high };
        for set in [RowSet::Full, RowSet::Codex] {
            for order in [Order::Ascending, Order::Descending] {
                for limit in [1, 5, usize::MAX] {
                    let shown = |row: &&ItemRow| {
                        row.turn_link == OURS
                            && range.contains(row.key)
                            && row.sets.contains(set)
                            && row.removed_at.is_none()
                    };
                    let mut expected: Vec<ItemRow> = rows.iter().filter(shown).cloned().collect();
                    if order == Order::Descending {
                        expected.reverse();
                    }
                    expected.truncate(limit);
                    let found = stored.items(set, Some(OURS), range, order, limit).expect("rows");
                    assert_eq!(found, expected, "{links:?} {range:?} {set:?} {order:?} {limit}");
                }
            }
        }
    }
}

#[test]
fn a_turn_has_the_same_items_however_its_rows_lie() {
    let (few, strangers) = (MIN_NEIGHBOURS as usize, STRANGERS_READ_ALONG as usize);
    check(&[]);
    check(&[3, 3, 3]);
    for own in [1, few - 1, few, few + 1, 20] {
        check(&vec![OURS; own]);
        for between in [1, strangers, strangers + 1, 60] {
            let mut links = vec![OURS; own];
            links.splice(own / 2..own / 2, vec![3; between]);
            check(&links);
            check(&[vec![3; between], links, vec![4; between]].concat());
        }
    }
}

#[test]
fn a_row_that_decayed_is_found_out_in_a_walk() {
    let (connection, rows) = database(&[OURS; 12]);
    let key = rows[5].key.0.cast_signed();
    connection
        .execute("UPDATE items SET ordinal = ordinal + 1 WHERE key = ?1", params![key])
        .expect("changed");
    let stored = StoredRows::new(&connection, 1);
    stored
        .items(RowSet::Full, Some(OURS), KeyRange::ALL, Order::Ascending, usize::MAX)
        .expect_err("a row is not what was stored");
}
