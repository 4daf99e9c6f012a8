//! [`LogFs`] over a simulated disk.
//!
//! Part of the public API because the crash tests of the crates above need it; the program never uses it. Errors are
//! injected by putting a [`FaultFs`](crate::fs::FaultFs) around it.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::disk::{Crash, Disk, Node};
use crate::fs::{DirEntry, FileLock, FileStat, LogFile, LogFileMut, LogFs};

/// A file system in memory. Paths are absolute. Clones share the disk.
#[derive(Debug, Clone)]
pub struct SimFs {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    machine: Mutex<Machine>,
    unlocked: Condvar,
}

#[derive(Debug)]
struct Machine {
    disk: Disk,
    operation_count: u64,
    /// Syncs of files that succeed before one fails.
    syncs_before_failure: Option<u64>,
}

impl Default for SimFs {
    fn default() -> Self {
        Self::new()
    }
}

impl SimFs {
    /// An empty disk.
    pub fn new() -> Self {
        Self::with_disk(Disk::new())
    }

    /// What is there after the machine, or the process, went down. This one lives on as if nothing had happened.
    #[must_use]
    pub fn crash(&self, crash: Crash) -> Self {
        Self::with_disk(self.machine().disk.after(crash))
    }

    /// How many operations there were so far, failed ones included.
    pub fn operation_count(&self) -> u64 {
        self.machine().operation_count
    }

    /// Lets only so many more bytes be written; `None` for no limit.
    pub fn set_free_bytes(&self, free_bytes: Option<u64>) {
        self.machine().disk.free_bytes = free_bytes;
    }

    /// Lets so many syncs of files succeed, the next one fail, and all after it succeed. The failed one drops what it was to
    /// bring to the disk: that is read as before, but a power loss takes it, whatever is synced later.
    pub fn fail_sync_after(&self, syncs: u64) {
        self.machine().syncs_before_failure = Some(syncs);
    }

    /// Sets the time that files get, Unix milliseconds. Until it is set again it stands still but for nanoseconds, which
    /// keep changes apart; without a call every operation takes a millisecond.
    pub fn set_time_ms(&self, unix_ms: i64) {
        self.machine().disk.set_time_ms(unix_ms);
    }

    /// Returns the content of a file.
    pub fn bytes(&self, path: &Path) -> io::Result<Vec<u8>> {
        let machine = self.machine();
        let inode = machine.disk.file(path)?;
        Ok(machine.disk.inodes[inode].bytes.clone())
    }

    /// Returns the paths of all files, sorted.
    pub fn files(&self) -> Vec<PathBuf> {
        self.machine().disk.files()
    }

    /// Returns a hash of all names and contents but those in a folder; times do not count.
    pub fn content_hash(&self, ignored: &Path) -> u64 {
        self.machine().disk.content_hash(ignored)
    }

    /// Puts a file there with everything around it on stable storage: the state that a test starts from.
    pub fn put(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut machine = self.machine();
        let disk = &mut machine.disk;
        let folder = path.parent().unwrap_or(Path::new("/"));
        disk.create_dirs(folder)?;
        let inode = match disk.file(path) {
            Ok(inode) => inode,
            Err(_) => disk.create(path)?,
        };
        disk.set_len(inode, 0);
        disk.append(inode, bytes)?;
        disk.sync(inode);
        for ancestor in folder.ancestors() {
            disk.sync_dir(ancestor)?;
        }
        Ok(())
    }

    fn with_disk(disk: Disk) -> Self {
        let machine = Machine {
            disk,
            operation_count: 0,
            syncs_before_failure: None,
        };
        Self {
            shared: Arc::new(Shared {
                machine: Mutex::new(machine),
                unlocked: Condvar::new(),
            }),
        }
    }

    fn machine(&self) -> MutexGuard<'_, Machine> {
        self.shared.machine.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts an operation.
    fn enter(&self) -> MutexGuard<'_, Machine> {
        let mut machine = self.machine();
        machine.operation_count += 1;
        machine
    }

    fn open_file(&self, inode: usize) -> SimFile {
        SimFile {
            fs: self.clone(),
            inode,
        }
    }
}

