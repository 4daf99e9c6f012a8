//! Turns and items of one rollout, read from and written to the index.
//!
//! Keyset reads only: every query is a range of keys in one direction with a limit.

use rusqlite::{Connection, Params, Transaction, params};

use super::raw_rows::{ITEM_COLUMNS, RawItem, RawTurn, TURN_COLUMNS, bad_code, sql_key};
use crate::error::StateResult;
use crate::projector::{KeyRange, Order, RowChanges, RowReader};
use crate::rows::{DamageCode, DamageRow, ItemClass, ItemRow, RowKey, RowSet, RowSets, TurnRow};

/// Items of a turn from which on they are read in one walk.
const MIN_NEIGHBOURS: i64 = 4;
/// Rows of other turns that such a walk may meet.
const STRANGERS_READ_ALONG: i64 = 8;

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
        let rows = statement.query_map(params![self.rollout, limit_of(limit)], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?))
        })?;
        rows.map(|row| {
            let (offset, code, len) = row?;
            let code = DamageCode::from_code(code).ok_or_else(|| bad_code("damage.code", code))?;
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
    /// When SQLite fails.
    pub fn counts(&self) -> StateResult<(u64, u64)> {
        let count = |sql: &str| -> StateResult<u64> {
            let count: i64 = self
                .connection
                .prepare_cached(sql)?
                .query_row([self.rollout], |row| row.get(0))?;
            Ok(count.cast_unsigned())
        };
        Ok((
            count("SELECT count(*) FROM turns WHERE rollout = ?1 AND removed_at IS NULL")?,
            count("SELECT count(*) FROM items WHERE rollout = ?1 AND removed_at IS NULL")?,
        ))
    }
}

impl RowReader for StoredRows<'_> {
    fn turn(&self, key: RowKey) -> StateResult<Option<TurnRow>> {
        let sql = format!("SELECT {TURN_COLUMNS} FROM turns WHERE rollout = ?1 AND key = ?2");
        let turns = self.turn_rows(&sql, params![self.rollout, sql_key(key)], |_| true, 1)?;
        Ok(turns.into_iter().next())
    }

    fn turn_by_id(&self, id_hash: i64, set: RowSet) -> StateResult<Option<TurnRow>> {
        let sql = turns_by_id(Order::Descending);
        let turns = self.turn_rows(&sql, params![self.rollout, id_hash], shown_turn(set), 1)?;
        Ok(turns.into_iter().next())
    }

    fn turns_by_id(&self, id_hash: i64, set: RowSet) -> StateResult<Vec<TurnRow>> {
        let sql = turns_by_id(Order::Ascending);
        self.turn_rows(&sql, params![self.rollout, id_hash], shown_turn(set), usize::MAX)
    }

    fn turns(&self, set: RowSet, range: KeyRange, order: Order, limit: usize) -> StateResult<Vec<TurnRow>> {
        let sql = format!(
            "SELECT {TURN_COLUMNS} FROM turns WHERE rollout = ?1 AND key >= ?2 AND key < ?3 ORDER BY key {}",
            direction(order)
        );
        let values = params![self.rollout, sql_key(range.low), sql_key(range.high)];
        self.turn_rows(&sql, values, shown_turn(set), limit)
    }

    fn ended_turns(&self, set: RowSet, range: KeyRange, order: Order, limit: usize) -> StateResult<Vec<TurnRow>> {
        let sql = format!(
            "SELECT {TURN_COLUMNS} FROM turns INDEXED BY turns_end WHERE rollout = ?1 AND end_key >= ?2 AND end_key < ?3 \
             ORDER BY end_key {}",
            direction(order)
        );
        let values = params![self.rollout, sql_key(range.low), sql_key(range.high)];
        self.turn_rows(&sql, values, shown_turn(set), limit)
    }

    fn item(&self, key: RowKey) -> StateResult<Option<ItemRow>> {
        let sql = format!("SELECT {ITEM_COLUMNS} FROM items WHERE rollout = ?1 AND key = ?2");
        let items = self.item_rows(&sql, params![self.rollout, sql_key(key)], |_| true, 1)?;
        Ok(items.into_iter().next())
    }

    fn items_by_id(&self, id_hash: i64) -> StateResult<Vec<ItemRow>> {
        let sql = format!(
            "SELECT {ITEM_COLUMNS} FROM items INDEXED BY items_id WHERE rollout = ?1 AND id_hash = ?2 ORDER BY key"
        );
        let present = |item: &ItemRow| item.removed_at.is_none();
        self.item_rows(&sql, params![self.rollout, id_hash], present, usize::MAX)
    }

    fn items(
        &self,
        set: RowSet,
        turn_link: Option<i64>,
        range: KeyRange,
        order: Order,
        limit: usize,
    ) -> StateResult<Vec<ItemRow>> {
        if let Some(link) = turn_link
            && let Some(rows) = self.neighbours(set, link, range, order, limit)?
        {
            return Ok(rows);
        }
        // Without statistics the planner would walk all items of the rollout to find those of one turn.
        let (index, turn) = match turn_link {
            Some(_) => ("INDEXED BY items_turn", "turn_link = ?4 AND"),
            None => ("", "?4 IS NULL AND"),
        };
        let sql = format!(
            "SELECT {ITEM_COLUMNS} FROM items {index} WHERE rollout = ?1 AND {turn} key >= ?2 AND key < ?3 \
             ORDER BY key {}",
            direction(order)
        );
        let values = params![self.rollout, sql_key(range.low), sql_key(range.high), turn_link];
        self.item_rows(&sql, values, shown_item(set), limit)
    }

    fn messages(&self, set: RowSet, range: KeyRange, order: Order, limit: usize) -> StateResult<Vec<ItemRow>> {
        let sql = format!(
            "SELECT {ITEM_COLUMNS} FROM items WHERE rollout = ?1 AND key >= ?2 AND key < ?3 ORDER BY key {}",
            direction(order)
        );
        let values = params![self.rollout, sql_key(range.low), sql_key(range.high)];
        let shown = shown_item(set);
        let message = |item: &ItemRow| item.class != ItemClass::Other && shown(item);
        self.item_rows(&sql, values, message, limit)
    }

    fn item_count(&self, set: RowSet) -> StateResult<u64> {
        let sql = "SELECT count(*) FROM items WHERE rollout = ?1 AND sets & ?2 AND removed_at IS NULL";
        let count: i64 = self
            .connection
            .prepare_cached(sql)?
            .query_row(params![self.rollout, set as i64], |row| row.get(0))?;
        Ok(count.cast_unsigned())
    }
}

