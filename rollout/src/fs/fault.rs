//! A file system for tests that makes any operation fail, shortens reads, or lets a test act between two operations.
//!
//! It wraps another [`LogFs`] and counts every operation, reads of open files included. Part of the public API because
//! the tests of the crates above need it; the program never uses it.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::log_fs::{DirEntry, FileLock, FileStat, LogFile, LogFileMut, LogFs, Storage};

/// One operation as [`FaultFs`] saw it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FsOp {
    /// [`LogFs::open`].
    Open,
    /// [`LogFs::read_dir`].
    ReadDir,
    /// [`LogFs::stat`].
    Stat,
    /// [`LogFs::create_dir_all`].
    CreateDirAll,
    /// [`LogFs::create`].
    Create,
    /// [`LogFs::open_append`].
    OpenAppend,
    /// [`LogFs::rewrite`].
    Rewrite,
    /// [`LogFs::rename`].
    Rename,
    /// [`LogFs::remove`].
    Remove,
    /// [`LogFs::touch`].
    Touch,
    /// [`LogFs::sync_dir`].
    SyncDir,
    /// [`LogFs::try_lock`].
    TryLock,
    /// [`LogFs::lock`].
    Lock,
    /// [`LogFs::hard_link`].
    HardLink,
    /// [`LogFs::copy_attributes`].
    CopyAttributes,
    /// [`LogFile::read_at`].
    ReadAt,
    /// [`LogFile::stat`] or [`LogFileMut::stat`].
    FileStat,
    /// [`LogFileMut::write_all`].
    Write,
    /// [`LogFileMut::sync`].
    Sync,
    /// [`LogFileMut::set_len`].
    SetLen,
}

/// What goes wrong, and at which operation (counted from 0, over all files).
pub enum Fault {
    /// Operation `at` fails with an error of this kind and has no effect; a write leaves half of its bytes.
    FailAt {
        /// Number of the operation.
        at: u64,
        /// Kind of the error.
        kind: io::ErrorKind,
    },
    /// Operation `at` and all after it fail, as after a crash: they have no effect, but the first, if it is a write,
    /// leaves half of its bytes.
    FailFrom {
        /// Number of the first operation.
        at: u64,
        /// Kind of the error.
        kind: io::ErrorKind,
    },
    /// Every operation of this sort fails.
    FailAll {
        /// The sort of operation.
        op: FsOp,
        /// Kind of the error.
        kind: io::ErrorKind,
    },
    /// Every operation on a path and what is below it fails, as where a disk is damaged.
    FailBelow {
        /// The path.
        path: PathBuf,
        /// Kind of the error.
        kind: io::ErrorKind,
    },
    /// From operation `at` on the disk is full: what needs space fails, and the first write leaves half of its bytes.
    /// Reads, syncs, renames and removals go on.
    FullFrom {
        /// Number of the operation.
        at: u64,
    },
    /// Every read delivers at most this many bytes.
    ShortReads {
        /// Most bytes of one read; 0 counts as 1.
        max_bytes: usize,
    },
    /// Runs before operation `at`: cut, replace or remove the file there.
    Before {
        /// Number of the operation.
        at: u64,
        /// What to do; runs once.
        action: Box<dyn FnOnce() + Send>,
    },
}

/// A [`LogFs`] that obeys a list of [`Fault`]s.
#[derive(Clone)]
pub struct FaultFs {
    below: Arc<dyn LogFs>,
    plan: Arc<Mutex<Plan>>,
}

#[derive(Default)]
struct Plan {
    faults: Vec<Fault>,
    log: Vec<(FsOp, PathBuf)>,
    network: Option<&'static str>,
}

impl FaultFs {
    /// Wraps a file system; without faults it only counts.
    pub fn new(below: Arc<dyn LogFs>) -> Self {
        Self {
            below,
            plan: Arc::default(),
        }
    }

    /// Adds a fault.
    #[must_use]
    pub fn with(self, fault: Fault) -> Self {
        self.add(fault);
        self
    }

    /// Adds a fault to a file system in use.
    pub fn add(&self, fault: Fault) {
        self.lock().faults.push(fault);
    }

    /// Says that everything is on a network file system of this sort.
    #[must_use]
    pub fn on_network(self, sort: &'static str) -> Self {
        self.lock().network = Some(sort);
        self
    }

    /// Takes all faults away, as after a repair.
    pub fn heal(&self) {
        self.lock().faults.clear();
    }