impl Machine {
    fn lock_file(&mut self, path: &Path) -> io::Result<usize> {
        match self.disk.node(path) {
            Ok(Node::File(inode)) => Ok(inode),
            Ok(Node::Dir) => Err(io::ErrorKind::IsADirectory.into()),
            Err(_) => self.disk.create(path),
        }
    }
}

impl LogFs for SimFs {
    fn open(&self, path: &Path) -> io::Result<Box<dyn LogFile>> {
        let inode = self.enter().disk.file(path)?;
        Ok(Box::new(self.open_file(inode)))
    }

    fn read_dir(&self, path: &Path) -> io::Result<Vec<DirEntry>> {
        self.enter().disk.entries(path)
    }

    fn stat(&self, path: &Path) -> io::Result<FileStat> {
        self.enter().disk.stat(path)
    }

    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        self.enter().disk.create_dirs(path)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn LogFileMut>> {
        let inode = self.enter().disk.create(path)?;
        Ok(Box::new(self.open_file(inode)))
    }

    fn open_append(&self, path: &Path) -> io::Result<Box<dyn LogFileMut>> {
        let inode = self.enter().disk.file(path)?;
        Ok(Box::new(self.open_file(inode)))
    }

    fn rewrite(&self, path: &Path, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let mut machine = self.enter();
        let inode = machine.disk.file(path)?;
        machine.disk.rewrite(inode, offset, bytes)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.enter().disk.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.enter().disk.remove(path)
    }

    fn touch(&self, path: &Path) -> io::Result<()> {
        self.enter().disk.touch(path)
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.enter().disk.sync_dir(path)
    }

    fn try_lock(&self, path: &Path) -> io::Result<Option<Box<dyn FileLock>>> {
        let mut machine = self.enter();
        let inode = machine.lock_file(path)?;
        if machine.disk.inodes[inode].locked {
            return Ok(None);
        }
        machine.disk.inodes[inode].locked = true;
        Ok(Some(Box::new(SimLock(self.open_file(inode)))))
    }

    fn lock(&self, path: &Path) -> io::Result<Box<dyn FileLock>> {
        let mut machine = self.enter();
        let inode = machine.lock_file(path)?;
        while machine.disk.inodes[inode].locked {
            machine = self
                .shared
                .unlocked
                .wait(machine)
                .unwrap_or_else(PoisonError::into_inner);
        }
        machine.disk.inodes[inode].locked = true;
        Ok(Box::new(SimLock(self.open_file(inode))))
    }

    fn hard_link(&self, existing: &Path, new_name: &Path) -> io::Result<()> {
        self.enter().disk.link(existing, new_name)
    }

    fn copy_attributes(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.enter().disk.copy_attributes(from, to)
    }
}

/// An open file; lives on when its name goes.
struct SimFile {
    fs: SimFs,
    inode: usize,
}

impl LogFile for SimFile {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let machine = self.fs.enter();
        let bytes = &machine.disk.inodes[self.inode].bytes;
        let from = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
        let n = buf.len().min(bytes.len() - from);
        buf[..n].copy_from_slice(&bytes[from..from + n]);
        Ok(n)
    }

    fn stat(&self) -> io::Result<FileStat> {
        Ok(self.fs.enter().disk.stat_file(self.inode))
    }
}

impl LogFileMut for SimFile {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.fs.enter().disk.append(self.inode, bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut machine = self.fs.enter();
        match machine.syncs_before_failure {
            Some(0) => {
                machine.syncs_before_failure = None;
                machine.disk.fail_sync(self.inode);
                return Err(io::Error::other("the disk did not take what was written"));
            }
            left => machine.syncs_before_failure = left.map(|left| left - 1),
        }
        machine.disk.sync(self.inode);
        Ok(())
    }

    fn set_len(&mut self, len: u64) -> io::Result<()> {
        self.fs.enter().disk.set_len(self.inode, len);
        Ok(())
    }

    fn stat(&self) -> io::Result<FileStat> {
        LogFile::stat(self)
    }
}

struct SimLock(SimFile);

impl FileLock for SimLock {}

impl Drop for SimLock {
    fn drop(&mut self) {
        let SimFile { fs, inode } = &self.0;
        fs.machine().disk.inodes[*inode].locked = false;
        fs.shared.unlocked.notify_all();
    }
}
