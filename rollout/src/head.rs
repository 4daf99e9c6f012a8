//! Finds out what a rollout is from its first records (format sections 6 and 12).
//!
//! Reads forward only until it knows, within named limits. Does not look at the file name.

use std::path::{Path, PathBuf};

use codex_protocol::log::{BareHeader, BareLine, LineError, LineHead, RolloutItem, SessionMeta};

use crate::error::RolloutError;
use crate::lines::LineEvent;
use crate::source::RolloutSource;

/// Most non-blank lines that are looked at before the search for a head is given up.
pub const MAX_HEAD_LINES: u64 = 10_000;
/// Most bytes that are scanned before the search for a head is given up.
pub const MAX_HEAD_BYTES: u64 = 256 * 1024 * 1024;
/// Bytes fetched at a time. Most first lines take one to three of these, and the first list of a home reads many beginnings.
const HEAD_CHUNK_BYTES: usize = 8 * 1024;
/// How much of the beginning is kept for recognising a single-document session.
const DOCUMENT_PREFIX_BYTES: usize = 4096;

/// What a rollout starts with.
#[derive(Debug, Clone, PartialEq)]
pub enum Head {
    /// Lines in envelopes; the first `session_meta` is the canonical one.
    Envelope {
        /// The canonical session metadata.
        meta: Box<SessionMeta>,
        /// Offset of its line.
        offset: u64,
        /// Offset after its line.
        end: u64,
        /// Non-blank lines before it: garbage, or events that were written too early.
        skipped_lines: u64,
    },
    /// Bare Responses items of mid 2025 below a header line (format section 12).
    Bare(Box<BareHeader>),
}

/// Why a file has no usable head.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HeadError {
    /// The bytes could not be read now. Nothing is known of the head; another attempt may find one.
    #[error(transparent)]
    Read(RolloutError),
    /// The compressed bytes are damaged before a head was found.
    #[error(transparent)]
    Undecodable(RolloutError),
    /// No record at all: no bytes, blank lines, or only garbage.
    #[error("rollout {path} is empty: it has no line that is a record")]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// A response item or an agent message comes before any session metadata.
    #[error("rollout {path} does not start with session metadata (byte {offset})")]
    NotStartedWithMeta {
        /// The file.
        path: PathBuf,
        /// Offset of the record that came first.
        offset: u64,
    },
    /// There are records, but none of them is session metadata.
    #[error("rollout {path} has no session metadata")]
    NoMeta {
        /// The file.
        path: PathBuf,
    },
    /// No session metadata within [`MAX_HEAD_LINES`] and [`MAX_HEAD_BYTES`].
    #[error("rollout {path} has no session metadata before byte {offset}")]
    NotFoundWithinLimits {
        /// The file.
        path: PathBuf,
        /// Where the search was given up.
        offset: u64,
    },
    /// The first session metadata names a history mode that is not known: unreadable, not legacy.
    #[error("rollout {path} has an unknown history mode {mode} (byte {offset})")]
    UnknownHistoryMode {
        /// The file.
        path: PathBuf,
        /// Offset of the session metadata.
        offset: u64,
        /// The mode as written.
        mode: String,
    },
    /// One JSON document per session (spring 2025): not a rollout.
    #[error("{path} is a single-document session of early 2025, not a rollout")]
    SingleDocument {
        /// The file.
        path: PathBuf,
    },
}

impl From<RolloutError> for HeadError {
    fn from(error: RolloutError) -> Self {
        match error {
            RolloutError::Decompress { .. } => Self::Undecodable(error),
            RolloutError::Open { .. }
            | RolloutError::Read { .. }
            | RolloutError::Shrank { .. }
            | RolloutError::BeyondEnd { .. } => Self::Read(error),
        }
    }
}

/// What one non-blank line means for the search.
enum Seen {
    Meta(Box<SessionMeta>),
    BareHeader(Box<BareHeader>),
    /// A response item or an inter-agent message.
    Content,
    /// Another record of a known kind.
    Record,
    UnknownHistoryMode(String),
    Garbage,
}

/// Reads the head of an open rollout.
pub fn read_head(source: &RolloutSource) -> Result<Head, HeadError> {
    let mut lines = source.lines(0).chunk_bytes(HEAD_CHUNK_BYTES);
    let mut search = Search::new(source.path());
    while let Some(event) = lines.next()? {
        if let Some(found) = search.line(event) {
            return found;
        }
    }
    Err(search.end())
}

