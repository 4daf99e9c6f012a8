//! One open rollout: positioned and streaming reads of its plain bytes, plain or compressed.
//!
//! Knows bytes and lines' positions, not what lines mean. Writes nothing but seekable copies in a [`SeekCache`].

mod anchor;
mod bytes;
mod cache;
mod frame_cache;
mod plain_body;
mod recent;
mod rollout_source;
mod seek_body;
mod seek_table;
mod zstd_body;
mod zstd_frame;
mod zstd_stream;

#[cfg(test)]
mod cache_limit_tests;
#[cfg(test)]
mod cache_tests;
#[cfg(test)]
mod seek_tests;
#[cfg(test)]
mod source_tests;

pub use anchor::{ANCHOR_BYTES, Anchor};
pub(crate) use bytes::ByteReader;
pub use cache::{CACHE_SUFFIX, SeekCache};
pub use frame_cache::{MAX_CACHED_FRAME_BYTES, MAX_CACHED_FRAMES, MAX_CACHED_TABLE_BYTES, MAX_CACHED_TABLES};
pub(crate) use plain_body::PlainBody;
pub use rollout_source::RolloutSource;
pub(crate) use seek_table::{FrameLengths, encode_table};
pub use seek_table::{MAX_FRAME_PLAIN_BYTES, MAX_SEEK_FRAMES};
