//! Random access to a compressed rollout, by the cheapest way that is available.
//!
//! A file with a seek table is read by its frames. Of another one a seekable copy in the cache is read if there is one; else
//! a decoder is kept between requests and restarted when a request lies behind it, and the second random request makes the
//! copy. A cache that fails is reported once and then left alone: reads go on by streaming.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use super::cache::{CacheError, SeekCache};
use super::frame_cache::FrameCache;
use super::plain_body::PlainBody;
use super::seek_body::{Frame, Keep, SeekBody};
use super::zstd_stream::{ZstdStream, fault_of};
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
    frames: FrameCache,
    /// How it is read by position, once somebody asked.
    seek: OnceLock<Option<SeekBody>>,
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
            frames: cache.map_or_else(FrameCache::of_one_file, |cache| cache.frames().clone()),
            seek: OnceLock::new(),
            access: Mutex::new(access),
        };
        let copy_len = body.lock().copy.as_ref().map(PlainBody::len);
        if let Some(len) = copy_len {
            body.learn_len(len);
            // Copies are made of files without a table only.
            body.seek.get_or_init(|| None);
        }
        body
    }

    /// Takes an open file that is decoded in order, whatever its end says: as every other decoder reads it.
    pub(super) fn in_order(path: &Path, file: Arc<dyn LogFile>, stat: FileStat) -> Self {
        let body = Self::new(path, file, stat, None);
        body.seek.get_or_init(|| None);
        body
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns how the file is read by position; `None` where it has no seek table that is true.
    pub(super) fn seek(&self) -> Result<Option<&SeekBody>> {
        if self.seek.get().is_none() {
            let found = SeekBody::find(&self.path, &self.file, &self.stat, &self.frames)
                .map_err(|source| self.decompress(0, source))?;
            self.seek.get_or_init(|| found);
        }
        Ok(self.seek.get().and_then(Option::as_ref))
    }

    /// Length of the plain bytes; without a seek table or a copy the first call decodes the whole file once.
    pub(super) fn plain_len(&self) -> Result<u64> {
        if let Some(len) = self.plain_len.get() {
            return Ok(*len);
        }
        if let Some(seek) = self.seek()? {
            self.learn_len(seek.plain_len());
            return Ok(seek.plain_len());
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
        if let Some(seek) = self.seek()? {
            self.check_range(offset, len, seek.plain_len())?;
            return seek.read(offset, len, out);
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

    /// Returns a forward reader with a decoder of its own, over the frames from there, or over the copy. It looks for them when
    /// it first reads, and a failure to look is a failure of that read.
    pub(super) fn reader(self: &Arc<Self>, from: u64) -> ZstdReader {
        ZstdReader {
            body: Arc::clone(self),
            position: from,
            way: Way::Unknown,
        }
    }

    /// Returns the copy that a reader from there goes over, and makes it if that is due.
    fn copy_for_reader(&self, from: u64) -> Option<PlainBody> {
        let mut access = self.lock();
        if access.copy.is_none() && from > NEAR_SKIP_BYTES {
            self.make_copy_if_due(&mut access);
        }
        access.copy.clone()
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

    fn decompress(&self, offset: u64, error: std::io::Error) -> RolloutError {
        fault_of(&self.path, &self.stat, offset, error)
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
    way: Way,
}

/// Where a reader's bytes come from.
#[derive(Debug)]
enum Way {
    /// It has not read yet.
    Unknown,
    /// A seekable copy.
    Copy(PlainBody),
    /// The frames of a file with a seek table; the one that was read last.
    Frames(Option<Frame>),
    /// A decoder at the reader's position.
    Stream(ZstdStream),
}

impl ZstdReader {
    /// Fills `buf` as far as there are bytes; less only at the true end.
    pub(super) fn fill(&mut self, buf: &mut [u8]) -> Result<usize> {
        if matches!(self.way, Way::Unknown) {
            self.way = self.begin()?;
        }
        if let Way::Copy(copy) = &self.way {
            copy.check_range(self.position, 0)?;
            let len = (copy.len() - self.position).min(buf.len() as u64) as usize;
            match copy.read_exact_at(self.position, &mut buf[..len]) {
                Ok(()) => {
                    self.position += len as u64;
                    return Ok(len);
                }
                Err(error) => {
                    self.body.lock().drop_copy(&self.body.path, &error);
                    self.way = self.begin_stream()?;
                }
            }
        }
        let n = match &mut self.way {
            Way::Frames(frame) => fill_from_frames(&self.body, frame, self.position, buf)?,
            Way::Stream(stream) => {
                let n = stream
                    .fill(buf)
                    .map_err(|source| self.body.decompress(stream.position(), source))?;
                if n < buf.len() {
                    self.body.learn_len(stream.position());
                }
                n
            }
            Way::Unknown | Way::Copy(_) => 0,
        };
        self.position += n as u64;
        Ok(n)
    }

    /// Goes by frames where that is possible, unless it begins at the start: there a decoder does as well, and the table of a
    /// file of which only the head is wanted need not be compared with its frames.
    fn begin(&self) -> Result<Way> {
        let (body, position) = (&self.body, self.position);
        if position > 0
            && let Some(seek) = body.seek()?
        {
            body.check_range(position, 0, seek.plain_len())?;
            return Ok(Way::Frames(None));
        }
        match body.copy_for_reader(position) {
            Some(copy) => Ok(Way::Copy(copy)),
            None => self.begin_stream(),
        }
    }

    fn begin_stream(&self) -> Result<Way> {
        let (body, position) = (&self.body, self.position);
        let mut stream = body.new_stream()?;
        stream
            .skip_to(position)
            .map_err(|source| body.decompress(stream.position(), source))?;
        if stream.position() < position {
            body.learn_len(stream.position());
            return Err(body.beyond_end(position, 0, stream.position()));
        }
        Ok(Way::Stream(stream))
    }
}

fn fill_from_frames(body: &ZstdBody, last: &mut Option<Frame>, position: u64, buf: &mut [u8]) -> Result<usize> {
    let Some(seek) = body.seek()? else { return Ok(0) };
    let mut filled = 0;
    while filled < buf.len() {
        let at = position + filled as u64;
        let frame = match last.take_if(|frame| frame.contains(at)) {
            Some(frame) => frame,
            None => {
                // The first one is where somebody wants to be; the others are on the way.
                let keep = if filled == 0 && last.is_none() {
                    Keep::Yes
                } else {
                    Keep::No
                };
                match seek.frame_at(at, keep)? {
                    Some(frame) => frame,
                    None => break,
                }
            }
        };
        let bytes = frame.from(at);
        let n = bytes.len().min(buf.len() - filled);
        buf[filled..filled + n].copy_from_slice(&bytes[..n]);
        filled += n;
        *last = Some(frame);
    }
    Ok(filled)
}
