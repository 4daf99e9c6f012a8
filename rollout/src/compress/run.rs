//! When the compressor runs: one at a time in a home, with Codex's, and not too often.
//!
//! The lock and the marker are Codex's, by name and meaning.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::{CompressError, failed};
use super::file::{TEMPORARY_PREFIX, TEMPORARY_SUFFIX};
use crate::fs::{EntryKind, FileLock, LogFs, create_folders, remove_if_there};

/// How long a rollout must have been left alone before it is compressed: 7 days.
pub const MIN_IDLE_MS: i64 = 7 * 24 * 60 * 60 * 1000;
/// How long after a run the next one may begin: 6 hours.
pub const RUN_INTERVAL_MS: i64 = 6 * 60 * 60 * 1000;

const FOLDER: &str = ".tmp";
const LOCK_FILE: &str = "rollout-maintenance.lock";
const MARKER_FILE: &str = "rollout-compression.lock";

/// The right to compress rollouts of a home; given back when dropped.
pub struct CompressionRun {
    fs: Arc<dyn LogFs>,
    marker: PathBuf,
    now_ms: i64,
    /// Whether the marker stays, so that the next run waits.
    completed: bool,
    _lock: Box<dyn FileLock>,
}

impl CompressionRun {
    /// Begins a run; `None` while anybody maintains the home, and within six hours after the last complete run.
    ///
    /// # Errors
    /// If lock or marker cannot be made.
    pub fn begin(fs: &Arc<dyn LogFs>, home: &Path, now_ms: i64) -> Result<Option<Self>, CompressError> {
        let folder = home.join(FOLDER);
        create_folders(&**fs, home, &folder)?;
        let lock_path = folder.join(LOCK_FILE);
        let Some(lock) = fs.try_lock(&lock_path).map_err(failed("lock", &lock_path))? else {
            return Ok(None);
        };
        let marker = folder.join(MARKER_FILE);
        match fs.stat(&marker) {
            Ok(stat) if now_ms - unix_ms(stat.mtime_ns) < RUN_INTERVAL_MS => return Ok(None),
            Ok(_) => remove_if_there(&**fs, &marker)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed("stat", &marker)(error)),
        }
        let mut file = match fs.create(&marker) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(None),
            Err(error) => return Err(failed("create", &marker)(error)),
        };
        let run = Self {
            fs: Arc::clone(fs),
            marker,
            now_ms,
            completed: false,
            _lock: lock,
        };
        let text = format!("pid={} started_at={now_ms}ms", std::process::id());
        file.write_all(text.as_bytes()).map_err(failed("write", &run.marker))?;
        Ok(Some(run))
    }

    /// Removes what dead compressors left in a folder of rollouts six hours ago or earlier.
    ///
    /// # Errors
    /// If the folder cannot be read or a file not be removed.
    pub fn remove_stale_files(&self, folder: &Path) -> Result<(), CompressError> {
        for entry in self.fs.read_dir(folder).map_err(failed("read", folder))? {
            let Some(name) = entry.name.to_str() else { continue };
            let ours = name.starts_with(TEMPORARY_PREFIX) && name.ends_with(TEMPORARY_SUFFIX);
            if !ours || entry.kind != EntryKind::File {
                continue;
            }
            let path = folder.join(name);
            let stat = self.fs.stat(&path).map_err(failed("stat", &path))?;
            if self.now_ms - unix_ms(stat.mtime_ns) >= RUN_INTERVAL_MS {
                remove_if_there(&*self.fs, &path)?;
            }
        }
        Ok(())
    }

    /// Ends a run that looked at everything: the next one waits for six hours.
    pub fn complete(mut self) {
        self.completed = true;
    }
}

impl Drop for CompressionRun {
    fn drop(&mut self) {
        if self.completed {
            return;
        }
        if let Err(error) = remove_if_there(&*self.fs, &self.marker) {
            // Then the next run waits for six hours.
            tracing::warn!(path = %self.marker.display(), error = %error.source, "a marker stays behind");
        }
    }
}

impl std::fmt::Debug for CompressionRun {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CompressionRun")
            .field("marker", &self.marker)
            .finish_non_exhaustive()
    }
}

fn unix_ms(unix_ns: i128) -> i64 {
    i64::try_from(unix_ns / 1_000_000).unwrap_or(i64::MAX)
}
