//! What a simulated disk holds: for every file and name, what is there now and what would be there after a power loss.
//!
//! Plain data and rules; counting, locking and the traits of the seam are in [`super::sim_fs`].

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::{Xxh3Default, xxh3_64};

use crate::fs::{DirEntry, EntryKind, FileStat, Fingerprint};

/// Mode of new files, and what a tick of the simulated clock is worth.
const FILE_MODE: u32 = 0o600;
const TICK_NS: i128 = 1_000_000;

/// How the simulated machine goes down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Crash {
    /// The process dies, the machine lives on: every completed operation stays.
    Process,
    /// Power is lost.
    Power {
        /// Which names survive.
        names: SurvivingNames,
        /// Which bytes survive.
        bytes: SurvivingBytes,
    },
}

/// Names after a power loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SurvivingNames {
    /// Those of the last sync of each folder: later files are gone, later renames and removals undone.
    Synced,
    /// Those of the last sync that are still there: later files are gone, later removals and renames away stay done.
    Remaining,
    /// All, synced or not.
    All,
}

/// Bytes after a power loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SurvivingBytes {
    /// The content of each file's last sync; nothing, if it never was synced.
    Synced,
    /// Everything but the second half of each file's last write since its last sync.
    TornLastWrite,
    /// The length of each file, but zeros where it was written since its last sync.
    Zeroed,
    /// All, synced or not.
    All,
}

impl Crash {
    /// All ways to go down that differ.
    pub const ALL: [Self; 13] = {
        use {SurvivingBytes as B, SurvivingNames as N};
        const fn power(names: N, bytes: B) -> Crash {
            Crash::Power { names, bytes }
        }
        [
            Self::Process,
            power(N::Synced, B::Synced),
            power(N::Synced, B::TornLastWrite),
            power(N::Synced, B::Zeroed),
            power(N::Synced, B::All),
            power(N::Remaining, B::Synced),
            power(N::Remaining, B::TornLastWrite),
            power(N::Remaining, B::Zeroed),
            power(N::Remaining, B::All),
            power(N::All, B::Synced),
            power(N::All, B::TornLastWrite),
            power(N::All, B::Zeroed),
            power(N::All, B::All),
        ]
    };
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Node {
    Dir,
    File(usize),
}

#[derive(Debug, Clone, Default)]
pub(super) struct Inode {
    pub(super) bytes: Vec<u8>,
    synced: Vec<u8>,
    /// What a failed sync dropped: it is read as written, but no later sync brings it to the disk.
    dropped: Vec<Range<usize>>,
    /// Smallest offset that was written or cut since the last sync.
    dirty_from: Option<usize>,
    /// Where the last write since the last sync began.
    last_write: Option<usize>,
    mtime: i128,
    ctime: i128,
    mode: u32,
    pub(super) locked: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Disk {
    names: BTreeMap<PathBuf, Node>,
    synced_names: BTreeMap<PathBuf, Node>,
    pub(super) inodes: Vec<Inode>,
    pub(super) free_bytes: Option<u64>,
    clock: i128,
    tick_ns: i128,
}

impl Disk {
    /// An empty root folder.
    pub(super) fn new() -> Self {
        let names = BTreeMap::from([(PathBuf::from("/"), Node::Dir)]);
        Self {
            synced_names: names.clone(),
            names,
            inodes: Vec::new(),
            free_bytes: None,
            clock: 1_000_000,
            tick_ns: TICK_NS,
        }
    }

