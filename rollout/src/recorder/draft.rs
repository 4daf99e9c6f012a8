//! A rollout that appears whole or not at all: forks and reverts (format sections 8.5 and 8.7).
//!
//! Lines go to a temporary file beside the place of the rollout; publishing syncs it and gives it its name. Writes what it
//! is given, after the session metadata.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use codex_protocol::log::RolloutItem;

use super::encoded_item::EncodedItem;
use super::error::{WriteError, WriteResult, failed};
use super::new_rollout::NewRollout;
use super::time::line_time;
use crate::fs::{LogFileMut, LogFs, create_folders, sync_folders};
use crate::locks::WriterLease;

/// Bytes that are written at once.
const WRITE_BYTES: usize = 1024 * 1024;
/// Most names that are tried for the temporary file: a process that died may have used the same ones.
const MAX_TEMPORARY_NAMES: u64 = 1000;

static TEMPORARY_NUMBER: AtomicU64 = AtomicU64::new(0);

/// A rollout in the making. Dropping it leaves nothing.
pub struct RolloutDraft {
    fs: Arc<dyn LogFs>,
    home: PathBuf,
    path: PathBuf,
    temporary: Option<PathBuf>,
    file: Box<dyn LogFileMut>,
    time: String,
    next_ordinal: Option<u64>,
    buffer: Vec<u8>,
}

impl RolloutDraft {
    /// Starts a rollout with its session metadata. `lease` is that of its thread; its lines are of the time `now_ms`.
    ///
    /// # Errors
    /// The lease is for another thread, the time cannot be written, or there is a rollout of this name.
    pub fn begin(
        fs: &Arc<dyn LogFs>,
        home: &Path,
        lease: &WriterLease,
        new: NewRollout,
        now_ms: i64,
    ) -> WriteResult<Self> {
        let path = new.path(home)?;
        if lease.thread_id() != new.meta.id {
            return Err(WriteError::OtherThread {
                path,
                expected: lease.thread_id(),
                found: new.meta.id,
            });
        }
        let time = line_time(now_ms)?;
        match fs.stat(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Ok(_) => return Err(failed("create", &path)(io::ErrorKind::AlreadyExists.into())),
            Err(error) => return Err(failed("stat", &path)(error)),
        }
        create_folders(&**fs, home, path.parent().unwrap_or(home))?;
        let (temporary, file) = create_temporary(&**fs, &path)?;
        let mut draft = Self {
            fs: Arc::clone(fs),
            home: home.to_owned(),
            path,
            temporary: Some(temporary),
            file,
            time,
            next_ordinal: new.start_ordinal(),
            buffer: Vec::new(),
        };
        draft.append(&EncodedItem::new(RolloutItem::SessionMeta(Box::new(new.meta))))?;
        Ok(draft)
    }

    /// Where the rollout will be.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Adds an item with the next ordinal.
    pub fn append(&mut self, item: &EncodedItem) -> WriteResult<()> {
        item.write_line(&mut self.buffer, &self.time, self.next_ordinal);
        if let Some(ordinal) = self.next_ordinal {
            let next = ordinal.checked_add(1);
            self.next_ordinal = Some(next.ok_or_else(|| WriteError::OrdinalsExhausted {
                path: self.path.clone(),
                line_count: 1,
            })?);
        }
        self.write_if_full()
    }

    /// Adds bytes of another rollout as they are; the caller sees to whole lines.
    pub fn copy(&mut self, bytes: &[u8]) -> WriteResult<()> {
        self.buffer.extend_from_slice(bytes);
        self.write_if_full()
    }

    /// Gives the rollout its name and returns once everything is on stable storage.
    ///
    /// A crash leaves the whole rollout or none. On error there is none.
    pub fn publish(mut self) -> WriteResult<PathBuf> {
        self.write()?;
        self.file.sync().map_err(failed("sync", &self.path))?;
        let Some(temporary) = &self.temporary else {
            return Ok(self.path.clone());
        };
        self.fs
            .rename(temporary, &self.path)
            .map_err(failed("rename to", &self.path))?;
        let folder = self.path.parent().unwrap_or(&self.home);
        if let Err(failure) = sync_folders(&*self.fs, &self.home, folder) {
            self.temporary = Some(self.path.clone());
            return Err(failure.into());
        }
        self.temporary = None;
        Ok(self.path.clone())
    }

    fn write_if_full(&mut self) -> WriteResult<()> {
        match self.buffer.len() < WRITE_BYTES {
            true => Ok(()),
            false => self.write(),
        }
    }

    fn write(&mut self) -> WriteResult<()> {
        self.file.write_all(&self.buffer).map_err(failed("write", &self.path))?;
        self.buffer.clear();
        Ok(())
    }
}

impl Drop for RolloutDraft {
    fn drop(&mut self) {
        if let Some(temporary) = &self.temporary
            && let Err(error) = self.fs.remove(temporary)
        {
            // Codex's compressor removes such files after six hours.
            tracing::warn!(path = %temporary.display(), %error, "an unfinished rollout stays behind");
        }
    }
}

impl std::fmt::Debug for RolloutDraft {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RolloutDraft")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

fn create_temporary(fs: &dyn LogFs, path: &Path) -> WriteResult<(PathBuf, Box<dyn LogFileMut>)> {
    for _ in 0..MAX_TEMPORARY_NAMES {
        let number = TEMPORARY_NUMBER.fetch_add(1, Ordering::Relaxed);
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".draft.{}.{number}.tmp", std::process::id()));
        let temporary = PathBuf::from(name);
        match fs.create(&temporary) {
            Ok(file) => return Ok((temporary, file)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(failed("create", &temporary)(error)),
        }
    }
    Err(failed("find a temporary name for", path)(
        io::ErrorKind::AlreadyExists.into(),
    ))
}
