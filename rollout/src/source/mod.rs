//! One open rollout: positioned and streaming reads of its plain bytes, plain or compressed.
//!
//! Knows bytes and lines' positions, not what lines mean. Writes nothing but seekable copies in a [`SeekCache`].

mod anchor;
mod bytes;
mod cache;
mod plain_body;
mod rollout_source;
mod zstd_body;
mod zstd_stream;

#[cfg(test)]
mod cache_limit_tests;
#[cfg(test)]
mod cache_tests;
#[cfg(test)]
mod source_tests;

pub use anchor::{ANCHOR_BYTES, Anchor};
pub(crate) use bytes::ByteReader;
pub use cache::{CACHE_SUFFIX, SeekCache};
pub(crate) use plain_body::PlainBody;
pub use rollout_source::RolloutSource;
