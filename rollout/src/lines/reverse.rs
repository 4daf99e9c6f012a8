//! The reverse line reader (format section 6.1): from a frozen end towards the start, in chunks.
//!
//! Buffers at most one line of the permitted length plus one chunk; a longer line is never buffered where the file is plain.

use super::budget::LineHold;
use super::event::LineEvent;
use super::long::ReadRules;
use crate::error::Result;
use crate::source::RolloutSource;

/// Bytes fetched at a time from a plain file.
pub const REVERSE_CHUNK_BYTES: usize = 64 * 1024;
/// Fewest and most bytes fetched at a time from a compressed file without a seek table. Without a seekable copy each step
/// back decodes from the start, so the steps grow with the file.
const REVERSE_CHUNK_BYTES_ZSTD: (u64, u64) = (4 * 1024 * 1024, 32 * 1024 * 1024);
/// Steps that a compressed file is read in, as far as the chunk sizes allow.
const REVERSE_STEPS_ZSTD: u64 = 64;
/// Most bytes fetched at a time while a long line is gathered.
pub(super) const MAX_FETCH_BYTES: usize = 8 * 1024 * 1024;

/// Delivers lines from the end towards the start. Lending: a line lives until the next call.
///
/// After an error the reader is finished.
#[derive(Debug)]
pub struct LinesRev {
    source: RolloutSource,
    rules: ReadRules,
    /// `0` until it is known where the bytes come from.
    chunk_bytes: usize,
    /// Whether a step back decodes from the start; not known before the first step.
    is_stream: bool,
    /// Memory for the long line that was delivered last, or is being read; for the whole reader where a stream is read.
    hold: Option<LineHold>,
    /// The fetched, undelivered bytes are `buffer[front..back]`; free space is in front of them.
    buffer: Vec<u8>,
    front: usize,
    back: usize,
    /// Offset of `buffer[front]`. Everything before it is still to be fetched.
    front_offset: u64,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Start,
    Reading,
    Finished,
}

/// A line between two offsets; without a place in the buffer it is oversized.
struct Found {
    offset: u64,
    end: u64,
    terminated: bool,
    in_buffer: Option<usize>,
}