    /// Returns every operation so far, in order, with the path that it was about.
    pub fn operations(&self) -> Vec<(FsOp, PathBuf)> {
        self.lock().log.clone()
    }

    /// Returns how many operations there were so far.
    pub fn operation_count(&self) -> u64 {
        self.lock().log.len() as u64
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts an operation, runs what is due before it, and tells whether it fails.
    fn enter(&self, op: FsOp, path: &Path) -> io::Result<()> {
        // Asked before the plan is locked: what is below may be slow.
        let needs_space = self.has_limits() && self.needs_space(op, path);
        let (actions, failure) = {
            let mut plan = self.lock();
            let number = plan.log.len() as u64;
            plan.log.push((op, path.to_owned()));
            let mut actions = Vec::new();
            let mut failure = None;
            let mut kept = Vec::new();
            for fault in plan.faults.drain(..) {
                match fault {
                    Fault::Before { at, action } if at == number => actions.push(action),
                    other => {
                        match &other {
                            Fault::FailAt { at, kind } if *at == number => failure = Some(*kind),
                            Fault::FailFrom { at, kind } if *at <= number => failure = Some(*kind),
                            Fault::FailAll { op: failing, kind } if *failing == op => failure = Some(*kind),
                            Fault::FailBelow { path: damaged, kind } if path.starts_with(damaged) => {
                                failure = Some(*kind)
                            }
                            Fault::FullFrom { at } if *at <= number && needs_space => {
                                failure = Some(io::ErrorKind::StorageFull);
                            }
                            Fault::FailAt { .. }
                            | Fault::FailFrom { .. }
                            | Fault::FailAll { .. }
                            | Fault::FailBelow { .. }
                            | Fault::FullFrom { .. }
                            | Fault::ShortReads { .. }
                            | Fault::Before { .. } => {}
                        }
                        kept.push(other);
                    }
                }
            }
            plan.faults = kept;
            (actions, failure)
        };
        // Outside the lock: an action may itself use this file system.
        for action in actions {
            action();
        }
        match failure {
            Some(kind) => Err(io::Error::new(kind, "injected fault")),
            None => Ok(()),
        }
    }

    /// Tells whether an operation before the latest one had begun a fault that goes on, so that nothing arrives any more.
    fn is_down_already(&self) -> bool {
        let plan = self.lock();
        let latest = (plan.log.len() as u64).saturating_sub(1);
        plan.faults.iter().any(|fault| match fault {
            Fault::FailFrom { at, .. } => *at < latest,
            Fault::FullFrom { at } => {
                let at = usize::try_from(*at).unwrap_or(usize::MAX);
                let before = plan.log.get(at..).unwrap_or_default().split_last();
                before.is_some_and(|(_, before)| before.iter().any(|(op, _)| *op == FsOp::Write))
            }
            Fault::FailAt { .. }
            | Fault::FailAll { .. }
            | Fault::FailBelow { .. }
            | Fault::ShortReads { .. }
            | Fault::Before { .. } => false,
        })
    }

    fn has_limits(&self) -> bool {
        let plan = self.lock();
        plan.faults.iter().any(|fault| matches!(fault, Fault::FullFrom { .. }))
    }

    /// Whether an operation fails on a full disk; taking a lock does where its file has to be made.
    fn needs_space(&self, op: FsOp, path: &Path) -> bool {
        match op {
            FsOp::CreateDirAll | FsOp::Create | FsOp::HardLink | FsOp::Write => true,
            FsOp::TryLock | FsOp::Lock => self.below.stat(path).is_err(),
            FsOp::Open
            | FsOp::ReadDir
            | FsOp::Stat
            | FsOp::OpenAppend
            | FsOp::Rewrite
            | FsOp::Rename
            | FsOp::Remove
            | FsOp::Touch
            | FsOp::SyncDir
            | FsOp::CopyAttributes
            | FsOp::ReadAt
            | FsOp::FileStat
            | FsOp::Sync
            | FsOp::SetLen => false,
        }
    }

    fn read_cap(&self) -> usize {
        let plan = self.lock();
        let caps = plan.faults.iter().filter_map(|fault| match fault {
            Fault::ShortReads { max_bytes } => Some((*max_bytes).max(1)),
            Fault::FailAt { .. }
            | Fault::FailFrom { .. }
            | Fault::FailAll { .. }
            | Fault::FailBelow { .. }
            | Fault::FullFrom { .. }
            | Fault::Before { .. } => None,
        });
        caps.min().unwrap_or(usize::MAX)
    }

    fn wrap_mut(&self, path: &Path, below: Box<dyn LogFileMut>) -> Box<dyn LogFileMut> {
        Box::new(FaultFileMut {
            fs: self.clone(),
            path: path.to_owned(),
            below,
        })
    }
}

impl LogFs for FaultFs {
    fn open(&self, path: &Path) -> io::Result<Box<dyn LogFile>> {
        self.enter(FsOp::Open, path)?;
        let below = self.below.open(path)?;
        Ok(Box::new(FaultFile {
            fs: self.clone(),
            path: path.to_owned(),
            below,
        }))
    }

