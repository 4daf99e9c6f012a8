//! Makes bytes that a failed sync may have dropped dirty again.
//!
//! A system that fails to bring written bytes to the disk may call them clean, and bring them there never: later syncs
//! succeed without them, and a power loss leaves zeros where they were, also right before what was synced since. Writes what
//! is there, where it is; neither cuts nor appends.

use std::path::Path;

use super::error::{WriteResult, failed};
use crate::fs::LogFs;
use crate::source::RolloutSource;

/// How far back from the end bytes are written again. Systems keep written bytes to themselves for half a minute or so; of
/// a log that was not synced for longer, older ones are on the disk.
pub(super) const MAX_REWRITTEN_BYTES: u64 = 64 * 1024 * 1024;
/// Bytes that are written at a time.
const CHUNK_BYTES: u64 = 1024 * 1024;

/// Writes `from..to` of an open log once more.
pub(super) fn rewrite(fs: &dyn LogFs, path: &Path, source: &RolloutSource, from: u64, to: u64) -> WriteResult<()> {
    let mut at = from.max(to.saturating_sub(MAX_REWRITTEN_BYTES));
    while at < to {
        let bytes = source.read_at(at, CHUNK_BYTES.min(to - at))?;
        fs.rewrite(path, at, &bytes).map_err(failed("rewrite", path))?;
        at += bytes.len() as u64;
    }
    Ok(())
}

#[cfg(test)]
#[path = "rewrite_tests.rs"]
mod rewrite_tests;
