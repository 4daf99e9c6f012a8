//! Finds rows by id, prefix, name, rollout or kinship.
//!
//! Point look-ups; lists with filters and pages are in `list.rs`.

use rusqlite::{Connection, OptionalExtension, Params, params};

use super::row::{ROW_COLUMNS, ThreadRow, read_row};
use crate::error::StateResult;

/// Returns the row of a thread.
///
/// # Errors
/// If SQLite fails.
pub fn get(conn: &Connection, thread_id: &str) -> StateResult<Option<ThreadRow>> {
    let row = conn
        .prepare_cached(&format!("SELECT {ROW_COLUMNS} FROM threads WHERE thread_id = ?1"))?
        .query_row([thread_id], read_row)
        .optional()?;
    Ok(row)
}

/// Returns the number of rows.
///
/// # Errors
/// If SQLite fails.
pub fn count(conn: &Connection) -> StateResult<u64> {
    let count: i64 = conn
        .prepare_cached("SELECT count(*) FROM threads")?
        .query_row([], |row| row.get(0))?;
    Ok(count.unsigned_abs())
}

/// Returns the rows whose current revision is the rollout with this key.
///
/// # Errors
/// If SQLite fails.
pub fn by_rollout(conn: &Connection, rollout_key: i64) -> StateResult<Vec<ThreadRow>> {
    rows(
        conn,
        &format!("SELECT {ROW_COLUMNS} FROM threads WHERE rollout_key = ?1 ORDER BY thread_id"),
        [rollout_key],
    )
}

/// Returns at most `limit` rows whose id begins with `prefix` (either case), in order of ids.
///
/// # Errors
/// If SQLite fails.
pub fn by_prefix(conn: &Connection, prefix: &str, limit: u32) -> StateResult<Vec<ThreadRow>> {
    let prefix = prefix.to_ascii_lowercase();
    let end = format!("{prefix}\u{10ffff}"); // above every id with the prefix: ids are ASCII
    rows(
        conn,
        &format!(
            "SELECT {ROW_COLUMNS} FROM threads WHERE thread_id >= ?1 AND thread_id < ?2 ORDER BY thread_id LIMIT ?3"
        ),
        params![prefix, end, limit],
    )
}

/// Returns the rows with exactly this name, the last changed first.
///
/// # Errors
/// If SQLite fails.
pub fn by_name(conn: &Connection, name: &str) -> StateResult<Vec<ThreadRow>> {
    rows(
        conn,
        &format!("SELECT {ROW_COLUMNS} FROM threads WHERE name = ?1 ORDER BY updated_at_ms DESC, thread_id DESC"),
        [name],
    )
}

/// Returns the rows of the threads that `thread_id` spawned, in order of ids.
///
/// # Errors
/// If SQLite fails.
pub fn children(conn: &Connection, thread_id: &str) -> StateResult<Vec<ThreadRow>> {
    rows(
        conn,
        &format!("SELECT {ROW_COLUMNS} FROM threads WHERE parent_thread_id = ?1 ORDER BY thread_id"),
        [thread_id],
    )
}

/// Returns the newest recency of the threads of a project that are not archived, Unix milliseconds.
///
/// # Errors
/// If SQLite fails.
pub fn newest_of_project(conn: &Connection, project_id: &str) -> StateResult<Option<i64>> {
    let newest = conn
        .prepare_cached(
            "SELECT recency_sort_ms FROM threads INDEXED BY threads_project_newest
             WHERE project_id = ?1 AND archived = 0 ORDER BY recency_sort_ms DESC LIMIT 1",
        )?
        .query_row([project_id], |row| row.get(0))
        .optional()?;
    Ok(newest)
}

/// Returns the rows of all threads below `thread_id`, in order of ids; the thread itself is not among them.
///
/// # Errors
/// If SQLite fails.
pub fn descendants(conn: &Connection, thread_id: &str) -> StateResult<Vec<ThreadRow>> {
    rows(
        conn,
        &format!("SELECT {ROW_COLUMNS} FROM threads WHERE thread_num IN ({DESCENDANT_NUMS}) ORDER BY thread_id"),
        [thread_id],
    )
}

/// Selects the row numbers of all threads below `?1`. `UNION` ends the walk should parents form a circle.
pub(super) const DESCENDANT_NUMS: &str = "
    WITH RECURSIVE below (thread_id, thread_num) AS (
        SELECT thread_id, thread_num FROM threads WHERE parent_thread_id = ?1
        UNION
        SELECT child.thread_id, child.thread_num
        FROM below JOIN threads AS child ON child.parent_thread_id = below.thread_id
    )
    SELECT thread_num FROM below WHERE thread_id <> ?1";

fn rows(conn: &Connection, sql: &str, params: impl Params) -> StateResult<Vec<ThreadRow>> {
    let rows = conn
        .prepare_cached(sql)?
        .query_map(params, read_row)?
        .collect::<Result<_, _>>()?;
    Ok(rows)
}

/// Returns the current rollout and the name of every thread that has a name, as far as it is stored.
///
/// # Errors
/// If SQLite fails.
pub fn named_threads(conn: &Connection) -> StateResult<Vec<(i64, String)>> {
    let rows = conn
        .prepare_cached("SELECT rollout_key, name FROM threads INDEXED BY threads_named WHERE name IS NOT NULL")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    Ok(rows)
}

#[cfg(test)]
#[path = "lookup_tests.rs"]
mod lookup_tests;
