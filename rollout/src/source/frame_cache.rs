//! What is remembered of compressed files with seek tables: their tables, and the frames that were decoded last.
//!
//! Memory only, bounded by named limits, shared by all requests of a store. Keyed by fingerprint, so a file that changed is
//! another one. Does not decode.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::recent::Recent;
use super::seek_table::{MAX_FRAME_PLAIN_BYTES, SeekTable};
use crate::fs::Fingerprint;

/// Plain bytes of the decoded frames that are kept.
pub const MAX_CACHED_FRAME_BYTES: u64 = 16 * 1024 * 1024;
/// Decoded frames that are kept.
pub const MAX_CACHED_FRAMES: usize = 64;
/// Memory of the seek tables that are kept: that of the longest one.
pub const MAX_CACHED_TABLE_BYTES: u64 = 16 * 1024 * 1024;
/// Files of which is kept what their ends say.
pub const MAX_CACHED_TABLES: usize = 1024;
/// Frames that are kept of a file that is read without a store.
const FRAMES_OF_ONE_FILE: usize = 2;

/// Decoded frames and tables. Cheap to clone; clones share what they know.
#[derive(Debug, Clone)]
pub(super) struct FrameCache {
    known: Arc<Mutex<Known>>,
}

#[derive(Debug)]
struct Known {
    /// `None`: the file is read as one without a table.
    tables: Recent<Fingerprint, Option<Arc<SeekTable>>>,
    frames: Recent<(Fingerprint, u32), Arc<Vec<u8>>>,
}

impl FrameCache {
    /// For all files of a store.
    pub(super) fn shared() -> Self {
        Self::bounded(
            Recent::new(MAX_CACHED_TABLE_BYTES, MAX_CACHED_TABLES),
            Recent::new(MAX_CACHED_FRAME_BYTES, MAX_CACHED_FRAMES),
        )
    }

    /// For one open file.
    pub(super) fn of_one_file() -> Self {
        let most = FRAMES_OF_ONE_FILE as u64 * MAX_FRAME_PLAIN_BYTES;
        Self::bounded(Recent::new(0, 0), Recent::new(most, FRAMES_OF_ONE_FILE))
    }

    fn bounded(
        tables: Recent<Fingerprint, Option<Arc<SeekTable>>>,
        frames: Recent<(Fingerprint, u32), Arc<Vec<u8>>>,
    ) -> Self {
        Self {
            known: Arc::new(Mutex::new(Known { tables, frames })),
        }
    }

    /// What is known of the end of a file; `Some(None)`: it has no usable table.
    pub(super) fn table(&self, file: &Fingerprint) -> Option<Option<Arc<SeekTable>>> {
        self.known().tables.get(file)
    }

    /// Remembers what the end of a file says.
    pub(super) fn learn_table(&self, file: Fingerprint, table: Option<Arc<SeekTable>>) {
        let cost = table.as_ref().map_or(0, |table| table.memory_bytes());
        self.known().tables.put(file, table, cost);
    }

    /// Returns a decoded frame that is kept.
    pub(super) fn frame(&self, file: &Fingerprint, number: u32) -> Option<Arc<Vec<u8>>> {
        self.known().frames.get(&(*file, number))
    }

    /// Keeps a decoded frame.
    pub(super) fn keep_frame(&self, file: Fingerprint, number: u32, plain: Arc<Vec<u8>>) {
        let cost = plain.len() as u64;
        self.known().frames.put((file, number), plain, cost);
    }

    /// Frames that are kept, and their bytes.
    #[cfg(test)]
    pub(super) fn size(&self) -> (usize, u64) {
        self.known().frames.size()
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        // Whatever panicked while it was held left a cache that answers with what was put in.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
