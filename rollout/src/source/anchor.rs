//! The content anchor of a checkpoint (design section 5).
//!
//! Proves that the bytes before an offset are probably the ones that were projected: Codex's migration renames a longer
//! file over the path and keeps the modification time, so size and time alone prove nothing. Hashing only; the bytes
//! are read by [`RolloutSource::anchor`](super::RolloutSource::anchor).

use xxhash_rust::xxh3::Xxh3;

/// Most bytes of the first line, and most bytes before the offset, that an anchor covers.
pub const ANCHOR_BYTES: u64 = 4096;

/// Hash of the first line and of the last bytes before an offset.
///
/// Covered are: the head, which is `plain[0 .. min(at_offset, ANCHOR_BYTES)]` cut after its first newline, and the tail,
/// which is the last `ANCHOR_BYTES` bytes before `at_offset` (fewer where there are fewer). The hash is xxh3-64 over
/// the head's length (u64, little endian), the head and the tail. It depends on nothing at or after `at_offset`, so
/// appending, archiving, compressing and copying never change it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Anchor {
    /// The offset in the plain bytes that the anchor vouches for.
    pub at_offset: u64,
    /// The hash.
    pub hash: u64,
}

impl Anchor {
    /// Length of the head to read for an anchor at this offset.
    pub(super) fn head_len(at_offset: u64) -> u64 {
        at_offset.min(ANCHOR_BYTES)
    }

    /// Start of the tail to read for an anchor at this offset.
    pub(super) fn tail_start(at_offset: u64) -> u64 {
        at_offset.saturating_sub(ANCHOR_BYTES)
    }

    /// Hashes the two pieces.
    pub(super) fn compute(at_offset: u64, head: &[u8], tail: &[u8]) -> Self {
        let first_line = match memchr::memchr(b'\n', head) {
            Some(newline) => &head[..=newline],
            None => head,
        };
        let mut hasher = Xxh3::new();
        hasher.update(&(first_line.len() as u64).to_le_bytes());
        hasher.update(first_line);
        hasher.update(tail);
        Self {
            at_offset,
            hash: hasher.digest(),
        }
    }
}
