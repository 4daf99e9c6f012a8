//! The real file system, where a test does something right before a chosen operation.
//!
//! Acts once, and nothing fails by itself.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use codex_rollout::fs::{DirEntry, FileLock, FileStat, FsOp, LogFile, LogFileMut, LogFs, StdFs, Storage};

/// A file system with a hook. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct HookFs(Arc<Mutex<Option<Hook>>>);

struct Hook {
    op: FsOp,
    name_part: String,
    /// Such operations that pass before.
    passing: usize,
    action: Box<dyn FnOnce() + Send>,
}

impl HookFs {
    /// Acts before an operation of this sort on a path with this in its name, after so many others of them.
    pub(crate) fn before(&self, op: FsOp, name_part: &str, passing: usize, action: impl FnOnce() + Send + 'static) {
        *self.0.lock().expect("no panic") = Some(Hook {
            op,
            name_part: name_part.to_owned(),
            passing,
            action: Box::new(action),
        });
    }

    /// Takes the hook away, and tells whether it had not acted yet.
    pub(crate) fn remove_hook(&self) -> bool {
        self.0.lock().expect("no panic").take().is_some()
    }

    fn enter(&self, op: FsOp, path: &Path) {
        let due = {
            let mut hook = self.0.lock().expect("no panic");
            match &mut *hook {
                Some(found) if found.op == op && path.to_string_lossy().contains(&found.name_part) => {
                    match found.passing.checked_sub(1) {
                        Some(passing) => {
                            found.passing = passing;
                            None
                        }
                        None => hook.take(),
                    }
                }
                _ => None,
            }
        };
        if let Some(hook) = due {
            (hook.action)();
        }
    }
}

struct HookFile {
    fs: HookFs,
    path: PathBuf,
    below: Box<dyn LogFile>,
}

impl LogFile for HookFile {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        self.fs.enter(FsOp::ReadAt, &self.path);
        self.below.read_at(buf, offset)
    }

    fn stat(&self) -> io::Result<FileStat> {
        self.below.stat()
    }
}

impl LogFs for HookFs {
    fn open(&self, path: &Path) -> io::Result<Box<dyn LogFile>> {
        Ok(Box::new(HookFile {
            fs: self.clone(),
            path: path.to_owned(),
            below: StdFs.open(path)?,
        }))
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
        self.enter(FsOp::Rename, from);
        StdFs.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.enter(FsOp::Remove, path);
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
        self.enter(FsOp::HardLink, existing);
        StdFs.hard_link(existing, new_name)
    }

    fn copy_attributes(&self, from: &Path, to: &Path) -> io::Result<()> {
        StdFs.copy_attributes(from, to)
    }
}
