//! Files in memory and small helpers for the unit tests of this crate.

use std::io;
use std::path::Path;
use std::sync::Arc;

use crate::discover::Encoding;
use crate::fs::{EntryKind, FileStat, Fingerprint, LogFile};
use crate::lines::{LineEvent, Lines, LinesRev};
use crate::source::{FrameLengths, RolloutSource, encode_table};

/// A file that is a vector.
pub(crate) struct MemFile(pub(crate) Vec<u8>);

impl LogFile for MemFile {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let from = (offset as usize).min(self.0.len());
        let n = buf.len().min(self.0.len() - from);
        buf[..n].copy_from_slice(&self.0[from..from + n]);
        Ok(n)
    }

    fn stat(&self) -> io::Result<FileStat> {
        let len = self.0.len() as u64;
        let fingerprint = Fingerprint {
            dev: 1,
            ino: 1,
            len,
            mtime_ns: 0,
            ctime_ns: 0,
        };
        Ok(FileStat {
            kind: EntryKind::File,
            len,
            mtime_ns: 0,
            fingerprint,
        })
    }
}

pub(crate) fn plain_source(bytes: &[u8]) -> RolloutSource {
    RolloutSource::from_file(
        Path::new("mem"),
        Encoding::Plain,
        Arc::new(MemFile(bytes.to_vec())),
        None,
    )
    .expect("in memory")
}

/// Compresses at level 3 as one stream, as Codex does.
pub(crate) fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::stream::encode_all(bytes, 3).expect("in memory")
}

/// Compresses into frames of so many plain bytes with a seek table behind them; gives the frames' lengths as well.
pub(crate) fn zstd_frames(bytes: &[u8], frame_bytes: usize) -> (Vec<u8>, Vec<FrameLengths>) {
    let (mut stored, mut lengths) = (Vec::new(), Vec::new());
    for plain in bytes.chunks(frame_bytes) {
        let frame = zstd::bulk::compress(plain, 1).expect("in memory");
        lengths.push(FrameLengths {
            stored: u32::try_from(frame.len()).expect("small"),
            plain: u32::try_from(plain.len()).expect("small"),
        });
        stored.extend(frame);
    }
    stored.extend(encode_table(&lengths).expect("few"));
    (stored, lengths)
}

/// A compressed file in memory.
pub(crate) fn stored_source(stored: Vec<u8>) -> RolloutSource {
    RolloutSource::from_file(Path::new("mem"), Encoding::Zstd, Arc::new(MemFile(stored)), None).expect("in memory")
}

pub(crate) fn zstd_source(bytes: &[u8]) -> RolloutSource {
    RolloutSource::from_file(Path::new("mem"), Encoding::Zstd, Arc::new(MemFile(zstd(bytes))), None).expect("in memory")
}

/// An owned [`LineEvent`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Owned {
    Line {
        offset: u64,
        bytes: Vec<u8>,
        end: u64,
        terminated: bool,
    },
    Oversized {
        offset: u64,
        len: u64,
        end: u64,
    },
}

impl From<LineEvent<'_>> for Owned {
    fn from(event: LineEvent<'_>) -> Self {
        match event {
            LineEvent::Line {
                offset,
                bytes,
                end,
                terminated,
            } => Self::Line {
                offset,
                bytes: bytes.to_vec(),
                end,
                terminated,
            },
            LineEvent::Oversized { offset, len, end } => Self::Oversized { offset, len, end },
        }
    }
}

pub(crate) fn collect(mut lines: Lines) -> crate::Result<Vec<Owned>> {
    let mut events = Vec::new();
    while let Some(event) = lines.next()? {
        events.push(event.into());
    }
    Ok(events)
}

pub(crate) fn collect_rev(mut lines: LinesRev) -> crate::Result<Vec<Owned>> {
    let mut events = Vec::new();
    while let Some(event) = lines.next()? {
        events.push(event.into());
    }
    Ok(events)
}

/// The model: what splitting at newlines in memory gives.
pub(crate) fn naive(bytes: &[u8], from: usize, max_line_bytes: u64) -> Vec<Owned> {
    let mut events = Vec::new();
    let mut at = from;
    while at < bytes.len() {
        let newline = bytes[at..].iter().position(|byte| *byte == b'\n');
        let len = newline.unwrap_or(bytes.len() - at);
        let (offset, terminated) = (at as u64, newline.is_some());
        let end = offset + len as u64 + u64::from(terminated);
        events.push(if len as u64 > max_line_bytes {
            Owned::Oversized {
                offset,
                len: len as u64,
                end,
            }
        } else {
            Owned::Line {
                offset,
                bytes: bytes[at..at + len].to_vec(),
                end,
                terminated,
            }
        });
        at = end as usize;
    }
    events
}
