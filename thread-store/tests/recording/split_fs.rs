//! One folder on the real disk, everything else on another file system: SQLite opens its own file.
//!
//! Decides by the path alone.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use codex_rollout::fs::{DirEntry, FileLock, FileStat, LogFile, LogFileMut, LogFs, StdFs, Storage};

/// A file system with a real folder in it.
pub(crate) struct SplitFs {
    pub(crate) real_folder: PathBuf,
    pub(crate) rest: Arc<dyn LogFs>,
}

impl SplitFs {
    fn of(&self, path: &Path) -> &dyn LogFs {
        match path.starts_with(&self.real_folder) {
            true => &StdFs,
            false => &*self.rest,
        }
    }
}

impl LogFs for SplitFs {
    fn open(&self, path: &Path) -> io::Result<Box<dyn LogFile>> {
        self.of(path).open(path)
    }

    fn storage(&self, path: &Path) -> io::Result<Storage> {
        self.of(path).storage(path)
    }

    fn read_dir(&self, path: &Path) -> io::Result<Vec<DirEntry>> {
        self.of(path).read_dir(path)
    }

    fn stat(&self, path: &Path) -> io::Result<FileStat> {
        self.of(path).stat(path)
    }

    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        self.of(path).create_dir_all(path)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn LogFileMut>> {
        self.of(path).create(path)
    }

    fn open_append(&self, path: &Path) -> io::Result<Box<dyn LogFileMut>> {
        self.of(path).open_append(path)
    }

    fn rewrite(&self, path: &Path, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.of(path).rewrite(path, offset, bytes)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.of(from).rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.of(path).remove(path)
    }

    fn touch(&self, path: &Path) -> io::Result<()> {
        self.of(path).touch(path)
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.of(path).sync_dir(path)
    }

    fn try_lock(&self, path: &Path) -> io::Result<Option<Box<dyn FileLock>>> {
        self.of(path).try_lock(path)
    }

    fn lock(&self, path: &Path) -> io::Result<Box<dyn FileLock>> {
        self.of(path).lock(path)
    }

    fn hard_link(&self, existing: &Path, new_name: &Path) -> io::Result<()> {
        self.of(existing).hard_link(existing, new_name)
    }

    fn copy_attributes(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.of(from).copy_attributes(from, to)
    }
}
