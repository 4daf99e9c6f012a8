//! What the index knows about each rollout file: where it is, how far it is folded, what its header tells.
//!
//! The content anchor is stored in the same transaction as the checkpoint and the rows.

use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, params};
use uuid::Uuid;

use super::{history_write, meta_codec};
use crate::error::{StateError, StateResult};
use crate::projector::{Checkpoint, RolloutMeta, RowChanges};
use crate::seal::{check_seal, seal};

/// What is remembered of the file itself.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FileState {
    /// Path relative to the home, `/`-separated, without `.zst`.
    pub path: String,
    /// Whether it lies under `archived_sessions`.
    pub archived: bool,
    /// Whether only the `.zst` form exists.
    pub compressed: bool,
    /// Length on disk.
    pub len: u64,
    /// Modification time, Unix nanoseconds.
    pub mtime_ns: i128,
    /// Device, inode, length and times as text; equal text means unchanged as far as a sweep can tell.
    pub fingerprint: String,
}

/// A rollout in the index.
#[derive(Debug, Clone, PartialEq)]
pub struct RolloutRow {
    /// Key that turns, items and documents refer to.
    pub key: i64,
    /// The rollout.
    pub rollout_id: String,
    /// Its thread.
    pub thread_id: String,
    /// The file.
    pub file: FileState,
    /// Where its plain bytes end, a last line without newline included; not known before all of a compressed file is folded.
    pub plain_end: u64,
    /// Hash of the content anchor at the projected offset.
    pub anchor_hash: u64,
    /// First byte whose text is not in the word index.
    pub text_offset: u64,
    /// Rollout that the history continues, with the cut.
    pub base: Option<(String, u64, u64)>,
    /// Fold state.
    pub checkpoint: Checkpoint,
    /// Thread metadata of this rollout.
    pub meta: RolloutMeta,
    /// Why the file cannot be read as a thread, if so.
    pub header_error: Option<String>,
    /// What the caller marked this row with after it stored all that follows from it, see [`Settled`]; else 0.
    pub settled: i64,
}

/// A rollout of which all is stored that follows from it: its thread's row, and those of the threads that continue it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// The rollout.
    pub rollout_id: String,
    /// The file that this was made of; the mark is not set if another state of it was stored meanwhile.
    pub fingerprint: String,
    /// What to remember: a hash of the file's state. Whoever finds the same state needs not look at the rollout; 0 takes the
    /// mark back.
    pub mark: i64,
}

/// What one catch-up step stores.
#[derive(Debug, Clone)]
pub struct RolloutUpdate {
    /// The rollout.
    pub rollout_id: String,
    /// Its thread.
    pub thread_id: String,
    /// The file.
    pub file: FileState,
    /// Where its plain bytes end, a last line without newline included; not known before all of a compressed file is folded.
    pub plain_end: u64,
    /// Hash of the content anchor at the new projected offset.
    pub anchor_hash: u64,
    /// Rollout that the history continues, with the cut.
    pub base: Option<(String, u64, u64)>,
    /// Offset that the fold started from; `None` starts over and deletes stored rows first.
    pub expected_offset: Option<u64>,
    /// New fold state.
    pub checkpoint: Checkpoint,
    /// New metadata.
    pub meta: RolloutMeta,
    /// Why the file cannot be read as a thread, if so.
    pub header_error: Option<String>,
    /// Changed rows.
    pub changes: RowChanges,
}

const COLUMNS: &str = "rollout, rollout_id, thread_id, path, archived, compressed, file_len, mtime_ns, fingerprint, \
     anchor_hash, text_offset, base_rollout_id, base_end_ordinal, base_end_offset, checkpoint, meta, \
     header_error, seal, text_seal, settled, plain_end";

/// Returns the rollout with this id.
pub(super) fn by_id(connection: &Connection, rollout_id: &str) -> StateResult<Option<RolloutRow>> {
    one(connection, "rollout_id = ?1", rollout_id)
}

/// Returns the rollout at this relative path.
pub(super) fn by_path(connection: &Connection, path: &str) -> StateResult<Option<RolloutRow>> {
    one(connection, "path = ?1", path)
}

/// Returns all revisions of a thread.
pub(super) fn of_thread(connection: &Connection, thread_id: &str) -> StateResult<Vec<RolloutRow>> {
    let sql = format!("SELECT {COLUMNS} FROM rollouts WHERE thread_id = ?1 ORDER BY path");
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map([thread_id], raw)?;
    rows.map(|row| decode(row?)).collect()
}

