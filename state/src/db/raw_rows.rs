//! Turns and items as SQLite holds them: plain column values, sealed so that a changed value is noticed when it is read.
//!
//! No queries here; `history` asks, this file binds, reads, checks and decodes.

use rusqlite::{CachedStatement, Row, params};

use super::span_codec;
use crate::error::{StateError, StateResult};
use crate::rows::{FoldKind, ItemClass, ItemRow, RowKey, RowSets, Span, TurnEnd, TurnRow, TurnState, id_hash};
use crate::seal::{check_seal, seal};

/// Columns of a turn, in the order in which [`RawTurn::read`] takes them.
pub(super) const TURN_COLUMNS: &str = "key, sets, turn_id, alias, link, ordinal, state, started_at, completed_at, duration_ms, \
     root_turn_id, end_ordinal, end_span, records, first_user, final_agent, error_event, removed_at, seal";
/// Columns of an item, in the order in which [`RawItem::read`] takes them.
pub(super) const ITEM_COLUMNS: &str =
    "key, sets, turn_link, id_hash, alias, ordinal, class, fold, spans, removed_at, seal";

/// A turn's columns.
pub(super) struct RawTurn {
    rollout: i64,
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
    seal: i64,
}

impl RawTurn {
    /// Encodes a turn.
    pub(super) fn of(rollout: i64, turn: &TurnRow) -> Self {
        let base = turn.key.offset();
        let one = |span: Span| span_codec::encode(base, &[span]);
        Self {
            rollout,
            key: sql_key(turn.key),
            sets: turn.sets.0,
            turn_id: turn.turn_id.clone(),
            alias: turn.alias.map(u64::cast_signed),
            link: turn.link,
            ordinal: turn.ordinal.cast_signed(),
            state: turn.state as i64,
            started_at: turn.started_at,
            completed_at: turn.completed_at,
            duration_ms: turn.duration_ms,
            root_turn_id: turn.root_turn_id.clone(),
            end_ordinal: turn.end.map(|end| end.ordinal.cast_signed()),
            end_span: turn.end.map(|end| one(end.span)),
            records: span_codec::encode(base, &turn.records),
            first_user: turn.first_user.map(sql_key),
            final_agent: turn.final_agent.map(sql_key),
            error_event: turn.error_event.map(one),
            removed_at: turn.removed_at.map(u64::cast_signed),
            seal: seal(&(rollout, turn)),
        }
    }

    /// Returns the statement that [`store`](Self::store) binds.
    pub(super) fn insert_sql() -> String {
        format!(
            "INSERT OR REPLACE INTO turns ({TURN_COLUMNS}, rollout, id_hash, end_key) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22)"
        )
    }

    /// Inserts or replaces the row.
    pub(super) fn store(&self, insert: &mut CachedStatement<'_>) -> StateResult<()> {
        let end_key = match &self.end_span {
            Some(blob) => first_span(self.key, blob)?.map(|span| (span.offset << 1).cast_signed()),
            None => None,
        };
        insert.execute(params![
            self.key,
            self.sets,
            self.turn_id,
            self.alias,
            self.link,
            self.ordinal,
            self.state,
            self.started_at,
            self.completed_at,
            self.duration_ms,
            self.root_turn_id,
            self.end_ordinal,
            self.end_span,
            self.records,
            self.first_user,
            self.final_agent,
            self.error_event,
            self.removed_at,
            self.seal,
            self.rollout,
            id_hash(&self.turn_id),
            end_key,
        ])?;
        Ok(())
    }

    /// Reads a row that begins with [`TURN_COLUMNS`].
    pub(super) fn read(rollout: i64, row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            rollout,
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
            seal: row.get(18)?,
        })
    }

    /// Decodes the row.
    ///
    /// # Errors
    /// When a value was changed since it was stored, or is unknown.
    pub(super) fn decode(self) -> StateResult<TurnRow> {
        let key = RowKey(self.key.cast_unsigned());
        let first = |blob: &[u8]| first_span(self.key, blob);
        let end_span = self.end_span.as_deref().map(first).transpose()?.flatten();
        let turn = TurnRow {
            key,
            sets: RowSets(self.sets),
            alias: self.alias.map(i64::cast_unsigned),
            link: self.link,
            ordinal: self.ordinal.cast_unsigned(),
            state: TurnState::from_code(self.state).ok_or_else(|| bad_code("turns.state", self.state))?,
            started_at: self.started_at,
            completed_at: self.completed_at,
            duration_ms: self.duration_ms,
            end: self.end_ordinal.zip(end_span).map(|(ordinal, span)| TurnEnd {
                ordinal: ordinal.cast_unsigned(),
                span,
            }),
            records: span_codec::decode(key.offset(), &self.records)?,
            first_user: self.first_user.map(|key| RowKey(key.cast_unsigned())),
            final_agent: self.final_agent.map(|key| RowKey(key.cast_unsigned())),
            error_event: self.error_event.as_deref().map(first).transpose()?.flatten(),
            removed_at: self.removed_at.map(i64::cast_unsigned),
            turn_id: self.turn_id,
            root_turn_id: self.root_turn_id,
        };
        check_seal("turns.seal", &(self.rollout, &turn), self.seal)?;
        Ok(turn)
    }
}

