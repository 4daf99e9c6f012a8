//! Writes the turns, items and damage of one rollout, and removes them.
//!
//! Blocks and places follow from the rows alone: however an index was brought up to date, it holds the same bytes.

use std::collections::BTreeSet;

use rusqlite::{Transaction, params};

use super::history::{bucket_of, sql_key};
use super::item_block::{Block, BlockNumber, PackedItem, block_of, block_offset, encode};
use super::item_blocks::{HEAD_BLOCKS, ItemBlocks, place_of};
use super::turn_row;
use crate::error::StateResult;
use crate::projector::RowChanges;
use crate::rows::{ItemRow, RowSets, id_hash};

/// What is looked for, by bucket, and the block that it is in.
type Places = BTreeSet<(i64, BlockNumber)>;

/// Writes changed rows of a rollout; those created at or after `new_from` are not stored yet.
pub(super) fn store_changes(
    transaction: &Transaction<'_>,
    rollout: i64,
    new_from: u64,
    changes: &RowChanges,
) -> StateResult<()> {
    if changes.raw_removed {
        remove_raw(transaction, rollout, new_from)?;
    }
    // Looking for a row to replace costs as much as inserting one, and nearly all rows are new.
    let columns = "INTO turns (rollout, key, bucket, end_key, body) VALUES (?1, ?2, ?3, ?4, ?5)";
    let mut new = transaction.prepare_cached(&format!("INSERT {columns}"))?;
    let mut replaced = transaction.prepare_cached(&format!("INSERT OR REPLACE {columns}"))?;
    for turn in changes.turns.values() {
        let statement = if turn.key.offset() >= new_from {
            &mut new
        } else {
            &mut replaced
        };
        statement.execute(params![
            rollout,
            sql_key(turn.key),
            bucket_of(id_hash(&turn.turn_id)),
            turn.end_key().map(sql_key),
            turn_row::encode(rollout, turn)
        ])?;
    }
    store_items(transaction, rollout, new_from, changes)?;
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

fn store_items(transaction: &Transaction<'_>, rollout: i64, new_from: u64, changes: &RowChanges) -> StateResult<()> {
    let blocks = ItemBlocks::new(transaction, rollout);
    let mut places = Places::new();
    let changed: Vec<&ItemRow> = changes.items.values().collect();
    for rows in changed.chunk_by(|one, next| block_of(one.key).ok() == block_of(next.key).ok()) {
        let Some(first) = rows.first() else { continue };
        let block = block_of(first.key)?;
        add_places(&mut places, block, rows.iter().map(|row| (row.id_hash, row.turn_link)));
        let stored = if block_offset(block) >= new_from {
            Vec::new() // all that it can hold is new
        } else {
            stored_items(blocks, block)?
        };
        if stored.is_empty() {
            put_block(transaction, rollout, block, rows)?;
        } else {
            put_block(transaction, rollout, block, &merged(&stored, rows))?;
        }
    }
    put_places(transaction, rollout, &places)
}

/// Returns the stored rows with the changed ones in their places, in the order of keys.
fn merged<'r>(stored: &'r [ItemRow], changed: &[&'r ItemRow]) -> Vec<&'r ItemRow> {
    let mut rows: Vec<&ItemRow> = stored
        .iter()
        .filter(|row| changed.binary_search_by_key(&row.key, |other| other.key).is_err())
        .chain(changed.iter().copied())
        .collect();
    rows.sort_by_key(|row| row.key);
    rows
}

fn stored_items(blocks: ItemBlocks<'_>, block: BlockNumber) -> StateResult<Vec<ItemRow>> {
    let Some(body) = blocks.stored(block)? else {
        return Ok(Vec::new());
    };
    let items = Block::open(place_of(blocks.rollout(), block)?, block, &body)?.items()?;
    items.into_iter().map(PackedItem::to_row).collect()
}

fn put_block(transaction: &Transaction<'_>, rollout: i64, block: BlockNumber, rows: &[&ItemRow]) -> StateResult<()> {
    let place = place_of(rollout, block)?;
    transaction
        .prepare_cached("INSERT OR REPLACE INTO item_blocks (place, body) VALUES (?1, ?2)")?
        .execute(params![place, encode(place, block, rows)])?;
    Ok(())
}

/// Notes where items, given by the hashes of their ids and the links of their turns, are to be found.
fn add_places(places: &mut Places, block: BlockNumber, items: impl Iterator<Item = (i64, i64)>) {
    if block >= HEAD_BLOCKS {
        places.extend(items.flat_map(|(id, link)| [(bucket_of(id), block), (bucket_of(link), block)]));
    }
}

fn put_places(transaction: &Transaction<'_>, rollout: i64, places: &Places) -> StateResult<()> {
    if places.is_empty() {
        return Ok(());
    }
    let sql = "INSERT OR IGNORE INTO item_places (rollout, bucket, block) VALUES (?1, ?2, ?3)";
    let mut insert = transaction.prepare_cached(sql)?;
    for (bucket, block) in places {
        insert.execute(params![rollout, bucket, block])?;
    }
    Ok(())
}

/// Deletes the rows of the raw set. They end with the first user event, so there are few blocks then, but for a log that
/// had none for long: one block at a time is in memory.
fn remove_raw(transaction: &Transaction<'_>, rollout: i64, new_from: u64) -> StateResult<()> {
    if new_from == 0 {
        return Ok(()); // nothing is stored
    }
    // The raw bit of a key says it; the sets of a turn are packed.
    transaction.execute("DELETE FROM turns WHERE rollout = ?1 AND key & 1", [rollout])?;
    transaction.execute("DELETE FROM item_places WHERE rollout = ?1", [rollout])?;
    let blocks = ItemBlocks::new(transaction, rollout);
    for block in blocks.numbers()? {
        let mut rows = stored_items(blocks, block)?;
        rows.retain(|row| row.sets != RowSets::RAW);
        if rows.is_empty() {
            transaction.execute("DELETE FROM item_blocks WHERE place = ?1", [place_of(rollout, block)?])?;
            continue;
        }
        let mut places = Places::new();
        add_places(&mut places, block, rows.iter().map(|row| (row.id_hash, row.turn_link)));
        put_places(transaction, rollout, &places)?;
        put_block(transaction, rollout, block, &rows.iter().collect::<Vec<_>>())?;
    }
    Ok(())
}

/// Deletes all rows of a rollout.
pub(super) fn remove(transaction: &Transaction<'_>, rollout: i64) -> StateResult<()> {
    for sql in [
        "DELETE FROM turns WHERE rollout = ?1",
        "DELETE FROM item_places WHERE rollout = ?1",
        "DELETE FROM damage WHERE rollout = ?1",
    ] {
        transaction.execute(sql, [rollout])?;
    }
    transaction.execute(
        "DELETE FROM item_blocks WHERE place BETWEEN ?1 AND ?2",
        [place_of(rollout, 0)?, place_of(rollout, BlockNumber::MAX)?],
    )?;
    Ok(())
}

#[cfg(test)]
#[path = "history_write_sample.rs"]
pub(super) mod sample;

#[cfg(test)]
#[path = "history_write_tests.rs"]
mod history_write_tests;
