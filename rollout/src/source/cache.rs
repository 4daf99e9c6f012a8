//! The bounded folder of seekable copies of compressed rollouts.
//!
//! A copy is the plain bytes and a footer. Copies are private (0600 in a 0700 folder), appear whole by rename, are keyed
//! by the compressed file's fingerprint, and the least recently used ones go first. Deletable at any time. The only code
//! of the read side that writes, and only below its own folder.

use std::collections::{HashMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::frame_cache::FrameCache;
use super::plain_body::PlainBody;
use super::zstd_stream::{FileFault, ZstdStream};
use crate::fs::{EntryKind, FileStat, Fingerprint, LogFile, LogFileMut, LogFs, read_full_at};

/// What the names of finished copies end with.
pub const CACHE_SUFFIX: &str = ".plain";
const TEMPORARY_SUFFIX: &str = ".tmp";
/// An unfinished copy that was last written this long before a new one is from a process that died.
const STALE_TEMPORARY_NS: i128 = 3_600_000_000_000;
/// Names that are tried for an unfinished copy: a process that died may have used the same ones.
const MAX_TEMPORARY_NAMES: u64 = 1000;
/// A copy that grew by so many bytes makes room again: by so much may the folder be larger than it should, for each process
/// that writes a copy.
const ROOM_STEP_BYTES: u64 = 16 * 1024 * 1024;
/// Plain bytes per write.
const WRITE_CHUNK_BYTES: usize = 1024 * 1024;
/// Compressed rollouts whose requests are remembered at a time.
pub(super) const MAX_REMEMBERED_ROLLOUTS: usize = 16 * 1024;
/// Random requests at which a copy is made.
const REQUESTS_FOR_COPY: u32 = 2;

const MAGIC: &[u8; 16] = b"seekable-copy/1\n";
const FOOTER_BYTES: usize = MAGIC.len() + 8 + FINGERPRINT_BYTES;
const FINGERPRINT_BYTES: usize = 3 * 8 + 2 * 16;

/// A folder of seekable copies. Cheap to clone; clones share what they know.
#[derive(Debug, Clone)]
pub struct SeekCache {
    shared: Arc<Shared>,
}

struct Shared {
    fs: Arc<dyn LogFs>,
    dir: PathBuf,
    max_bytes: u64,
    temporary_number: AtomicU64,
    memory: Mutex<Memory>,
    frames: FrameCache,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SeekCache")
            .field("dir", &self.dir)
            .field("max_bytes", &self.max_bytes)
            .finish_non_exhaustive()
    }
}

#[derive(Debug, Default)]
struct Memory {
    requests: HashMap<Fingerprint, u32>,
    /// Copies being made by this process.
    in_progress: HashSet<Fingerprint>,
    /// Rollouts that cannot be copied: too large for the folder, or damaged.
    hopeless: HashSet<Fingerprint>,
}

/// Why the cache cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{action} {path}")]
pub(super) struct CacheError {
    action: &'static str,
    path: PathBuf,
    source: io::Error,
}

/// How an attempt to write a copy ended.
enum Written {
    /// The plain length.
    Whole(u64),
    /// The copy would be larger than the folder may be.
    TooLarge,
    /// The compressed file could not be read now.
    Unread,
    /// The compressed file cannot be decoded; reading by streaming will say where.
    Undecodable,
}

/// Says why the bytes of a compressed file could not be had.
fn not_written(error: io::Error) -> Written {
    match FileFault::take(error) {
        Ok(FileFault::Read(_) | FileFault::Shrank) => Written::Unread,
        Err(_) => Written::Undecodable,
    }
}

