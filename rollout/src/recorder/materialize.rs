//! Makes a compressed rollout a plain one, so that it can be appended to or pointed into (format section 1.3).
//!
//! The plain form is published whole and on stable storage before the compressed one goes; both at once is a state that
//! every reader understands (the plain one wins). Content, mode and modification time stay.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::error::{WriteResult, failed};
use crate::discover::Encoding;
use crate::fs::{LogFileMut, LogFs, publish, remove_if_there};
use crate::source::RolloutSource;

/// Plain bytes per read and write.
const COPY_CHUNK_BYTES: u64 = 1024 * 1024;
/// Names that are tried for the temporary file: a process that died may have used the same ones.
const MAX_TEMPORARY_NAMES: u64 = 1000;

static TEMPORARY_NUMBER: AtomicU64 = AtomicU64::new(0);

/// Returns the path of the plain form, which is made from `<path>.zst` if it does not exist.
///
/// Of several callers at once each gets the plain form; whoever goes on to append holds the thread's writer lock.
pub fn materialize(fs: &Arc<dyn LogFs>, logical_path: &Path) -> WriteResult<PathBuf> {
    if exists(&**fs, logical_path)? {
        return Ok(logical_path.to_owned());
    }
    let mut compressed = logical_path.as_os_str().to_owned();
    compressed.push(".zst");
    let compressed = PathBuf::from(compressed);
    let file = match fs.open(&compressed) {
        Ok(file) => file,
        // Somebody else published the plain form between the two looks.
        Err(error) if error.kind() == io::ErrorKind::NotFound && exists(&**fs, logical_path)? => {
            return Ok(logical_path.to_owned());
        }
        Err(error) => return Err(failed("open", &compressed)(error)),
    };
    let source = RolloutSource::from_file(&compressed, Encoding::Zstd, Arc::from(file), None)?;
    let temporary = write_copy(&**fs, &source, logical_path)?;
    let published = publish(&**fs, &compressed, &temporary, logical_path);
    if published.is_err() {
        remove_temporary(&**fs, &temporary);
    }
    published?;
    remove_if_there(&**fs, &compressed)?;
    Ok(logical_path.to_owned())
}

fn exists(fs: &dyn LogFs, path: &Path) -> WriteResult<bool> {
    match fs.stat(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(failed("stat", path)(error)),
    }
}

fn write_copy(fs: &dyn LogFs, source: &RolloutSource, logical_path: &Path) -> WriteResult<PathBuf> {
    let plain_len = source.plain_len()?;
    for _ in 0..MAX_TEMPORARY_NAMES {
        let number = TEMPORARY_NUMBER.fetch_add(1, Ordering::Relaxed);
        let mut name = logical_path.as_os_str().to_owned();
        name.push(format!(".decompress.{}.{number}.tmp", std::process::id()));
        let temporary = PathBuf::from(name);
        let mut file = match fs.create(&temporary) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
            Err(error) => return Err(failed("create", &temporary)(error)),
        };
        let copied = copy(source, plain_len, &temporary, &mut *file);
        if let Err(error) = copied {
            remove_temporary(fs, &temporary);
            return Err(error);
        }
        return Ok(temporary);
    }
    let taken = io::Error::from(io::ErrorKind::AlreadyExists);
    Err(failed("find a temporary name for", logical_path)(taken))
}

fn copy(source: &RolloutSource, plain_len: u64, path: &Path, file: &mut dyn LogFileMut) -> WriteResult<()> {
    let mut offset = 0;
    while offset < plain_len {
        let chunk = source.read_at(offset, (plain_len - offset).min(COPY_CHUNK_BYTES))?;
        file.write_all(&chunk).map_err(failed("write", path))?;
        offset += chunk.len() as u64;
    }
    file.sync().map_err(failed("sync", path))
}

fn remove_temporary(fs: &dyn LogFs, temporary: &Path) {
    if let Err(error) = fs.remove(temporary) {
        // Codex's compressor removes such files after six hours.
        tracing::warn!(path = %temporary.display(), %error, "a temporary file stays behind");
    }
}
