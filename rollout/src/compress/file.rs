//! Compresses one rollout: written beside it, decoded again and compared, named, and only then the plain form goes.
//!
//! Written are frames of one length, each decodable alone, and a seek table behind them; any decoder reads the whole. Both forms at once is a state that every reader understands (the plain one wins), so a crash loses nothing. Knows
//! nothing of which rollouts may be compressed.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use xxhash_rust::xxh3::Xxh3;

use super::error::{CompressError, failed};
use crate::discover::Encoding;
use crate::fs::{LogFileMut, LogFs, Published, publish, remove_if_there};
use crate::source::{FrameLengths, MAX_SEEK_FRAMES, RolloutSource, encode_table};

/// Begin and end of the names of unfinished files; Codex removes those that are old, and so do we.
pub(super) const TEMPORARY_PREFIX: &str = "rollout-compress-";
pub(super) const TEMPORARY_SUFFIX: &str = ".tmp";

/// Level that Codex compresses with.
const LEVEL: i32 = 3;
/// Plain bytes of a frame, the last one excepted. A page decodes one or two of them; shorter ones would make it faster and
/// the file larger (docs/performance.md has the numbers).
pub const FRAME_PLAIN_BYTES: u64 = 512 * 1024;
/// Plain bytes per read of a verification.
const CHUNK_BYTES: u64 = 1024 * 1024;
/// Names that are tried for the temporary file: a process that died may have used the same ones.
const MAX_TEMPORARY_NAMES: u64 = 1000;

static TEMPORARY_NUMBER: AtomicU64 = AtomicU64::new(0);

/// What became of a rollout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compressed {
    /// It is compressed now.
    Done {
        /// Length of the plain form.
        plain_bytes: u64,
        /// Length of the compressed form.
        stored_bytes: u64,
    },
    /// Somebody changed it meanwhile; it stays plain.
    Changed,
    /// Another compressed form is there, of other content; both stay, and the plain one counts.
    Taken,
}

/// Length and hash of plain bytes.
#[derive(Debug, PartialEq, Eq)]
struct Content {
    len: u64,
    hash: u64,
}

/// Compresses the plain rollout at `path` into `<path>.zst`, which keeps its permissions and time.
///
/// Whoever calls this holds the thread's writer lock. If an earlier run was interrupted after the compressed form was
/// complete, only the plain form goes.
///
/// # Errors
/// The rollout cannot be read or the disk refuses; then the plain form is as it was, and counts.
pub fn compress_file(fs: &Arc<dyn LogFs>, path: &Path) -> Result<Compressed, CompressError> {
    let mut target = path.as_os_str().to_owned();
    target.push(".zst");
    let target = PathBuf::from(target);
    let file = fs.open(path).map_err(failed("open", path))?;
    let before = file.stat().map_err(failed("stat", path))?;
    let source = RolloutSource::from_file(path, Encoding::Plain, Arc::from(file), None)?;
    let (temporary, content) = write_beside(&**fs, &source, path)?;
    let checked = verified(fs, &temporary, &content).and_then(|()| seekable(fs, &temporary, &content));
    let named = checked.and_then(|()| {
        let now = fs.stat(path).map_err(failed("stat", path))?;
        match now.fingerprint == before.fingerprint {
            true => Ok(Some(publish(&**fs, path, &temporary, &target)?)),
            false => Ok(None),
        }
    });
    let published = match named {
        Ok(Some(published)) => published,
        Ok(None) => {
            remove_if_there(&**fs, &temporary)?;
            return Ok(Compressed::Changed);
        }
        Err(error) => {
            discard(&**fs, &temporary);
            return Err(error);
        }
    };
    if published == Published::Another {
        match verified(fs, &target, &content) {
            Ok(()) => {}
            Err(CompressError::Different { .. } | CompressError::Read(_)) => return Ok(Compressed::Taken),
            Err(error) => return Err(error),
        }
    }
    let now = fs.stat(path).map_err(failed("stat", path))?;
    if now.fingerprint != before.fingerprint {
        // Codex looks a second time as well: what was added since is in the plain form only.
        remove_if_there(&**fs, &target)?;
        return Ok(Compressed::Changed);
    }
    let stored_bytes = fs.stat(&target).map_err(failed("stat", &target))?.len;
    remove_if_there(&**fs, path)?;
    if let Some(folder) = path.parent() {
        fs.sync_dir(folder).map_err(failed("sync folder", folder))?;
    }
    Ok(Compressed::Done {
        plain_bytes: content.len,
        stored_bytes,
    })
}