impl SeekCache {
    /// Uses `dir`, which is created when the first copy is made, for copies of at most `max_bytes` together.
    pub fn new(fs: Arc<dyn LogFs>, dir: impl Into<PathBuf>, max_bytes: u64) -> Self {
        let shared = Shared {
            fs,
            dir: dir.into(),
            max_bytes,
            temporary_number: AtomicU64::new(0),
            memory: Mutex::default(),
            frames: FrameCache::shared(),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.shared.dir
    }

    /// The most bytes that the copies may take together.
    pub fn max_bytes(&self) -> u64 {
        self.shared.max_bytes
    }

    /// What is remembered of files that need no copy.
    pub(super) fn frames(&self) -> &FrameCache {
        &self.shared.frames
    }

    /// Opens the copy of a compressed file if there is a whole one.
    pub(super) fn lookup(&self, stat: &FileStat) -> Result<Option<PlainBody>, CacheError> {
        let path = self.copy_path(&stat.fingerprint);
        let file = match self.shared.fs.open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed("open", &path)(error)),
        };
        let copy_stat = file.stat().map_err(failed("stat", &path))?;
        match read_footer(&*file, copy_stat.len, &stat.fingerprint).map_err(failed("read", &path))? {
            Some(plain_len) => {
                if let Err(error) = self.shared.fs.touch(&path) {
                    // Only the order of eviction suffers.
                    tracing::debug!(path = %path.display(), %error, "cannot mark a seekable copy as used");
                }
                Ok(Some(PlainBody::new(&path, Arc::from(file), plain_len)))
            }
            None => {
                // Not ours, or cut short by a crash below the file system: make way for a whole one.
                match self.shared.fs.remove(&path) {
                    Ok(()) => Ok(None),
                    Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
                    Err(error) => Err(failed("remove", &path)(error)),
                }
            }
        }
    }

    /// Counts a random request and tells whether it is time to make a copy.
    pub(super) fn copy_is_due(&self, stat: &FileStat) -> bool {
        let mut memory = self.memory();
        if memory.hopeless.contains(&stat.fingerprint) {
            return false;
        }
        if memory.requests.len() >= MAX_REMEMBERED_ROLLOUTS {
            memory.requests.clear();
            memory.hopeless.clear();
        }
        let count = memory.requests.entry(stat.fingerprint).or_insert(0);
        *count = count.saturating_add(1);
        *count >= REQUESTS_FOR_COPY
    }

    /// Makes the copy of an open compressed file. `None`: it cannot be had now, read by streaming.
    pub(super) fn fill(&self, file: &Arc<dyn LogFile>, stat: &FileStat) -> Result<Option<PlainBody>, CacheError> {
        if !self.memory().in_progress.insert(stat.fingerprint) {
            return Ok(None);
        }
        let result = self.fill_alone(file, stat);
        self.memory().in_progress.remove(&stat.fingerprint);
        result
    }

    fn fill_alone(&self, file: &Arc<dyn LogFile>, stat: &FileStat) -> Result<Option<PlainBody>, CacheError> {
        let shared = &self.shared;
        if let Some(copy) = self.lookup(stat)? {
            return Ok(Some(copy));
        }
        shared
            .fs
            .create_dir_all(&shared.dir)
            .map_err(failed("create", &shared.dir))?;
        let (temporary, out) = self.create_temporary(&key_of(&stat.fingerprint))?;
        let written = self.write_copy(&temporary, out, file, stat);
        let keep = matches!(written, Ok(Written::Whole(_)));
        if !keep && let Err(error) = shared.fs.remove(&temporary) {
            // Stale unfinished copies are removed by a later eviction.
            tracing::debug!(path = %temporary.display(), %error, "cannot remove an unfinished seekable copy");
        }
        match written? {
            Written::Whole(plain_len) => self.publish(&temporary, stat, plain_len).map(Some),
            Written::TooLarge | Written::Undecodable => {
                self.memory().hopeless.insert(stat.fingerprint);
                Ok(None)
            }
            Written::Unread => Ok(None),
        }
    }

    fn create_temporary(&self, key: &str) -> Result<(PathBuf, Box<dyn LogFileMut>), CacheError> {
        let shared = &self.shared;
        for _ in 0..MAX_TEMPORARY_NAMES {
            let number = shared.temporary_number.fetch_add(1, Ordering::Relaxed);
            let name = format!("{key}.{}.{number}{TEMPORARY_SUFFIX}", std::process::id());
            let path = shared.dir.join(name);
            match shared.fs.create(&path) {
                Ok(file) => return Ok((path, file)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(failed("create", &path)(error)),
            }
        }
        let taken = io::Error::from(io::ErrorKind::AlreadyExists);
        Err(failed("find a temporary name in", &shared.dir)(taken))
    }

    fn write_copy(
        &self,
        path: &Path,
        mut out: Box<dyn LogFileMut>,
        file: &Arc<dyn LogFile>,
        stat: &FileStat,
    ) -> Result<Written, CacheError> {
        let mut stream = match ZstdStream::new(Arc::clone(file), stat.len) {
            Ok(stream) => stream,
            Err(error) => return Ok(not_written(error)),
        };
        let mut chunk = vec![0; WRITE_CHUNK_BYTES];
        let mut room_until = 0;
        loop {
            if stream.position() >= room_until {
                self.make_room(path)?;
                room_until = stream.position() + ROOM_STEP_BYTES;
            }
            let n = match stream.fill(&mut chunk) {
                Ok(n) => n,
                Err(error) => return Ok(not_written(error)),
            };
            if stream.position().saturating_add(FOOTER_BYTES as u64) > self.shared.max_bytes {
                return Ok(Written::TooLarge);
            }
            out.write_all(&chunk[..n]).map_err(failed("write", path))?;
            if n < chunk.len() {
                break;
            }
        }
        let plain_len = stream.position();
        out.write_all(&footer(plain_len, &stat.fingerprint))
            .map_err(failed("write", path))?;
        out.sync().map_err(failed("sync", path))?;
        Ok(Written::Whole(plain_len))
    }

    fn publish(&self, temporary: &Path, stat: &FileStat, plain_len: u64) -> Result<PlainBody, CacheError> {
        let path = self.copy_path(&stat.fingerprint);
        // Opened under its first name: somebody else may remove the second one at once.
        let renamed = self.make_room(temporary).and_then(|()| {
            let file = self.shared.fs.open(temporary).map_err(failed("open", temporary))?;
            let named = self.shared.fs.rename(temporary, &path);
            named.map_err(failed("rename", temporary)).map(|()| file)
        });
        match renamed {
            Ok(file) => Ok(PlainBody::new(&path, Arc::from(file), plain_len)),
            Err(error) => {
                if let Err(error) = self.shared.fs.remove(temporary) {
                    tracing::debug!(path = %temporary.display(), %error, "cannot remove an unpublished seekable copy");
                }
                Err(error)
            }
        }
    }

    /// Removes what dead processes left, and least recently used copies until the new one, as far as it is written, fits.
    fn make_room(&self, new: &Path) -> Result<(), CacheError> {
        let shared = &self.shared;
        let new_stat = shared.fs.stat(new).map_err(failed("stat", new))?;
        let mut copies = Vec::new();
        let mut total = new_stat.len;
        for entry in shared.fs.read_dir(&shared.dir).map_err(failed("list", &shared.dir))? {
            let path = shared.dir.join(&entry.name);
            let Some(name) = entry.name.to_str() else { continue };
            let ours = name.ends_with(CACHE_SUFFIX) || name.ends_with(TEMPORARY_SUFFIX);
            if entry.kind != EntryKind::File || !ours || path == new {
                continue;
            }
            match shared.fs.stat(&path) {
                Ok(stat) => {
                    let unfinished = name.ends_with(TEMPORARY_SUFFIX);
                    // The new file's time stands in for a clock.
                    let stale = unfinished && new_stat.mtime_ns - stat.mtime_ns > STALE_TEMPORARY_NS;
                    total = total.saturating_add(stat.len);
                    if stale || !unfinished {
                        copies.push((!stale, stat.mtime_ns, stat.len, path));
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(failed("stat", &path)(error)),
            }
        }
        copies.sort();
        for (is_copy, _, len, path) in copies {
            if is_copy && total <= shared.max_bytes {
                break;
            }
            match shared.fs.remove(&path) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(failed("remove", &path)(error)),
            }
            total = total.saturating_sub(len);
        }
        Ok(())
    }

    fn copy_path(&self, fingerprint: &Fingerprint) -> PathBuf {
        self.shared.dir.join(format!("{}{CACHE_SUFFIX}", key_of(fingerprint)))
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        // Counters and sets are valid after any panic.
        self.shared.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> CacheError {
    move |source| CacheError {
        action,
        path: path.to_owned(),
        source,
    }
}

pub(super) fn key_of(fingerprint: &Fingerprint) -> String {
    format!("{:032x}", xxhash_rust::xxh3::xxh3_128(&fingerprint_bytes(fingerprint)))
}

fn fingerprint_bytes(fingerprint: &Fingerprint) -> [u8; FINGERPRINT_BYTES] {
    let Fingerprint {
        dev,
        ino,
        len,
        mtime_ns,
        ctime_ns,
    } = fingerprint;
    let mut bytes = [0; FINGERPRINT_BYTES];
    bytes[..8].copy_from_slice(&dev.to_le_bytes());
    bytes[8..16].copy_from_slice(&ino.to_le_bytes());
    bytes[16..24].copy_from_slice(&len.to_le_bytes());
    bytes[24..40].copy_from_slice(&mtime_ns.to_le_bytes());
    bytes[40..].copy_from_slice(&ctime_ns.to_le_bytes());
    bytes
}

fn footer(plain_len: u64, fingerprint: &Fingerprint) -> [u8; FOOTER_BYTES] {
    let mut bytes = [0; FOOTER_BYTES];
    bytes[..16].copy_from_slice(MAGIC);
    bytes[16..24].copy_from_slice(&plain_len.to_le_bytes());
    bytes[24..].copy_from_slice(&fingerprint_bytes(fingerprint));
    bytes
}

/// Returns the plain length that the footer states, if it is the footer of a whole copy of that file.
fn read_footer(file: &dyn LogFile, copy_len: u64, fingerprint: &Fingerprint) -> io::Result<Option<u64>> {
    let Some(plain_len) = copy_len.checked_sub(FOOTER_BYTES as u64) else {
        return Ok(None);
    };
    let mut found = [0; FOOTER_BYTES];
    let n = read_full_at(file, &mut found, plain_len)?;
    Ok((n == FOOTER_BYTES && found == footer(plain_len, fingerprint)).then_some(plain_len))
}
