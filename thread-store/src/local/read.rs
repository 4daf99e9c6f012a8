//! Reads one thread: metadata, and all turns if asked for; finds threads by what a person types.
//!
//! Metadata comes from the same fold as the rows, so it is as current as they are.

use std::path::Path;
use std::sync::PoisonError;

use codex_protocol::ids::{RolloutId, ThreadId};
use codex_rollout::discover::RolloutFile;
use codex_rollout::head::read_head;
use codex_rollout::source::{Anchor, RolloutSource};
use codex_rollout::tail::{TailState, tail_state};
use codex_state::db::RolloutRow;
use codex_state::projector::ShortText;
use codex_state::threads;

use super::catalog::Freshness;
use super::segments::History;
use super::store::Inner;
use super::turns::{positions_of, read_turns, visit_turns};
use crate::damage::damage_kind;
use crate::error::{StoreError, StoreResult};
use crate::report::{Damage, DamageKind, IndexState, IndexStateKind};
use crate::store::SharedTurnSink;
use crate::types::{
    Direction, HistoryMode, ItemsView, ThreadReadQuery, ThreadRecord, ThreadSelector, TurnRecord, View,
};

/// Candidates that an ambiguous selector returns at most.
const MAX_CANDIDATES: u32 = 20;
/// Damaged lines that a state lists one by one.
const MAX_LISTED_DAMAGE: usize = 1_000;

impl Inner {
    /// Reads one thread.
    pub(super) fn read(&self, query: ThreadReadQuery) -> StoreResult<ThreadRecord> {
        self.with_history(query.thread_id, query.view, |history| {
            let mut record = self.record_without_turns(history, query)?;
            if let Some(view) = query.turns {
                record.turns = self.all_turns(history, view)?;
            }
            Ok(record)
        })
    }

    /// Reads one thread, and hands its turns over one by one.
    pub(super) fn read_into(&self, query: ThreadReadQuery, sink: &SharedTurnSink) -> StoreResult<ThreadRecord> {
        self.with_history(query.thread_id, query.view, |history| {
            let record = self.record_without_turns(history, query)?;
            let mut sink = sink.lock().unwrap_or_else(PoisonError::into_inner);
            sink.begin();
            if let Some(view) = query.turns {
                self.visit_all_turns(history, view, &mut |turn| sink.take(turn))?;
            }
            Ok(record)
        })
    }

    fn record_without_turns(&self, history: &History<'_>, query: ThreadReadQuery) -> StoreResult<ThreadRecord> {
        require_header(history)?;
        let mut record = self.record_from_history(history)?;
        let cold_legacy = record.history_mode == HistoryMode::Legacy && query.turns.is_none();
        if query.view == View::Codex && cold_legacy {
            // Without turns Codex reads a cold legacy thread as never updated (`app-server-api.md` 5).
            record.updated_at_ms = record.created_at_ms;
        }
        Ok(record)
    }

    fn all_turns(&self, history: &History<'_>, view: ItemsView) -> StoreResult<Vec<TurnRecord>> {
        let placed = history.turns(None, Direction::Ascending, usize::MAX)?;
        let limits = (&self.limits, self.limits.max_answer_bytes);
        let (turns, complete) = read_turns(history, &placed, view, limits)?;
        if complete { Ok(turns) } else { Err(self.too_large()) }
    }

    fn visit_all_turns(
        &self,
        history: &History<'_>,
        view: ItemsView,
        visit: &mut dyn FnMut(TurnRecord),
    ) -> StoreResult<()> {
        let placed = history.turns(None, Direction::Ascending, usize::MAX)?;
        let limits = (&self.limits, self.limits.max_answer_bytes);
        let positions = positions_of(history, &placed, view, limits)?;
        if positions.counts.len() < placed.len() {
            return Err(self.too_large());
        }
        visit_turns(history, &placed, view, &positions, visit)
    }

    fn too_large(&self) -> StoreError {
        StoreError::TooLarge {
            limit_bytes: self.limits.max_answer_bytes,
            paged_method: "thread/turns/list",
        }
    }

