//! The real file system with a gate before chosen rollouts: whoever opens one waits until the gate is opened.
//!
//! Counts the rollouts that are open, and who waits.

use std::io;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};

use codex_rollout::fs::{DirEntry, FileLock, FileStat, LogFile, LogFileMut, LogFs, StdFs, Storage};

/// A file system with a gate. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct GatedFs(Arc<Gate>);

/// Opens the gate when it is dropped: a test that fails must leave nobody waiting.
pub(crate) struct Opener(GatedFs);

impl Drop for Opener {
    fn drop(&mut self) {
        self.0.open_gate();
    }
}

#[derive(Default)]
struct Gate {
    state: Mutex<State>,
    opened: Condvar,
}

#[derive(Default)]
struct State {
    /// Part of the names of files that have the gate before them, while it is closed.
    closed_for: Option<String>,
    waiting: usize,
    open_files: usize,
    most_open_files: usize,
}

impl GatedFs {
    /// Closes the gate before files with this in their names, and counts anew.
    pub(crate) fn close(&self, name_part: &str) {
        let mut state = self.0.state.lock().expect("no panic");
        state.closed_for = Some(name_part.to_owned());
        state.most_open_files = state.open_files;
    }

    /// Returns what opens the gate at the latest when the test ends.
    pub(crate) fn opener(&self) -> Opener {
        Opener(self.clone())
    }

    /// Opens the gate.
    pub(crate) fn open_gate(&self) {
        self.0.state.lock().expect("no panic").closed_for = None;
        self.0.opened.notify_all();
    }

    /// How many wait before the gate.
    pub(crate) fn waiting(&self) -> usize {
        self.0.state.lock().expect("no panic").waiting
    }

    /// Files that are open, and the most that were at a time.
    pub(crate) fn open_files(&self) -> (usize, usize) {
        let state = self.0.state.lock().expect("no panic");
        (state.open_files, state.most_open_files)
    }
}

struct Counted {
    below: Box<dyn LogFile>,
    gate: Arc<Gate>,
}

impl LogFile for Counted {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        self.below.read_at(buf, offset)
    }

    fn stat(&self) -> io::Result<FileStat> {
        self.below.stat()
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.gate.state.lock().expect("no panic").open_files -= 1;
    }
}

impl LogFs for GatedFs {
    fn open(&self, path: &Path) -> io::Result<Box<dyn LogFile>> {
        let below = StdFs.open(path)?;
        let name = path.to_string_lossy().into_owned();
        let mut state = self.0.state.lock().expect("no panic");
        state.open_files += 1;
        state.most_open_files = state.most_open_files.max(state.open_files);
        state.waiting += 1;
        let is_closed = |state: &mut State| state.closed_for.as_ref().is_some_and(|part| name.contains(part));
        let mut state = self.0.opened.wait_while(state, is_closed).expect("no panic");
        state.waiting -= 1;
        let gate = Arc::clone(&self.0);
        Ok(Box::new(Counted { below, gate }))
    }

    fn storage(&self, path: &Path) -> io::Result<Storage> {
        StdFs.storage(path)
    }

    fn read_dir(&self, path: &Path) -> io::Result<Vec<DirEntry>> {
        StdFs.read_dir(path)
    }

    fn stat(&self, path: &Path) -> io::Result<FileStat> {
        StdFs.stat(path)
    }

    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        StdFs.create_dir_all(path)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn LogFileMut>> {
        StdFs.create(path)
    }

    fn open_append(&self, path: &Path) -> io::Result<Box<dyn LogFileMut>> {
        StdFs.open_append(path)
    }

    fn rewrite(&self, path: &Path, offset: u64, bytes: &[u8]) -> io::Result<()> {
        StdFs.rewrite(path, offset, bytes)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        StdFs.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        StdFs.remove(path)
    }

    fn touch(&self, path: &Path) -> io::Result<()> {
        StdFs.touch(path)
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        StdFs.sync_dir(path)
    }

    fn try_lock(&self, path: &Path) -> io::Result<Option<Box<dyn FileLock>>> {
        StdFs.try_lock(path)
    }

    fn lock(&self, path: &Path) -> io::Result<Box<dyn FileLock>> {
        StdFs.lock(path)
    }

    fn hard_link(&self, existing: &Path, new_name: &Path) -> io::Result<()> {
        StdFs.hard_link(existing, new_name)
    }

    fn copy_attributes(&self, from: &Path, to: &Path) -> io::Result<()> {
        StdFs.copy_attributes(from, to)
    }
}
