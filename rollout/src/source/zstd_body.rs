//! Random access to a compressed rollout, by the cheapest way that is available.
//!
//! A seekable copy in the cache if there is one; else a decoder that is kept between requests and restarted when a
//! request lies behind it. The second random request makes the copy. A cache that fails is reported once and then
//! left alone: reads go on by streaming.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use super::cache::{CacheError, SeekCache};
use super::plain_body::PlainBody;
use super::zstd_stream::{FileFault, ZstdStream};
use crate::error::{Result, RolloutError};
use crate::fs::{FileStat, LogFile};

/// A forward skip of at most this many plain bytes still counts as reading on.
const NEAR_SKIP_BYTES: u64 = 1024 * 1024;

/// An open `.zst` file.
pub(super) struct ZstdBody {
    path: PathBuf,
    file: Arc<dyn LogFile>,
    stat: FileStat,
    plain_len: OnceLock<u64>,
    access: Mutex<Access>,
}

#[derive(Debug)]
struct Access {
    cache: Option<SeekCache>,
    copy: Option<PlainBody>,
    stream: Option<ZstdStream>,
}

impl ZstdBody {
    /// Takes an open file; uses a copy that is already in the cache.
    pub(super) fn new(path: &Path, file: Arc<dyn LogFile>, stat: FileStat, cache: Option<&SeekCache>) -> Self {
        let mut access = Access {
            cache: cache.cloned(),
            copy: None,
            stream: None,
        };
        if let Some(cache) = cache {
            match cache.lookup(&stat) {
                Ok(copy) => access.copy = copy,
                Err(error) => access.give_up_cache(path, &error),
            }
        }
        let body = Self {
            path: path.to_owned(),
            file,
            stat,
            plain_len: OnceLock::new(),
            access: Mutex::new(access),
        };
        let copy_len = body.lock().copy.as_ref().map(PlainBody::len);
        if let Some(len) = copy_len {
            body.learn_len(len);
        }
        body
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Length of the plain bytes; without a copy the first call decodes the whole file once.
    pub(super) fn plain_len(&self) -> Result<u64> {
        if let Some(len) = self.plain_len.get() {
            return Ok(*len);
        }
        let mut stream = self.new_stream()?;
        stream
            .skip_to(u64::MAX)
            .map_err(|source| self.decompress(stream.position(), source))?;
        self.learn_len(stream.position());
        Ok(stream.position())
    }

    /// Reads `len` plain bytes at `offset` to the end of `out`.
    pub(super) fn read_at(&self, offset: u64, len: u64, out: &mut Vec<u8>) -> Result<()> {
        if let Some(plain_len) = self.plain_len.get() {
            self.check_range(offset, len, *plain_len)?;
        }
        let mut access = self.lock();
        if access.copy.is_none() && access.is_random(offset) {
            self.make_copy_if_due(&mut access);
        }
        if let Some(copy) = &access.copy {
            copy.check_range(offset, len)?;
            let start = out.len();
            out.resize(start + len as usize, 0);
            match copy.read_exact_at(offset, &mut out[start..]) {
                Ok(()) => return Ok(()),
                Err(error) => {
                    out.truncate(start);
                    access.drop_copy(&self.path, &error);
                }
            }
        }
        let mut stream = match access.stream.take() {
            Some(stream) if stream.position() <= offset => stream,
            _ => self.new_stream()?,
        };
        stream
            .skip_to(offset)
            .map_err(|source| self.decompress(stream.position(), source))?;
        self.read_on(&mut stream, offset, len, out)?;
        access.stream = Some(stream);
        Ok(())
    }

    /// Returns a forward reader with a decoder of its own, or over the copy.
    pub(super) fn reader(self: &Arc<Self>, from: u64) -> ZstdReader {
        let mut access = self.lock();
        if access.copy.is_none() && from > NEAR_SKIP_BYTES {
            self.make_copy_if_due(&mut access);
        }
        let copy = access.copy.clone();
        drop(access);
        ZstdReader {
            body: Arc::clone(self),
            position: from,
            copy,
            stream: None,
        }
    }

    /// Reads in steps, so that an absurd length cannot reserve memory before the end of the stream is seen.
    fn read_on(&self, stream: &mut ZstdStream, offset: u64, len: u64, out: &mut Vec<u8>) -> Result<()> {
        let mut missing = len;
        if stream.position() < offset {
            return Err(self.beyond_end(offset, len, stream.position()));
        }
        while missing > 0 {
            let step = missing.min(NEAR_SKIP_BYTES) as usize;
            let start = out.len();
            out.resize(start + step, 0);
            let n = stream
                .fill(&mut out[start..])
                .map_err(|source| self.decompress(stream.position(), source))?;
            if n < step {
                self.learn_len(stream.position());
                return Err(self.beyond_end(offset, len, stream.position()));
            }
            missing -= n as u64;
        }
        Ok(())
    }

    fn make_copy_if_due(&self, access: &mut Access) {
        let Some(cache) = access.cache.clone() else { return };
        if !cache.copy_is_due(&self.stat) {
            return;
        }
        match cache.fill(&self.file, &self.stat) {
            Ok(Some(copy)) => {
                self.learn_len(copy.len());
                access.copy = Some(copy);
                access.stream = None;
            }
            // Somebody else is at it, or it does not fit: stream on.
            Ok(None) => {}
            Err(error) => access.give_up_cache(&self.path, &error),
        }
    }

    fn new_stream(&self) -> Result<ZstdStream> {
        ZstdStream::new(Arc::clone(&self.file), self.stat.len).map_err(|source| self.decompress(0, source))
    }

    fn learn_len(&self, len: u64) {
        // The bytes behind one descriptor's frozen length decode to one length; a second value would be the same.
        self.plain_len.get_or_init(|| len);
    }

    fn check_range(&self, offset: u64, len: u64, plain_len: u64) -> Result<()> {
        match offset.checked_add(len) {
            Some(end) if end <= plain_len => Ok(()),
            _ => Err(self.beyond_end(offset, len, plain_len)),
        }
    }

    fn beyond_end(&self, offset: u64, len: u64, plain_len: u64) -> RolloutError {
        RolloutError::BeyondEnd {
            path: self.path.clone(),
            offset: offset.saturating_add(len),
            plain_len,
        }
    }

    /// Says whether the file failed or its bytes are damaged.
    fn decompress(&self, offset: u64, error: std::io::Error) -> RolloutError {
        let path = self.path.clone();
        match FileFault::take(error) {
            Ok(FileFault::Read(source)) => RolloutError::Read { path, offset, source },
            Ok(FileFault::Shrank) => RolloutError::Shrank {
                path,
                offset,
                expected_len: self.stat.len,
            },
            Err(source) => RolloutError::Decompress { path, offset, source },
        }
    }

    fn lock(&self) -> MutexGuard<'_, Access> {
        // Every state of `Access` between two statements is a valid one, so a panic elsewhere cannot have broken it.
        self.access.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for ZstdBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ZstdBody")
            .field("path", &self.path)
            .field("stat", &self.stat)
            .finish_non_exhaustive()
    }
}