/// Rows are chosen here and not by the statement: a row with a changed value is met and found out, instead of left out.
impl StoredRows<'_> {
    fn turn_rows(
        &self,
        sql: &str,
        values: impl Params,
        wanted: impl Fn(&TurnRow) -> bool,
        limit: usize,
    ) -> StateResult<Vec<TurnRow>> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map(values, |row| RawTurn::read(self.rollout, row))?;
        choose(rows.map(|row| row?.decode()), wanted, limit)
    }

    /// Reads the items of one turn by their keys, which mostly follow each other: one walk, and not a lookup of each row.
    ///
    /// `None` when other rows lie between them, when there are few of them, or more than `limit`.
    fn neighbours(
        &self,
        set: RowSet,
        link: i64,
        range: KeyRange,
        order: Order,
        limit: usize,
    ) -> StateResult<Option<Vec<ItemRow>>> {
        let sql = "SELECT count(*), min(key), max(key) FROM items INDEXED BY items_turn \
                   WHERE rollout = ?1 AND turn_link = ?2 AND key >= ?3 AND key < ?4";
        let values = params![self.rollout, link, sql_key(range.low), sql_key(range.high)];
        let (count, first, last): (i64, Option<i64>, Option<i64>) = self
            .connection
            .prepare_cached(sql)?
            .query_row(values, |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        if count < MIN_NEIGHBOURS || limit_of(limit) < count {
            return Ok(None);
        }
        let sql = format!(
            "SELECT {ITEM_COLUMNS} FROM items WHERE rollout = ?1 AND key >= ?2 AND key <= ?3 ORDER BY key {} LIMIT ?4",
            direction(order)
        );
        let values = params![self.rollout, first, last, count + STRANGERS_READ_ALONG];
        let mut rows = self.item_rows(&sql, values, |row| row.turn_link == link, usize::MAX)?;
        if limit_of(rows.len()) != count {
            return Ok(None);
        }
        rows.retain(shown_item(set));
        Ok(Some(rows))
    }

    fn item_rows(
        &self,
        sql: &str,
        values: impl Params,
        wanted: impl Fn(&ItemRow) -> bool,
        limit: usize,
    ) -> StateResult<Vec<ItemRow>> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map(values, |row| RawItem::read(self.rollout, row))?;
        choose(rows.map(|row| row?.decode()), wanted, limit)
    }
}

