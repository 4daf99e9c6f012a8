//! The visible history of one thread: its current rollout and the prefixes that it inherits.
//!
//! Positions along a lineage are one number line: every segment starts where the cut of the one before it ended.

use std::io;

use codex_protocol::ids::{RolloutId, ThreadId};
use codex_protocol::log::{HistoryBase, HistoryMode};
use codex_rollout::discover::RolloutFile;
use codex_rollout::head::{Head, HeadError, read_head};
use codex_rollout::lineage::{LineageError, SegmentInfo, resolve};
use codex_state::db::Reader;
use codex_state::projector::{KeyRange, Order, RowReader};
use codex_state::rows::{RowKey, RowSet, TurnRow, id_hash};
use uuid::Uuid;

use super::catalog::{Freshness, Sweep};
use super::cut::line_cut;
use super::open_files::{DeepRead, SHALLOW_ROLLOUTS};
use super::open_rollout::{OpenRollout, head_error};
use super::opening::newest_open_turn;
use super::store::Inner;
use crate::error::{StoreError, StoreResult};
use crate::thread_row::{RevisionKey, current_of};
use crate::types::{Position, View};

/// Largest offset that a key can be made of; positions behind it, which only clients make up, are taken for it.
const LAST_OFFSET: u64 = (i64::MAX as u64 >> 1) - 1;

/// How often a request looks again because a file is no longer where it was seen.
const MAX_MOVES_SEEN: usize = 3;

/// Tells whether a file of the log was not where it had been seen.
fn is_gone(error: &StoreError) -> bool {
    let not_found = |error: &io::Error| error.kind() == io::ErrorKind::NotFound;
    !matches!(error, StoreError::Index { .. }) && has_cause(error, not_found)
}

/// Tells whether a file of the log was not seen that others need: whoever walks through folders meets a file that is moved
/// meanwhile in neither.
fn is_unseen(error: &StoreError) -> bool {
    has_cause(error, |error: &LineageError| {
        matches!(error, LineageError::MissingSource { .. })
    })
}

fn has_cause<E: std::error::Error + 'static>(error: &StoreError, is_it: impl Fn(&E) -> bool) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if error.downcast_ref::<E>().is_some_and(&is_it) {
            return true;
        }
        cause = error.source();
    }
    false
}

/// One rollout's share of a history.
#[derive(Debug)]
pub(super) struct Segment<'r> {
    /// The rollout.
    pub(super) rollout: OpenRollout<'r>,
    /// Lineage offset of the rollout's first byte.
    pub(super) base_offset: u64,
    /// First visible ordinal.
    pub(super) start_ordinal: u64,
    /// Offset after the last inherited line; `None` for the newest segment.
    pub(super) cut: Option<u64>,
    /// Rows shown.
    pub(super) set: RowSet,
}

impl Segment<'_> {
    /// Returns the keys that are visible.
    pub(super) fn keys(&self) -> KeyRange {
        let high = self.cut.map_or(KeyRange::ALL.high, |offset| RowKey(offset << 1));
        KeyRange { low: RowKey(0), high }
    }

    /// Returns the lineage position of a row.
    pub(super) fn position(&self, offset: u64, ordinal: u64) -> Position {
        let paginated = self.rollout.history_mode() == HistoryMode::Paginated;
        Position {
            ordinal,
            offset: Some(self.base_offset + offset),
            unambiguous: paginated && !self.rollout.checkpoint.ordinals_ambiguous,
        }
    }
}

/// The history of a thread, opened for one request.
#[derive(Debug)]
pub(super) struct History<'r> {
    /// The thread as its header names it.
    pub(super) thread_id: ThreadId,
    /// Oldest first; the last one is the current rollout.
    pub(super) segments: Vec<Segment<'r>>,
    /// View that the rows are chosen by.
    pub(super) view: View,
    /// Whether somebody may still append to the newest turn.
    pub(super) has_writer: bool,
    /// The state of the index that stored rows are read from.
    pub(super) reader: &'r Reader<'r>,
    /// Where there are many segments; ends after their files are closed.
    _deep_read: Option<DeepRead<'r>>,
}

