//! One rollout folded from its first byte.
//!
//! A prefix is folded as if the file ended there; that is all that an inherited segment is.

use std::path::Path;

use codex_protocol::ids::{RolloutId, ThreadId};
use codex_protocol::log::{HistoryBase, HistoryMode};
use codex_rollout::head::{Head, HeadError, head_of_bytes};
use codex_rollout::lineage::SegmentInfo;
use codex_state::db::{FileState, RolloutRow, StoredRows};
use codex_state::projector::{Checkpoint, LineAt, MemoryRows, Mode, Projector, RolloutMeta, RowChanges};
use codex_state::rows::{RowSet, Span};
use uuid::Uuid;

use super::home::MemoryRollout;
use crate::error::{StoreError, StoreResult};
use crate::types::View;

/// Rows with nothing stored below them.
type Rows = MemoryRows<StoredRows<'static>>;

/// A folded rollout.
#[derive(Debug)]
pub(super) struct Rollout {
    pub(super) file: MemoryRollout,
    pub(super) rollout_id: Uuid,
    pub(super) thread_id: String,
    pub(super) base: Option<HistoryBase>,
    pub(super) header_error: Option<String>,
    pub(super) checkpoint: Checkpoint,
    pub(super) meta: RolloutMeta,
    pub(super) rows: RowChanges,
    /// First byte after the last line that ends with a newline.
    pub(super) complete_offset: u64,
    /// Offset and length of an incomplete last line.
    pub(super) torn_tail: Option<(u64, u64)>,
}

impl Rollout {
    /// Folds a whole rollout. A last line without newline counts if it is JSON.
    pub(super) fn fold(file: &MemoryRollout) -> StoreResult<Self> {
        Self::fold_until(file, None)
    }

    /// Folds the lines that end at or before `cut`.
    pub(super) fn fold_until(file: &MemoryRollout, cut: Option<u64>) -> StoreResult<Self> {
        let mut rollout = Self::unfolded(file)?;
        let mut rows = Rows::empty();
        let mut projector = Projector::new(
            rollout.rollout_id,
            rollout.checkpoint.clone(),
            RolloutMeta::default(),
            &mut rows,
        );
        let mut offset = 0;
        for line in file.bytes.split_inclusive(|byte| *byte == b'\n') {
            let end = offset + line.len() as u64;
            let terminated = line.ends_with(b"\n");
            let bytes = line.strip_suffix(b"\n").unwrap_or(line);
            let beyond = cut.is_some_and(|cut| offset + bytes.len() as u64 > cut);
            let torn = !terminated && serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_err();
            let is_object = serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(bytes).is_ok();
            if !terminated && !is_object && !bytes.trim_ascii().is_empty() {
                rollout.torn_tail = Some((offset, bytes.len() as u64));
            }
            if beyond || torn {
                break;
            }
            projector
                .line(LineAt { offset, bytes, end })
                .map_err(|error| failed(file, offset, error))?;
            offset = end;
            if terminated {
                rollout.complete_offset = end;
            }
        }
        (rollout.checkpoint, rollout.meta) = projector.finish();
        rollout.rows = rows.into_parts().0;
        Ok(rollout)
    }

    fn unfolded(file: &MemoryRollout) -> StoreResult<Self> {
        let rollout_id = file.rollout_id();
        let named = file.name().map_or(rollout_id, |name| name.thread_id.0);
        let path = file.relative_path();
        let (thread_id, base, checkpoint, header_error) = match head_of_bytes(Path::new(&path), &file.bytes) {
            Ok(Head::Bare(header)) => (
                header.id.to_string(),
                None,
                Checkpoint::start(Mode::Bare, 0, None),
                None,
            ),
            Ok(Head::Envelope { meta, .. }) => {
                let checkpoint = match meta.history_mode {
                    HistoryMode::Legacy => Checkpoint::start(Mode::Legacy, 0, None),
                    HistoryMode::Paginated => {
                        let start = meta.history_base.as_ref().map_or(0, |base| base.end_ordinal_exclusive);
                        Checkpoint::start(Mode::Paginated, start, meta.subagent_history_start_ordinal)
                    }
                };
                (meta.id.to_string(), meta.history_base, checkpoint, None)
            }
            Err(error @ (HeadError::NotStartedWithMeta { .. } | HeadError::NoMeta { .. })) => {
                let checkpoint = Checkpoint::start(Mode::Legacy, 0, None);
                (named.to_string(), None, checkpoint, Some(error.to_string()))
            }
            Err(error) => {
                return Err(StoreError::Header {
                    path: path.into(),
                    source: Box::new(error),
                });
            }
        };
        Ok(Self {
            file: file.clone(),
            rollout_id,
            thread_id,
            base,
            header_error,
            checkpoint,
            meta: RolloutMeta::default(),
            rows: RowChanges::default(),
            complete_offset: 0,
            torn_tail: None,
        })
    }