    /// Makes a thread's record from rollouts that are open, and the index for the rest.
    fn record_from_history(&self, history: &History<'_>) -> StoreResult<ThreadRecord> {
        let sweep = self.sweep(Freshness::Recent);
        let facts = self.facts()?;
        let index = self.index();
        let reader = index.reader().map_err(|error| self.index_error(error))?;
        let thread_id = history.thread_id.to_string();
        let open: Vec<RolloutRow> = history
            .segments
            .iter()
            .map(|segment| segment.rollout.as_row())
            .collect();
        let mut revisions = reader
            .rollouts_of(&thread_id)
            .map_err(|error| self.index_error(error))?;
        for row in open.iter().filter(|row| row.thread_id == thread_id) {
            revisions.retain(|other| other.rollout_id != row.rollout_id);
            revisions.push(row.clone());
        }
        let lookup = |rollout_id: &str| match open.iter().find(|row| row.rollout_id == rollout_id) {
            Some(row) => Ok(Some(row.clone())),
            None => reader.rollout(rollout_id).map_err(|error| self.index_error(error)),
        };
        let row = self
            .thread_row(&revisions, &lookup, &sweep, &facts, &thread_id)?
            .ok_or(StoreError::ThreadNotFound {
                thread_id: history.thread_id,
            })?;
        let mut record = self.record_of(&revisions, &lookup, row)?;
        let declared = history.current().meta.header.declared_parent.as_ref();
        record.parent = declared.and_then(|id| id.parse().ok());
        Ok(record)
    }

    /// Returns a user text in full, reading its line if the index keeps only the beginning.
    pub(super) fn full_text(&self, rollout_id: &str, text: &ShortText) -> StoreResult<String> {
        let (true, Some(span)) = (text.cut, text.line) else {
            return Ok(text.text.clone());
        };
        let sweep = self.sweep(Freshness::Recent);
        let Some(file) = rollout_id.parse().ok().and_then(|id| sweep.rollout(id)) else {
            return Ok(text.text.clone());
        };
        let source = self.source(file)?;
        let _hold = source.rules().hold_once(u64::from(span.len));
        let bytes = source
            .read_at(span.offset, u64::from(span.len))
            .map_err(|error| super::open_rollout::read_error(&source, span.offset, error))?;
        Ok(codex_state::messages::preview_of_line(&bytes).unwrap_or_else(|| text.text.clone()))
    }

    /// Tells how current the index of a thread is, before anything is caught up.
    pub(super) fn index_state(&self, thread_id: ThreadId) -> StoreResult<IndexState> {
        let files = self.files_of(thread_id, View::Full)?;
        let index = self.index();
        let stored = {
            let reader = index.reader().map_err(|error| self.index_error(error))?;
            reader
                .rollouts_of(&thread_id.to_string())
                .map_err(|error| self.index_error(error))?
        };
        let named = self.named_revisions(thread_id)?;
        let stored = crate::thread_row::current_revision(&stored, &named)
            .map(|row| (row.rollout_id.clone(), row.checkpoint.offset));
        let file = match &stored {
            Some((id, _)) => files
                .iter()
                .find(|file| super::catch_up::rollout_uuid(file).to_string() == *id),
            None => files.first(),
        };
        let file = file.ok_or(StoreError::ThreadNotFound { thread_id })?;
        let source = self.source(file)?;
        let file_bytes = source
            .plain_len()
            .map_err(|error| super::open_rollout::read_error(&source, 0, error))?;
        let projected_offset = stored.as_ref().map_or(0, |(_, offset)| *offset).min(file_bytes);
        let reader = index.reader().map_err(|error| self.index_error(error))?;
        let row = match &stored {
            Some((id, _)) => reader.rollout(id).map_err(|error| self.index_error(error))?,
            None => None,
        };
        let damage = match &row {
            Some(row) => self.damage_of(&reader, row)?,
            None => Vec::new(),
        };
        let anchor = row.as_ref().map(|row| Anchor {
            at_offset: row.checkpoint.offset,
            hash: row.anchor_hash,
        });
        let fits = match anchor {
            Some(anchor) => source
                .check_anchor(&anchor)
                .map_err(|error| super::open_rollout::read_error(&source, anchor.at_offset, error))?,
            None => true,
        };
        let projected_offset = if fits { projected_offset } else { 0 };
        let damage = self.with_torn_tail(&source, file, damage)?;
        let lag_bytes = file_bytes - projected_offset;
        let state = match (stored.is_some(), lag_bytes, damage.is_empty()) {
            _ if !fits => IndexStateKind::Rebuilding,
            (false, _, _) => IndexStateKind::Behind,
            (true, 0, true) => IndexStateKind::Current,
            (true, 0, false) => IndexStateKind::Damaged,
            (true, _, _) => IndexStateKind::Behind,
        };
        Ok(IndexState {
            projected_offset,
            file_bytes,
            lag_bytes,
            state,
            damage,
        })
    }