    /// Not counted: it is asked once, before anything else.
    fn storage(&self, path: &Path) -> io::Result<Storage> {
        let network = self.lock().network;
        match network {
            Some(sort) => Ok(Storage::Network(sort)),
            None => self.below.storage(path),
        }
    }

    fn read_dir(&self, path: &Path) -> io::Result<Vec<DirEntry>> {
        self.enter(FsOp::ReadDir, path)?;
        self.below.read_dir(path)
    }

    fn stat(&self, path: &Path) -> io::Result<FileStat> {
        self.enter(FsOp::Stat, path)?;
        self.below.stat(path)
    }

    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        self.enter(FsOp::CreateDirAll, path)?;
        self.below.create_dir_all(path)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn LogFileMut>> {
        self.enter(FsOp::Create, path)?;
        Ok(self.wrap_mut(path, self.below.create(path)?))
    }

    fn open_append(&self, path: &Path) -> io::Result<Box<dyn LogFileMut>> {
        self.enter(FsOp::OpenAppend, path)?;
        Ok(self.wrap_mut(path, self.below.open_append(path)?))
    }

    fn rewrite(&self, path: &Path, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.enter(FsOp::Rewrite, path)?;
        self.below.rewrite(path, offset, bytes)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.enter(FsOp::Rename, from)?;
        self.below.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.enter(FsOp::Remove, path)?;
        self.below.remove(path)
    }

    fn touch(&self, path: &Path) -> io::Result<()> {
        self.enter(FsOp::Touch, path)?;
        self.below.touch(path)
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.enter(FsOp::SyncDir, path)?;
        self.below.sync_dir(path)
    }

    fn try_lock(&self, path: &Path) -> io::Result<Option<Box<dyn FileLock>>> {
        self.enter(FsOp::TryLock, path)?;
        self.below.try_lock(path)
    }

    fn lock(&self, path: &Path) -> io::Result<Box<dyn FileLock>> {
        self.enter(FsOp::Lock, path)?;
        self.below.lock(path)
    }

    fn hard_link(&self, existing: &Path, new_name: &Path) -> io::Result<()> {
        self.enter(FsOp::HardLink, new_name)?;
        self.below.hard_link(existing, new_name)
    }

    fn copy_attributes(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.enter(FsOp::CopyAttributes, to)?;
        self.below.copy_attributes(from, to)
    }
}

struct FaultFile {
    fs: FaultFs,
    path: PathBuf,
    below: Box<dyn LogFile>,
}

impl LogFile for FaultFile {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        self.fs.enter(FsOp::ReadAt, &self.path)?;
        let len = buf.len().min(self.fs.read_cap());
        self.below.read_at(&mut buf[..len], offset)
    }

    fn stat(&self) -> io::Result<FileStat> {
        self.fs.enter(FsOp::FileStat, &self.path)?;
        self.below.stat()
    }
}

struct FaultFileMut {
    fs: FaultFs,
    path: PathBuf,
    below: Box<dyn LogFileMut>,
}

impl LogFileMut for FaultFileMut {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        if let Err(error) = self.fs.enter(FsOp::Write, &self.path) {
            if !self.fs.is_down_already() {
                // As a full disk does: a part of the bytes arrived.
                self.below.write_all(&bytes[..bytes.len() / 2])?;
            }
            return Err(error);
        }
        self.below.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.fs.enter(FsOp::Sync, &self.path)?;
        self.below.sync()
    }

    fn set_len(&mut self, len: u64) -> io::Result<()> {
        self.fs.enter(FsOp::SetLen, &self.path)?;
        self.below.set_len(len)
    }

    fn stat(&self) -> io::Result<FileStat> {
        self.fs.enter(FsOp::FileStat, &self.path)?;
        self.below.stat()
    }
}
