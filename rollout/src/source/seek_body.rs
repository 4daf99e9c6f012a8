//! Reads of a compressed file by position: only the frames that a read needs are decoded.
//!
//! Nothing is written. A frame that cannot be decoded is an error of the reads that need it and of no others.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::frame_cache::FrameCache;
use super::seek_table::{FramePlace, MAX_FRAME_PLAIN_BYTES, SeekTable, TableFound};
use super::zstd_frame::read_exactly;
use super::zstd_stream::fault_of;
use crate::error::{Result, RolloutError};
use crate::fs::{FileStat, LogFile};

/// An open compressed file and its seek table.
#[derive(Clone)]
pub(super) struct SeekBody {
    path: Arc<PathBuf>,
    file: Arc<dyn LogFile>,
    stat: FileStat,
    table: Arc<SeekTable>,
    frames: FrameCache,
}

/// A decoded frame.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    place: FramePlace,
    plain: Arc<Vec<u8>>,
}

/// Whether a decoded frame is worth keeping: a reader that goes on through the file would push out all others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keep {
    Yes,
    No,
}

impl SeekBody {
    /// Looks for a table at the end of a file. `None`: there is none, or one that is not true, which is reported.
    ///
    /// Errors are `FileFault`s: the file could not be read.
    pub(super) fn find(
        path: &Path,
        file: &Arc<dyn LogFile>,
        stat: &FileStat,
        frames: &FrameCache,
    ) -> io::Result<Option<Self>> {
        let table = match frames.table(&stat.fingerprint) {
            Some(known) => known,
            None => {
                let found = match SeekTable::read(file, stat.len)? {
                    TableFound::Table(table) => Some(Arc::new(table)),
                    TableFound::None => None,
                    TableFound::Refused(fault) => {
                        tracing::warn!(rollout = %path.display(), %fault, "seek table is not used; compressed rollout is read by streaming");
                        None
                    }
                };
                frames.learn_table(stat.fingerprint, found.clone());
                found
            }
        };
        Ok(table.map(|table| Self {
            path: Arc::new(path.to_owned()),
            file: Arc::clone(file),
            stat: *stat,
            table,
            frames: frames.clone(),
        }))
    }

    /// Length of the plain bytes.
    pub(super) fn plain_len(&self) -> u64 {
        self.table.plain_len()
    }

    /// Reads `len` plain bytes at `offset`, which lie within the length, to the end of `out`.
    pub(super) fn read(&self, offset: u64, len: u64, out: &mut Vec<u8>) -> Result<()> {
        let (mut at, mut missing) = (offset, len as usize);
        // No more at once than is there for sure.
        out.reserve(missing.min(MAX_FRAME_PLAIN_BYTES as usize));
        while missing > 0 {
            let Some(frame) = self.frame_at(at, Keep::Yes)? else {
                return Err(RolloutError::BeyondEnd {
                    path: self.path.to_path_buf(),
                    offset: offset.saturating_add(len),
                    plain_len: self.plain_len(),
                });
            };
            let bytes = frame.from(at);
            let bytes = &bytes[..bytes.len().min(missing)];
            out.extend_from_slice(bytes);
            at += bytes.len() as u64;
            missing -= bytes.len();
        }
        Ok(())
    }

    /// Returns the frame that the plain byte at `offset` is in; `None` at the end and beyond.
    pub(super) fn frame_at(&self, offset: u64, keep: Keep) -> Result<Option<Frame>> {
        let Some(place) = self.table.frame_of(offset) else {
            return Ok(None);
        };
        let fingerprint = &self.stat.fingerprint;
        if let Some(plain) = self.frames.frame(fingerprint, place.number) {
            return Ok(Some(Frame { place, plain }));
        }
        let plain = Arc::new(self.decode(&place)?);
        if keep == Keep::Yes {
            self.frames.keep_frame(*fingerprint, place.number, Arc::clone(&plain));
        }
        Ok(Some(Frame { place, plain }))
    }

    fn decode(&self, place: &FramePlace) -> Result<Vec<u8>> {
        let fault = |source| fault_of(&self.path, &self.stat, place.plain.start, source);
        // Both lengths are below the limits of the table.
        let mut stored = vec![0; (place.stored.end - place.stored.start) as usize];
        read_exactly(&*self.file, &mut stored, place.stored.start).map_err(fault)?;
        let plain_len = (place.plain.end - place.plain.start) as usize;
        let plain = zstd::bulk::decompress(&stored, plain_len).map_err(fault)?;
        match plain.len() == plain_len {
            true => Ok(plain),
            // The header said so when the table was compared with it, and a decoder keeps to the header.
            false => Err(fault(io::Error::from(io::ErrorKind::InvalidData))),
        }
    }
}

impl Frame {
    /// Whether the plain byte at `offset` is in it.
    pub(super) fn contains(&self, offset: u64) -> bool {
        self.place.plain.contains(&offset)
    }

    /// Returns its bytes from `offset`, which it contains.
    pub(super) fn from(&self, offset: u64) -> &[u8] {
        &self.plain[(offset - self.place.plain.start) as usize..]
    }
}

impl std::fmt::Debug for SeekBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SeekBody")
            .field("path", &self.path)
            .field("plain_len", &self.plain_len())
            .finish_non_exhaustive()
    }
}