    pub(super) fn mode(&self) -> HistoryMode {
        match self.checkpoint.mode {
            Mode::Paginated => HistoryMode::Paginated,
            Mode::Legacy | Mode::Bare => HistoryMode::Legacy,
        }
    }

    /// Returns the rows that a view shows: raw items only where nothing else was said (`rollout-format.md` 12).
    pub(super) fn row_set(&self, view: View) -> RowSet {
        let only_raw = !self.checkpoint.user_event_seen && self.checkpoint.raw.user_seen;
        match (self.checkpoint.mode, view) {
            (Mode::Paginated, _) => RowSet::Full,
            (_, View::Codex) => RowSet::Codex,
            (Mode::Bare, View::Full) => RowSet::Raw,
            (Mode::Legacy, View::Full) if only_raw => RowSet::Raw,
            (Mode::Legacy, View::Full) => RowSet::Full,
        }
    }

    /// Returns the line at a span.
    pub(super) fn line(&self, span: Span) -> &[u8] {
        let range = usize::try_from(span.offset).ok().zip(usize::try_from(span.end()).ok());
        range
            .and_then(|(from, to)| self.file.bytes.get(from..to))
            .unwrap_or_default()
    }

    /// Returns the lines at spans.
    pub(super) fn lines(&self, spans: &[Span]) -> Vec<(Span, &[u8])> {
        spans.iter().map(|span| (*span, self.line(*span))).collect()
    }

    /// Wraps an error about a line.
    pub(super) fn failed(&self, error: codex_state::StateError) -> StoreError {
        failed(&self.file, 0, error)
    }

    /// Returns what lineage resolution needs to know.
    pub(super) fn segment_info(&self) -> SegmentInfo {
        SegmentInfo {
            rollout_id: RolloutId(self.rollout_id),
            named_thread_id: self.file.name().map(|name| name.thread_id),
            thread_id: self.thread_id.parse().unwrap_or(ThreadId(self.rollout_id)),
            history_mode: self.mode(),
            history_base: self.base,
            subagent_start_ordinal: self.checkpoint.subagent_start_ordinal,
            plain_len: self.file.bytes.len() as u64,
        }
    }

    /// Returns the form in which the shared rules about threads take a rollout.
    pub(super) fn as_row(&self) -> RolloutRow {
        let base = self.base.as_ref();
        RolloutRow {
            key: 0,
            rollout_id: self.rollout_id.to_string(),
            thread_id: self.thread_id.clone(),
            file: FileState {
                path: self.file.relative_path(),
                archived: self.file.archived,
                compressed: false,
                len: self.file.bytes.len() as u64,
                mtime_ns: i128::from(self.file.mtime_ms) * 1_000_000,
                fingerprint: String::new(),
            },
            plain_end: self.file.bytes.len() as u64,
            anchor_hash: 0,
            text_offset: 0,
            base: base.map(|base| {
                (
                    base.thread_id.to_string(),
                    base.end_ordinal_exclusive,
                    base.end_byte_offset,
                )
            }),
            checkpoint: self.checkpoint.clone(),
            meta: self.meta.clone(),
            header_error: self.header_error.clone(),
            settled: 0,
        }
    }
}

fn failed(file: &MemoryRollout, offset: u64, error: codex_state::StateError) -> StoreError {
    StoreError::Read {
        path: file.relative_path().into(),
        offset,
        source: Box::new(error),
    }
}