/// Returns file states by rollout id, without decoding checkpoints.
pub(super) fn files(connection: &Connection) -> StateResult<Vec<(String, String, FileState)>> {
    let sql = "SELECT rollout_id, thread_id, path, archived, compressed, file_len, mtime_ns, fingerprint FROM rollouts";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([], |row| {
        Ok((
            row.get::<_, String>(0)?,
            row.get::<_, String>(1)?,
            row.get::<_, String>(2)?,
            row.get::<_, bool>(3)?,
            row.get::<_, bool>(4)?,
            row.get::<_, i64>(5)?,
            row.get::<_, String>(6)?,
            row.get::<_, String>(7)?,
        ))
    })?;
    rows.map(|row| {
        let (rollout_id, thread_id, path, archived, compressed, len, mtime, fingerprint) = row?;
        let mtime_ns = number(&mtime)?;
        let file = FileState {
            path,
            archived,
            compressed,
            len: len.cast_unsigned(),
            mtime_ns,
            fingerprint,
        };
        Ok((rollout_id, thread_id, file))
    })
    .collect()
}

/// Returns the marks of all rollouts by their ids; 0 where there is none.
///
/// Served from an index over just these columns: 100,000 rollouts cost a few megabytes of reads.
pub(super) fn settled(connection: &Connection) -> StateResult<Vec<(Uuid, i64)>> {
    let sql = "SELECT rollout_id, settled FROM rollouts INDEXED BY rollouts_settled";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let rollout_id = row.get_ref(0)?.as_str().map_err(|error| StateError::Value {
            column: "rollout_id",
            detail: error.to_string(),
        })?;
        let rollout_id = Uuid::parse_str(rollout_id).map_err(|_| StateError::Value {
            column: "rollout_id",
            detail: rollout_id.to_owned(),
        })?;
        found.push((rollout_id, row.get(1)?));
    }
    Ok(found)
}

/// Sets marks; see [`Settled`].
pub(super) fn settle(transaction: &Transaction<'_>, marks: &[Settled]) -> StateResult<()> {
    let mut update =
        transaction.prepare_cached("UPDATE rollouts SET settled = ?3 WHERE rollout_id = ?1 AND fingerprint = ?2")?;
    for settled in marks {
        update.execute(params![settled.rollout_id, settled.fingerprint, settled.mark])?;
    }
    Ok(())
}

