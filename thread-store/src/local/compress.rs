//! Which rollouts are compressed, one after the other (`rollout-format.md` 1.3).
//!
//! A rollout that another history needs, or that needs another one, stays plain: positions in it are looked up all the
//! time. The thread's writer lock is held while its file changes form, so no writer is surprised.

use std::collections::BTreeSet;
use std::path::Path;

use codex_rollout::compress::{Compressed, CompressionRun, MIN_IDLE_MS, compress_file};
use codex_rollout::discover::{Encoding, Location, Placement, RolloutFile};

use super::catch_up::rollout_uuid;
use super::list::error_chain;
use super::store::Inner;
use crate::error::{StoreError, StoreResult};
use crate::report::CompressionReport;

impl Inner {
    /// Compresses what is cold.
    pub(super) fn compress(&self) -> StoreResult<CompressionReport> {
        let now_ms = self.clock.now_ms();
        let begun = CompressionRun::begin(&self.fs, &self.home, now_ms);
        let begun = begun.map_err(|error| StoreError::Read {
            path: self.home.clone(),
            offset: 0,
            source: Box::new(error),
        })?;
        let Some(run) = begun else {
            return Ok(CompressionReport::default());
        };
        self.look_everywhere()?;
        self.bring_up_to_date(&mut |_, _| {})?;
        let mut files = self.catalog.last_sweep().files.clone();
        files.sort_by_key(|file| file.location != Location::Archived);
        let mut report = CompressionReport {
            ran: true,
            ..CompressionReport::default()
        };
        let folders: BTreeSet<&Path> = files.iter().filter_map(|file| file.path.parent()).collect();
        for folder in folders {
            if let Err(error) = run.remove_stale_files(folder) {
                report.problems.push((folder.to_owned(), error_chain(&error)));
            }
        }
        for file in files.iter().filter(|file| file.encoding == Encoding::Plain) {
            match self.compress_cold(file, now_ms) {
                Ok(Some(Compressed::Done {
                    plain_bytes,
                    stored_bytes,
                })) => {
                    report.compressed += 1;
                    report.plain_bytes += plain_bytes;
                    report.stored_bytes += stored_bytes;
                }
                Ok(Some(Compressed::Changed | Compressed::Taken) | None) => report.left_plain += 1,
                Err(error) => report.problems.push((file.path.clone(), error_chain(&error))),
            }
        }
        self.catalog.expire();
        if report.problems.is_empty() {
            run.complete();
        }
        Ok(report)
    }

    /// Compresses a file if it is cold and no other history needs it.
    fn compress_cold(&self, file: &RolloutFile, now_ms: i64) -> StoreResult<Option<Compressed>> {
        let Some(name) = file.name.as_ref().filter(|_| file.placement == Placement::Canonical) else {
            return Ok(None);
        };
        let idle_ms = i128::from(now_ms) - file.stat.mtime_ns / 1_000_000;
        if idle_ms < i128::from(MIN_IDLE_MS) {
            return Ok(None);
        }
        // No fork of this process begins in the file while it changes form.
        let _turn = self.lifecycle_turn();
        if !self.stands_alone(file)? {
            return Ok(None);
        }
        let _lease = match self.writers.acquire(name.thread_id) {
            Ok(lease) => lease,
            Err(StoreError::WriterConflict { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        let compressed = compress_file(&self.fs, &file.path);
        let failed = Self::lifecycle_error("compress", name.thread_id);
        compressed.map(Some).map_err(|error| failed(Box::new(error)))
    }

    /// Whether a rollout is read, continues no other one, and no other one continues it.
    fn stands_alone(&self, file: &RolloutFile) -> StoreResult<bool> {
        let index = self.index();
        let reader = index.reader().map_err(|error| self.index_error(error))?;
        let id = rollout_uuid(file).to_string();
        let row = reader.rollout(&id).map_err(|error| self.index_error(error))?;
        let alone = row.is_some_and(|row| row.base.is_none() && row.header_error.is_none());
        let continuing = reader.continuing(&id).map_err(|error| self.index_error(error))?;
        Ok(alone && continuing.is_empty())
    }
}