/// Takes the first `limit` wanted rows, and steps the statement no further.
fn choose<T>(
    rows: impl Iterator<Item = StateResult<T>>,
    wanted: impl Fn(&T) -> bool,
    limit: usize,
) -> StateResult<Vec<T>> {
    rows.filter(|row| row.as_ref().map_or(true, &wanted))
        .take(limit)
        .collect()
}

fn shown_turn(set: RowSet) -> impl Fn(&TurnRow) -> bool {
    move |turn| turn.sets.contains(set) && turn.removed_at.is_none()
}

fn shown_item(set: RowSet) -> impl Fn(&ItemRow) -> bool {
    move |item| item.sets.contains(set) && item.removed_at.is_none()
}

fn turns_by_id(order: Order) -> String {
    format!(
        "SELECT {TURN_COLUMNS} FROM turns INDEXED BY turns_id WHERE rollout = ?1 AND id_hash = ?2 ORDER BY key {}",
        direction(order)
    )
}

/// Writes changed rows of a rollout; those created at or after `new_from` are not stored yet.
pub(super) fn store_changes(
    transaction: &Transaction<'_>,
    rollout: i64,
    new_from: u64,
    changes: &RowChanges,
) -> StateResult<()> {
    if changes.raw_removed {
        let raw = RowSets::RAW.0;
        transaction.execute(
            "DELETE FROM turns WHERE rollout = ?1 AND sets = ?2",
            params![rollout, raw],
        )?;
        transaction.execute(
            "DELETE FROM items WHERE rollout = ?1 AND sets = ?2",
            params![rollout, raw],
        )?;
    }
    let mut insert = transaction.prepare_cached(&RawTurn::insert_sql())?;
    for turn in changes.turns.values() {
        RawTurn::of(rollout, turn).store(&mut insert)?;
    }
    // Looking for a row to replace costs as much as inserting one, and nearly all rows are new.
    let mut new = transaction.prepare_cached(&RawItem::insert_sql("INSERT"))?;
    let mut replaced = transaction.prepare_cached(&RawItem::insert_sql("INSERT OR REPLACE"))?;
    for item in changes.items.values() {
        let statement = if item.key.offset() >= new_from {
            &mut new
        } else {
            &mut replaced
        };
        RawItem::of(rollout, item).store(statement)?;
    }
    let sql = "INSERT OR REPLACE INTO damage (rollout, offset, code, len) VALUES (?1, ?2, ?3, ?4)";
    let mut insert = transaction.prepare_cached(sql)?;
    for row in &changes.damage {
        insert.execute(params![
            rollout,
            row.offset.cast_signed(),
            row.code as u8,
            row.len.cast_signed()
        ])?;
    }
    Ok(())
}

/// Deletes all rows of a rollout.
pub(super) fn remove(transaction: &Transaction<'_>, rollout: i64) -> StateResult<()> {
    for sql in [
        "DELETE FROM turns WHERE rollout = ?1",
        "DELETE FROM items WHERE rollout = ?1",
        "DELETE FROM damage WHERE rollout = ?1",
    ] {
        transaction.execute(sql, [rollout])?;
    }
    Ok(())
}

fn limit_of(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

fn direction(order: Order) -> &'static str {
    match order {
        Order::Ascending => "ASC",
        Order::Descending => "DESC",
    }
}

#[cfg(test)]
#[path = "history_tests.rs"]
mod history_tests;
