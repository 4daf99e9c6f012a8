//! A forward decoder over an open `.zst` file with a position in the plain bytes.
//!
//! Memory is bounded by the decoder's window: at most [`MAX_WINDOW_LOG`], and 2 MiB for what Codex writes.

use std::error::Error;
use std::fmt;
use std::io::{self, BufReader, Read};
use std::path::Path;
use std::sync::Arc;

use crate::error::RolloutError;
use crate::fs::{FileStat, LogFile};

/// Largest window of a frame that is decoded, as a power of two: 128 MiB, which is also where zstd's own program stops.
const MAX_WINDOW_LOG: u32 = 27;
/// What zstd says of a frame whose window is larger.
const WINDOW_TOO_LARGE: &str = "Frame requires too much memory for decoding";
/// Compressed bytes fetched per read of the file.
const COMPRESSED_CHUNK_BYTES: usize = 128 * 1024;
/// Plain bytes discarded per step while skipping.
const SKIP_CHUNK_BYTES: usize = 256 * 1024;

/// What the file below a decoder said, as opposed to what the decoder says of its bytes.
#[derive(Debug, thiserror::Error)]
pub(super) enum FileFault {
    /// A read failed; it may not the next time.
    #[error("read the compressed file")]
    Read(#[source] io::Error),
    /// The file is shorter than it was when it was opened.
    #[error("the compressed file shrank while it was read")]
    Shrank,
}

impl FileFault {
    /// Takes the fault of the file out of an error that came through a decoder; gives any other error back.
    pub(super) fn take(error: io::Error) -> Result<Self, io::Error> {
        let is_fault = error.get_ref().is_some_and(<dyn Error + Send + Sync>::is::<Self>);
        if !is_fault {
            return Err(error);
        }
        let kind = error.kind();
        let inner = error.into_inner().and_then(|inner| inner.downcast::<Self>().ok());
        inner.map(|fault| *fault).ok_or_else(|| io::Error::from(kind))
    }

    /// Wraps it as an error of a read, for [`take`](Self::take) to find.
    pub(super) fn into_io(self) -> io::Error {
        let kind = match &self {
            Self::Read(error) => error.kind(),
            Self::Shrank => io::ErrorKind::UnexpectedEof,
        };
        io::Error::new(kind, self)
    }
}

/// A frame needs more memory than a decoder is given.
#[derive(Debug, thiserror::Error)]
#[error("a frame needs a window of more than {} MiB", (1_u64 << MAX_WINDOW_LOG) >> 20)]
struct WindowTooLarge;

/// Says whether a compressed file failed or its bytes are damaged.
pub(super) fn fault_of(path: &Path, stat: &FileStat, offset: u64, error: io::Error) -> RolloutError {
    let path = path.to_owned();
    match FileFault::take(error) {
        Ok(FileFault::Read(source)) => RolloutError::Read { path, offset, source },
        Ok(FileFault::Shrank) => RolloutError::Shrank {
            path,
            offset,
            expected_len: stat.len,
        },
        Err(source) => RolloutError::Decompress { path, offset, source },
    }
}

/// Reads an open file from its start up to the length that it had when it was opened. Its errors are [`FileFault`]s.
struct FileBytes {
    file: Arc<dyn LogFile>,
    position: u64,
    end: u64,
}

impl Read for FileBytes {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let len = (self.end - self.position).min(buf.len() as u64) as usize;
        if len == 0 {
            return Ok(0);
        }
        let read = self.file.read_at(&mut buf[..len], self.position);
        let n = read.map_err(|error| FileFault::Read(error).into_io())?;
        if n == 0 {
            return Err(FileFault::Shrank.into_io());
        }
        self.position += n as u64;
        Ok(n)
    }
}

/// A decoder and how many plain bytes it has delivered.
pub(super) struct ZstdStream {
    decoder: zstd::stream::read::Decoder<'static, BufReader<FileBytes>>,
    position: u64,
}

impl fmt::Debug for ZstdStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ZstdStream")
            .field("position", &self.position)
            .finish_non_exhaustive()
    }
}

impl ZstdStream {
    /// Starts at plain byte 0.
    pub(super) fn new(file: Arc<dyn LogFile>, stored_len: u64) -> io::Result<Self> {
        let bytes = FileBytes {
            file,
            position: 0,
            end: stored_len,
        };
        let buffered = BufReader::with_capacity(COMPRESSED_CHUNK_BYTES, bytes);
        let mut decoder = zstd::stream::read::Decoder::with_buffer(buffered)?;
        decoder.window_log_max(MAX_WINDOW_LOG)?;
        Ok(Self { decoder, position: 0 })
    }

    /// Next plain byte.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// Fills `buf` as far as there are bytes; less only at the true end. A truncated stream is an error.
    pub(super) fn fill(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while filled < buf.len() {
            match self.decoder.read(&mut buf[filled..]) {
                Ok(0) => break,
                Ok(n) => {
                    filled += n;
                    self.position += n as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.to_string() == WINDOW_TOO_LARGE => {
                    return Err(io::Error::new(io::ErrorKind::InvalidData, WindowTooLarge));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(filled)
    }

    /// Discards bytes until `offset`, which must not lie behind. Stops early only at the true end.
    pub(super) fn skip_to(&mut self, offset: u64) -> io::Result<()> {
        let mut scratch = Vec::new();
        while self.position < offset {
            let step = (offset - self.position).min(SKIP_CHUNK_BYTES as u64) as usize;
            scratch.resize(step.max(scratch.len()), 0);
            if self.fill(&mut scratch[..step])? < step {
                break;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "zstd_stream_tests.rs"]
mod zstd_stream_tests;
