//! One rollout opened for one request: one descriptor, its index rows, and what was folded on top of them.
//!
//! Fold first, store second: the answer never waits for the index's writer.

use codex_protocol::log::HistoryMode;
use codex_rollout::discover::RolloutFile;
use codex_rollout::head::{Head, HeadError};
use codex_rollout::source::RolloutSource;
use codex_state::StateError;
use codex_state::db::{RolloutRow, StoredRows};
use codex_state::projector::{Checkpoint, MemoryRows, Mode, RolloutMeta};
use codex_state::rows::RowSet;
use uuid::Uuid;

use super::catch_up::file_state;
use crate::error::StoreError;
use crate::types::View;

/// A rollout whose rows are current up to the length seen at opening.
#[derive(Debug)]
pub(super) struct OpenRollout<'r> {
    /// The file.
    pub(super) file: RolloutFile,
    /// The descriptor that everything is read from.
    pub(super) source: RolloutSource,
    /// Rollout id.
    pub(super) rollout_id: Uuid,
    /// Thread id that the header names (or the file name, for files without one).
    pub(super) thread_id: String,
    /// Key in the index, once stored.
    pub(super) key: Option<i64>,
    /// State of the fold, the unterminated last line included.
    pub(super) checkpoint: Checkpoint,
    /// Metadata.
    pub(super) meta: RolloutMeta,
    /// Rows: stored ones and what was folded on top.
    pub(super) rows: MemoryRows<StoredRows<'r>>,
    /// First byte that is not stored in the index.
    pub(super) stored_offset: u64,
    /// First byte after the last complete line.
    pub(super) complete_offset: u64,
    /// Plain length at opening.
    pub(super) plain_len: u64,
    /// Rollout that the history continues, with the cut.
    pub(super) base: Option<(String, u64, u64)>,
    /// Why the file cannot be read as a thread in the exact view, if so.
    pub(super) header_error: Option<String>,
    /// First byte whose text is not in the word index.
    pub(super) text_offset: u64,
}

impl OpenRollout<'_> {
    /// Returns what the index would say about this rollout if it had stored what is open here.
    pub(super) fn as_row(&self) -> RolloutRow {
        RolloutRow {
            key: self.key.unwrap_or_default(),
            rollout_id: self.rollout_id.to_string(),
            thread_id: self.thread_id.clone(),
            file: file_state(&self.file),
            plain_end: self.plain_len,
            anchor_hash: 0,
            text_offset: self.text_offset,
            base: self.base.clone(),
            checkpoint: self.checkpoint.clone(),
            meta: self.meta.clone(),
            header_error: self.header_error.clone(),
            settled: 0,
        }
    }

    /// Returns the storage mode as the wire names it.
    pub(super) fn history_mode(&self) -> HistoryMode {
        match self.checkpoint.mode {
            Mode::Paginated => HistoryMode::Paginated,
            Mode::Legacy | Mode::Bare => HistoryMode::Legacy,
        }
    }

    /// Returns the row set that a view shows of this rollout.
    pub(super) fn row_set(&self, view: View) -> RowSet {
        match (view, self.checkpoint.mode) {
            (_, Mode::Paginated) => RowSet::Full,
            (View::Codex, _) => RowSet::Codex,
            (View::Full, Mode::Bare) => RowSet::Raw,
            (View::Full, Mode::Legacy) => {
                if !self.checkpoint.user_event_seen && self.checkpoint.raw.user_seen {
                    RowSet::Raw
                } else {
                    RowSet::Full
                }
            }
        }
    }
}

/// Returns how a rollout with this head is folded, and where its ordinals start.
pub(super) fn checkpoint_of(head: &Head) -> Checkpoint {
    match head {
        Head::Bare(_) => Checkpoint::start(Mode::Bare, 0, None),
        Head::Envelope { meta, .. } => match meta.history_mode {
            HistoryMode::Legacy => Checkpoint::start(Mode::Legacy, 0, None),
            HistoryMode::Paginated => Checkpoint::start(
                Mode::Paginated,
                meta.history_base.as_ref().map_or(0, |base| base.end_ordinal_exclusive),
                meta.subagent_history_start_ordinal,
            ),
        },
    }
}

/// Wraps a failed read.
pub(super) fn read_error(source: &RolloutSource, offset: u64, error: codex_rollout::RolloutError) -> StoreError {
    let offset = error.offset().unwrap_or(offset);
    StoreError::Read {
        path: source.path().to_owned(),
        offset,
        source: Box::new(error),
    }
}

/// Tells a file that could not be read now from one that was read and has no usable head.
pub(super) fn head_error(source: &RolloutSource, error: HeadError) -> StoreError {
    match error {
        HeadError::Read(error) => read_error(source, 0, error),
        error => StoreError::Header {
            path: source.path().to_owned(),
            source: Box::new(error),
        },
    }
}

/// Wraps a failure of the index.
pub(super) fn index_error(path: &std::path::Path, error: StateError) -> StoreError {
    StoreError::Index {
        path: path.to_owned(),
        source: Box::new(error),
    }
}
