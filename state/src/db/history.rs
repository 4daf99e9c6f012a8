//! Turns and items of one rollout, read from and written to the index.
//!
//! Keyset reads only: every query is a range of keys in one direction with a limit.

use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, params};

use super::span_codec;
use crate::error::{StateError, StateResult};
use crate::projector::{KeyRange, Order, RowChanges, RowReader};
use crate::rows::{
    DamageCode, DamageRow, FoldKind, ItemClass, ItemRow, RowKey, RowSet, RowSets, Span, TurnEnd, TurnRow, TurnState,
    id_hash,
};

const TURN_COLUMNS: &str = "key, sets, turn_id, alias, link, ordinal, state, started_at, completed_at, duration_ms, \
     root_turn_id, end_ordinal, end_span, records, first_user, final_agent, error_event, removed_at";
const ITEM_COLUMNS: &str = "key, sets, turn_link, id_hash, alias, ordinal, class, fold, spans, removed_at";

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
            let code = DamageCode::from_code(code).ok_or_else(|| bad("damage.code", code))?;
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
        let raw = self
            .connection
            .prepare_cached(&sql)?
            .query_row(params![self.rollout, sql_key(key)], raw_turn);
        raw.optional()?.map(turn_row).transpose()
    }

    fn turn_by_id(&self, id_hash: i64, set: RowSet) -> StateResult<Option<TurnRow>> {
        let sql = format!(
            "SELECT {TURN_COLUMNS} FROM turns INDEXED BY turns_id WHERE rollout = ?1 AND id_hash = ?2 AND sets & ?3 AND removed_at IS NULL \
             ORDER BY key DESC LIMIT 1"
        );
        let raw = self
            .connection
            .prepare_cached(&sql)?
            .query_row(params![self.rollout, id_hash, set as i64], raw_turn);
        raw.optional()?.map(turn_row).transpose()
    }

    fn turns_by_id(&self, id_hash: i64, set: RowSet) -> StateResult<Vec<TurnRow>> {
        let sql = format!(
            "SELECT {TURN_COLUMNS} FROM turns INDEXED BY turns_id WHERE rollout = ?1 AND id_hash = ?2 AND sets & ?3 AND removed_at IS NULL \
             ORDER BY key"
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let rows = statement.query_map(params![self.rollout, id_hash, set as i64], raw_turn)?;
        rows.map(|row| turn_row(row?)).collect()
    }

    fn turns(&self, set: RowSet, range: KeyRange, order: Order, limit: usize) -> StateResult<Vec<TurnRow>> {
        let sql = format!(
            "SELECT {TURN_COLUMNS} FROM turns WHERE rollout = ?1 AND key >= ?2 AND key < ?3 AND sets & ?4 \
             AND removed_at IS NULL ORDER BY key {} LIMIT ?5",
            direction(order)
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let values = params![
            self.rollout,
            sql_key(range.low),
            sql_key(range.high),
            set as i64,
            limit_of(limit)
        ];
        let rows = statement.query_map(values, raw_turn)?;
        rows.map(|row| turn_row(row?)).collect()
    }

    fn item(&self, key: RowKey) -> StateResult<Option<ItemRow>> {
        let sql = format!("SELECT {ITEM_COLUMNS} FROM items WHERE rollout = ?1 AND key = ?2");
        let raw = self
            .connection
            .prepare_cached(&sql)?
            .query_row(params![self.rollout, sql_key(key)], raw_item);
        raw.optional()?.map(item_row).transpose()
    }

    fn items_by_id(&self, id_hash: i64) -> StateResult<Vec<ItemRow>> {
        let sql = format!(
            "SELECT {ITEM_COLUMNS} FROM items INDEXED BY items_id WHERE rollout = ?1 AND id_hash = ?2 AND removed_at IS NULL ORDER BY key"
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let rows = statement.query_map(params![self.rollout, id_hash], raw_item)?;
        rows.map(|row| item_row(row?)).collect()
    }

    fn items(
        &self,
        set: RowSet,
        turn_link: Option<i64>,
        range: KeyRange,
        order: Order,
        limit: usize,
    ) -> StateResult<Vec<ItemRow>> {
        // Without statistics the planner would walk all items of the rollout to find those of one turn.
        let (index, turn) = match turn_link {
            Some(_) => ("INDEXED BY items_turn", "turn_link = ?6 AND"),
            None => ("", "?6 IS NULL AND"),
        };
        let sql = format!(
            "SELECT {ITEM_COLUMNS} FROM items {index} WHERE rollout = ?1 AND {turn} key >= ?2 AND key < ?3 AND sets & ?4 \
             AND removed_at IS NULL ORDER BY key {} LIMIT ?5",
            direction(order)
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let values = params![
            self.rollout,
            sql_key(range.low),
            sql_key(range.high),
            set as i64,
            limit_of(limit),
            turn_link
        ];
        let rows = statement.query_map(values, raw_item)?;
        rows.map(|row| item_row(row?)).collect()
    }

    fn messages(&self, set: RowSet, range: KeyRange, order: Order, limit: usize) -> StateResult<Vec<ItemRow>> {
        let sql = format!(
            "SELECT {ITEM_COLUMNS} FROM items WHERE rollout = ?1 AND key >= ?2 AND key < ?3 AND class <> 0 \
             AND sets & ?4 AND removed_at IS NULL ORDER BY key {} LIMIT ?5",
            direction(order)
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let values = params![
            self.rollout,
            sql_key(range.low),
            sql_key(range.high),
            set as i64,
            limit_of(limit)
        ];
        let rows = statement.query_map(values, raw_item)?;
        rows.map(|row| item_row(row?)).collect()
    }

    fn ended_turns(&self, set: RowSet, range: KeyRange, order: Order, limit: usize) -> StateResult<Vec<TurnRow>> {
        let sql = format!(
            "SELECT {TURN_COLUMNS} FROM turns INDEXED BY turns_end WHERE rollout = ?1 AND end_key >= ?2 AND end_key < ?3 AND sets & ?4 \
             AND removed_at IS NULL ORDER BY end_key {} LIMIT ?5",
            direction(order)
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let values = params![
            self.rollout,
            sql_key(range.low),
            sql_key(range.high),
            set as i64,
            limit_of(limit)
        ];
        let rows = statement.query_map(values, raw_turn)?;
        rows.map(|row| turn_row(row?)).collect()
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
    let sql = "INSERT OR REPLACE INTO turns (rollout, key, sets, id_hash, turn_id, alias, link, ordinal, state, \
               started_at, completed_at, duration_ms, root_turn_id, end_ordinal, end_span, records, first_user, \
               final_agent, error_event, removed_at, end_key) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)";
    let mut insert = transaction.prepare_cached(sql)?;
    for turn in changes.turns.values() {
        let base = turn.key.offset();
        insert.execute(params![
            rollout,
            sql_key(turn.key),
            turn.sets.0,
            id_hash(&turn.turn_id),
            turn.turn_id,
            turn.alias.map(u64::cast_signed),
            turn.link,
            turn.ordinal.cast_signed(),
            turn.state as u8,
            turn.started_at,
            turn.completed_at,
            turn.duration_ms,
            turn.root_turn_id,
            turn.end.map(|end| end.ordinal.cast_signed()),
            turn.end.map(|end| span_codec::encode(base, &[end.span])),
            span_codec::encode(base, &turn.records),
            turn.first_user.map(sql_key),
            turn.final_agent.map(sql_key),
            turn.error_event.map(|span| span_codec::encode(base, &[span])),
            turn.removed_at.map(u64::cast_signed),
            turn.end_key().map(sql_key),
        ])?;
    }
    let insert = |verb: &str| {
        transaction.prepare_cached(&format!(
            "{verb} INTO items (rollout, key, sets, turn_link, id_hash, alias, ordinal, class, fold, spans, removed_at) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"
        ))
    };
    // Looking for a row to replace costs as much as inserting one, and nearly all rows are new.
    let (mut new, mut replaced) = (insert("INSERT")?, insert("INSERT OR REPLACE")?);
    for item in changes.items.values() {
        let statement = if item.key.offset() >= new_from {
            &mut new
        } else {
            &mut replaced
        };
        statement.execute(params![
            rollout,
            sql_key(item.key),
            item.sets.0,
            item.turn_link,
            item.id_hash,
            item.alias.map(u64::cast_signed),
            item.ordinal.cast_signed(),
            item.class as u8,
            item.fold as u8,
            span_codec::encode(item.key.offset(), &item.spans),
            item.removed_at.map(u64::cast_signed),
        ])?;
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

struct RawTurn {
    key: i64,
    sets: u8,
    turn_id: String,
    alias: Option<i64>,
    link: i64,
    ordinal: i64,
    state: i64,
    started_at: Option<i64>,
    completed_at: Option<i64>,
    duration_ms: Option<i64>,
    root_turn_id: Option<String>,
    end_ordinal: Option<i64>,
    end_span: Option<Vec<u8>>,
    records: Vec<u8>,
    first_user: Option<i64>,
    final_agent: Option<i64>,
    error_event: Option<Vec<u8>>,
    removed_at: Option<i64>,
}

fn raw_turn(row: &Row<'_>) -> rusqlite::Result<RawTurn> {
    Ok(RawTurn {
        key: row.get(0)?,
        sets: row.get(1)?,
        turn_id: row.get(2)?,
        alias: row.get(3)?,
        link: row.get(4)?,
        ordinal: row.get(5)?,
        state: row.get(6)?,
        started_at: row.get(7)?,
        completed_at: row.get(8)?,
        duration_ms: row.get(9)?,
        root_turn_id: row.get(10)?,
        end_ordinal: row.get(11)?,
        end_span: row.get(12)?,
        records: row.get(13)?,
        first_user: row.get(14)?,
        final_agent: row.get(15)?,
        error_event: row.get(16)?,
        removed_at: row.get(17)?,
    })
}

fn turn_row(raw: RawTurn) -> StateResult<TurnRow> {
    let key = RowKey(raw.key.cast_unsigned());
    let base = key.offset();
    let first = |blob: &[u8]| -> StateResult<Option<Span>> { Ok(span_codec::decode(base, blob)?.first().copied()) };
    let end_span = raw.end_span.as_deref().map(first).transpose()?.flatten();
    Ok(TurnRow {
        key,
        sets: RowSets(raw.sets),
        turn_id: raw.turn_id,
        alias: raw.alias.map(i64::cast_unsigned),
        link: raw.link,
        ordinal: raw.ordinal.cast_unsigned(),
        state: TurnState::from_code(raw.state).ok_or_else(|| bad("turns.state", raw.state))?,
        started_at: raw.started_at,
        completed_at: raw.completed_at,
        duration_ms: raw.duration_ms,
        root_turn_id: raw.root_turn_id,
        end: raw.end_ordinal.zip(end_span).map(|(ordinal, span)| TurnEnd {
            ordinal: ordinal.cast_unsigned(),
            span,
        }),
        records: span_codec::decode(base, &raw.records)?,
        first_user: raw.first_user.map(|key| RowKey(key.cast_unsigned())),
        final_agent: raw.final_agent.map(|key| RowKey(key.cast_unsigned())),
        error_event: raw.error_event.as_deref().map(first).transpose()?.flatten(),
        removed_at: raw.removed_at.map(i64::cast_unsigned),
    })
}

type RawItem = (i64, u8, i64, i64, Option<i64>, i64, i64, i64, Vec<u8>, Option<i64>);

fn raw_item(row: &Row<'_>) -> rusqlite::Result<RawItem> {
    Ok((
        row.get(0)?,
        row.get(1)?,
        row.get(2)?,
        row.get(3)?,
        row.get(4)?,
        row.get(5)?,
        row.get(6)?,
        row.get(7)?,
        row.get(8)?,
        row.get(9)?,
    ))
}

fn item_row(raw: RawItem) -> StateResult<ItemRow> {
    let (key, sets, turn_link, id_hash, alias, ordinal, class, fold, spans, removed_at) = raw;
    let key = RowKey(key.cast_unsigned());
    Ok(ItemRow {
        key,
        sets: RowSets(sets),
        turn_link,
        id_hash,
        alias: alias.map(i64::cast_unsigned),
        ordinal: ordinal.cast_unsigned(),
        class: ItemClass::from_code(class).ok_or_else(|| bad("items.class", class))?,
        fold: FoldKind::from_code(fold).ok_or_else(|| bad("items.fold", fold))?,
        spans: span_codec::decode(key.offset(), &spans)?,
        removed_at: removed_at.map(i64::cast_unsigned),
    })
}

fn sql_key(key: RowKey) -> i64 {
    key.0.cast_signed()
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

fn bad(column: &'static str, code: i64) -> StateError {
    StateError::Value {
        column,
        detail: format!("unknown code {code}"),
    }
}
