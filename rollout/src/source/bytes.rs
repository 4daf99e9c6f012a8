//! A forward stream of plain bytes with a position, whatever stores them.
//!
//! Delivers nothing beyond the length that a plain file had when it was opened. Does not know lines.

use super::plain_body::PlainBody;
use super::zstd_body::ZstdReader;
use crate::error::Result;

/// Where a line ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LineEnd {
    /// Offset of its newline, or of the end.
    pub(crate) offset: u64,
    /// Whether a newline is there.
    pub(crate) terminated: bool,
}

/// Reads plain bytes forward from a position.
#[derive(Debug)]
pub(crate) enum ByteReader {
    /// Positioned reads of an uncompressed file.
    Plain {
        /// The file.
        body: PlainBody,
        /// Next byte.
        position: u64,
    },
    /// A decoder of its own.
    Zstd(Box<ZstdReader>),
}

impl ByteReader {
    /// Fills `buf` as far as there are bytes; less than `buf.len()` only at the end, which must be the true end.
    pub(crate) fn fill(&mut self, buf: &mut [u8]) -> Result<usize> {
        match self {
            Self::Plain { body, position } => {
                let len = body.len().saturating_sub(*position).min(buf.len() as u64) as usize;
                body.read_exact_at(*position, &mut buf[..len])?;
                *position += len as u64;
                Ok(len)
            }
            Self::Zstd(reader) => reader.fill(buf),
        }
    }

    /// Finds the end of the line that the next byte belongs to, at `until` or at the end of the file at the latest, and
    /// stays where it is. `None` where a stream would have to be read for that, and where the file ends before `until`.
    pub(crate) fn find_line_end(&self, until: u64, chunk_bytes: usize) -> Result<Option<LineEnd>> {
        let Self::Plain { body, position } = self else {
            return Ok(None);
        };
        let mut offset = *position;
        let last = body.len().min(until);
        let mut chunk = vec![0; chunk_bytes];
        while offset < last {
            let len = (last - offset).min(chunk_bytes as u64) as usize;
            body.read_exact_at(offset, &mut chunk[..len])?;
            if let Some(at) = memchr::memchr(b'\n', &chunk[..len]) {
                return Ok(Some(LineEnd {
                    offset: offset + at as u64,
                    terminated: true,
                }));
            }
            offset += len as u64;
        }
        let is_end = until == u64::MAX || body.len() >= until;
        Ok(is_end.then_some(LineEnd {
            offset: last,
            terminated: false,
        }))
    }

    /// Goes on at an offset of a plain file.
    pub(crate) fn skip_to(&mut self, offset: u64) {
        if let Self::Plain { position, .. } = self {
            *position = offset;
        }
    }
}
