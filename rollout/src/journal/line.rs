//! One line of the journal: a checksum and what it vouches for.
//!
//! `{"sum":"<xxh3-64 of the fact's bytes, 16 hexadecimal digits>","fact":<JSON object>}`. Written by us alone, so the
//! frame is compared byte by byte and never parsed as JSON.

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use super::error::{JournalError, JournalResult};
use super::fact::JournalFact;

/// Longest fact that is written or read.
pub const MAX_FACT_BYTES: u64 = 1024 * 1024;
/// Longest line: the fact and its frame.
pub(super) const MAX_JOURNAL_LINE_BYTES: u64 = MAX_FACT_BYTES + 64;
/// The format that is written, and the only one that is read.
pub(super) const FORMAT: u64 = 1;

const BEFORE_SUM: &[u8] = b"{\"sum\":\"";
const BEFORE_FACT: &[u8] = b"\",\"fact\":";
const SUM_LEN: usize = 16;

/// The first line of a journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Header {
    /// How the following lines are to be read.
    pub(super) journal_format: u64,
    /// Grows by one with each compaction: positions of another generation mean nothing.
    pub(super) generation: u64,
}

pub(super) fn encode_header(header: Header) -> Vec<u8> {
    let text = serde_json::to_vec(&header).expect("numbers always serialise");
    frame(&text)
}

pub(super) fn decode_header(line: &[u8]) -> Option<Header> {
    serde_json::from_slice(checked(line)?).ok()
}

/// Returns the line of a fact, newline included.
pub(super) fn encode_fact(fact: &JournalFact) -> JournalResult<Vec<u8>> {
    let mut text = serde_json::to_vec(fact).expect("texts, numbers and raw json always serialise");
    // Line breaks of the caller's JSON separate tokens only; inside texts they are escaped.
    text.retain(|byte| !matches!(byte, b'\n' | b'\r'));
    if text.len() as u64 > MAX_FACT_BYTES {
        return Err(JournalError::FactTooLong {
            len: text.len() as u64,
            max_bytes: MAX_FACT_BYTES,
        });
    }
    Ok(frame(&text))
}

/// Returns the fact of a line without its newline; `None` if the checksum or the shape is wrong.
pub(super) fn decode_fact(line: &[u8]) -> Option<JournalFact> {
    serde_json::from_slice(checked(line)?).ok()
}

fn frame(text: &[u8]) -> Vec<u8> {
    let mut line = Vec::with_capacity(text.len() + BEFORE_SUM.len() + BEFORE_FACT.len() + SUM_LEN + 2);
    line.extend_from_slice(BEFORE_SUM);
    line.extend_from_slice(format!("{:016x}", xxh3_64(text)).as_bytes());
    line.extend_from_slice(BEFORE_FACT);
    line.extend_from_slice(text);
    line.extend_from_slice(b"}\n");
    line
}

fn checked(line: &[u8]) -> Option<&[u8]> {
    let (sum, rest) = line.strip_prefix(BEFORE_SUM)?.split_at_checked(SUM_LEN)?;
    let text = rest.strip_prefix(BEFORE_FACT)?.strip_suffix(b"}")?;
    (format!("{:016x}", xxh3_64(text)).as_bytes() == sum).then_some(text)
}

#[cfg(test)]
#[path = "line_tests.rs"]
mod line_tests;
