//! The open index: one writer, a small pool of readers.
//!
//! Readers never wait for the writer (WAL). A writer that is busy says so at once; the caller keeps its overlay.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};
use uuid::Uuid;

use super::rollouts::{self, FileState, RolloutRow, RolloutUpdate, Settled};
use super::{check, schema};
use crate::error::{StateError, StateResult};

/// Idle readers that are kept open.
const MAX_IDLE_READERS: usize = 8;
/// How long a write that may wait does wait for another process.
const PATIENT_WRITE_MS: u64 = 10_000;

/// Whether a write may wait for another writer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteOutcome<T> {
    /// Stored.
    Stored(T),
    /// Somebody else is writing, or has stored the same lines; nothing was changed.
    Skipped,
}

/// Whether the database may grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Growth {
    /// As far as there is room.
    Allowed,
    /// Not at all.
    Refused,
}

/// An open index.
#[derive(Debug)]
pub struct Index {
    path: PathBuf,
    writer: Mutex<Connection>,
    readers: Mutex<Vec<Connection>>,
}

impl Index {
    /// Opens or creates the index.
    ///
    /// # Errors
    /// [`StateError::is_rebuildable`] tells whether the caller should delete the file and try again.
    pub fn open(path: &Path) -> StateResult<Self> {
        let mut writer = connect(path)?;
        schema::configure(&writer)?;
        schema::migrate(&mut writer)?;
        Ok(Self {
            path: path.to_owned(),
            writer: Mutex::new(writer),
            readers: Mutex::new(Vec::new()),
        })
    }

    /// Returns the file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Borrows a connection that sees one consistent state until it is dropped.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn reader(&self) -> StateResult<Reader<'_>> {
        let idle = lock(&self.readers).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => {
                let connection = connect(&self.path)?;
                schema::configure(&connection)?;
                connection
            }
        };
        connection.execute_batch("BEGIN DEFERRED")?;
        Ok(Reader {
            connection: Some(connection),
            index: self,
        })
    }

    /// Runs `write` in an immediate transaction if no other writer is at work, else skips it.
    ///
    /// # Errors
    /// When SQLite fails otherwise, or `write` does.
    pub fn try_write<T>(&self, write: impl FnOnce(&Transaction<'_>) -> StateResult<T>) -> StateResult<WriteOutcome<T>> {
        let Ok(mut writer) = self.writer.try_lock() else {
            return Ok(WriteOutcome::Skipped);
        };
        writer.busy_timeout(Duration::ZERO)?;
        let outcome = run(&mut writer, write);
        writer.busy_timeout(Duration::from_millis(PATIENT_WRITE_MS))?;
        match outcome {
            Ok(value) => Ok(WriteOutcome::Stored(value)),
            Err(error) if error.is_busy() => Ok(WriteOutcome::Skipped),
            Err(StateError::CheckpointMoved { .. }) => Ok(WriteOutcome::Skipped),
            Err(error) => Err(error),
        }
    }

    /// Runs `write` in an immediate transaction, waiting for other writers.
    ///
    /// # Errors
    /// When SQLite fails, another process holds the lock for long, or `write` fails.
    pub fn write<T>(&self, write: impl FnOnce(&Transaction<'_>) -> StateResult<T>) -> StateResult<T> {
        run(&mut lock(&self.writer), write).map_err(|error| match error {
            StateError::Sql(_) if error.is_busy() => StateError::Busy {
                waited_ms: PATIENT_WRITE_MS,
            },
            error => error,
        })
    }

    /// Stores one catch-up step; see [`RolloutUpdate`].
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn try_store(&self, update: &RolloutUpdate) -> StateResult<WriteOutcome<i64>> {
        self.try_write(|transaction| rollouts::store(transaction, update))
    }

    /// Stores one catch-up step, waiting for other writers; a moved checkpoint is skipped.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn store(&self, update: &RolloutUpdate) -> StateResult<WriteOutcome<i64>> {
        match self.write(|transaction| rollouts::store(transaction, update)) {
            Ok(key) => Ok(WriteOutcome::Stored(key)),
            Err(StateError::CheckpointMoved { .. }) => Ok(WriteOutcome::Skipped),
            Err(error) => Err(error),
        }
    }

    /// Stores steps of many rollouts in one transaction, waiting for other writers; moved checkpoints are skipped.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn store_all(&self, updates: &[RolloutUpdate]) -> StateResult<()> {
        self.write(|transaction| {
            for update in updates {
                match rollouts::store(transaction, update) {
                    // Decided before anything is written: another process stored these lines.
                    Ok(_) | Err(StateError::CheckpointMoved { .. }) => {}
                    Err(error) => return Err(error),
                }
            }
            Ok(())
        })
    }

    /// Marks rollouts of which all is stored that follows from them.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn settle(&self, marks: &[Settled]) -> StateResult<()> {
        self.write(|transaction| rollouts::settle(transaction, marks))
    }

    /// Forgets a rollout.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn remove_rollout(&self, rollout_id: &str) -> StateResult<()> {
        self.write(|transaction| rollouts::remove(transaction, rollout_id))
    }

    /// Reads the whole index and checks that its tables and their indexes agree, that turns and items are what was stored,
    /// and that they are found where they are; about 20 ms for each MiB.
    ///
    /// # Errors
    /// When it is not so, or SQLite fails.
    pub fn check(&self) -> StateResult<()> {
        let reader = self.reader()?;
        let found: String = reader
            .connection()
            .query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
        if found == "ok" {
            return check::check_rows(reader.connection());
        }
        Err(StateError::Value {
            column: "integrity",
            detail: found,
        })
    }

    /// Lets the database grow no more, as on a full disk, or grow again. For tests of the crates above; the program never
    /// does it.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn set_growth(&self, growth: Growth) -> StateResult<()> {
        let most_pages = match growth {
            Growth::Allowed => u32::MAX,
            // Never less than there are.
            Growth::Refused => 1,
        };
        lock(&self.writer).pragma_update(None, "max_page_count", most_pages)?;
        Ok(())
    }

    /// Returns the bytes of the database as SQLite counts them.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn size_bytes(&self) -> StateResult<u64> {
        let reader = self.reader()?;
        let pages: i64 = reader
            .connection()
            .pragma_query_value(None, "page_count", |row| row.get(0))?;
        let size: i64 = reader
            .connection()
            .pragma_query_value(None, "page_size", |row| row.get(0))?;
        Ok(pages.cast_unsigned() * size.cast_unsigned())
    }
}