    pub(super) fn node(&self, path: &Path) -> io::Result<Node> {
        self.names
            .get(path)
            .copied()
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    pub(super) fn file(&self, path: &Path) -> io::Result<usize> {
        match self.node(path)? {
            Node::File(inode) => Ok(inode),
            Node::Dir => Err(io::ErrorKind::IsADirectory.into()),
        }
    }

    pub(super) fn require_dir(&self, path: &Path) -> io::Result<()> {
        match self.node(path)? {
            Node::Dir => Ok(()),
            Node::File(_) => Err(io::ErrorKind::NotADirectory.into()),
        }
    }

    pub(super) fn entries(&self, folder: &Path) -> io::Result<Vec<DirEntry>> {
        self.require_dir(folder)?;
        let inside = self.names.iter().filter(|(path, _)| path.parent() == Some(folder));
        Ok(inside
            .map(|(path, node)| DirEntry {
                name: path.file_name().map(OsString::from).unwrap_or_default(),
                kind: match node {
                    Node::Dir => EntryKind::Dir,
                    Node::File(_) => EntryKind::File,
                },
            })
            .collect())
    }

    pub(super) fn files(&self) -> Vec<PathBuf> {
        let files = self.names.iter().filter(|(_, node)| **node != Node::Dir);
        files.map(|(path, _)| path.clone()).collect()
    }

    pub(super) fn content_hash(&self, ignored: &Path) -> u64 {
        let mut hash = Xxh3Default::new();
        for (path, node) in self.names.iter().filter(|(path, _)| !path.starts_with(ignored)) {
            let bytes = match node {
                Node::Dir => None,
                Node::File(inode) => Some(&self.inodes[*inode].bytes),
            };
            for part in [Some(path.as_os_str().as_encoded_bytes()), bytes.map(Vec::as_slice)] {
                // The lengths keep neighbours apart.
                hash.update(&part.map_or(u64::MAX, |part| part.len() as u64).to_le_bytes());
                hash.update(part.unwrap_or_default());
            }
        }
        hash.digest()
    }

    pub(super) fn create_dirs(&mut self, path: &Path) -> io::Result<()> {
        let ancestors: BTreeSet<&Path> = path.ancestors().collect();
        for ancestor in ancestors {
            match self.names.get(ancestor) {
                Some(Node::Dir) => {}
                Some(Node::File(_)) => return Err(io::ErrorKind::NotADirectory.into()),
                None => {
                    self.names.insert(ancestor.to_owned(), Node::Dir);
                }
            }
        }
        Ok(())
    }

    pub(super) fn create(&mut self, path: &Path) -> io::Result<usize> {
        self.require_dir(path.parent().unwrap_or(Path::new("/")))?;
        if self.names.contains_key(path) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let now = self.tick();
        self.inodes.push(Inode {
            mtime: now,
            ctime: now,
            mode: FILE_MODE,
            ..Inode::default()
        });
        let inode = self.inodes.len() - 1;
        self.names.insert(path.to_owned(), Node::File(inode));
        Ok(inode)
    }

    pub(super) fn link(&mut self, existing: &Path, new_name: &Path) -> io::Result<()> {
        let inode = self.file(existing)?;
        self.require_dir(new_name.parent().unwrap_or(Path::new("/")))?;
        if self.names.contains_key(new_name) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        self.names.insert(new_name.to_owned(), Node::File(inode));
        Ok(())
    }

    pub(super) fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        let inode = self.file(from)?;
        self.require_dir(to.parent().unwrap_or(Path::new("/")))?;
        if self.names.get(to) == Some(&Node::Dir) {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        self.names.remove(from);
        self.names.insert(to.to_owned(), Node::File(inode));
        Ok(())
    }

    pub(super) fn remove(&mut self, path: &Path) -> io::Result<()> {
        self.file(path)?;
        self.names.remove(path);
        Ok(())
    }

    /// Writes what fits; the rest is an error.
    pub(super) fn append(&mut self, inode: usize, bytes: &[u8]) -> io::Result<()> {
        let fits = match self.free_bytes {
            Some(free) => bytes.len().min(usize::try_from(free).unwrap_or(usize::MAX)),
            None => bytes.len(),
        };
        self.free_bytes = self.free_bytes.map(|free| free - fits as u64);
        let now = self.tick();
        let file = &mut self.inodes[inode];
        let at = file.bytes.len();
        file.dirty_from = Some(file.dirty_from.map_or(at, |from| from.min(at)));
        file.last_write = Some(at);
        file.bytes.extend_from_slice(&bytes[..fits]);
        (file.mtime, file.ctime) = (now, now);
        if fits < bytes.len() {
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(())
    }

    /// Writes in place. What was dropped there is dirty again.
    pub(super) fn rewrite(&mut self, inode: usize, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let now = self.tick();
        let file = &mut self.inodes[inode];
        let from = usize::try_from(offset).unwrap_or(usize::MAX);
        let to = from.saturating_add(bytes.len());
        let there = file.bytes.get_mut(from..to).ok_or(io::ErrorKind::UnexpectedEof)?;
        there.copy_from_slice(bytes);
        let dropped = std::mem::take(&mut file.dropped);
        let outside = dropped
            .into_iter()
            .flat_map(|range| [range.start..range.end.min(from), range.start.max(to)..range.end]);
        file.dropped = outside.filter(|range| !range.is_empty()).collect();
        file.dirty_from = Some(file.dirty_from.map_or(from, |dirty| dirty.min(from)));
        (file.mtime, file.ctime) = (now, now);
        Ok(())
    }

    pub(super) fn set_len(&mut self, inode: usize, len: u64) {
        let now = self.tick();
        let file = &mut self.inodes[inode];
        let len = usize::try_from(len).unwrap_or(usize::MAX);
        let at = len.min(file.bytes.len());
        file.dirty_from = Some(file.dirty_from.map_or(at, |from| from.min(at)));
        file.last_write = file.last_write.filter(|start| *start < len);
        if let Some(free) = &mut self.free_bytes {
            *free += file.bytes.len().saturating_sub(len) as u64;
        }
        for range in &mut file.dropped {
            range.end = range.end.min(len);
        }
        file.dropped.retain(|range| !range.is_empty());
        file.bytes.resize(len, 0);
        (file.mtime, file.ctime) = (now, now);
    }

    pub(super) fn sync(&mut self, inode: usize) {
        let file = &mut self.inodes[inode];
        file.synced.clone_from(&file.bytes);
        for range in &file.dropped {
            file.synced[range.clone()].fill(0);
        }
        (file.dirty_from, file.last_write) = (None, None);
    }

    /// A sync that fails as systems do it: what was written since the last one counts as clean from now on, and is still
    /// read, but never was brought to the disk.
    pub(super) fn fail_sync(&mut self, inode: usize) {
        let file = &mut self.inodes[inode];
        if let Some(from) = file.dirty_from.take() {
            file.dropped.push(from..file.bytes.len());
            file.dropped.retain(|range| !range.is_empty());
        }
        file.last_write = None;
    }

    pub(super) fn sync_dir(&mut self, folder: &Path) -> io::Result<()> {
        self.require_dir(folder)?;
        self.synced_names.retain(|path, _| path.parent() != Some(folder));
        let inside = self.names.iter().filter(|(path, _)| path.parent() == Some(folder));
        let inside: Vec<_> = inside.map(|(path, node)| (path.clone(), *node)).collect();
        self.synced_names.extend(inside);
        Ok(())
    }

    pub(super) fn touch(&mut self, path: &Path) -> io::Result<()> {
        let inode = self.file(path)?;
        let now = self.tick();
        let file = &mut self.inodes[inode];
        (file.mtime, file.ctime) = (now, now);
        Ok(())
    }

    pub(super) fn copy_attributes(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        let (from, to) = (self.file(from)?, self.file(to)?);
        let (mode, mtime) = (self.inodes[from].mode, self.inodes[from].mtime);
        let now = self.tick();
        let file = &mut self.inodes[to];
        (file.mode, file.mtime, file.ctime) = (mode, mtime, now);
        Ok(())
    }

    pub(super) fn stat(&self, path: &Path) -> io::Result<FileStat> {
        match self.node(path)? {
            Node::File(inode) => Ok(self.stat_file(inode)),
            Node::Dir => Ok(stat(EntryKind::Dir, folder_number(path), &Inode::default())),
        }
    }

    pub(super) fn stat_file(&self, inode: usize) -> FileStat {
        stat(EntryKind::File, inode as u64, &self.inodes[inode])
    }

    /// What is there after a crash. Nobody holds a lock or an open file any more.
    pub(super) fn after(&self, crash: Crash) -> Self {
        let mut after = self.clone();
        after.free_bytes = None;
        for inode in &mut after.inodes {
            inode.locked = false;
        }
        let Crash::Power { names, bytes } = crash else {
            return after;
        };
        match names {
            SurvivingNames::Synced => after.names.clone_from(&self.synced_names),
            SurvivingNames::Remaining => {
                after.names.clone_from(&self.synced_names);
                after.names.retain(|path, _| self.names.contains_key(path));
            }
            SurvivingNames::All => {}
        }
        if names != SurvivingNames::All {
            // A name survives only where all folders above it do.
            let lost = |path: &Path| path.ancestors().any(|above| !self.synced_names.contains_key(above));
            after.names.retain(|path, _| !lost(path));
        }
        for inode in &mut after.inodes {
            inode.lose(bytes);
        }
        after.synced_names.clone_from(&after.names);
        after
    }

    fn tick(&mut self) -> i128 {
        self.clock += self.tick_ns;
        self.clock
    }

    /// Sets the time; from now on operations take next to none.
    pub(super) fn set_time_ms(&mut self, unix_ms: i64) {
        self.clock = i128::from(unix_ms) * 1_000_000;
        self.tick_ns = 1;
    }
}

impl Inode {
    fn lose(&mut self, survive: SurvivingBytes) {
        for range in self.dropped.drain(..) {
            self.bytes[range].fill(0);
        }
        match survive {
            SurvivingBytes::Synced => self.bytes.clone_from(&self.synced),
            SurvivingBytes::TornLastWrite => {
                if let Some(start) = self.last_write {
                    let kept = start + self.bytes.len().saturating_sub(start) / 2;
                    self.bytes.truncate(kept);
                }
            }
            SurvivingBytes::Zeroed => {
                if let Some(from) = self.dirty_from {
                    self.bytes[from..].fill(0);
                }
            }
            SurvivingBytes::All => {}
        }
        self.synced.clone_from(&self.bytes);
        (self.dirty_from, self.last_write) = (None, None);
    }
}

/// Tells folders apart, from each other and from files: whoever walks them remembers where it was.
fn folder_number(path: &Path) -> u64 {
    xxh3_64(path.as_os_str().as_encoded_bytes()) | 1 << 63
}

fn stat(kind: EntryKind, ino: u64, inode: &Inode) -> FileStat {
    let len = inode.bytes.len() as u64;
    FileStat {
        kind,
        len,
        mtime_ns: inode.mtime,
        fingerprint: Fingerprint {
            dev: 1,
            ino,
            len,
            mtime_ns: inode.mtime,
            ctime_ns: inode.ctime,
        },
    }
}
