//! One line without its time and ordinal, encoded once.
//!
//! Applies no policy: what is kept is decided by the canonicalizer, what is written here is what it was given.

use codex_protocol::log::{RawJson, RolloutItem, RolloutLine};

/// What [`RolloutLine::encode`] puts before the kind of a line with an empty time and no ordinal.
const EMPTY_ENVELOPE: &[u8] = br#"{"timestamp":"","#;

/// The kind, payload and metadata of a line to be written, as bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncodedItem {
    /// `"type":...,"payload":...}`: what follows time and ordinal.
    rest: Vec<u8>,
}

impl EncodedItem {
    /// Encodes an item in Codex's key order.
    pub fn new(item: RolloutItem) -> Self {
        let line = RolloutLine::new(String::new(), None, item).encode();
        let rest = line
            .strip_prefix(EMPTY_ENVELOPE)
            .expect("a line starts with its time, and one without ordinal goes on with its kind");
        Self {
            rest: one_line(rest.to_vec()),
        }
    }

    /// Takes parts as they are: unknown members and number texts of the payload are written back unchanged.
    pub fn from_parts(kind: &str, payload: &RawJson, metadata: Option<&RawJson>) -> Self {
        let kind = RawJson::string(kind);
        let metadata_len = metadata.map_or(0, |metadata| metadata.get().len());
        let mut rest = Vec::with_capacity(kind.get().len() + payload.get().len() + metadata_len + 32);
        rest.extend_from_slice(b"\"type\":");
        rest.extend_from_slice(kind.get().as_bytes());
        rest.extend_from_slice(b",\"payload\":");
        rest.extend_from_slice(payload.get().as_bytes());
        if let Some(metadata) = metadata {
            rest.extend_from_slice(b",\"metadata\":");
            rest.extend_from_slice(metadata.get().as_bytes());
        }
        rest.push(b'}');
        Self { rest: one_line(rest) }
    }

    /// Appends the line and its newline to a buffer.
    pub(super) fn write_line(&self, out: &mut Vec<u8>, time: &str, ordinal: Option<u64>) {
        out.extend_from_slice(b"{\"timestamp\":\"");
        out.extend_from_slice(time.as_bytes());
        out.extend_from_slice(b"\",");
        if let Some(ordinal) = ordinal {
            out.extend_from_slice(b"\"ordinal\":");
            out.extend_from_slice(ordinal.to_string().as_bytes());
            out.push(b',');
        }
        out.extend_from_slice(&self.rest);
        out.push(b'\n');
    }

    /// Length of the encoded kind, payload and metadata: what a queue counts.
    pub fn encoded_bytes(&self) -> u64 {
        self.rest.len() as u64
    }

    /// Length of the line, newline included, that this becomes with this ordinal.
    pub fn line_bytes(&self, ordinal: Option<u64>) -> u64 {
        Self::line_bytes_of(self.encoded_bytes(), ordinal)
    }

    /// Length of the line that an item of this encoded length becomes with this ordinal.
    pub fn line_bytes_of(encoded_bytes: u64, ordinal: Option<u64>) -> u64 {
        // `{"timestamp":"YYYY-MM-DDTHH:MM:SS.mmmZ",` and, with an ordinal, `"ordinal":N,`.
        const TIME_BYTES: u64 = 40;
        let digits = |number: u64| u64::from(number.checked_ilog10().unwrap_or(0)) + 1;
        TIME_BYTES + ordinal.map_or(0, |ordinal| 11 + digits(ordinal)) + encoded_bytes + 1
    }

    /// Length of the longest line, without newline, that this may become.
    pub(super) fn max_line_bytes(&self) -> u64 {
        // `{"timestamp":"YYYY-MM-DDTHH:MM:SS.mmmZ",` and `"ordinal":` with twenty digits and a comma.
        const ENVELOPE_BYTES: u64 = 40 + 31;
        self.encoded_bytes() + ENVELOPE_BYTES
    }
}

/// Removes line breaks. Inside JSON texts they are always escaped, so the ones there are separate tokens only.
fn one_line(mut bytes: Vec<u8>) -> Vec<u8> {
    if memchr::memchr2(b'\n', b'\r', &bytes).is_some() {
        bytes.retain(|byte| !matches!(byte, b'\n' | b'\r'));
    }
    bytes
}

#[cfg(test)]
#[path = "encoded_item_tests.rs"]
mod encoded_item_tests;
