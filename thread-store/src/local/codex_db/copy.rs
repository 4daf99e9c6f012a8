//! Copies a database aside, so that it can be opened without leaving anything beside the original.
//!
//! The copy is taken only if neither the database nor its write-ahead log changed meanwhile. It is private, and removed
//! when it is dropped; what a dead process left is removed by the next one. The originals are only ever read.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use codex_rollout::fs::{FileLock, LogFs};

use super::files::{CONTENT_SUFFIXES, Prints, beside};

/// How often a database that changes meanwhile is copied before it counts as busy.
const MAX_ATTEMPTS: u32 = 5;
/// Largest database that is copied, its write-ahead log included.
pub(super) const MAX_DATABASE_BYTES: u64 = 1024 * 1024 * 1024;
/// Bytes per read.
const CHUNK_BYTES: usize = 1024 * 1024;
/// Most names that are tried for a copy: a process that died may have used the same ones.
const MAX_NAMES: u64 = 1000;
/// What the lock of a copy adds to its name.
const LOCK_SUFFIX: &str = ".lock";
/// All that may be beside a copy, besides its lock: SQLite makes the last one.
const COPY_SUFFIXES: [&str; 4] = ["", "-wal", "-journal", "-shm"];

static COPY_NUMBER: AtomicU64 = AtomicU64::new(0);

/// Why a database was not copied.
#[derive(Debug, thiserror::Error)]
pub(super) enum CopyError {
    /// Somebody writes to it all the time.
    #[error("it changed during each of {MAX_ATTEMPTS} attempts to copy it")]
    Busy,
    /// It is larger than is copied.
    #[error("it has {bytes} bytes, more than {MAX_DATABASE_BYTES}")]
    TooLarge {
        /// Its size.
        bytes: u64,
    },
    /// An operation on a file or folder failed.
    #[error("{action} {path}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
}

fn failed<'p>(action: &'static str, path: &'p Path) -> impl FnOnce(io::Error) -> CopyError + 'p {
    move |source| CopyError::Io {
        action,
        path: path.to_owned(),
        source,
    }
}

/// A copy of a database. Dropping it removes it.
pub(super) struct DatabaseCopy {
    fs: Arc<dyn LogFs>,
    path: PathBuf,
    /// The database as it is in the copy.
    pub(super) prints: Prints,
    /// Tells others that the copy is in use.
    lock: Option<Box<dyn FileLock>>,
}

impl DatabaseCopy {
    /// Copies a database with its write-ahead log into `folder`, which is made if it is missing.
    pub(super) fn take(fs: &Arc<dyn LogFs>, database: &Path, folder: &Path) -> Result<Self, CopyError> {
        fs.create_dir_all(folder).map_err(failed("create folder", folder))?;
        remove_leftovers(fs.as_ref(), folder);
        let prints = Prints::of(fs.as_ref(), database).map_err(failed("stat", database))?;
        let (path, lock) = free_name(fs.as_ref(), folder)?;
        let mut copy = Self {
            fs: Arc::clone(fs),
            path,
            prints,
            lock: Some(lock),
        };
        for _ in 0..MAX_ATTEMPTS {
            let before = Prints::of(fs.as_ref(), database).map_err(failed("stat", database))?;
            if before.len() > MAX_DATABASE_BYTES {
                return Err(CopyError::TooLarge { bytes: before.len() });
            }
            let copied = copy.fill(database, &before);
            let after = Prints::of(fs.as_ref(), database).map_err(failed("stat", database))?;
            if before == after {
                // Only now: what vanishes or shrinks under a reader is no failure, it is a change.
                copied?;
                copy.prints = after;
                return Ok(copy);
            }
        }
        Err(CopyError::Busy)
    }