/// An item's columns.
pub(super) struct RawItem {
    rollout: i64,
    key: i64,
    sets: u8,
    turn_link: i64,
    id_hash: i64,
    alias: Option<i64>,
    ordinal: i64,
    class: i64,
    fold: i64,
    spans: Vec<u8>,
    removed_at: Option<i64>,
    seal: i64,
}

impl RawItem {
    /// Encodes an item.
    pub(super) fn of(rollout: i64, item: &ItemRow) -> Self {
        Self {
            rollout,
            key: sql_key(item.key),
            sets: item.sets.0,
            turn_link: item.turn_link,
            id_hash: item.id_hash,
            alias: item.alias.map(u64::cast_signed),
            ordinal: item.ordinal.cast_signed(),
            class: item.class as i64,
            fold: item.fold as i64,
            spans: span_codec::encode(item.key.offset(), &item.spans),
            removed_at: item.removed_at.map(u64::cast_signed),
            seal: seal(&(rollout, item)),
        }
    }

    /// Returns the statement that [`store`](Self::store) binds.
    pub(super) fn insert_sql(verb: &str) -> String {
        format!(
            "{verb} INTO items ({ITEM_COLUMNS}, rollout) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)"
        )
    }

    /// Inserts the row.
    pub(super) fn store(&self, insert: &mut CachedStatement<'_>) -> StateResult<()> {
        insert.execute(params![
            self.key,
            self.sets,
            self.turn_link,
            self.id_hash,
            self.alias,
            self.ordinal,
            self.class,
            self.fold,
            self.spans,
            self.removed_at,
            self.seal,
            self.rollout,
        ])?;
        Ok(())
    }

    /// Reads a row that begins with [`ITEM_COLUMNS`].
    pub(super) fn read(rollout: i64, row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            rollout,
            key: row.get(0)?,
            sets: row.get(1)?,
            turn_link: row.get(2)?,
            id_hash: row.get(3)?,
            alias: row.get(4)?,
            ordinal: row.get(5)?,
            class: row.get(6)?,
            fold: row.get(7)?,
            spans: row.get(8)?,
            removed_at: row.get(9)?,
            seal: row.get(10)?,
        })
    }

    /// Decodes the row.
    ///
    /// # Errors
    /// When a value was changed since it was stored, or is unknown.
    pub(super) fn decode(self) -> StateResult<ItemRow> {
        let key = RowKey(self.key.cast_unsigned());
        let item = ItemRow {
            key,
            sets: RowSets(self.sets),
            turn_link: self.turn_link,
            id_hash: self.id_hash,
            alias: self.alias.map(i64::cast_unsigned),
            ordinal: self.ordinal.cast_unsigned(),
            class: ItemClass::from_code(self.class).ok_or_else(|| bad_code("items.class", self.class))?,
            fold: FoldKind::from_code(self.fold).ok_or_else(|| bad_code("items.fold", self.fold))?,
            spans: span_codec::decode(key.offset(), &self.spans)?,
            removed_at: self.removed_at.map(i64::cast_unsigned),
        };
        check_seal("items.seal", &(self.rollout, &item), self.seal)?;
        Ok(item)
    }
}

/// Returns a key as SQLite stores it.
pub(super) fn sql_key(key: RowKey) -> i64 {
    key.0.cast_signed()
}

/// Reports a number that no variant has.
pub(super) fn bad_code(column: &'static str, code: i64) -> StateError {
    StateError::Value {
        column,
        detail: format!("unknown code {code}"),
    }
}

fn first_span(key: i64, blob: &[u8]) -> StateResult<Option<Span>> {
    let base = RowKey(key.cast_unsigned()).offset();
    Ok(span_codec::decode(base, blob)?.first().copied())
}