/// Which rows a position is looked up among.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RowKind {
    /// Turns.
    Turns,
    /// Items.
    Items,
    /// Ends of turns.
    TurnEnds,
    /// Whatever comes first.
    Any,
}

impl<'r> History<'r> {
    /// Returns the current rollout.
    pub(super) fn current(&self) -> &OpenRollout<'r> {
        &self.segments.last().expect("a history has its own rollout").rollout
    }

    /// Returns the storage mode.
    pub(super) fn mode(&self) -> HistoryMode {
        self.current().history_mode()
    }

    /// Returns whether a segment newer than `at` shows a turn with this id; then the older row is not listed (8.4).
    pub(super) fn is_overridden(&self, at: usize, turn: &TurnRow) -> Result<bool, codex_state::StateError> {
        let hash = id_hash(&turn.turn_id);
        for segment in &self.segments[at + 1..] {
            if self.mode() == HistoryMode::Paginated
                && let Some(row) = segment.rollout.rows.turn_by_id(hash, segment.set)?
                && segment.keys().contains(row.key)
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Finds the first row at or after a position: its segment, and the key that rows there are compared with.
    ///
    /// The key lies before the row at the position (`after == false`) or right after it.
    pub(super) fn locate(&self, position: Position, kind: RowKind, after: bool) -> StoreResult<(usize, RowKey)> {
        if let Some(offset) = position.offset {
            let at = self
                .segments
                .iter()
                .rposition(|segment| segment.base_offset <= offset)
                .unwrap_or(0);
            let own = (offset - self.segments[at].base_offset).min(LAST_OFFSET);
            return Ok((at, RowKey((own << 1) + if after { 2 } else { 0 })));
        }
        let ordinal = position.ordinal;
        let paginated = self.mode() == HistoryMode::Paginated;
        let behind = ordinal.checked_add(1);
        let outside = self
            .segments
            .iter()
            .any(|segment| behind == Some(segment.start_ordinal));
        if paginated && (outside || ordinal < self.segments[0].start_ordinal) {
            return Err(StoreError::PositionOutsideLineage);
        }
        let at = self
            .segments
            .iter()
            .rposition(|segment| segment.start_ordinal <= ordinal)
            .unwrap_or(0);
        let wanted = if after { ordinal.saturating_add(1) } else { ordinal };
        let key = match kind {
            RowKind::Any => {
                let mut key = self.first_with_ordinal(at, RowKind::Turns, wanted)?;
                for kind in [RowKind::Items, RowKind::TurnEnds] {
                    key = key.min(self.first_with_ordinal(at, kind, wanted)?);
                }
                key
            }
            kind => self.first_with_ordinal(at, kind, wanted)?,
        };
        Ok((at, key))
    }

    /// Finds the first row of a segment whose ordinal is not below `ordinal`; the end if there is none.
    ///
    /// Rows lie about as far apart as their ordinals, so its place is guessed from a row on either side. Where a guess leaves more
    /// than half of the keys the next step halves them: rows of very different sizes cost at most twice a bisection.
    fn first_with_ordinal(&self, at: usize, kind: RowKind, ordinal: u64) -> StoreResult<RowKey> {
        let segment = &self.segments[at];
        let mut range = segment.keys();
        range.high = range.high.min(RowKey((segment.rollout.plain_len + 1) << 1));
        let mut below = (range.low, segment.start_ordinal);
        // The first row that is not before `range.high`.
        let mut above = match self.rows_in(at, kind, range, Order::Descending, 1)?[..] {
            [last] if last.1 >= ordinal => last,
            _ => return Ok(range.high),
        };
        range.high = above.0;
        let (mut distance, mut halve) = (0, false);
        while range.low < range.high {
            let window = range.high.0 - range.low.0;
            let middle = if halve {
                range.low.0 + window / 2
            } else {
                // A little before: of the two rows that are read, the first shall be the one before.
                let guess = guess_key(ordinal, below, above).saturating_sub(2 * distance);
                guess.clamp(range.low.0, range.high.0 - 1)
            };
            let from_middle = KeyRange {
                low: RowKey(middle),
                high: RowKey(above.0.0 + 1),
            };
            let rows = self.rows_in(at, kind, from_middle, Order::Ascending, 2)?;
            if let [first, second] = rows[..] {
                distance = second.0.0 - first.0.0;
            }
            match rows[..] {
                [first, second] if first.1 < ordinal && second.1 >= ordinal => return Ok(second.0),
                [first, ..] if first.1 >= ordinal => {
                    above = first;
                    range.high = RowKey(middle);
                }
                [.., last] => {
                    below = last;
                    range.low = RowKey(last.0.0 + 1);
                }
                [] => range.high = RowKey(middle),
            }
            halve = !halve && range.high.0 - range.low.0 > window / 2;
        }
        Ok(above.0)
    }

    /// Returns keys and ordinals of up to `limit` rows of a kind.
    fn rows_in(
        &self,
        at: usize,
        kind: RowKind,
        range: KeyRange,
        order: Order,
        limit: usize,
    ) -> StoreResult<Vec<(RowKey, u64)>> {
        let segment = &self.segments[at];
        let rows = &segment.rollout.rows;
        let wrap = |error| super::open_rollout::index_error(&segment.rollout.file.path, error);
        Ok(match kind {
            RowKind::Turns => {
                let rows = rows.turns(segment.set, range, order, limit).map_err(wrap)?;
                rows.iter().map(|row| (row.key, row.ordinal)).collect()
            }
            RowKind::TurnEnds => {
                let rows = rows.ended_turns(segment.set, range, order, limit).map_err(wrap)?;
                let ends = rows.iter().map(|row| row.end_key().zip(row.end.map(|end| end.ordinal)));
                ends.flatten().collect()
            }
            RowKind::Items | RowKind::Any => {
                let rows = rows.items(segment.set, None, range, order, limit).map_err(wrap)?;
                rows.iter().map(|row| (row.key, row.ordinal)).collect()
            }
        })
    }
}

/// Guesses where the row with an ordinal is, between two rows whose places and ordinals are known.
fn guess_key(ordinal: u64, below: (RowKey, u64), above: (RowKey, u64)) -> u64 {
    let keys = u128::from(above.0.0.saturating_sub(below.0.0));
    let ordinals = u128::from(above.1.saturating_sub(below.1)).max(1);
    let share = u128::from(ordinal.saturating_sub(below.1)).min(ordinals);
    below.0.0 + u64::try_from(keys * share / ordinals).expect("no more than the keys between the two")
}

impl Inner {
    /// Opens the history of a thread and hands it to `answer`.
    ///
    /// Bulk catch-up runs before; what is folded here is small. Files that were moved since the folders were looked at, as
    /// archiving moves those of a thread and of the one that it continues, are looked for again.
    pub(super) fn with_history<T>(
        &self,
        thread_id: ThreadId,
        view: View,
        answer: impl Fn(&History<'_>) -> StoreResult<T>,
    ) -> StoreResult<T> {
        for looks in 0..MAX_MOVES_SEEN {
            match self.with_history_as_seen(thread_id, view, &answer) {
                Err(error) if is_gone(&error) => self.catalog.expire(),
                // Once more is enough to believe it.
                Err(error) if looks == 0 && is_unseen(&error) => self.catalog.expire(),
                done => return done,
            }
        }
        self.with_history_as_seen(thread_id, view, &answer)
    }

    fn with_history_as_seen<T>(
        &self,
        thread_id: ThreadId,
        view: View,
        answer: &impl Fn(&History<'_>) -> StoreResult<T>,
    ) -> StoreResult<T> {
        let files = self.files_of(thread_id, view)?;
        let sweep = self.sweep(Freshness::Recent);
        for file in &files {
            self.catch_up_bulk(file)?;
        }
        self.catch_up_ancestors(&sweep, &files)?;
        let index = self.index();
        let reader = index.reader().map_err(|error| self.index_error(error))?;
        let history = self.open_history(&reader, &sweep, &files, view)?;
        answer(&history)
    }

    /// Finds the rollouts of a thread: by name in the home, else by header in the index.
    pub(super) fn files_of(&self, thread_id: ThreadId, view: View) -> StoreResult<Vec<RolloutFile>> {
        let not_found = || StoreError::ThreadNotFound { thread_id };
        for freshness in [Freshness::Recent, Freshness::Now] {
            let sweep = self.sweep(freshness);
            let mut files: Vec<RolloutFile> = sweep.named(thread_id.0).into_iter().cloned().collect();
            if files.is_empty() {
                self.bring_up_to_date_if_there_is_room()?;
                let index = self.index();
                let reader = index.reader().map_err(|error| self.index_error(error))?;
                let rows = reader
                    .rollouts_of(&thread_id.to_string())
                    .map_err(|error| self.index_error(error))?;
                let ids = rows.iter().filter_map(|row| row.rollout_id.parse().ok());
                files.extend(ids.filter_map(|id: Uuid| sweep.rollout(id)).cloned());
            }
            if view == View::Codex && files.iter().any(|file| file.name.is_some()) {
                files.retain(|file| file.name.is_some());
            }
            if !files.is_empty() {
                return Ok(files);
            }
        }
        Err(not_found())
    }

    /// Catches up the rollouts that `files` inherit from, as far as they are known before anything is opened.
    fn catch_up_ancestors(&self, sweep: &Sweep, files: &[RolloutFile]) -> StoreResult<()> {
        for file in files {
            let mut id = super::catch_up::rollout_uuid(file);
            for _ in 0..codex_rollout::lineage::MAX_LINEAGE_SEGMENTS {
                let Some(base) = self.base_of(sweep, id)? else { break };
                if let Some(file) = sweep.rollout(base) {
                    self.catch_up_bulk(file)?;
                }
                id = base;
            }
        }
        Ok(())
    }

    fn base_of(&self, sweep: &Sweep, rollout_id: Uuid) -> StoreResult<Option<Uuid>> {
        let index = self.index();
        let reader = index.reader().map_err(|error| self.index_error(error))?;
        if let Some(row) = reader
            .rollout(&rollout_id.to_string())
            .map_err(|error| self.index_error(error))?
        {
            return Ok(row.base.and_then(|(id, _, _)| id.parse().ok()));
        }
        let Some(file) = sweep.rollout(rollout_id) else {
            return Ok(None);
        };
        let source = self.source(file)?;
        match read_head(&source) {
            Ok(Head::Envelope { meta, .. }) => Ok(meta.history_base.map(|base| base.thread_id.0)),
            Err(error @ HeadError::Read(_)) => Err(head_error(&source, error)),
            Ok(Head::Bare(_)) | Err(_) => Ok(None),
        }
    }

    /// Opens the current revision among `files` and everything that it inherits.
    fn open_history<'r>(
        &'r self,
        reader: &'r Reader<'_>,
        sweep: &Sweep,
        files: &[RolloutFile],
        view: View,
    ) -> StoreResult<History<'r>> {
        let current = self.open_current(reader, files)?;
        let thread_id = current.thread_id.parse().map_err(|_| StoreError::Header {
            path: current.file.path.clone(),
            source: format!("thread id {:?} is not a UUID", current.thread_id).into(),
        })?;
        let mut opened: Vec<OpenRollout<'r>> = Vec::new();
        let mut head = segment_info(&current);
        if view == View::Codex && current.meta.header.attached_to.is_some() {
            // Codex shows of an attached fork only what it adds; its ordinals continue all the same.
            head.history_base = None;
        }
        let (mut deep_read, mut is_deep) = (None, false);
        let mut index_failure = None;
        let segments = resolve(&head, &mut |rollout_id: RolloutId| {
            let Some(file) = sweep.rollout(rollout_id.0) else {
                return Ok(None);
            };
            // With the current one, as many are open as any call may open.
            if opened.len() + 1 >= SHALLOW_ROLLOUTS && !std::mem::replace(&mut is_deep, true) {
                deep_read = self.open_files.deep_read(&self.budget);
            }
            let rollout = match self.open_rollout(reader, file) {
                Err(error @ StoreError::Index { .. }) => {
                    // Nothing is wrong with the lineage: the caller rebuilds the index and asks again.
                    index_failure = Some(error);
                    return Err("the index cannot be used".into());
                }
                outcome => outcome?,
            };
            let info = segment_info(&rollout);
            opened.push(rollout);
            Ok(Some(info))
        });
        if let Some(error) = index_failure {
            return Err(error);
        }
        let segments = segments.map_err(|error| StoreError::Lineage {
            thread_id,
            source: Box::new(error),
        })?;
        opened.reverse();
        opened.push(current);
        let mut base_offset = 0;
        let segments = segments
            .into_iter()
            .zip(opened)
            .map(|(segment, rollout)| {
                let set = rollout.row_set(view);
                let own_base = base_offset;
                base_offset += segment.end.map_or(0, |cut| cut.byte_offset);
                let cut = segment.end.map(|cut| line_cut(&rollout.source, cut.byte_offset));
                Ok(Segment {
                    rollout,
                    base_offset: own_base,
                    start_ordinal: segment.start_ordinal,
                    cut: cut.transpose()?,
                    set,
                })
            })
            .collect::<StoreResult<_>>()?;
        let mut history = History {
            thread_id,
            segments,
            view,
            has_writer: false,
            reader,
            _deep_read: deep_read,
        };
        let shown = history.current().row_set(View::Full);
        history.has_writer = newest_open_turn(history.current(), shown)?.is_some() && self.has_writer(thread_id, view);
        Ok(history)
    }

    /// Opens the revision that is current; the others are only looked at for their headers.
    fn open_current<'r>(&self, reader: &'r Reader<'_>, files: &[RolloutFile]) -> StoreResult<OpenRollout<'r>> {
        if let [file] = files {
            return self.open_rollout(reader, file);
        }
        let named_thread = files.iter().find_map(|file| file.name.as_ref());
        let named = named_thread.map(|name| self.named_revisions(name.thread_id));
        let named = named.transpose()?.unwrap_or_default();
        let (mut keys, mut places) = (Vec::new(), Vec::new());
        let mut newest: Option<(usize, OpenRollout<'r>)> = None;
        let mut failure = None;
        for file in files {
            match self.open_rollout(reader, file) {
                Ok(open) => {
                    keys.push(revision_key(&open));
                    places.push(file);
                    // The best of those so far stays open: mostly it is the one.
                    if current_of(&keys, &named) == Some(keys.len() - 1) {
                        newest = Some((keys.len() - 1, open));
                    }
                }
                // A file that is no rollout is no revision; one that cannot be read now may be the current one.
                Err(error @ StoreError::Header { .. }) => failure = Some(error),
                Err(error) => return Err(error),
            }
        }
        match (current_of(&keys, &named), newest, failure) {
            (Some(at), Some((open_at, open)), _) if at == open_at => Ok(open),
            (Some(at), _, _) => self.open_rollout(reader, places[at]),
            (None, _, Some(error)) => Err(error),
            (None, _, None) => Err(StoreError::TaskStopped),
        }
    }
}

fn revision_key(open: &OpenRollout<'_>) -> RevisionKey {
    RevisionKey {
        live: open.file.location == codex_rollout::discover::Location::Active,
        created_at_ms: open.meta.header.created_at_ms,
        rollout_id: open.rollout_id.to_string(),
        path: open.file.relative.clone(),
    }
}

fn segment_info(open: &OpenRollout<'_>) -> SegmentInfo {
    let thread_id = open.thread_id.parse().unwrap_or(ThreadId(open.rollout_id));
    let base = open.base.as_ref().and_then(|(id, ordinal, offset)| {
        Some(HistoryBase {
            thread_id: id.parse().ok()?,
            end_ordinal_exclusive: *ordinal,
            end_byte_offset: *offset,
        })
    });
    SegmentInfo {
        rollout_id: RolloutId(open.rollout_id),
        named_thread_id: open.file.name.as_ref().map(|name| name.thread_id),
        thread_id,
        history_mode: open.history_mode(),
        history_base: base,
        subagent_start_ordinal: open.checkpoint.subagent_start_ordinal,
        plain_len: open.plain_len,
    }
}
