//! Rows of a rollout that reaches beyond the blocks that have no places, for the tests beside this file.

use std::ops::Range;

use crate::projector::RowChanges;
use crate::rows::{
    FoldKind, ItemClass, ItemRow, RowKey, RowSets, Span, TurnRow, id_hash, turn_link_of_id, turn_link_of_key,
};

/// Key of the rollout.
pub(crate) const ROLLOUT: i64 = 3;
/// Bytes of the rollout for each item.
pub(crate) const ITEM_BYTES: u64 = 21_000;
const ITEMS_OF_TURN: u64 = 5;

fn item(n: u64) -> ItemRow {
    let sets = if n % 7 == 3 { RowSets::FULL } else { RowSets::BOTH };
    let key = RowKey::new(n * ITEM_BYTES, sets);
    // Every ninth item comes late, or early: its turn is a far one.
    let turn = if n % 9 == 8 { (n * 5) % 40 } else { n } / ITEMS_OF_TURN;
    let own_line = Span {
        offset: key.offset(),
        len: 900,
    };
    let later = Span {
        offset: key.offset() + 5 * ITEM_BYTES,
        len: 70_000,
    };
    ItemRow {
        key,
        sets,
        turn_link: turn_link_of_id(&format!("turn-{turn}")),
        // Some ids repeat.
        id_hash: id_hash(&format!("item-{}", n % 17)),
        alias: (n % 4 == 0).then_some(n),
        ordinal: n * 3,
        class: if n % 3 == 0 { ItemClass::User } else { ItemClass::Other },
        fold: FoldKind::Canonical,
        spans: if n % 5 == 0 {
            vec![own_line, later]
        } else {
            vec![own_line]
        },
        removed_at: (n % 13 == 12).then_some(900 * ITEM_BYTES),
    }
}

fn turn(n: u64) -> TurnRow {
    let id = format!("turn-{n}");
    let link = turn_link_of_id(&id);
    TurnRow::open(RowKey(n * ITEMS_OF_TURN * ITEM_BYTES * 2), RowSets::BOTH, id, link, n)
}

/// An item of the raw set, and its turn.
pub(crate) fn raw(n: u64) -> (TurnRow, ItemRow) {
    let key = RowKey::new(n * ITEM_BYTES, RowSets::RAW);
    let turn = TurnRow::open(key, RowSets::RAW, format!("raw-{n}"), turn_link_of_key(key), n);
    let mut row = item(n);
    (row.key, row.sets, row.turn_link, row.removed_at) = (key, RowSets::RAW, turn.link, None);
    (turn, row)
}

/// The rows of the items with these numbers, and of the turns that begin with one of them.
pub(crate) fn changes(items: Range<u64>) -> RowChanges {
    let mut changes = RowChanges::default();
    for n in items {
        changes.items.insert(item(n).key, item(n));
        if n % ITEMS_OF_TURN == 0 {
            let turn = turn(n / ITEMS_OF_TURN);
            changes.turns.insert(turn.key, turn);
        }
    }
    changes
}
