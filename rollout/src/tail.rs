//! Decides what the end of a log is (design section 6).
//!
//! Only looks. A reader decodes a complete last line like any other; what a writer may do with it is said here once.

use codex_protocol::log::{BareLine, LineError, LineHead, RolloutItem};

use crate::error::Result;
use crate::head::Head;
use crate::lines::LineEvent;
use crate::source::RolloutSource;

/// What follows the last newline of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TailState {
    /// Nothing, or white space.
    Clean,
    /// A known record that only lacks its newline: complete. A writer adds the newline and goes on after its ordinal.
    CompleteWithoutNewline {
        /// Offset of the record.
        offset: u64,
        /// Its length.
        len: u64,
    },
    /// A JSON object of a kind or shape that is not known: not torn, so never cut. A writer adds the newline.
    UnknownRecord {
        /// Offset of the record.
        offset: u64,
        /// Its length.
        len: u64,
    },
    /// A fragment. Only the writer that holds the lock may cut it, and keeps its bytes aside.
    Torn {
        /// Offset of the fragment.
        offset: u64,
        /// Its length.
        len: u64,
    },
    /// Longer than a line may be, so it was not decoded and is never cut.
    Oversized {
        /// Offset of the line.
        offset: u64,
        /// Its length.
        len: u64,
    },
}

/// Looks at what follows the last newline. `head` tells which form the file's records have.
pub fn tail_state(source: &RolloutSource, head: &Head) -> Result<TailState> {
    let plain_len = source.plain_len()?;
    let mut lines = source.lines_rev(plain_len);
    let Some(event) = lines.next()? else {
        return Ok(TailState::Clean);
    };
    if event.is_terminated() {
        return Ok(TailState::Clean);
    }
    match event {
        LineEvent::Line { bytes, .. } if bytes.trim_ascii().is_empty() => Ok(TailState::Clean),
        LineEvent::Line { offset, bytes, .. } => {
            let len = bytes.len() as u64;
            Ok(match decode(bytes, head) {
                Ok(()) => TailState::CompleteWithoutNewline { offset, len },
                Err(LineError::NotUtf8 { .. } | LineError::NotJson { .. } | LineError::NotAnObject) => {
                    TailState::Torn { offset, len }
                }
                Err(
                    LineError::Missing(_)
                    | LineError::UnknownKind { .. }
                    | LineError::UnknownHistoryMode { .. }
                    | LineError::Shape { .. },
                ) => TailState::UnknownRecord { offset, len },
            })
        }
        LineEvent::Oversized { offset, len, .. } => Ok(TailState::Oversized { offset, len }),
    }
}

fn decode(bytes: &[u8], head: &Head) -> Result<(), LineError> {
    match head {
        Head::Envelope { .. } => {
            let line = LineHead::parse(bytes)?;
            RolloutItem::decode(&line.kind, line.payload, line.metadata).map(|_| ())
        }
        Head::Bare(_) => BareLine::decode(bytes).map(|_| ()),
    }
}

#[cfg(test)]
#[path = "tail_tests.rs"]
mod tail_tests;
