//! What the projector needs from the rows it has written so far.
//!
//! Implemented by the in-memory overlay (over an optional base) and used by every page query.

use crate::error::StateResult;
use crate::rows::{DamageRow, ItemRow, RowKey, RowSet, TurnRow};

/// Reads rows of one rollout.
pub trait RowReader {
    /// Returns the turn with this key.
    fn turn(&self, key: RowKey) -> StateResult<Option<TurnRow>>;

    /// Returns the newest turn of `set` with this id hash that no rollback removed.
    fn turn_by_id(&self, id_hash: i64, set: RowSet) -> StateResult<Option<TurnRow>>;

    /// Returns all turns of `set` with this id hash that no rollback removed, oldest first; legacy ids can repeat.
    fn turns_by_id(&self, id_hash: i64, set: RowSet) -> StateResult<Vec<TurnRow>> {
        let mut rows = self.turns(set, KeyRange::ALL, Order::Ascending, usize::MAX)?;
        rows.retain(|row| crate::rows::id_hash(&row.turn_id) == id_hash);
        Ok(rows)
    }

    /// Returns up to `limit` turns of `set` with `low <= key < high`, removed ones left out.
    fn turns(&self, set: RowSet, range: KeyRange, order: Order, limit: usize) -> StateResult<Vec<TurnRow>>;

    /// Returns the item with this key.
    fn item(&self, key: RowKey) -> StateResult<Option<ItemRow>>;

    /// Returns all items with this id hash, oldest first, removed ones left out.
    fn items_by_id(&self, id_hash: i64) -> StateResult<Vec<ItemRow>>;

    /// Returns up to `limit` items of `set` with `low <= key < high`, of one turn or of all, removed ones left out.
    fn items(
        &self,
        set: RowSet,
        turn_link: Option<i64>,
        range: KeyRange,
        order: Order,
        limit: usize,
    ) -> StateResult<Vec<ItemRow>>;

    /// Returns up to `limit` user and agent messages of `set` with `low <= key < high`, removed ones left out.
    fn messages(&self, set: RowSet, range: KeyRange, order: Order, limit: usize) -> StateResult<Vec<ItemRow>>;

    /// Returns up to `limit` turns of `set` whose terminal record begins in `range`, by the place of that record.
    fn ended_turns(&self, set: RowSet, range: KeyRange, order: Order, limit: usize) -> StateResult<Vec<TurnRow>>;

    /// Counts the items of `set` that no rollback removed.
    fn item_count(&self, set: RowSet) -> StateResult<u64>;
}

/// Half-open range of keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyRange {
    /// First key.
    pub low: RowKey,
    /// First key that is not part of the range.
    pub high: RowKey,
}

impl KeyRange {
    /// All keys; SQLite integers are signed.
    pub const ALL: Self = Self {
        low: RowKey(0),
        high: RowKey(i64::MAX as u64),
    };

    /// Returns whether `key` is inside.
    pub fn contains(self, key: RowKey) -> bool {
        self.low <= key && key < self.high
    }
}

/// Order of rows by key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Oldest first.
    Ascending,
    /// Newest first.
    Descending,
}

/// Reads and writes rows of one rollout.
pub trait RowStore: RowReader + std::fmt::Debug {
    /// Returns how many rows were changed and not yet stored.
    fn changed_rows(&self) -> usize;

    /// Inserts or replaces a turn.
    fn put_turn(&mut self, row: TurnRow) -> StateResult<()>;

    /// Inserts or replaces an item.
    fn put_item(&mut self, row: ItemRow) -> StateResult<()>;

    /// Adds a damaged line.
    fn put_damage(&mut self, row: DamageRow) -> StateResult<()>;

    /// Deletes all rows of the raw set.
    fn remove_raw(&mut self) -> StateResult<()>;
}