    /// Where the copy is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    fn fill(&self, database: &Path, prints: &Prints) -> Result<(), CopyError> {
        let fs = self.fs.as_ref();
        self.remove_files()?;
        copy_file(fs, database, &self.path, prints.database.len)?;
        for (print, suffix) in prints.beside.iter().zip(CONTENT_SUFFIXES) {
            if let Some(print) = print {
                copy_file(fs, &beside(database, suffix), &beside(&self.path, suffix), print.len)?;
            }
        }
        Ok(())
    }

    fn remove_files(&self) -> Result<(), CopyError> {
        for suffix in COPY_SUFFIXES {
            let path = beside(&self.path, suffix);
            remove_if_there(self.fs.as_ref(), &path).map_err(failed("remove", &path))?;
        }
        Ok(())
    }
}

impl Drop for DatabaseCopy {
    fn drop(&mut self) {
        let lock_path = beside(&self.path, LOCK_SUFFIX);
        let removed = self.remove_files().and_then(|()| {
            // The name goes while the lock is held, so that nobody takes it for a leftover in between.
            remove_if_there(self.fs.as_ref(), &lock_path).map_err(failed("remove", &lock_path))
        });
        self.lock = None;
        if let Err(error) = removed {
            tracing::debug!(%error, "a copy of a database was left behind; the next copy removes it");
        }
    }
}

/// Chooses a name that is in nobody's use, and locks it.
fn free_name(fs: &dyn LogFs, folder: &Path) -> Result<(PathBuf, Box<dyn FileLock>), CopyError> {
    let mut newest = PathBuf::new();
    for _ in 0..MAX_NAMES {
        let number = COPY_NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = folder.join(format!("copy.{}.{number}.sqlite", std::process::id()));
        let lock_path = beside(&path, LOCK_SUFFIX);
        let lock = fs.try_lock(&lock_path).map_err(failed("lock", &lock_path))?;
        match lock {
            Some(lock) => return Ok((path, lock)),
            None => newest = lock_path,
        }
    }
    Err(failed("lock", &newest)(io::ErrorKind::WouldBlock.into()))
}

/// Removes copies that nobody has locked: their process died. A copy that cannot be removed only takes room.
fn remove_leftovers(fs: &dyn LogFs, folder: &Path) {
    let entries = match fs.read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => {
            tracing::debug!(%error, path = %folder.display(), "cannot look for copies that were left behind");
            return;
        }
    };
    for entry in entries {
        let Some(copy) = entry.name.to_str().and_then(|name| name.strip_suffix(LOCK_SUFFIX)) else {
            continue;
        };
        let copy = folder.join(copy);
        let lock_path = beside(&copy, LOCK_SUFFIX);
        let removed = match fs.try_lock(&lock_path) {
            Ok(Some(_lock)) => COPY_SUFFIXES
                .iter()
                .chain([&LOCK_SUFFIX])
                .try_for_each(|suffix| remove_if_there(fs, &beside(&copy, suffix))),
            Ok(None) => Ok(()),
            Err(error) => Err(error),
        };
        if let Err(error) = removed {
            tracing::debug!(%error, path = %copy.display(), "a copy of a database that was left behind stays");
        }
    }
}

/// Copies the first `len` bytes of a file: one that grows faster than it is read has no end.
fn copy_file(fs: &dyn LogFs, from: &Path, to: &Path, len: u64) -> Result<(), CopyError> {
    let source = fs.open(from).map_err(failed("open", from))?;
    let mut target = fs.create(to).map_err(failed("create", to))?;
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut offset = 0;
    while offset < len {
        let wanted = usize::try_from(len - offset).map_or(CHUNK_BYTES, |rest| rest.min(CHUNK_BYTES));
        match source.read_at(&mut chunk[..wanted], offset) {
            Ok(0) => return Ok(()), // it was cut meanwhile, which its fingerprint tells
            Ok(read) => {
                target.write_all(&chunk[..read]).map_err(failed("write", to))?;
                offset += read as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(failed("read", from)(error)),
        }
    }
    Ok(())
}

fn remove_if_there(fs: &dyn LogFs, path: &Path) -> io::Result<()> {
    match fs.remove(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

#[cfg(test)]
#[path = "copy_tests.rs"]
mod copy_tests;
