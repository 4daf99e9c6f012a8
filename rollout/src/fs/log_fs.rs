//! The traits of the file seam and the plain values that they speak in.
//!
//! No policy here: what is read, in which order, and what a failure means is decided by the callers.

use std::ffi::OsString;
use std::io;
use std::path::Path;

/// What a name in a directory, or an open file, is. Symbolic links are followed first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EntryKind {
    /// A directory.
    Dir,
    /// A regular file.
    File,
    /// A pipe, socket, device, or a symbolic link that leads nowhere.
    Other,
}

/// One name in a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirEntry {
    /// The name, without its directory.
    pub name: OsString,
    /// What it is.
    pub kind: EntryKind,
}

/// Identity and version of a file as far as its status tells.
///
/// Equal fingerprints do not prove equal bytes (a writer may keep size and times); different ones prove a change of the
/// file or of its status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint {
    /// Device number.
    pub dev: u64,
    /// Inode number.
    pub ino: u64,
    /// Length in bytes, as stored.
    pub len: u64,
    /// Time of the last content change, nanoseconds since 1970.
    pub mtime_ns: i128,
    /// Time of the last status change, nanoseconds since 1970.
    pub ctime_ns: i128,
}

/// Status of a file or directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileStat {
    /// What it is.
    pub kind: EntryKind,
    /// Length in bytes, as stored (compressed length for `.zst`).
    pub len: u64,
    /// Time of the last content change, nanoseconds since 1970.
    pub mtime_ns: i128,
    /// Identity and version.
    pub fingerprint: Fingerprint,
}

/// What kind of file system a path is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Storage {
    /// Only this machine writes there, as far as the system tells.
    Local,
    /// Several machines may write there; with the name of the sort, e.g. `nfs`.
    Network(&'static str),
}

/// The file operations that the log needs. Synchronous; callers move it off async threads.
pub trait LogFs: Send + Sync + 'static {
    /// Opens a regular file for positioned reads. Anything else than a regular file is an error, never a wait.
    fn open(&self, path: &Path) -> io::Result<Box<dyn LogFile>>;

    /// Tells what kind of file system an existing path is on.
    fn storage(&self, path: &Path) -> io::Result<Storage> {
        self.stat(path).map(|_| Storage::Local)
    }

    /// Lists a directory, in any order. Either all names or an error.
    fn read_dir(&self, path: &Path) -> io::Result<Vec<DirEntry>>;

    /// Returns the status of what the path leads to.
    fn stat(&self, path: &Path) -> io::Result<FileStat>;

    /// Creates a directory and its missing parents, readable by the user alone (0700). Existing ones keep their mode.
    fn create_dir_all(&self, path: &Path) -> io::Result<()>;

    /// Creates a file that must not exist yet, readable by the user alone (0600), for writing.
    fn create(&self, path: &Path) -> io::Result<Box<dyn LogFileMut>>;

    /// Opens an existing file for writing at its end.
    fn open_append(&self, path: &Path) -> io::Result<Box<dyn LogFileMut>>;

    /// Writes bytes that a file has once more to where they are, so that a later sync brings them to stable storage even if
    /// one that failed made the system forget them. Readers see no difference; the file grows no longer.
    fn rewrite(&self, path: &Path, offset: u64, bytes: &[u8]) -> io::Result<()>;

    /// Renames a file within its file system; what was at `to` is replaced at once.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Sets a file's modification time to the file system's current time.
    fn touch(&self, path: &Path) -> io::Result<()>;

    /// Waits until names created, renamed or removed in the directory are on stable storage.
    fn sync_dir(&self, path: &Path) -> io::Result<()>;

    /// Takes the exclusive advisory lock of a file, which is created (0600) if missing, without waiting.
    ///
    /// Returns `None` while another holder has it. The lock is released when the value is dropped.
    fn try_lock(&self, path: &Path) -> io::Result<Option<Box<dyn FileLock>>>;

    /// Takes the exclusive advisory lock of a file, which is created (0600) if missing, waiting for other holders.
    fn lock(&self, path: &Path) -> io::Result<Box<dyn FileLock>>;

    /// Gives an existing file a second name, which must not exist yet (`AlreadyExists`).
    fn hard_link(&self, existing: &Path, new_name: &Path) -> io::Result<()>;

    /// Gives `to` the permissions and the modification time of `from`.
    fn copy_attributes(&self, from: &Path, to: &Path) -> io::Result<()>;
}

/// A file open for reading. Reads carry their position, so one value serves many readers.
pub trait LogFile: Send + Sync {
    /// Reads at most `buf.len()` bytes at `offset`; 0 means the end of the file. May be short anywhere.
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Returns the status of the open file, whatever its name leads to by now.
    fn stat(&self) -> io::Result<FileStat>;
}

/// A file open for writing at its end.
pub trait LogFileMut: Send {
    /// Hands all bytes to the operating system. After an error any prefix of them may be in the file.
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Waits until the content and the length are on stable storage. After an error nothing may be assumed about them.
    fn sync(&mut self) -> io::Result<()>;

    /// Cuts the file to `len` bytes.
    fn set_len(&mut self, len: u64) -> io::Result<()>;

    /// Returns the status of the open file.
    fn stat(&self) -> io::Result<FileStat>;
}

/// An advisory lock that is held until it is dropped.
pub trait FileLock: Send + Sync {}

/// Reads until `buf` is full or the file ends, and returns how much was read. Interrupted reads are repeated.
pub(crate) fn read_full_at(file: &dyn LogFile, buf: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buf.len() {
        match file.read_at(&mut buf[filled..], offset + filled as u64) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