/// A borrowed read connection inside one read transaction.
#[derive(Debug)]
pub struct Reader<'i> {
    connection: Option<Connection>,
    index: &'i Index,
}

impl Reader<'_> {
    /// Returns the connection for queries of this crate.
    pub fn connection(&self) -> &Connection {
        self.connection.as_ref().expect("present until drop")
    }

    /// Returns the rollout with this id.
    ///
    /// # Errors
    /// When SQLite fails or a stored value is unreadable.
    pub fn rollout(&self, rollout_id: &str) -> StateResult<Option<RolloutRow>> {
        rollouts::by_id(self.connection(), rollout_id)
    }

    /// Returns the rollout at this path, relative to the home.
    ///
    /// # Errors
    /// When SQLite fails or a stored value is unreadable.
    pub fn rollout_at(&self, path: &str) -> StateResult<Option<RolloutRow>> {
        rollouts::by_path(self.connection(), path)
    }

    /// Returns all revisions of a thread, by path.
    ///
    /// # Errors
    /// When SQLite fails or a stored value is unreadable.
    pub fn rollouts_of(&self, thread_id: &str) -> StateResult<Vec<RolloutRow>> {
        rollouts::of_thread(self.connection(), thread_id)
    }

    /// Returns `(rollout id, thread id)` of the rollouts that continue one.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn continuing(&self, rollout_id: &str) -> StateResult<Vec<(String, String)>> {
        rollouts::continuing(self.connection(), rollout_id)
    }

    /// Returns the ids of the rollouts that others in the index continue, whether they are in it themselves or not.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn continued(&self) -> StateResult<Vec<String>> {
        rollouts::continued(self.connection())
    }

    /// Returns the ids of rollouts whose texts are not all in the word index, newest path first.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn rollouts_with_text_behind(&self) -> StateResult<Vec<String>> {
        rollouts::text_behind(self.connection())
    }

    /// Returns the mark of every rollout, 0 where there is none; see [`Settled`].
    ///
    /// # Errors
    /// When SQLite fails or an id is no UUID.
    pub fn settled(&self) -> StateResult<Vec<(Uuid, i64)>> {
        rollouts::settled(self.connection())
    }

    /// Returns `(rollout id, thread id, file)` of every rollout.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn files(&self) -> StateResult<Vec<(String, String, FileState)>> {
        rollouts::files(self.connection())
    }
}

impl Drop for Reader<'_> {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            let ended = connection.execute_batch("COMMIT");
            let mut idle = lock(&self.index.readers);
            if ended.is_ok() && idle.len() < MAX_IDLE_READERS {
                idle.push(connection);
            }
        }
    }
}

impl Index {
    /// Marks rollouts like [`settle`](Self::settle), inside `transaction`.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn settle_in(transaction: &Transaction<'_>, marks: &[Settled]) -> StateResult<()> {
        rollouts::settle(transaction, marks)
    }

    /// Moves the text checkpoint of a rollout inside `transaction`; false when somebody else moved it before.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn advance_text(transaction: &Transaction<'_>, key: i64, expected: u64, offset: u64) -> StateResult<bool> {
        rollouts::advance_text(transaction, key, expected, offset)
    }
}

fn run<T>(connection: &mut Connection, write: impl FnOnce(&Transaction<'_>) -> StateResult<T>) -> StateResult<T> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let value = write(&transaction)?;
    transaction.commit()?;
    Ok(value)
}

fn connect(path: &Path) -> StateResult<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    #[expect(clippy::disallowed_methods, reason = "the one place that opens the index")]
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(Duration::from_millis(PATIENT_WRITE_MS))?;
    Ok(connection)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panicking writer rolls its transaction back when it is dropped, so the connection stays usable.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[path = "index_tests.rs"]
mod index_tests;
