//! Folds changed files, many of them on several cores.
//!
//! What becomes of the results is the caller's. A file that cannot be read is a result like any other.

use std::sync::Arc;

use codex_rollout::discover::RolloutFile;
use codex_state::db::RolloutUpdate;

use super::catalog::FactDigests;
use super::catch_up::{Sink, file_state, rollout_uuid};
use super::parallel::in_parallel;
use super::store::Inner;
use crate::error::StoreResult;

/// What looking at one file gave.
pub(super) struct Folded {
    /// Place of the file.
    pub(super) at: usize,
    /// The thread and whether rows may have to change, or why the file could not be folded.
    pub(super) outcome: StoreResult<Looked>,
    /// What is to be stored.
    pub(super) updates: Vec<RolloutUpdate>,
}

/// A file that could be folded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Looked {
    /// The thread that it belongs to.
    pub(super) thread_id: String,
    /// Whether the index does not have all that follows from the file.
    pub(super) is_news: bool,
}

impl Inner {
    /// Folds files in about their order and hands out each result, until there are no more, `take` fails, or `is_enough`.
    pub(super) fn fold_files(
        &self,
        files: &[Arc<RolloutFile>],
        digests: &FactDigests,
        is_enough: &(dyn Fn() -> bool + Sync),
        take: &mut dyn FnMut(Folded) -> StoreResult<()>,
    ) -> StoreResult<()> {
        let fold = |at: usize| {
            if is_enough() {
                return None;
            }
            let mut updates = Vec::new();
            let outcome = self.index_file(&files[at], digests, &mut updates);
            Some(Folded { at, outcome, updates })
        };
        in_parallel(files.len(), fold, take)
    }

    /// Catches up one file, adding what is to be stored.
    fn index_file(
        &self,
        file: &RolloutFile,
        digests: &FactDigests,
        updates: &mut Vec<RolloutUpdate>,
    ) -> StoreResult<Looked> {
        self.catch_up_bulk(file)?;
        let index = self.index();
        let reader = index.reader().map_err(|error| self.index_error(error))?;
        let row = reader
            .rollout(&rollout_uuid(file).to_string())
            .map_err(|error| self.index_error(error))?;
        let is_settled = row
            .as_ref()
            .is_some_and(|row| row.settled == self.settled_mark(file, digests));
        if let Some(row) = row
            && row.file == file_state(file)
            && !self.earlier_index.may_be_ahead_of(file)
        {
            return Ok(Looked {
                thread_id: row.thread_id,
                is_news: !is_settled,
            });
        }
        let open = self.open_into(&reader, file, Sink::Collect(updates))?;
        Ok(Looked {
            thread_id: open.thread_id,
            is_news: !is_settled || !updates.is_empty(),
        })
    }
}
