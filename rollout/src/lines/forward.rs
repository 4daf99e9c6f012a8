//! The forward line reader: one reused buffer, `memchr`, and an optional frozen end.
//!
//! Buffers at most one line of the permitted length plus one chunk; a longer line is never buffered where the file is plain.

use std::path::{Path, PathBuf};

use super::budget::LineHold;
use super::event::LineEvent;
use super::long::ReadRules;
use crate::error::{Result, RolloutError};
use crate::source::ByteReader;

/// Bytes fetched at a time.
pub const CHUNK_BYTES: usize = 256 * 1024;

/// Delivers lines in order. Lending: a line lives until the next call.
///
/// After an error the reader is finished; what it delivered before stays true.
#[derive(Debug)]
pub struct Lines {
    path: PathBuf,
    reader: ByteReader,
    /// Frozen end, if it is not simply the end of the file.
    until: Option<u64>,
    rules: ReadRules,
    chunk_bytes: usize,
    /// Memory for the long line that was delivered last, or is being read.
    hold: Option<LineHold>,
    buffer: Vec<u8>,
    /// Undelivered bytes are `buffer[start..filled]`; the first of them is at `offset`.
    start: usize,
    filled: usize,
    offset: u64,
    /// No byte follows `buffer[..filled]`.
    at_end: bool,
    finished: bool,
}

/// Where the next line was found.
enum Found {
    /// `buffer[start..start + len]`, and whether a newline follows.
    Line { len: usize, terminated: bool },
    /// Longer than permitted.
    Oversized { len: u64, terminated: bool },
    /// No line is left.
    Nothing,
}

impl Lines {
    /// Reads lines from a reader whose next byte is at `offset`.
    pub(crate) fn new(path: &Path, reader: ByteReader, offset: u64) -> Self {
        Self {
            path: path.to_owned(),
            reader,
            until: None,
            rules: ReadRules::default(),
            chunk_bytes: CHUNK_BYTES,
            hold: None,
            buffer: Vec::new(),
            start: 0,
            filled: 0,
            offset,
            at_end: false,
            finished: false,
        }
    }

    /// Stops at `end_offset` as if the file ended there (a frozen prefix).
    ///
    /// If the file ends before it, the reader fails with [`RolloutError::BeyondEnd`] once it gets there.
    #[must_use]
    pub fn until(mut self, end_offset: u64) -> Self {
        self.until = Some(end_offset);
        self
    }

    /// Sets the length above which a line is reported instead of delivered. Default: [`MAX_LINE_BYTES`](crate::limits::MAX_LINE_BYTES).
    #[must_use]
    pub fn max_line_bytes(mut self, max_line_bytes: u64) -> Self {
        self.rules.max_line_bytes = max_line_bytes;
        self
    }

    /// Sets the rules that lines are read by.
    #[must_use]
    pub fn rules(mut self, rules: ReadRules) -> Self {
        self.rules = rules;
        self
    }

    /// Sets how many bytes are fetched at a time (at least 1). Default: [`CHUNK_BYTES`].
    #[must_use]
    pub fn chunk_bytes(mut self, chunk_bytes: usize) -> Self {
        self.chunk_bytes = chunk_bytes.max(1);
        self
    }

    /// Bytes that the reader keeps memory for.
    #[cfg(test)]
    pub(crate) fn kept_bytes(&self) -> usize {
        self.buffer.capacity()
    }

