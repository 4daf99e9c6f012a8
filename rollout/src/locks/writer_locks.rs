//! The lock files of a home's live writers, by the protocol of Codex.
//!
//! `thread-writer-locks/<thread id>.lock` is held while a thread is written. It is taken, tested and given back only
//! under `.coordination.lock`, which makes deleting it after closing it free of races. Touches no rollout.

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use codex_protocol::ids::ThreadId;

use super::error::LockError;
use crate::fs::{FileLock, LogFs, create_folders};

/// Folder of the lock files in a home.
pub const LOCKS_FOLDER: &str = "thread-writer-locks";
const COORDINATION_FILE: &str = ".coordination.lock";
const LOCK_SUFFIX: &str = ".lock";

/// The writer locks of one home. Cheap to clone; clones share what they hold.
#[derive(Clone)]
pub struct WriterLocks {
    shared: Arc<Shared>,
}

struct Shared {
    fs: Arc<dyn LogFs>,
    home: PathBuf,
    folder: PathBuf,
    memory: Mutex<Memory>,
}

#[derive(Default)]
struct Memory {
    stale_locks_removed: bool,
    held: BTreeSet<ThreadId>,
}

/// Who writes a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WriterProbe {
    /// Nobody.
    Free,
    /// A lease of these [`WriterLocks`].
    Here,
    /// Somebody else: another process, or other locks in this one.
    Elsewhere,
}

impl WriterLocks {
    /// Uses the lock files of a home. Nothing is created before the first lease.
    pub fn new(fs: Arc<dyn LogFs>, home: &Path) -> Self {
        let shared = Shared {
            fs,
            home: home.to_owned(),
            folder: home.join(LOCKS_FOLDER),
            memory: Mutex::default(),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// Becomes the one writer of a thread. The first call also removes lock files that dead processes left behind.
    ///
    /// # Errors
    /// [`LockError::Conflict`] while anybody else writes the thread, in this process too.
    pub fn acquire(&self, thread_id: ThreadId) -> Result<WriterLease, LockError> {
        let shared = &self.shared;
        let path = shared.lock_path(thread_id);
        create_folders(&*shared.fs, &shared.home, &shared.folder)?;
        let coordination = shared.coordinate()?;
        let mut memory = shared.memory();
        if !memory.stale_locks_removed {
            shared.remove_stale_locks()?;
            memory.stale_locks_removed = true;
        }
        let lock = shared.fs.try_lock(&path).map_err(failed("lock", &path))?;
        let lock = lock.ok_or(LockError::Conflict { thread_id })?;
        memory.held.insert(thread_id);
        drop(memory);
        drop(coordination);
        Ok(WriterLease {
            shared: Arc::clone(shared),
            thread_id,
            lock: Some(lock),
        })
    }

    /// Tells who writes a thread, without disturbing the writer and without leaving a file behind.
    pub fn probe(&self, thread_id: ThreadId) -> Result<WriterProbe, LockError> {
        let shared = &self.shared;
        if shared.memory().held.contains(&thread_id) {
            return Ok(WriterProbe::Here);
        }
        let path = shared.lock_path(thread_id);
        // A file that is not there is held by nobody; only then may the folder itself be missing or read-only.
        if !shared.exists(&path)? {
            return Ok(WriterProbe::Free);
        }
        let coordination = shared.coordinate()?;
        if !shared.exists(&path)? {
            return Ok(WriterProbe::Free);
        }
        let lock = shared.fs.try_lock(&path).map_err(failed("test lock", &path))?;
        let probe = match lock {
            Some(_) => WriterProbe::Free,
            None if shared.memory().held.contains(&thread_id) => WriterProbe::Here,
            None => WriterProbe::Elsewhere,
        };
        drop(lock);
        drop(coordination);
        Ok(probe)
    }
}

impl fmt::Debug for WriterLocks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WriterLocks")
            .field("folder", &self.shared.folder)
            .finish_non_exhaustive()
    }
}

impl Shared {
    fn lock_path(&self, thread_id: ThreadId) -> PathBuf {
        self.folder.join(format!("{thread_id}{LOCK_SUFFIX}"))
    }

    /// Waits for the coordination lock, which its holders keep only for a moment.
    fn coordinate(&self) -> Result<Box<dyn FileLock>, LockError> {
        let path = self.folder.join(COORDINATION_FILE);
        self.fs.lock(&path).map_err(failed("lock", &path))
    }

    fn exists(&self, path: &Path) -> Result<bool, LockError> {
        match self.fs.stat(path) {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(failed("stat", path)(error)),
        }
    }

    /// Deletes the files of writers that are no more. One that cannot be deleted is left for the next process: it
    /// blocks nobody, because nobody holds it.
    fn remove_stale_locks(&self) -> Result<(), LockError> {
        let entries = self.fs.read_dir(&self.folder).map_err(failed("list", &self.folder))?;
        for entry in entries {
            let name = entry.name.to_string_lossy();
            let is_thread = name
                .strip_suffix(LOCK_SUFFIX)
                .is_some_and(|stem| stem.parse::<ThreadId>().is_ok());
            if !is_thread {
                continue;
            }
            let path = self.folder.join(&entry.name);
            match self.fs.try_lock(&path) {
                Ok(Some(lock)) => {
                    drop(lock);
                    if let Err(error) = self.fs.remove(&path) {
                        tracing::warn!(path = %path.display(), %error, "cannot remove a stale writer lock");
                    }
                }
                Ok(None) => {}
                Err(error) => tracing::warn!(path = %path.display(), %error, "cannot test a writer lock"),
            }
        }
        Ok(())
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        // Every state between two statements is a valid one, so a panic elsewhere cannot have broken it.
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to write one thread; given back when it is dropped.
pub struct WriterLease {
    shared: Arc<Shared>,
    thread_id: ThreadId,
    lock: Option<Box<dyn FileLock>>,
}

impl WriterLease {
    /// The thread.
    pub fn thread_id(&self) -> ThreadId {
        self.thread_id
    }

    /// Gives the right back and says whether the lock file could be removed.
    ///
    /// The right is given back in any case; a file that stays is stale and is removed by a later process.
    pub fn release(mut self) -> Result<(), LockError> {
        self.give_back()
    }

    fn give_back(&mut self) -> Result<(), LockError> {
        let Some(lock) = self.lock.take() else {
            return Ok(());
        };
        let path = self.shared.lock_path(self.thread_id);
        let coordination = self.shared.coordinate();
        self.shared.memory().held.remove(&self.thread_id);
        drop(lock);
        // Without the coordination lock somebody may be opening the file this moment: leave it, it is stale.
        let coordination = coordination?;
        let removed = self.shared.fs.remove(&path);
        drop(coordination);
        match removed {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed.map_err(failed("remove", &path)),
        }
    }
}

impl Drop for WriterLease {
    fn drop(&mut self) {
        if let Err(error) = self.give_back() {
            let error: &dyn std::error::Error = &error;
            tracing::warn!(thread = %self.thread_id, error, "a writer lock file stays behind");
        }
    }
}

impl fmt::Debug for WriterLease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WriterLease")
            .field("thread_id", &self.thread_id)
            .finish_non_exhaustive()
    }
}

fn failed<'p>(action: &'static str, path: &'p Path) -> impl FnOnce(io::Error) -> LockError + 'p {
    move |source| LockError::Io {
        action,
        path: path.to_owned(),
        source,
    }
}
