//! [`LogFs`] on the real file system (Unix).
//!
//! The only code that calls `std::fs`. What it creates is private to the user: files 0600, directories 0700.

#![expect(
    clippy::disallowed_methods,
    reason = "the one place that touches the file system and its clock"
)]

use std::fs::{DirBuilder, File, Metadata, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::time::SystemTime;

use super::log_fs::{DirEntry, EntryKind, FileLock, FileStat, Fingerprint, LogFile, LogFileMut, LogFs, Storage};

const FILE_MODE: u32 = 0o600;
const DIR_MODE: u32 = 0o700;

/// Sorts of file systems that several machines may write, by the numbers that Linux gives them.
///
/// `fuse` is not among them: it says nothing of what is behind it.
#[cfg(target_os = "linux")]
const NETWORK_SORTS: [(i128, &str); 8] = [
    (0x6969, "nfs"),
    (0x517B, "smb"),
    (0xFF53_4D42, "cifs"),
    (0xFE53_4D42, "smb2"),
    (0x0102_1997, "9p"),
    (0x00C3_6400, "ceph"),
    (0x5346_414F, "afs"),
    (0x0BD0_0BD0, "lustre"),
];

/// The real file system.
#[derive(Debug, Clone, Copy, Default)]
pub struct StdFs;

impl LogFs for StdFs {
    fn open(&self, path: &Path) -> io::Result<Box<dyn LogFile>> {
        // A pipe named like a rollout would block the open for ever, so the kind is looked at first.
        require_regular(&std::fs::metadata(path)?)?;
        let file = File::open(path)?;
        require_regular(&file.metadata()?)?;
        Ok(Box::new(StdFile(file)))
    }

    fn storage(&self, path: &Path) -> io::Result<Storage> {
        storage_of(path)
    }

    fn read_dir(&self, path: &Path) -> io::Result<Vec<DirEntry>> {
        let mut entries = Vec::new();
        for entry in std::fs::read_dir(path)? {
            let entry = entry?;
            let mut file_type = entry.file_type()?;
            if file_type.is_symlink() {
                match std::fs::metadata(entry.path()) {
                    Ok(target) => file_type = target.file_type(),
                    Err(_) => {
                        // A link that leads nowhere, or nowhere we may look, is a name without a file behind it.
                        entries.push(DirEntry {
                            name: entry.file_name(),
                            kind: EntryKind::Other,
                        });
                        continue;
                    }
                }
            }
            entries.push(DirEntry {
                name: entry.file_name(),
                kind: kind_of(file_type),
            });
        }
        Ok(entries)
    }

    fn stat(&self, path: &Path) -> io::Result<FileStat> {
        Ok(stat_of(&std::fs::metadata(path)?))
    }

    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(DIR_MODE).create(path)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn LogFileMut>> {
        let file = OpenOptions::new()
            .append(true)
            .create_new(true)
            .mode(FILE_MODE)
            .open(path)?;
        Ok(Box::new(StdFile(file)))
    }

    fn open_append(&self, path: &Path) -> io::Result<Box<dyn LogFileMut>> {
        require_regular(&std::fs::metadata(path)?)?;
        Ok(Box::new(StdFile(OpenOptions::new().append(true).open(path)?)))
    }

    fn rewrite(&self, path: &Path, offset: u64, bytes: &[u8]) -> io::Result<()> {
        require_regular(&std::fs::metadata(path)?)?;
        let file = OpenOptions::new().write(true).open(path)?;
        if offset.saturating_add(bytes.len() as u64) > file.metadata()?.len() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        file.write_all_at(bytes, offset)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        std::fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        std::fs::remove_file(path)
    }

    fn touch(&self, path: &Path) -> io::Result<()> {
        OpenOptions::new()
            .append(true)
            .open(path)?
            .set_modified(SystemTime::now())
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
    }

    fn try_lock(&self, path: &Path) -> io::Result<Option<Box<dyn FileLock>>> {
        let file = open_lock_file(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Box::new(StdLock { _file: file }))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    fn lock(&self, path: &Path) -> io::Result<Box<dyn FileLock>> {
        let file = open_lock_file(path)?;
        loop {
            match file.lock() {
                Ok(()) => return Ok(Box::new(StdLock { _file: file })),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn hard_link(&self, existing: &Path, new_name: &Path) -> io::Result<()> {
        std::fs::hard_link(existing, new_name)
    }

    fn copy_attributes(&self, from: &Path, to: &Path) -> io::Result<()> {
        let source = std::fs::metadata(from)?;
        // The time first: a mode without write permission would forbid setting it.
        OpenOptions::new()
            .append(true)
            .open(to)?
            .set_modified(source.modified()?)?;
        std::fs::set_permissions(to, source.permissions())
    }
}

#[derive(Debug)]
struct StdFile(File);

impl LogFile for StdFile {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        FileExt::read_at(&self.0, buf, offset)
    }

    fn stat(&self) -> io::Result<FileStat> {
        Ok(stat_of(&self.0.metadata()?))
    }
}

impl LogFileMut for StdFile {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        // The length and the blocks are part of the data; times are not waited for.
        self.0.sync_data()
    }

    fn set_len(&mut self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn stat(&self) -> io::Result<FileStat> {
        LogFile::stat(self)
    }
}

/// The open file carries the lock; closing it releases the lock.
#[derive(Debug)]
struct StdLock {
    _file: File,
}

impl FileLock for StdLock {}

fn open_lock_file(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(FILE_MODE)
        .open(path)
}

fn require_regular(metadata: &Metadata) -> io::Result<()> {
    if metadata.is_file() {
        return Ok(());
    }
    let kind = if metadata.is_dir() {
        io::ErrorKind::IsADirectory
    } else {
        io::ErrorKind::InvalidInput
    };
    Err(io::Error::new(kind, "not a regular file"))
}

fn kind_of(file_type: std::fs::FileType) -> EntryKind {
    if file_type.is_dir() {
        EntryKind::Dir
    } else if file_type.is_file() {
        EntryKind::File
    } else {
        EntryKind::Other
    }
}

fn stat_of(metadata: &Metadata) -> FileStat {
    let mtime_ns = nanoseconds(metadata.mtime(), metadata.mtime_nsec());
    let fingerprint = Fingerprint {
        dev: metadata.dev(),
        ino: metadata.ino(),
        len: metadata.len(),
        mtime_ns,
        ctime_ns: nanoseconds(metadata.ctime(), metadata.ctime_nsec()),
    };
    FileStat {
        kind: kind_of(metadata.file_type()),
        len: metadata.len(),
        mtime_ns,
        fingerprint,
    }
}

fn nanoseconds(seconds: i64, nanoseconds: i64) -> i128 {
    i128::from(seconds) * 1_000_000_000 + i128::from(nanoseconds)
}

#[cfg(target_os = "linux")]
fn storage_of(path: &Path) -> io::Result<Storage> {
    let sort = rustix::fs::statfs(path)?.f_type;
    // The type of the field depends on the machine; the numbers have 32 bits.
    let sort = i128::from(sort) & 0xFFFF_FFFF;
    let known = NETWORK_SORTS.iter().find(|(number, _)| *number == sort);
    Ok(known.map_or(Storage::Local, |(_, name)| Storage::Network(name)))
}

/// Elsewhere the system is not asked.
#[cfg(not(target_os = "linux"))]
fn storage_of(path: &Path) -> io::Result<Storage> {
    std::fs::metadata(path).map(|_| Storage::Local)
}
