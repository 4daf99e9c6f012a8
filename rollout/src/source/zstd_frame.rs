//! Where a zstd frame ends and how many plain bytes it states, without decoding it (RFC 8878, section 3.1.1).
//!
//! Reads headers only: that of the frame and those of its blocks. A decoder refuses a frame that does not hold what its
//! header states, so what is stated here is what decodes, or nothing does.

use std::io;
use std::sync::Arc;

use super::zstd_stream::FileFault;
use crate::fs::{LogFile, read_full_at};

const MAGIC: [u8; 4] = 0xFD2F_B528_u32.to_le_bytes();
/// The longest frame header, magic number included.
const LONGEST_HEADER_BYTES: usize = 18;
const BLOCK_HEADER_BYTES: u64 = 3;
const CHECKSUM_BYTES: u64 = 4;
/// Bytes fetched around a header; blocks of text are a few times as long.
const WINDOW_BYTES: usize = 4096;

/// What a frame's headers say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FrameShape {
    /// Length of the whole frame.
    pub(super) stored_len: u64,
    /// Length of what it decodes to, if the header states it.
    pub(super) plain_len: Option<u64>,
}

/// Small reads of an open file, several headers at a time.
pub(super) struct Headers {
    file: Arc<dyn LogFile>,
    end: u64,
    window: Vec<u8>,
    start: u64,
}

impl Headers {
    /// Reads the file up to `end`.
    pub(super) fn new(file: Arc<dyn LogFile>, end: u64) -> Self {
        Self {
            file,
            end,
            window: Vec::new(),
            start: 0,
        }
    }

    /// Returns the bytes at `offset`: `len` (at most [`WINDOW_BYTES`]), or fewer at the end. Errors are [`FileFault`]s.
    pub(super) fn at(&mut self, offset: u64, len: usize) -> io::Result<&[u8]> {
        let len = self.end.saturating_sub(offset).min(len as u64) as usize;
        let is_there = offset >= self.start && offset + len as u64 <= self.start + self.window.len() as u64;
        if !is_there {
            let fetched = self.end.saturating_sub(offset).min(WINDOW_BYTES as u64) as usize;
            self.window.resize(fetched, 0);
            self.start = offset;
            read_exactly(&*self.file, &mut self.window, offset)?;
        }
        let from = (offset - self.start) as usize;
        Ok(&self.window[from..from + len])
    }

    /// Walks over the frame at `offset`. `None`: no sound frame begins there and ends in the file.
    pub(super) fn frame_at(&mut self, offset: u64) -> io::Result<Option<FrameShape>> {
        let Some(header) = parse_header(self.at(offset, LONGEST_HEADER_BYTES)?) else {
            return Ok(None);
        };
        let mut at = offset + header.len as u64;
        loop {
            let &[a, b, c] = self.at(at, BLOCK_HEADER_BYTES as usize)? else {
                return Ok(None);
            };
            let block = u32::from_le_bytes([a, b, c, 0]);
            let size = u64::from(block >> 3);
            let stored = match (block >> 1) & 3 {
                // A run stores its byte once.
                1 => 1,
                0 | 2 => size,
                _ => return Ok(None),
            };
            at += BLOCK_HEADER_BYTES + stored;
            if block & 1 == 1 {
                break;
            }
        }
        if header.has_checksum {
            at += CHECKSUM_BYTES;
        }
        Ok((at <= self.end).then_some(FrameShape {
            stored_len: at - offset,
            plain_len: header.plain_len,
        }))
    }
}

/// Fills all of `buf`, which lies within the length that the file had. Errors are [`FileFault`]s.
pub(super) fn read_exactly(file: &dyn LogFile, buf: &mut [u8], offset: u64) -> io::Result<()> {
    match read_full_at(file, buf, offset) {
        Ok(n) if n == buf.len() => Ok(()),
        Ok(_) => Err(FileFault::Shrank.into_io()),
        Err(error) => Err(FileFault::Read(error).into_io()),
    }
}

struct Header {
    len: usize,
    plain_len: Option<u64>,
    has_checksum: bool,
}

fn parse_header(bytes: &[u8]) -> Option<Header> {
    let (descriptor, rest) = bytes.strip_prefix(&MAGIC)?.split_first()?;
    let is_single_segment = descriptor & 0x20 != 0;
    // The reserved bit.
    if descriptor & 0x08 != 0 {
        return None;
    }
    let window_len = usize::from(!is_single_segment);
    let dictionary_len = [0, 1, 2, 4][usize::from(descriptor & 3)];
    let stated = rest.get(window_len + dictionary_len..)?;
    let (stated_len, plain_len) = match descriptor >> 6 {
        0 if is_single_segment => (1, Some(u64::from(*stated.first()?))),
        0 => (0, None),
        1 => (2, Some(u64::from(u16::from_le_bytes(*stated.first_chunk()?)) + 256)),
        2 => (4, Some(u64::from(u32::from_le_bytes(*stated.first_chunk()?)))),
        _ => (8, Some(u64::from_le_bytes(*stated.first_chunk()?))),
    };
    Some(Header {
        len: MAGIC.len() + 1 + window_len + dictionary_len + stated_len,
        plain_len,
        has_checksum: descriptor & 0x04 != 0,
    })
}
