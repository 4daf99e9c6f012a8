//! Checks all turns and items of an index, and that they are found where they are.
//!
//! Reads seal by seal what SQLite's own check takes as it is. Repairs nothing.

use rusqlite::Connection;
use xxhash_rust::xxh3::xxh3_64;

use super::history::{bucket_of, sql_key};
use super::item_block::{Block, BlockNumber, PackedItem};
use super::item_blocks::{HEAD_BLOCKS, split_place};
use super::turn_row;
use crate::error::{StateError, StateResult};
use crate::rows::{RowKey, id_hash};

/// A sum over places that does not depend on their order: two sets of places differ if their sums do.
#[derive(Debug, Default, PartialEq, Eq)]
struct PlaceSum(u64);

impl PlaceSum {
    fn add(&mut self, rollout: i64, bucket: i64, block: BlockNumber) {
        let mut bytes = [0; 20];
        bytes[..8].copy_from_slice(&rollout.to_le_bytes());
        bytes[8..16].copy_from_slice(&bucket.to_le_bytes());
        bytes[16..].copy_from_slice(&block.to_le_bytes());
        self.0 = self.0.wrapping_add(xxh3_64(&bytes));
    }
}

/// Decodes every turn and item.
///
/// # Errors
/// When a value was changed since it was stored, or a row would not be found by its id or turn.
pub(super) fn check_rows(connection: &Connection) -> StateResult<()> {
    check_turns(connection)?;
    if placed(connection)? == needed(connection)? {
        return Ok(());
    }
    Err(not_found("item_places"))
}

fn check_turns(connection: &Connection) -> StateResult<()> {
    let mut statement = connection.prepare_cached("SELECT rollout, key, bucket, end_key, body FROM turns")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let key = RowKey(row.get::<_, i64>(1)?.cast_unsigned());
        let body = row.get_ref(4)?.as_blob().map_err(rusqlite::Error::from)?;
        let turn = turn_row::decode(row.get(0)?, key, body)?;
        let found_by: (i64, Option<i64>) = (row.get(2)?, row.get(3)?);
        if found_by != (bucket_of(id_hash(&turn.turn_id)), turn.end_key().map(sql_key)) {
            return Err(not_found("turns"));
        }
    }
    Ok(())
}

/// Sums up the places that the blocks need.
fn needed(connection: &Connection) -> StateResult<PlaceSum> {
    let mut sum = PlaceSum::default();
    let mut buckets = Vec::new();
    let mut statement = connection.prepare_cached("SELECT place, body FROM item_blocks")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let place = row.get(0)?;
        let (rollout, number) = split_place(place);
        let body = row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?;
        let block = Block::open(place, number, body)?;
        block
            .items()?
            .into_iter()
            .try_for_each(|item| PackedItem::to_row(item).map(|_| ()))?;
        if number >= HEAD_BLOCKS {
            buckets.clear();
            buckets.extend(block.ids().chain(block.links()).map(bucket_of));
            buckets.sort_unstable();
            buckets.dedup();
            buckets.iter().for_each(|bucket| sum.add(rollout, *bucket, number));
        }
    }
    Ok(sum)
}

/// Sums up the places that there are.
fn placed(connection: &Connection) -> StateResult<PlaceSum> {
    let mut sum = PlaceSum::default();
    let mut statement = connection.prepare_cached("SELECT rollout, bucket, block FROM item_places")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        sum.add(row.get(0)?, row.get(1)?, row.get(2)?);
    }
    Ok(sum)
}

fn not_found(column: &'static str) -> StateError {
    StateError::Value {
        column,
        detail: "a row would not be found by what it is looked for".to_owned(),
    }
}

#[cfg(test)]
#[path = "check_tests.rs"]
mod check_tests;