impl Access {
    /// Whether the next read would have to start over or skip far.
    fn is_random(&self, offset: u64) -> bool {
        let position = self.stream.as_ref().map_or(0, ZstdStream::position);
        offset < position || offset - position > NEAR_SKIP_BYTES
    }

    fn drop_copy(&mut self, path: &Path, error: &RolloutError) {
        let error: &dyn std::error::Error = error;
        tracing::warn!(rollout = %path.display(), error, "seekable copy failed; compressed rollout is read by streaming");
        self.copy = None;
        self.cache = None;
    }

    fn give_up_cache(&mut self, path: &Path, error: &CacheError) {
        let error: &dyn std::error::Error = error;
        tracing::warn!(rollout = %path.display(), error, "seek cache failed; compressed rollout is read by streaming");
        self.cache = None;
    }
}

/// A forward reader over one compressed rollout.
#[derive(Debug)]
pub(crate) struct ZstdReader {
    body: Arc<ZstdBody>,
    position: u64,
    copy: Option<PlainBody>,
    stream: Option<ZstdStream>,
}

impl ZstdReader {
    /// Fills `buf` as far as there are bytes; less only at the true end.
    pub(super) fn fill(&mut self, buf: &mut [u8]) -> Result<usize> {
        if let Some(copy) = &self.copy {
            copy.check_range(self.position, 0)?;
            let len = (copy.len() - self.position).min(buf.len() as u64) as usize;
            match copy.read_exact_at(self.position, &mut buf[..len]) {
                Ok(()) => {
                    self.position += len as u64;
                    return Ok(len);
                }
                Err(error) => {
                    self.body.lock().drop_copy(&self.body.path, &error);
                    self.copy = None;
                }
            }
        }
        let body = &self.body;
        let stream = match &mut self.stream {
            Some(stream) => stream,
            None => {
                let mut stream = body.new_stream()?;
                stream
                    .skip_to(self.position)
                    .map_err(|source| body.decompress(stream.position(), source))?;
                if stream.position() < self.position {
                    body.learn_len(stream.position());
                    return Err(body.beyond_end(self.position, 0, stream.position()));
                }
                self.stream.insert(stream)
            }
        };
        let n = stream
            .fill(buf)
            .map_err(|source| body.decompress(stream.position(), source))?;
        if n < buf.len() {
            body.learn_len(stream.position());
        }
        self.position += n as u64;
        Ok(n)
    }
}