/// Returns the ids of rollouts whose texts are not all in the word index, newest path first.
pub(super) fn text_behind(connection: &Connection) -> StateResult<Vec<String>> {
    let sql = "SELECT rollout_id FROM rollouts WHERE text_offset < projected_offset ORDER BY path DESC";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Returns `(rollout id, thread id)` of the rollouts that continue one.
pub(super) fn continuing(connection: &Connection, rollout_id: &str) -> StateResult<Vec<(String, String)>> {
    let sql = "SELECT rollout_id, thread_id FROM rollouts WHERE base_rollout_id = ?1";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([rollout_id], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Returns the ids of the rollouts that others continue.
pub(super) fn continued(connection: &Connection) -> StateResult<Vec<String>> {
    let sql =
        "SELECT DISTINCT base_rollout_id FROM rollouts INDEXED BY rollouts_base WHERE base_rollout_id IS NOT NULL";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Stores one step; the later of two processes that folded the same lines gets `CheckpointMoved`.
pub(super) fn store(transaction: &Transaction<'_>, update: &RolloutUpdate) -> StateResult<i64> {
    let found: Option<(i64, i64)> = transaction
        .prepare_cached("SELECT rollout, projected_offset FROM rollouts WHERE rollout_id = ?1")?
        .query_row([&update.rollout_id], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    if let Some(expected) = update.expected_offset {
        let at = found.map_or(0, |(_, offset)| offset.cast_unsigned());
        if at != expected {
            return Err(StateError::CheckpointMoved { expected, found: at });
        }
    } else if let Some((key, _)) = found {
        history_write::remove(transaction, key)?;
        crate::words::remove_rollout(transaction, key)?;
        transaction.execute(
            "UPDATE rollouts SET text_offset = 0, text_seal = ?2 WHERE rollout = ?1",
            params![key, text_seal(&update.rollout_id, 0)],
        )?;
    }
    let sql = "INSERT INTO rollouts (rollout_id, thread_id, path, archived, compressed, file_len, mtime_ns, \
               fingerprint, projected_offset, anchor_hash, text_offset, base_rollout_id, \
               base_end_ordinal, base_end_offset, checkpoint, meta, header_error, seal, text_seal, settled, plain_end) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 0, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, 0, ?19) \
               ON CONFLICT (rollout_id) DO UPDATE SET thread_id = excluded.thread_id, path = excluded.path, \
               archived = excluded.archived, compressed = excluded.compressed, file_len = excluded.file_len, \
               mtime_ns = excluded.mtime_ns, fingerprint = excluded.fingerprint, \
               projected_offset = excluded.projected_offset, anchor_hash = excluded.anchor_hash, \
               base_rollout_id = excluded.base_rollout_id, \
               base_end_ordinal = excluded.base_end_ordinal, base_end_offset = excluded.base_end_offset, \
               checkpoint = excluded.checkpoint, meta = excluded.meta, header_error = excluded.header_error, \
               seal = excluded.seal, settled = 0, plain_end = excluded.plain_end \
               RETURNING rollout";
    let file = &update.file;
    let checkpoint = encode(&update.checkpoint)?;
    let meta = meta_codec::encode(&update.meta).map_err(|error| StateError::Value {
        column: "meta",
        detail: error.to_string(),
    })?;
    let sealed = Sealed {
        rollout_id: &update.rollout_id,
        thread_id: &update.thread_id,
        file,
        plain_end: update.plain_end,
        anchor_hash: update.anchor_hash,
        base: update.base.as_ref(),
        checkpoint: &checkpoint,
        meta: &meta,
        header_error: update.header_error.as_deref(),
    };
    let key: i64 = transaction.prepare_cached(sql)?.query_row(
        params![
            update.rollout_id,
            update.thread_id,
            file.path,
            file.archived,
            file.compressed,
            file.len.cast_signed(),
            file.mtime_ns.to_string(),
            file.fingerprint,
            update.checkpoint.offset.cast_signed(),
            update.anchor_hash.cast_signed(),
            update.base.as_ref().map(|base| &base.0),
            update.base.as_ref().map(|base| base.1.cast_signed()),
            update.base.as_ref().map(|base| base.2.cast_signed()),
            checkpoint,
            meta,
            update.header_error,
            seal(&sealed),
            text_seal(&update.rollout_id, 0),
            update.plain_end.cast_signed(),
        ],
        |row| row.get(0),
    )?;
    history_write::store_changes(transaction, key, update.expected_offset.unwrap_or(0), &update.changes)?;
    Ok(key)
}

/// Moves the text checkpoint of a rollout from `expected` to `offset`.
pub(super) fn advance_text(transaction: &Transaction<'_>, key: i64, expected: u64, offset: u64) -> StateResult<bool> {
    let rollout_id: Option<String> = transaction
        .prepare_cached("SELECT rollout_id FROM rollouts WHERE rollout = ?1")?
        .query_row([key], |row| row.get(0))
        .optional()?;
    let Some(rollout_id) = rollout_id else {
        return Ok(false);
    };
    let sql = "UPDATE rollouts SET text_offset = ?3, text_seal = ?4 \
               WHERE rollout = ?1 AND text_offset = ?2 AND projected_offset >= ?3";
    let values = params![
        key,
        expected.cast_signed(),
        offset.cast_signed(),
        text_seal(&rollout_id, offset)
    ];
    let moved = transaction.prepare_cached(sql)?.execute(values)?;
    Ok(moved == 1)
}

/// Forgets a rollout and everything derived from it.
pub(super) fn remove(transaction: &Transaction<'_>, rollout_id: &str) -> StateResult<()> {
    let key: Option<i64> = transaction
        .query_row(
            "SELECT rollout FROM rollouts WHERE rollout_id = ?1",
            [rollout_id],
            |row| row.get(0),
        )
        .optional()?;
    if let Some(key) = key {
        history_write::remove(transaction, key)?;
        crate::words::remove_rollout(transaction, key)?;
        transaction.execute("DELETE FROM rollouts WHERE rollout = ?1", [key])?;
    }
    Ok(())
}

fn one(connection: &Connection, filter: &str, value: &str) -> StateResult<Option<RolloutRow>> {
    let sql = format!("SELECT {COLUMNS} FROM rollouts WHERE {filter} LIMIT 1");
    connection
        .prepare_cached(&sql)?
        .query_row([value], raw)
        .optional()?
        .map(decode)
        .transpose()
}

struct Raw {
    row: RolloutColumns,
    checkpoint: String,
    meta: String,
}

struct RolloutColumns {
    key: i64,
    rollout_id: String,
    thread_id: String,
    path: String,
    archived: bool,
    compressed: bool,
    len: i64,
    mtime: String,
    fingerprint: String,
    plain_end: i64,
    anchor_hash: i64,
    text_offset: i64,
    base: (Option<String>, Option<i64>, Option<i64>),
    header_error: Option<String>,
    seal: i64,
    text_seal: i64,
    settled: i64,
}

/// What the seal of a row covers: all of it but the text checkpoint, which moves on its own.
#[derive(Hash)]
struct Sealed<'a> {
    rollout_id: &'a str,
    thread_id: &'a str,
    file: &'a FileState,
    plain_end: u64,
    anchor_hash: u64,
    base: Option<&'a (String, u64, u64)>,
    checkpoint: &'a str,
    meta: &'a str,
    header_error: Option<&'a str>,
}

fn text_seal(rollout_id: &str, text_offset: u64) -> i64 {
    seal(&(rollout_id, text_offset))
}

fn raw(row: &Row<'_>) -> rusqlite::Result<Raw> {
    Ok(Raw {
        row: RolloutColumns {
            key: row.get(0)?,
            rollout_id: row.get(1)?,
            thread_id: row.get(2)?,
            path: row.get(3)?,
            archived: row.get(4)?,
            compressed: row.get(5)?,
            len: row.get(6)?,
            mtime: row.get(7)?,
            fingerprint: row.get(8)?,
            anchor_hash: row.get(9)?,
            text_offset: row.get(10)?,
            base: (row.get(11)?, row.get(12)?, row.get(13)?),
            header_error: row.get(16)?,
            seal: row.get(17)?,
            text_seal: row.get(18)?,
            settled: row.get(19)?,
            plain_end: row.get(20)?,
        },
        checkpoint: row.get(14)?,
        meta: row.get(15)?,
    })
}

fn decode(raw: Raw) -> StateResult<RolloutRow> {
    let row = raw.row;
    let base = match row.base {
        (Some(id), Some(ordinal), Some(offset)) => Some((id, ordinal.cast_unsigned(), offset.cast_unsigned())),
        _ => None,
    };
    let file = FileState {
        path: row.path,
        archived: row.archived,
        compressed: row.compressed,
        len: row.len.cast_unsigned(),
        mtime_ns: number(&row.mtime)?,
        fingerprint: row.fingerprint,
    };
    let anchor_hash = row.anchor_hash.cast_unsigned();
    let text_offset = row.text_offset.cast_unsigned();
    let plain_end = row.plain_end.cast_unsigned();
    let sealed = Sealed {
        rollout_id: &row.rollout_id,
        thread_id: &row.thread_id,
        file: &file,
        plain_end,
        anchor_hash,
        base: base.as_ref(),
        checkpoint: &raw.checkpoint,
        meta: &raw.meta,
        header_error: row.header_error.as_deref(),
    };
    check_seal("rollouts.seal", &sealed, row.seal)?;
    check_seal("rollouts.text_seal", &(&row.rollout_id, text_offset), row.text_seal)?;
    Ok(RolloutRow {
        key: row.key,
        rollout_id: row.rollout_id,
        thread_id: row.thread_id,
        file,
        plain_end,
        anchor_hash,
        text_offset,
        base,
        checkpoint: from_json("checkpoint", &raw.checkpoint)?,
        meta: meta_codec::decode(&raw.meta).map_err(|error| StateError::Value {
            column: "meta",
            detail: error.to_string(),
        })?,
        header_error: row.header_error,
        settled: row.settled,
    })
}

fn number(text: &str) -> StateResult<i128> {
    text.parse().map_err(|_| StateError::Value {
        column: "mtime_ns",
        detail: text.to_owned(),
    })
}

fn encode<T: serde::Serialize>(value: &T) -> StateResult<String> {
    serde_json::to_string(value).map_err(|error| StateError::Value {
        column: "json",
        detail: error.to_string(),
    })
}

fn from_json<T: serde::de::DeserializeOwned>(column: &'static str, text: &str) -> StateResult<T> {
    serde_json::from_str(text).map_err(|error| StateError::Value {
        column,
        detail: error.to_string(),
    })
}
