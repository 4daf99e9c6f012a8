//! Turns and items of one rollout, read from the index.
//!
//! Keyset reads only: every query is a range of keys in one direction with a limit. Written by `history_write`.

use rusqlite::{Connection, Params, params};

use super::item_block::PackedItem;
use super::item_blocks::{Candidates, ItemBlocks};
use super::turn_row;
use crate::error::{StateError, StateResult};
use crate::projector::{KeyRange, Order, RowReader};
use crate::rows::{DamageCode, DamageRow, ItemClass, ItemRow, RowKey, RowSet, TurnRow};

/// Stored rows of one rollout, seen through one connection.
#[derive(Debug, Clone, Copy)]
pub struct StoredRows<'c> {
    connection: &'c Connection,
    rollout: i64,
}

impl<'c> StoredRows<'c> {
    /// Reads the rows of the rollout with this key.
    pub fn new(connection: &'c Connection, rollout: i64) -> Self {
        Self { connection, rollout }
    }

    /// Returns damaged lines in file order, at most `limit`.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn damage(&self, limit: usize) -> StateResult<Vec<DamageRow>> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT offset, code, len FROM damage WHERE rollout = ?1 ORDER BY offset, code LIMIT ?2")?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = statement.query_map(params![self.rollout, limit], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?))
        })?;
        rows.map(|row| {
            let (offset, code, len) = row?;
            let code = DamageCode::from_code(code).ok_or_else(|| StateError::Value {
                column: "damage.code",
                detail: format!("unknown code {code}"),
            })?;
            Ok(DamageRow {
                offset: offset.cast_unsigned(),
                len: len.cast_unsigned(),
                code,
            })
        })
        .collect()
    }

    /// Counts turns and items of any set that no rollback removed.
    ///
    /// # Errors
    /// When SQLite fails or a row was changed since it was stored.
    pub fn counts(&self) -> StateResult<(u64, u64)> {
        let mut turns = 0;
        self.each_turn(
            "SELECT key, body FROM turns WHERE rollout = ?1",
            [self.rollout],
            &mut |turn| {
                turns += u64::from(turn.removed_at.is_none());
                true
            },
        )?;
        Ok((turns, self.count_items(|item| item.removed_at.is_none())?))
    }

    fn blocks(&self) -> ItemBlocks<'c> {
        ItemBlocks::new(self.connection, self.rollout)
    }

    fn count_items(&self, counts: impl Fn(&PackedItem<'_>) -> bool) -> StateResult<u64> {
        let mut count = 0;
        self.blocks()
            .each_item(KeyRange::ALL, Order::Ascending, Candidates::All, &mut |item| {
                count += u64::from(counts(&item));
                Ok(true)
            })?;
        Ok(count)
    }

    /// Decodes the turns of a statement one by one, until `take` has enough.
    fn each_turn(&self, sql: &str, values: impl Params, take: &mut dyn FnMut(TurnRow) -> bool) -> StateResult<()> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query(values)?;
        while let Some(row) = rows.next()? {
            let key = RowKey(row.get::<_, i64>(0)?.cast_unsigned());
            let body = row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?;
            if !take(turn_row::decode(self.rollout, key, body)?) {
                break;
            }
        }
        Ok(())
    }

    /// Rows are chosen here and not by the statement: a row with a changed value is met and found out, instead of left out.
    fn turn_rows(
        &self,
        sql: &str,
        values: impl Params,
        wanted: impl Fn(&TurnRow) -> bool,
        limit: usize,
    ) -> StateResult<Vec<TurnRow>> {
        let mut turns = Vec::new();
        if limit > 0 {
            self.each_turn(sql, values, &mut |turn| {
                if wanted(&turn) {
                    turns.push(turn);
                }
                turns.len() < limit
            })?;
        }
        Ok(turns)
    }

    fn item_rows(
        &self,
        (range, order, limit): (KeyRange, Order, usize),
        candidates: Candidates,
        wanted: impl Fn(&PackedItem<'_>) -> bool,
    ) -> StateResult<Vec<ItemRow>> {
        let mut items = Vec::new();
        if limit > 0 {
            self.blocks().each_item(range, order, candidates, &mut |item| {
                if wanted(&item) {
                    items.push(item.to_row()?);
                }
                Ok(items.len() < limit)
            })?;
        }
        Ok(items)
    }
}

