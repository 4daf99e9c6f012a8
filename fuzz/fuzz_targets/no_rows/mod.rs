//! The rows of a rollout that nothing was stored of: what a fold in memory starts over.

use codex_state::{
    StateResult,
    projector::{KeyRange, Order, RowReader},
    rows::{ItemRow, RowKey, RowSet, TurnRow},
};

/// No rows at all.
#[derive(Debug)]
pub struct NoRows;

impl RowReader for NoRows {
    fn turn(&self, _: RowKey) -> StateResult<Option<TurnRow>> {
        Ok(None)
    }

    fn turn_by_id(&self, _: i64, _: RowSet) -> StateResult<Option<TurnRow>> {
        Ok(None)
    }

    fn turns(&self, _: RowSet, _: KeyRange, _: Order, _: usize) -> StateResult<Vec<TurnRow>> {
        Ok(Vec::new())
    }

    fn item(&self, _: RowKey) -> StateResult<Option<ItemRow>> {
        Ok(None)
    }

    fn items_by_id(&self, _: i64) -> StateResult<Vec<ItemRow>> {
        Ok(Vec::new())
    }

    fn items(&self, _: RowSet, _: Option<i64>, _: KeyRange, _: Order, _: usize) -> StateResult<Vec<ItemRow>> {
        Ok(Vec::new())
    }

    fn messages(&self, _: RowSet, _: KeyRange, _: Order, _: usize) -> StateResult<Vec<ItemRow>> {
        Ok(Vec::new())
    }

    fn ended_turns(&self, _: RowSet, _: KeyRange, _: Order, _: usize) -> StateResult<Vec<TurnRow>> {
        Ok(Vec::new())
    }

    fn item_count(&self, _: RowSet) -> StateResult<u64> {
        Ok(0)
    }
}
