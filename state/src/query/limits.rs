//! What bounds a query and its evaluation.
//!
//! Numbers only; docs/limits.md says what happens beyond them.

/// Longest query.
pub const MAX_QUERY_BYTES: usize = 16 * 1024;
/// Longest term, as for the other searches.
pub use crate::text::MAX_TERM_BYTES;
/// Most terms of a query.
pub const MAX_TERMS: usize = 64;
/// Most words of one term; unspaced characters count as words.
pub const MAX_TERM_WORDS: usize = 128;
/// How deep groups and exclusions are nested.
pub const MAX_DEPTH: usize = 16;
/// Memory of a compiled regular expression, and of its cache while it runs.
pub const MAX_REGEX_BYTES: usize = 512 * 1024;
/// Matches of a term in a field whose places are kept; the others are counted.
pub const MAX_MATCH_RANGES: usize = 16;