/// Finds the head of a rollout whose plain bytes are in memory; `path` is only for errors.
pub fn head_of_bytes(path: &Path, bytes: &[u8]) -> Result<Head, HeadError> {
    let mut search = Search::new(path);
    let mut offset = 0;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let end = offset + line.len() as u64;
        let terminated = line.ends_with(b"\n");
        let bytes = line.strip_suffix(b"\n").unwrap_or(line);
        let event = LineEvent::Line {
            offset,
            bytes,
            end,
            terminated,
        };
        if let Some(found) = search.line(event) {
            return found;
        }
        offset = end;
    }
    Err(search.end())
}

/// A search for the head, line by line.
struct Search<'p> {
    path: &'p Path,
    skipped_lines: u64,
    records: u64,
    prefix: Vec<u8>,
}

impl<'p> Search<'p> {
    fn new(path: &'p Path) -> Self {
        Self {
            path,
            skipped_lines: 0,
            records: 0,
            prefix: Vec::new(),
        }
    }

    /// Looks at the next line and returns the outcome once it is known.
    fn line(&mut self, event: LineEvent<'_>) -> Option<Result<Head, HeadError>> {
        let path = self.path.to_owned();
        let (offset, end) = (event.offset(), event.end());
        let seen = match event {
            LineEvent::Line { bytes, .. } if bytes.trim_ascii().is_empty() => return None,
            LineEvent::Line { bytes, .. } => {
                let room = DOCUMENT_PREFIX_BYTES - self.prefix.len();
                self.prefix.extend_from_slice(&bytes[..bytes.len().min(room)]);
                look_at(bytes)
            }
            LineEvent::Oversized { .. } => Seen::Garbage,
        };
        match seen {
            Seen::Meta(meta) => {
                return Some(Ok(Head::Envelope {
                    meta,
                    offset,
                    end,
                    skipped_lines: self.skipped_lines,
                }));
            }
            // Only the first record of a file can be the header of a bare rollout.
            Seen::BareHeader(header) if self.records == 0 => return Some(Ok(Head::Bare(header))),
            Seen::Content => return Some(Err(HeadError::NotStartedWithMeta { path, offset })),
            Seen::UnknownHistoryMode(mode) => {
                return Some(Err(HeadError::UnknownHistoryMode { path, offset, mode }));
            }
            Seen::Record => self.records += 1,
            Seen::BareHeader(_) | Seen::Garbage => {}
        }
        self.skipped_lines += 1;
        let given_up = self.skipped_lines >= MAX_HEAD_LINES || end >= MAX_HEAD_BYTES;
        given_up.then(|| {
            if is_single_document(&self.prefix) {
                return Err(HeadError::SingleDocument { path });
            }
            Err(HeadError::NotFoundWithinLimits { path, offset: end })
        })
    }

    /// Says why there is no head, once there are no more lines.
    fn end(self) -> HeadError {
        let path = self.path.to_owned();
        match self.records {
            _ if is_single_document(&self.prefix) => HeadError::SingleDocument { path },
            0 => HeadError::Empty { path },
            _ => HeadError::NoMeta { path },
        }
    }
}

fn look_at(bytes: &[u8]) -> Seen {
    let head = match LineHead::parse(bytes) {
        Ok(head) => head,
        Err(_) => {
            return match BareLine::decode(bytes) {
                Ok(BareLine::Header(header)) => Seen::BareHeader(Box::new(header)),
                Ok(BareLine::StateMarker | BareLine::Item(_)) | Err(_) => Seen::Garbage,
            };
        }
    };
    match RolloutItem::decode(&head.kind, head.payload, head.metadata) {
        Ok(RolloutItem::SessionMeta(meta)) => Seen::Meta(meta),
        Ok(RolloutItem::ResponseItem(_) | RolloutItem::InterAgentCommunication(_)) => Seen::Content,
        Ok(_) => Seen::Record,
        Err(LineError::UnknownHistoryMode { mode }) => Seen::UnknownHistoryMode(mode),
        Err(_) => Seen::Garbage,
    }
}

/// Whether the beginning is that of `{"session": {...}, "items": [...]}`, compact or indented.
fn is_single_document(prefix: &[u8]) -> bool {
    let Some(members) = prefix.trim_ascii_start().strip_prefix(b"{") else {
        return false;
    };
    let first = members.trim_ascii_start();
    let value = first
        .strip_prefix(b"\"session\"")
        .or_else(|| first.strip_prefix(b"\"items\""));
    value.is_some_and(|value| value.trim_ascii_start().starts_with(b":"))
}

#[cfg(test)]
#[path = "head_tests.rs"]
mod head_tests;
