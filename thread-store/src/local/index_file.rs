//! The file of the index: opening it, keeping a spoilt one aside, and removing those that no program uses any more.
//!
//! Everything in it can be derived from the log, so no outcome of these functions loses anything.

use std::io;
use std::path::{Path, PathBuf};

use codex_rollout::fs::LogFs;
use codex_state::db::{Index, SCHEMA_VERSION};

use super::open_rollout::index_error;
use crate::error::{StoreError, StoreResult};

/// How the names of index files begin and end; the schema is named in between.
const NAME_START: &str = "index-";
const NAME_END: &str = ".sqlite";
/// Ending of a file that was kept aside. There is at most one.
const ASIDE: &str = ".damaged";
/// What SQLite keeps beside a database.
const SIDE_FILES: [&str; 2] = ["-wal", "-shm"];
/// A spoilt index is kept aside up to this size; a larger one is deleted.
const MAX_ASIDE_BYTES: u64 = 256 * 1024 * 1024;
/// An index of an older schema that nobody has written for this long is deleted.
const OUTDATED_NS: i128 = 7 * 24 * 60 * 60 * 1_000_000_000;

/// Names the index of this program's schema: two versions of the program leave each other's alone.
pub(super) fn index_path(folder: &Path) -> PathBuf {
    folder.join(format!("{NAME_START}{SCHEMA_VERSION}{NAME_END}"))
}

/// Returns where a spoilt index is kept.
pub(super) fn path_aside(index: &Path) -> PathBuf {
    with_ending(index, ASIDE)
}

/// Opens the index; one that cannot be used is kept aside and made anew, once.
pub(super) fn open_index(fs: &dyn LogFs, path: &Path) -> StoreResult<Index> {
    create(fs, path)?;
    match Index::open(path) {
        Err(error) if error.is_rebuildable() => {
            tracing::warn!(%error, path = %path.display(), "index is unusable; making a new one from the log");
            set_aside(fs, path);
            create(fs, path)?;
            Index::open(path).map_err(|error| index_error(path, error))
        }
        outcome => outcome.map_err(|error| index_error(path, error)),
    }
}

/// Makes the file: SQLite would make it readable for everybody.
fn create(fs: &dyn LogFs, path: &Path) -> StoreResult<()> {
    match fs.create(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(StoreError::Index {
            path: path.to_owned(),
            source: Box::new(error),
        }),
    }
}

/// Moves a spoilt index out of the way, in the place of an older one; what cannot be moved is deleted.
///
/// Its shared memory is deleted: SQLite makes it anew from the write-ahead log.
pub(super) fn set_aside(fs: &dyn LogFs, index: &Path) {
    let aside = path_aside(index);
    let keep = fs.stat(index).is_ok_and(|stat| stat.len <= MAX_ASIDE_BYTES);
    let [wal, shm] = SIDE_FILES;
    for ending in ["", wal] {
        let (from, to) = (with_ending(index, ending), with_ending(&aside, ending));
        // An older log must not stand beside a newer database.
        remove(fs, &to);
        if !keep || fs.rename(&from, &to).is_err() {
            remove(fs, &from);
        }
    }
    remove(fs, &with_ending(index, shm));
}

/// Deletes indexes of older schemas that no program writes any more.
pub(super) fn remove_outdated(fs: &dyn LogFs, folder: &Path, now_ms: i64) {
    // A folder that cannot be listed keeps what it has.
    let Ok(entries) = fs.read_dir(folder) else { return };
    for entry in entries {
        let Some(name) = entry.name.to_str() else { continue };
        let path = folder.join(name);
        let is_old = fs
            .stat(&path)
            .is_ok_and(|stat| i128::from(now_ms) * 1_000_000 - stat.mtime_ns > OUTDATED_NS);
        if is_old && schema_of(name).is_some_and(|schema| schema < SCHEMA_VERSION) {
            for ending in ["", SIDE_FILES[0], SIDE_FILES[1]] {
                remove(fs, &with_ending(&path, ending));
            }
        }
    }
}

/// Returns the schema that a file name tells; the first versions of the program told none.
fn schema_of(name: &str) -> Option<i64> {
    match name {
        "index.sqlite" => Some(0),
        _ => name.strip_prefix(NAME_START)?.strip_suffix(NAME_END)?.parse().ok(),
    }
}

fn remove(fs: &dyn LogFs, path: &Path) {
    if let Err(error) = fs.remove(path)
        && error.kind() != io::ErrorKind::NotFound
    {
        tracing::warn!(%error, path = %path.display(), "an unusable index file could not be removed");
    }
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut path = path.as_os_str().to_owned();
    path.push(ending);
    PathBuf::from(path)
}

#[cfg(test)]
#[path = "index_file_tests.rs"]
mod index_file_tests;
