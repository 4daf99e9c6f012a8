//! A forward stream of plain bytes with a position, whatever stores them.
//!
//! Delivers nothing beyond the length that a plain file had when it was opened. Does not know lines.

use super::plain_body::PlainBody;
use super::zstd_body::ZstdReader;
use crate::error::Result;

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
}
