//! Keeps the journal small: what newer facts have made meaningless goes, now and then.
//!
//! Every completed turn adds a fact. The cost of a compaction is the journal's length, so it waits until that has doubled.

use std::sync::atomic::{AtomicU64, Ordering};

use super::store::Inner;

/// A journal up to this length is left alone.
const MIN_COMPACTED_BYTES: u64 = 4 * 1024 * 1024;

/// Length beyond which the journal is compacted next.
#[derive(Debug)]
pub(super) struct JournalGrowth(AtomicU64);

impl Default for JournalGrowth {
    fn default() -> Self {
        Self(AtomicU64::new(MIN_COMPACTED_BYTES))
    }
}

impl Inner {
    /// Compacts the journal if it has grown to this length and that is too long.
    pub(super) fn compact_grown_journal(&self, journal_bytes: u64) {
        let JournalGrowth(limit) = &self.journal.growth;
        if journal_bytes <= limit.load(Ordering::Relaxed) {
            return;
        }
        match self.journal.journal.compact() {
            Ok(dropped) => {
                let path = self.journal.journal.path();
                let left_bytes = self.fs.stat(path).map_or(journal_bytes, |stat| stat.len);
                limit.store(left_bytes.saturating_mul(2).max(MIN_COMPACTED_BYTES), Ordering::Relaxed);
                tracing::info!(dropped, journal_bytes, left_bytes, "the journal is compacted");
            }
            Err(error) => {
                // What was decided is in the journal all the same; try again when it has doubled.
                limit.store(journal_bytes.saturating_mul(2), Ordering::Relaxed);
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "the journal could not be compacted"
                );
            }
        }
    }
}