impl LinesRev {
    pub(crate) fn new(source: RolloutSource, end_offset: u64) -> Self {
        Self {
            source,
            rules: ReadRules::default(),
            chunk_bytes: 0,
            is_stream: false,
            hold: None,
            buffer: Vec::new(),
            front: 0,
            back: 0,
            front_offset: end_offset,
            state: State::Start,
        }
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

    /// Sets how many bytes are fetched at a time (at least 1).
    #[must_use]
    pub fn chunk_bytes(mut self, chunk_bytes: usize) -> Self {
        self.chunk_bytes = chunk_bytes.max(1);
        self
    }

    /// Returns the line before the one delivered last, or `None` at the start of the file.
    #[expect(
        clippy::should_implement_trait,
        reason = "a lending iterator cannot implement Iterator"
    )]
    pub fn next(&mut self) -> Result<Option<LineEvent<'_>>> {
        if self.state == State::Finished {
            return Ok(None);
        }
        match self.find() {
            Ok(Some(found)) => Ok(Some(self.event(&found))),
            Ok(None) => {
                self.state = State::Finished;
                Ok(None)
            }
            Err(error) => {
                self.state = State::Finished;
                Err(error)
            }
        }
    }

    fn event(&self, found: &Found) -> LineEvent<'_> {
        let Found {
            offset,
            end,
            terminated,
            in_buffer,
        } = *found;
        let len = end - offset - u64::from(terminated);
        match in_buffer {
            Some(at) => LineEvent::Line {
                offset,
                bytes: &self.buffer[at..at + len as usize],
                end,
                terminated,
            },
            None => LineEvent::Oversized { offset, len, end },
        }
    }

    fn start(&mut self) -> Result<()> {
        // Learns now, and not in the middle, that the offset is beyond the end.
        self.source.read_exact_at(self.front_offset, &mut [])?;
        self.state = State::Reading;
        self.is_stream = !self.source.is_seekable()?;
        if self.chunk_bytes == 0 {
            let (fewest, most) = REVERSE_CHUNK_BYTES_ZSTD;
            self.chunk_bytes = match self.is_stream {
                false => REVERSE_CHUNK_BYTES,
                true => (self.front_offset / REVERSE_STEPS_ZSTD).clamp(fewest, most) as usize,
            };
        }
        if self.is_stream && self.front_offset > self.rules.long_line_bytes {
            // Its chunks are large, and what they hold is not known before.
            let most = self.rules.max_line_bytes.saturating_add(self.chunk_bytes as u64);
            self.hold = self.rules.hold(most.min(self.front_offset));
        }
        Ok(())
    }

    fn find(&mut self) -> Result<Option<Found>> {
        if self.state == State::Start {
            self.start()?;
        } else {
            self.let_go();
        }
        if self.front == self.back {
            if self.front_offset == 0 {
                return Ok(None);
            }
            self.fetch()?;
        }
        let end = self.front_offset + (self.back - self.front) as u64;
        let terminated = self.buffer[self.back - 1] == b'\n';
        // Bytes at the back that are known to hold no line start; the line's own newline is the first of them.
        let mut searched = usize::from(terminated);
        let mut measured = self.is_stream;
        loop {
            let pending = &self.buffer[self.front..self.back];
            let at = memchr::memrchr(b'\n', &pending[..pending.len() - searched]).map(|at| at + 1);
            if let Some(at) = at.or((self.front_offset == 0).then_some(0)) {
                let len = pending.len() - at - usize::from(terminated);
                let offset = self.front_offset + at as u64;
                self.back = self.front + at;
                let in_buffer = (len as u64 <= self.rules.max_line_bytes).then_some(self.back);
                return Ok(Some(Found {
                    offset,
                    end,
                    terminated,
                    in_buffer,
                }));
            }
            searched = pending.len();
            if (searched - usize::from(terminated)) as u64 > self.rules.max_line_bytes {
                let offset = self.skip_oversized()?;
                return Ok(Some(Found {
                    offset,
                    end,
                    terminated,
                    in_buffer: None,
                }));
            }
            if searched as u64 > self.rules.long_line_bytes && !measured {
                measured = true;
                let offset = self.find_line_start()?;
                let len = end - offset - u64::from(terminated);
                if len > self.rules.max_line_bytes {
                    self.back = self.front;
                    self.front_offset = offset;
                    return Ok(Some(Found {
                        offset,
                        end,
                        terminated,
                        in_buffer: None,
                    }));
                }
                self.hold = self.rules.hold(len);
            }
            self.fetch()?;
        }
    }

    /// Looks for the start of a long line without keeping it.
    fn find_line_start(&self) -> Result<u64> {
        let mut chunk = vec![0; self.chunk_bytes];
        let mut end = self.front_offset;
        while end > 0 {
            let len = end.min(self.chunk_bytes as u64);
            let chunk = &mut chunk[..len as usize];
            self.source.read_exact_at(end - len, chunk)?;
            if let Some(at) = memchr::memrchr(b'\n', chunk) {
                return Ok(end - len + at as u64 + 1);
            }
            end -= len;
        }
        Ok(0)
    }

    /// Gives the memory of a long line back that was delivered.
    fn let_go(&mut self) {
        if self.hold.is_some() && !self.is_stream {
            self.buffer = self.buffer[self.front..self.back].to_vec();
            (self.front, self.back) = (0, self.buffer.len());
            self.hold = None;
        }
    }

    /// Drops the line that is too long piece by piece and returns where it starts.
    fn skip_oversized(&mut self) -> Result<u64> {
        loop {
            self.back = self.front;
            if self.front_offset == 0 {
                return Ok(0);
            }
            self.fetch()?;
            if let Some(at) = memchr::memrchr(b'\n', &self.buffer[self.front..self.back]) {
                self.back = self.front + at + 1;
                return Ok(self.front_offset + at as u64 + 1);
            }
        }
    }

    /// Puts the bytes before `front_offset` in front of the pending ones.
    fn fetch(&mut self) -> Result<()> {
        let pending = self.back - self.front;
        // Growing with what is pending keeps the copying below proportional to the line.
        let want = self.chunk_bytes.max(pending.min(MAX_FETCH_BYTES));
        let want = self.front_offset.min(want as u64) as usize;
        if self.front < want {
            let need = want + pending;
            let too_large = pending < self.chunk_bytes && self.buffer.len() > 8 * self.chunk_bytes.max(need);
            if self.buffer.len() < need || too_large {
                let mut buffer = vec![0; need];
                buffer[want..].copy_from_slice(&self.buffer[self.front..self.back]);
                self.buffer = buffer;
            } else {
                let to = self.buffer.len() - pending;
                self.buffer.copy_within(self.front..self.back, to);
            }
            self.back = self.buffer.len();
            self.front = self.back - pending;
        }
        let from = self.front - want;
        self.source
            .read_exact_at(self.front_offset - want as u64, &mut self.buffer[from..self.front])?;
        self.front = from;
        self.front_offset -= want as u64;
        Ok(())
    }
}