    /// Offset of the line that the next call delivers.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Returns the next line, or `None` at the end.
    #[expect(
        clippy::should_implement_trait,
        reason = "a lending iterator cannot implement Iterator"
    )]
    pub fn next(&mut self) -> Result<Option<LineEvent<'_>>> {
        if self.finished {
            return Ok(None);
        }
        self.let_go();
        let found = match self.find() {
            Ok(found) => found,
            Err(error) => {
                self.finished = true;
                return Err(error);
            }
        };
        let offset = self.offset;
        match found {
            Found::Line { len, terminated } => {
                let (from, end) = (self.start, offset + len as u64 + u64::from(terminated));
                self.start += len + usize::from(terminated);
                self.offset = end;
                Ok(Some(LineEvent::Line {
                    offset,
                    bytes: &self.buffer[from..from + len],
                    end,
                    terminated,
                }))
            }
            Found::Oversized { len, terminated } => {
                let end = offset + len + u64::from(terminated);
                self.offset = end;
                Ok(Some(LineEvent::Oversized { offset, len, end }))
            }
            Found::Nothing => {
                self.finished = true;
                Ok(None)
            }
        }
    }

    fn find(&mut self) -> Result<Found> {
        let mut searched = 0;
        let mut measured = false;
        loop {
            let pending = &self.buffer[self.start..self.filled];
            if let Some(at) = memchr::memchr(b'\n', &pending[searched..]) {
                let len = searched + at;
                if len as u64 > self.rules.max_line_bytes {
                    self.start += len + 1;
                    return Ok(Found::Oversized {
                        len: len as u64,
                        terminated: true,
                    });
                }
                return Ok(Found::Line { len, terminated: true });
            }
            searched = pending.len();
            if searched as u64 > self.rules.max_line_bytes {
                return self.skip_oversized();
            }
            if searched as u64 > self.rules.long_line_bytes && !measured && !self.at_end {
                if let Some(oversized) = self.measure(searched as u64)? {
                    return Ok(oversized);
                }
                measured = true;
            }
            if self.at_end {
                return Ok(if searched == 0 {
                    Found::Nothing
                } else {
                    Found::Line {
                        len: searched,
                        terminated: false,
                    }
                });
            }
            self.fetch()?;
        }
    }

    /// Looks for the end of a long line without keeping it. One of a permitted length gets its memory, another one is passed.
    fn measure(&mut self, searched: u64) -> Result<Option<Found>> {
        let until = self.until.unwrap_or(u64::MAX);
        let Some(end) = self.reader.find_line_end(until, self.chunk_bytes)? else {
            // Nothing can be said of a stream before it was read.
            let most = self.rules.max_line_bytes.max(searched);
            self.hold = self.rules.hold(most);
            return Ok(None);
        };
        let len = end.offset - self.offset;
        if len <= self.rules.max_line_bytes {
            self.hold = self.rules.hold(len);
            let room = usize::try_from(len - searched).unwrap_or(usize::MAX);
            self.buffer.reserve_exact(room.saturating_add(self.chunk_bytes));
            return Ok(None);
        }
        (self.start, self.filled) = (0, 0);
        self.reader.skip_to(end.offset + u64::from(end.terminated));
        self.at_end = !end.terminated;
        Ok(Some(Found::Oversized {
            len,
            terminated: end.terminated,
        }))
    }

    /// Gives the memory of a long line back that was delivered.
    fn let_go(&mut self) {
        if self.hold.is_some() {
            self.buffer = self.buffer[self.start..self.filled].to_vec();
            (self.start, self.filled) = (0, self.buffer.len());
            self.hold = None;
        }
    }

    /// Drops the line that is too long piece by piece and returns its length.
    fn skip_oversized(&mut self) -> Result<Found> {
        let mut len = 0_u64;
        loop {
            let pending = &self.buffer[self.start..self.filled];
            if let Some(at) = memchr::memchr(b'\n', pending) {
                self.start += at + 1;
                return Ok(Found::Oversized {
                    len: len + at as u64,
                    terminated: true,
                });
            }
            len += pending.len() as u64;
            self.start = self.filled;
            if self.at_end {
                return Ok(Found::Oversized { len, terminated: false });
            }
            // The position of the next byte, for `until` and for errors.
            let line_offset = self.offset;
            self.offset = line_offset + len;
            let fetched = self.fetch();
            self.offset = line_offset;
            fetched?;
        }
    }

    /// Appends the next chunk to the undelivered bytes, which move to the front of the buffer.
    fn fetch(&mut self) -> Result<()> {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.filled, 0);
            self.filled -= self.start;
            self.start = 0;
        }
        // A long line has passed: give its memory back.
        if self.filled < self.chunk_bytes && self.buffer.capacity() > 8 * self.chunk_bytes {
            self.buffer.truncate(self.filled);
            self.buffer.shrink_to(2 * self.chunk_bytes);
        }
        let position = self.offset + self.filled as u64;
        let want = match self.until {
            Some(until) => until.saturating_sub(position).min(self.chunk_bytes as u64) as usize,
            None => self.chunk_bytes,
        };
        let room = self.filled + want;
        if self.buffer.is_empty() {
            // The system hands out zeros: what a short file does not fill is never touched.
            self.buffer = vec![0; room];
        } else if self.buffer.len() < room {
            self.buffer.resize(room, 0);
        }
        let n = self.reader.fill(&mut self.buffer[self.filled..room])?;
        self.filled += n;
        let position = position + n as u64;
        match self.until {
            Some(until) if n < want => Err(RolloutError::BeyondEnd {
                path: self.path.clone(),
                offset: until,
                plain_len: position,
            }),
            Some(until) => {
                self.at_end = position >= until;
                Ok(())
            }
            None => {
                self.at_end = n < want;
                Ok(())
            }
        }
    }
}