fn write_beside(fs: &dyn LogFs, source: &RolloutSource, path: &Path) -> Result<(PathBuf, Content), CompressError> {
    for _ in 0..MAX_TEMPORARY_NAMES {
        let number = TEMPORARY_NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("{TEMPORARY_PREFIX}{}-{number}{TEMPORARY_SUFFIX}", std::process::id());
        let temporary = path.with_file_name(name);
        let file = match fs.create(&temporary) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
            Err(error) => return Err(failed("create", &temporary)(error)),
        };
        let written = encode(source, &temporary, file);
        if written.is_err() {
            discard(fs, &temporary);
        }
        return Ok((temporary, written?));
    }
    let taken = io::Error::from(io::ErrorKind::AlreadyExists);
    Err(failed("find a temporary name for", path)(taken))
}

fn encode(source: &RolloutSource, path: &Path, mut file: Box<dyn LogFileMut>) -> Result<Content, CompressError> {
    let mut compressor = zstd::bulk::Compressor::new(LEVEL).map_err(failed("compress into", path))?;
    // Frames state their plain length unless told otherwise; a reader compares the table with it.
    compressor
        .include_checksum(true)
        .map_err(failed("compress into", path))?;
    let mut frames = Vec::new();
    let mut add_frame = |plain: &[u8]| {
        let frame = compressor.compress(plain).map_err(failed("compress into", path))?;
        file.write_all(&frame).map_err(failed("write", path))?;
        frames.push(lengths(plain, &frame).map_err(failed("compress into", path))?);
        Ok(())
    };
    let content = each_chunk(source, FRAME_PLAIN_BYTES, &mut add_frame)?;
    if content.len == 0 {
        // Without any frame it would be no file of zstd.
        add_frame(&[])?;
    }
    // A rollout with more frames than readers accept has no table.
    if let Some(table) = encode_table(&frames) {
        file.write_all(&table).map_err(failed("write", path))?;
    }
    file.sync().map_err(failed("sync", path))?;
    Ok(content)
}

fn lengths(plain: &[u8], stored: &[u8]) -> io::Result<FrameLengths> {
    let length = |bytes: &[u8]| u32::try_from(bytes.len()).map_err(io::Error::other);
    Ok(FrameLengths {
        stored: length(stored)?,
        plain: length(plain)?,
    })
}

/// Checks that a compressed file decodes to the content, from its first byte to its last as Codex does it.
fn verified(fs: &Arc<dyn LogFs>, path: &Path, content: &Content) -> Result<(), CompressError> {
    let file = fs.open(path).map_err(failed("open", path))?;
    let source = RolloutSource::decoded_in_order(path, Arc::from(file))?;
    match each_chunk(&source, CHUNK_BYTES, |_| Ok(()))? == *content {
        true => Ok(()),
        false => Err(CompressError::Different { path: path.to_owned() }),
    }
}

/// Checks that what was written is read by position.
fn seekable(fs: &Arc<dyn LogFs>, path: &Path, content: &Content) -> Result<(), CompressError> {
    if content.len > FRAME_PLAIN_BYTES * MAX_SEEK_FRAMES as u64 {
        return Ok(());
    }
    let file = fs.open(path).map_err(failed("open", path))?;
    let source = RolloutSource::from_file(path, Encoding::Zstd, Arc::from(file), None)?;
    match source.plain_len()? == content.len && source.is_seekable()? {
        true => Ok(()),
        false => Err(CompressError::Different { path: path.to_owned() }),
    }
}

fn each_chunk(
    source: &RolloutSource,
    chunk_bytes: u64,
    mut take: impl FnMut(&[u8]) -> Result<(), CompressError>,
) -> Result<Content, CompressError> {
    let (mut offset, len) = (0, source.plain_len()?);
    let mut hash = Xxh3::new();
    while offset < len {
        let chunk = source.read_at(offset, (len - offset).min(chunk_bytes))?;
        hash.update(&chunk);
        take(&chunk)?;
        offset += chunk.len() as u64;
    }
    Ok(Content {
        len,
        hash: hash.digest(),
    })
}

fn discard(fs: &dyn LogFs, temporary: &Path) {
    if let Err(error) = remove_if_there(fs, temporary) {
        tracing::warn!(path = %temporary.display(), error = %error.source, "a temporary file stays behind");
    }
}
