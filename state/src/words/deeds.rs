//! Documents of what was done: everything of a history but its messages.
//!
//! One document per line that tells an item, or per item of a legacy rollout, at the offset that its row is found by. They have a
//! checkpoint of their own, moved in the transaction that adds them.

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::document::{MAX_OFFSET, place, places};
use super::write::DocumentWords;
use crate::error::StateResult;

/// Returns the first byte of a rollout whose deeds have no documents.
///
/// # Errors
/// If SQLite fails.
pub fn offset(conn: &Connection, rollout_key: i64) -> StateResult<u64> {
    let offset: Option<i64> = conn
        .prepare_cached("SELECT done_offset FROM done_rollouts WHERE rollout_key = ?1")?
        .query_row([rollout_key], |row| row.get(0))
        .optional()?;
    Ok(offset.map_or(0, i64::cast_unsigned))
}

/// Returns the ids of rollouts whose deeds are not all in the word index, newest path first.
///
/// # Errors
/// If SQLite fails.
pub fn behind(conn: &Connection) -> StateResult<Vec<String>> {
    let sql = "SELECT rollout_id FROM rollouts WHERE rollout IN (
                   SELECT rollout FROM rollouts INDEXED BY rollouts_ends LEFT JOIN done_rollouts ON rollout_key = rollout
                   WHERE projected_offset > coalesce(done_offset, 0)
               ) ORDER BY path DESC";
    let rows = conn
        .prepare_cached(sql)?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    Ok(rows)
}

/// Returns the rollouts that have bytes without documents of either part, a last line without newline included.
///
/// # Errors
/// If SQLite fails.
pub fn unindexed(conn: &Connection) -> StateResult<Vec<i64>> {
    let sql = "SELECT rollout FROM rollouts INDEXED BY rollouts_ends LEFT JOIN done_rollouts ON rollout_key = rollout
               WHERE max(projected_offset, plain_end) > coalesce(done_offset, 0)
               UNION SELECT rollout FROM rollouts INDEXED BY rollouts_text_behind
               WHERE text_offset < projected_offset OR text_offset < plain_end";
    let rows = conn
        .prepare_cached(sql)?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    Ok(rows)
}

/// Returns the first byte of a rollout that lacks documents of either part; 0 for one that the index does not know.
///
/// # Errors
/// If SQLite fails.
pub fn indexed_end(conn: &Connection, rollout_key: i64) -> StateResult<u64> {
    let end: Option<i64> = conn
        .prepare_cached(
            "SELECT min(text_offset, coalesce(done_offset, 0)) FROM rollouts
             LEFT JOIN done_rollouts ON rollout_key = rollout WHERE rollout = ?1",
        )?
        .query_row([rollout_key], |row| row.get(0))
        .optional()?;
    Ok(end.map_or(0, i64::cast_unsigned))
}

/// Moves the checkpoint of a rollout; false when somebody else moved it before, or the positions are not that far.
///
/// # Errors
/// If SQLite fails.
pub fn advance(transaction: &Transaction<'_>, rollout_key: i64, expected: u64, reached: u64) -> StateResult<bool> {
    let (expected, reached) = (expected.cast_signed(), reached.cast_signed());
    if offset(transaction, rollout_key)? != expected.cast_unsigned() {
        return Ok(false);
    }
    let moved = transaction
        .prepare_cached(
            "INSERT INTO done_rollouts (rollout_key, done_offset)
             SELECT rollout, ?2 FROM rollouts WHERE rollout = ?1 AND projected_offset >= ?2
             ON CONFLICT (rollout_key) DO UPDATE SET done_offset = excluded.done_offset",
        )?
        .execute([rollout_key, reached])?;
    Ok(moved > 0)
}

/// Adds a document by its words, which must have been learnt, to a rollout whose checkpoint was moved.
///
/// # Errors
/// If SQLite fails, or key or offset are outside of what the word index can hold.
pub fn insert(transaction: &Transaction<'_>, rollout_key: i64, offset: u64, words: &DocumentWords) -> StateResult<()> {
    let place = place(rollout_key, offset)?;
    transaction
        .prepare_cached("INSERT INTO done_documents (place) VALUES (?1)")?
        .execute([place])?;
    let document_num = transaction.last_insert_rowid();
    transaction
        .prepare_cached("INSERT INTO words_done (rowid, tokens) VALUES (?1, ?2)")?
        .execute(params![document_num, words.stored()])?;
    transaction
        .prepare_cached(
            "UPDATE done_rollouts SET first_document = min(coalesce(first_document, ?2), ?2),
             last_document = max(coalesce(last_document, ?2), ?2) WHERE rollout_key = ?1",
        )?
        .execute([rollout_key, document_num])?;
    Ok(())
}

/// Removes all documents of a rollout, and its checkpoint.
///
/// # Errors
/// If SQLite fails, or the key is outside of what the word index can hold.
pub(super) fn remove_rollout(conn: &Connection, rollout_key: i64) -> StateResult<()> {
    let places = places(rollout_key, &(0..MAX_OFFSET + 1))?;
    let range: Option<(Option<i64>, Option<i64>)> = conn
        .prepare_cached("SELECT first_document, last_document FROM done_rollouts WHERE rollout_key = ?1")?
        .query_row([rollout_key], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    if let Some((Some(first), Some(last))) = range {
        let of_rollout = [first, last, places.start, places.end];
        conn.prepare_cached(
            "DELETE FROM words_done WHERE rowid IN (SELECT document_num FROM done_documents
             WHERE document_num BETWEEN ?1 AND ?2 AND place >= ?3 AND place < ?4)",
        )?
        .execute(of_rollout)?;
        conn.prepare_cached(
            "DELETE FROM done_documents WHERE document_num BETWEEN ?1 AND ?2 AND place >= ?3 AND place < ?4",
        )?
        .execute(of_rollout)?;
    }
    conn.prepare_cached("DELETE FROM done_rollouts WHERE rollout_key = ?1")?
        .execute([rollout_key])?;
    Ok(())
}

#[cfg(test)]
#[path = "deeds_tests.rs"]
mod deeds_tests;