impl RowReader for StoredRows<'_> {
    fn turn(&self, key: RowKey) -> StateResult<Option<TurnRow>> {
        let sql = "SELECT key, body FROM turns WHERE rollout = ?1 AND key = ?2";
        let turns = self.turn_rows(sql, params![self.rollout, sql_key(key)], |_| true, 1)?;
        Ok(turns.into_iter().next())
    }

    fn turn_by_id(&self, id_hash: i64, set: RowSet) -> StateResult<Option<TurnRow>> {
        let sql = turns_by_id(Order::Descending);
        let values = params![self.rollout, bucket_of(id_hash)];
        let turns = self.turn_rows(&sql, values, turn_with_id(id_hash, set), 1)?;
        Ok(turns.into_iter().next())
    }

    fn turns_by_id(&self, id_hash: i64, set: RowSet) -> StateResult<Vec<TurnRow>> {
        let sql = turns_by_id(Order::Ascending);
        let values = params![self.rollout, bucket_of(id_hash)];
        self.turn_rows(&sql, values, turn_with_id(id_hash, set), usize::MAX)
    }

    fn turns(&self, set: RowSet, range: KeyRange, order: Order, limit: usize) -> StateResult<Vec<TurnRow>> {
        let sql = format!(
            "SELECT key, body FROM turns WHERE rollout = ?1 AND key >= ?2 AND key < ?3 ORDER BY key {}",
            direction(order)
        );
        let values = params![self.rollout, sql_key(range.low), sql_key(range.high)];
        self.turn_rows(&sql, values, shown_turn(set), limit)
    }

    fn ended_turns(&self, set: RowSet, range: KeyRange, order: Order, limit: usize) -> StateResult<Vec<TurnRow>> {
        let sql = format!(
            "SELECT key, body FROM turns INDEXED BY turns_end WHERE rollout = ?1 AND end_key >= ?2 AND end_key < ?3 \
             ORDER BY end_key {}",
            direction(order)
        );
        let values = params![self.rollout, sql_key(range.low), sql_key(range.high)];
        self.turn_rows(&sql, values, shown_turn(set), limit)
    }

    fn item(&self, key: RowKey) -> StateResult<Option<ItemRow>> {
        let range = KeyRange {
            low: key,
            high: RowKey(key.0.saturating_add(1)),
        };
        let items = self.item_rows((range, Order::Ascending, 1), Candidates::All, |_| true)?;
        Ok(items.into_iter().next())
    }

    fn items_by_id(&self, id_hash: i64) -> StateResult<Vec<ItemRow>> {
        let all = (KeyRange::ALL, Order::Ascending, usize::MAX);
        self.item_rows(all, Candidates::OfId(id_hash), |item| {
            item.id_hash == id_hash && item.removed_at.is_none()
        })
    }

    fn items(
        &self,
        set: RowSet,
        turn_link: Option<i64>,
        range: KeyRange,
        order: Order,
        limit: usize,
    ) -> StateResult<Vec<ItemRow>> {
        let candidates = turn_link.map_or(Candidates::All, Candidates::OfTurn);
        self.item_rows((range, order, limit), candidates, |item| {
            item.is_shown(set) && turn_link.is_none_or(|link| item.turn_link == link)
        })
    }

    fn messages(&self, set: RowSet, range: KeyRange, order: Order, limit: usize) -> StateResult<Vec<ItemRow>> {
        self.item_rows((range, order, limit), Candidates::All, |item| {
            item.class != ItemClass::Other && item.is_shown(set)
        })
    }

    fn item_count(&self, set: RowSet) -> StateResult<u64> {
        self.count_items(|item| item.is_shown(set))
    }
}

/// Returns what turns and blocks of items are found by: 24 bits of a hash, which SQLite stores in three bytes. Whoever looks
/// something up compares the whole hash then.
pub(super) fn bucket_of(hash: i64) -> i64 {
    hash << 40 >> 40
}

/// Returns a key as SQLite stores it.
pub(super) fn sql_key(key: RowKey) -> i64 {
    key.0.cast_signed()
}

fn shown_turn(set: RowSet) -> impl Fn(&TurnRow) -> bool {
    move |turn| turn.sets.contains(set) && turn.removed_at.is_none()
}

fn turn_with_id(id_hash: i64, set: RowSet) -> impl Fn(&TurnRow) -> bool {
    let shown = shown_turn(set);
    move |turn| shown(turn) && crate::rows::id_hash(&turn.turn_id) == id_hash
}

fn turns_by_id(order: Order) -> String {
    format!(
        "SELECT key, body FROM turns INDEXED BY turns_id WHERE rollout = ?1 AND bucket = ?2 ORDER BY key {}",
        direction(order)
    )
}

pub(super) fn direction(order: Order) -> &'static str {
    match order {
        Order::Ascending => "ASC",
        Order::Descending => "DESC",
    }
}