    /// Adds the incomplete last line of a rollout, which is never stored: it may still be written.
    fn with_torn_tail(
        &self,
        source: &RolloutSource,
        file: &RolloutFile,
        mut damage: Vec<Damage>,
    ) -> StoreResult<Vec<Damage>> {
        let Ok(head) = read_head(source) else { return Ok(damage) };
        let tail = tail_state(source, &head).map_err(|error| super::open_rollout::read_error(source, 0, error))?;
        if let TailState::Torn { offset, len } = tail {
            let rollout_id = RolloutId(super::catch_up::rollout_uuid(file));
            damage.push(Damage {
                rollout_id,
                offset,
                length: len,
                kind: DamageKind::TornTail,
            });
        }
        Ok(damage)
    }

    /// Lists damaged lines of a rollout that the index knows.
    pub(super) fn damage_of(&self, reader: &codex_state::db::Reader<'_>, row: &RolloutRow) -> StoreResult<Vec<Damage>> {
        let rollout_id = row.rollout_id.parse().map_err(|_| StoreError::TaskStopped)?;
        let rows = codex_state::db::StoredRows::new(reader.connection(), row.key)
            .damage(MAX_LISTED_DAMAGE)
            .map_err(|error| self.index_error(error))?;
        Ok(rows
            .into_iter()
            .map(|row| Damage {
                rollout_id,
                offset: row.offset,
                length: row.len,
                kind: damage_kind(row.code),
            })
            .collect())
    }

    /// Finds the threads that a selector may mean.
    pub(super) fn resolve(&self, selector: &ThreadSelector) -> StoreResult<Vec<ThreadRecord>> {
        self.bring_up_to_date_if_there_is_room()?;
        let text = match selector {
            ThreadSelector::Path(path) => return self.resolve_path(path),
            ThreadSelector::Text(text) => text.trim(),
        };
        let index = self.index();
        let reader = index.reader().map_err(|error| self.index_error(error))?;
        let connection = reader.connection();
        let mut rows = threads::by_prefix(connection, text, MAX_CANDIDATES).map_err(|error| self.index_error(error))?;
        if let Some(exact) = rows.iter().position(|row| row.thread_id == text.to_lowercase()) {
            rows = vec![rows.swap_remove(exact)];
        }
        if rows.is_empty() {
            rows = threads::by_name(connection, text).map_err(|error| self.index_error(error))?;
        }
        rows.into_iter().map(|row| self.stored_record(&reader, row)).collect()
    }

    fn resolve_path(&self, path: &Path) -> StoreResult<Vec<ThreadRecord>> {
        let absolute = if path.is_absolute() {
            path.to_owned()
        } else {
            self.home.join(path)
        };
        let file = codex_rollout::discover::rollout_at(self.fs.as_ref(), &self.home, &absolute)
            .map_err(|_| StoreError::RolloutPathNotFound { path: path.to_owned() })?;
        let sweep = self.sweep(Freshness::Now);
        if let Some(known) = sweep.rollout(super::catch_up::rollout_uuid(&file)) {
            let index = self.index();
            let reader = index.reader().map_err(|error| self.index_error(error))?;
            let row = reader
                .rollout_at(&known.relative)
                .map_err(|error| self.index_error(error))?;
            if let Some(row) = row {
                let thread = threads::get(reader.connection(), &row.thread_id);
                let thread = thread.map_err(|error| self.index_error(error))?;
                return thread.into_iter().map(|row| self.stored_record(&reader, row)).collect();
            }
        }
        Ok(Vec::new())
    }
}

/// In the exact view a rollout without header cannot be read (`rollout-format.md` 11).
pub(super) fn require_header(history: &History<'_>) -> StoreResult<()> {
    let current = history.current();
    if history.view == View::Codex && !current.meta.header_seen {
        return Err(StoreError::Header {
            path: current.file.path.clone(),
            source: no_header_text(&current.file.path).into(),
        });
    }
    Ok(())
}

/// Says that a rollout has no header line.
pub(super) fn no_header_text(path: &Path) -> String {
    format!("rollout at {} does not start with session metadata", path.display())
}
