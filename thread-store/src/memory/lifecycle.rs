//! Forks, reverts, archive and deletion in memory: what the local store does with files, as plainly as can be.
//!
//! A call changes a copy of the home that replaces the old one at the end, so nothing is ever half done.

use async_trait::async_trait;
use codex_protocol::ids::{RolloutId, ThreadId};
use codex_protocol::log::{HistoryBase, HistoryMode, LineHead, RolloutItem, RolloutLine, SessionMeta};
use codex_rollout::head::{Head, head_of_bytes};
use codex_state::rows::{RowSet, TurnState};
use uuid::Uuid;

use super::history::{History, Turn, files_of};
use super::home::{Home, MemoryRollout};
use super::list::Shelf;
use super::rollout::Rollout;
use super::store::{MemoryStore, read};
use super::trash::Taken;
use super::writes::{file_name, record_error, time_of};
use crate::error::{StoreError, StoreResult};
use crate::lifecycle::{ForkAttachment, ForkCut, ForkRequest, InheritedHistory, ThreadLifecycle};
use crate::organise::daybreak_fact;
use crate::successor::{
    CutTurn, LatestSettings, NewLine, TurnWatch, fork_meta, interruption, parents_first, revision_meta,
    revision_time_ms, rollback,
};
use crate::types::{ThreadReadQuery, ThreadRecord, View};

/// Segment, first ordinal and first byte that are cut off.
type Place = (usize, u64, u64);

impl MemoryStore {
    /// Changes a copy of the home, which counts if nothing went wrong.
    pub(super) fn attempt<T>(&self, change: impl FnOnce(&mut Home) -> StoreResult<T>) -> StoreResult<T> {
        self.change(|home| {
            let mut changed = home.clone();
            let value = change(&mut changed)?;
            *home = changed;
            Ok(value)
        })
    }
}

fn record(home: &Home, thread_id: ThreadId) -> StoreResult<ThreadRecord> {
    let (view, turns) = (View::Full, None);
    read(home, ThreadReadQuery { thread_id, view, turns })
}

#[async_trait]
impl ThreadLifecycle for MemoryStore {
    async fn fork_thread(&self, request: ForkRequest) -> StoreResult<ThreadRecord> {
        let (now_ms, id) = (self.clock.now_ms(), self.ids.uuid_v7());
        self.attempt(|home| {
            home.fork(&request, now_ms, id)?;
            record(home, request.new_thread_id)
        })
    }

    async fn inherited_history(&self, source: ThreadId, cut: ForkCut) -> StoreResult<InheritedHistory> {
        self.attempt(|home| home.inherited_history(source, &cut))
    }

    async fn revert_thread(&self, thread_id: ThreadId, before_turn_id: &str) -> StoreResult<ThreadRecord> {
        let (now_ms, id) = (self.clock.now_ms(), self.ids.uuid_v7());
        self.attempt(|home| {
            home.revert(thread_id, before_turn_id, now_ms, RolloutId(id))?;
            record(home, thread_id)
        })
    }

    async fn archive_thread(&self, thread_id: ThreadId) -> StoreResult<Vec<ThreadId>> {
        let now_ms = self.clock.now_ms();
        self.attempt(|home| home.archive(thread_id, now_ms))
    }

    async fn unarchive_thread(&self, thread_id: ThreadId) -> StoreResult<Vec<ThreadId>> {
        let now_ms = self.clock.now_ms();
        self.attempt(|home| home.unarchive(thread_id, now_ms))
    }

    async fn delete_thread(&self, thread_id: ThreadId) -> StoreResult<Vec<ThreadId>> {
        self.attempt(|home| home.delete(thread_id).map(|(group, _)| group))
    }
}

impl Home {
    fn fork(&mut self, request: &ForkRequest, now_ms: i64, id: Uuid) -> StoreResult<()> {
        self.refuse_second_writer(request.new_thread_id)?;
        if !self.named(request.new_thread_id).is_empty() {
            let thread_id = request.new_thread_id;
            return Err(StoreError::ThreadExists { thread_id });
        }
        self.settle_open(request.source, now_ms)?;
        let history = History::open(self, request.source, View::Full)?;
        let source = header(&history, "fork")?;
        let mode = history.mode();
        let current = history.current();
        let settings = LatestSettings {
            cwd: current.meta.cwd.clone(),
            model_provider: current.meta.model_provider.clone(),
        };
        let (base, cut_turn, copied) = match mode {
            HistoryMode::Paginated => {
                let place = place_of(&history, &request.cut)?;
                let base = place.map(|place| base_at(&history, place));
                (base, place.and_then(|place| cut_turn(&history, place)), Vec::new())
            }
            HistoryMode::Legacy if request.attachment == ForkAttachment::Attached => {
                return Err(unsupported("attached fork", request.source));
            }
            HistoryMode::Legacy => {
                let (copied, open) = copied_lines(current, copy_end(&history, &request.cut)?);
                (None, open, copied)
            }
        };
        let meta =
            fork_meta(&source, settings, request, base, now_ms).map_err(|error| record_error(request.source, error))?;
        let lines = cut_turn.map(|turn| interruption(&turn, mode, &id.to_string()));
        let lines: Vec<NewLine> = lines.into_iter().flatten().collect();
        let rollout_id = request.new_thread_id.into();
        self.insert(new_rollout(meta, rollout_id, &copied, &lines, now_ms)?);
        if let Some(name) = self.name_of(request.source) {
            self.set_name(request.new_thread_id, &name);
        }
        if let Some(choice) = self.organised.daybreak_of(request.source) {
            self.organised
                .learn(&daybreak_fact(request.new_thread_id, choice, now_ms));
        }
        Ok(())
    }

    fn revert(&mut self, thread_id: ThreadId, turn_id: &str, now_ms: i64, id: RolloutId) -> StoreResult<()> {
        self.settle_open(thread_id, now_ms)?;
        let history = History::open(self, thread_id, View::Full)?;
        let current = history.current();
        if current.file.archived {
            return Err(StoreError::Archived { thread_id });
        }
        let meta = header(&history, "revert")?;
        if history.mode() == HistoryMode::Legacy {
            let turn = found(&history, turn_id)?;
            if !turn.row.sets.contains(RowSet::Codex) {
                return Err(unsupported("revert to a turn that replay does not count", thread_id));
            }
            let later =
                current.rows.turns.values().filter(|row| {
                    row.removed_at.is_none() && row.sets.contains(RowSet::Codex) && row.key >= turn.row.key
                });
            let line = rollback(u32::try_from(later.count()).unwrap_or(u32::MAX));
            let mut bytes = Vec::new();
            if !current.file.bytes.ends_with(b"\n") {
                bytes.push(b'\n');
            }
            write_line(&mut bytes, &line, &time_of(thread_id, now_ms)?, None);
            let file_name = current.file.file_name.clone();
            self.append(&file_name, &bytes, now_ms);
            return Ok(());
        }
        let place = place_of(&history, &ForkCut::BeforeTurn(turn_id.to_owned()))?;
        let base = place.map(|place| base_at(&history, place));
        let others = files_of(self, thread_id, View::Full)?
            .into_iter()
            .filter_map(created_ms);
        let revised_ms = revision_time_ms(now_ms, others);
        let meta = revision_meta(&meta, base, revised_ms).map_err(|error| record_error(thread_id, error))?;
        self.insert(MemoryRollout {
            mtime_ms: now_ms,
            ..new_rollout(meta, id, &[], &[], revised_ms)?
        });
        self.reopen(thread_id)
    }

    fn archive(&mut self, thread_id: ThreadId, now_ms: i64) -> StoreResult<Vec<ThreadId>> {
        self.settle_open(thread_id, now_ms)?;
        if History::open(self, thread_id, View::Full)?.current().file.archived {
            return Err(StoreError::ThreadNotFound { thread_id });
        }
        let mut group = self.spawned(thread_id, &|record| !record.archived)?;
        for id in &group {
            self.move_files(*id, true)?;
            self.close_any(*id);
        }
        group[1..].reverse();
        Ok(group)
    }

    fn unarchive(&mut self, thread_id: ThreadId, now_ms: i64) -> StoreResult<Vec<ThreadId>> {
        if !History::open(self, thread_id, View::Full)?.current().file.archived {
            return Err(StoreError::NotArchived { thread_id });
        }
        let group = self.spawned(thread_id, &|record| record.archived)?;
        for id in &group {
            self.move_files(*id, false)?;
            let mut current = History::open(self, *id, View::Full)?.current().file.clone();
            current.mtime_ms = now_ms;
            self.insert(current);
        }
        Ok(group)
    }

    /// Deletes a thread and those that it spawned; returns them, descendants first, with what was taken of them.
    pub(super) fn delete(&mut self, thread_id: ThreadId) -> StoreResult<(Vec<ThreadId>, Option<Taken>)> {
        if self.has_writer(thread_id) && files_of(self, thread_id, View::Full).is_err() {
            self.close_any(thread_id);
            return Ok((vec![thread_id], None));
        }
        files_of(self, thread_id, View::Full)?;
        let mut group = self.spawned(thread_id, &|_| true)?;
        for listed in Shelf::new(self).threads(self)? {
            let other = listed.record;
            if other.attached_to == Some(thread_id) && !group.contains(&other.thread_id) {
                let attached = other.thread_id;
                return Err(StoreError::HasAttachedThread { thread_id, attached });
            }
        }
        let mut owned = Vec::new();
        for id in &group {
            let files = files_of(self, *id, View::Full)?;
            owned.extend(files.into_iter().map(MemoryRollout::rollout_id));
        }
        for rollout in self.rollouts().into_iter().filter_map(|file| Rollout::fold(file).ok()) {
            let needs = rollout.base.is_some_and(|base| owned.contains(&base.thread_id.0));
            if let Some(fork) = rollout.thread_id.parse().ok().filter(|id| needs && !group.contains(id)) {
                return Err(StoreError::HasForks { thread_id, fork });
            }
        }
        let taken = self.take(thread_id, &group, &owned);
        for id in &group {
            self.close_any(*id);
        }
        group.reverse();
        Ok((group, Some(taken)))
    }

    /// Records a thread that is open without records.
    fn settle_open(&mut self, thread_id: ThreadId, now_ms: i64) -> StoreResult<()> {
        match self.has_writer(thread_id) {
            true => self.persist_thread(thread_id, now_ms),
            false => Ok(()),
        }
    }

    /// Returns a thread and those that it spawned, parents first.
    fn spawned(&self, thread_id: ThreadId, wanted: &dyn Fn(&ThreadRecord) -> bool) -> StoreResult<Vec<ThreadId>> {
        let mut records: Vec<ThreadRecord> = Shelf::new(self)
            .threads(self)?
            .into_iter()
            .map(|listed| listed.record)
            .collect();
        records.sort_by_key(|record| (record.created_at_ms, record.thread_id.to_string()));
        let edges: Vec<_> = records.iter().map(|record| (record.thread_id, record.parent)).collect();
        let mut group = parents_first(thread_id, &edges);
        group.retain(|id| {
            let record = records.iter().find(|record| record.thread_id == *id);
            *id == thread_id || record.is_some_and(wanted)
        });
        Ok(group)
    }

    fn move_files(&mut self, thread_id: ThreadId, archived: bool) -> StoreResult<()> {
        let files: Vec<MemoryRollout> = files_of(self, thread_id, View::Full)?.into_iter().cloned().collect();
        for file in files {
            self.files.remove(&file.relative_path());
            self.insert(MemoryRollout { archived, ..file });
        }
        Ok(())
    }
}

fn unsupported(operation: &'static str, thread_id: ThreadId) -> StoreError {
    StoreError::Unsupported { operation, thread_id }
}

pub(super) fn header(history: &History, operation: &'static str) -> StoreResult<SessionMeta> {
    let file = &history.current().file;
    let path = file.relative_path();
    match head_of_bytes(path.as_ref(), &file.bytes) {
        Ok(Head::Envelope { meta, .. }) => Ok(*meta),
        Ok(Head::Bare(_)) => Err(unsupported(operation, history.thread_id)),
        Err(error) => Err(StoreError::Header {
            path: path.into(),
            source: Box::new(error),
        }),
    }
}

fn created_ms(file: &MemoryRollout) -> Option<i64> {
    let Ok(Head::Envelope { meta, .. }) = head_of_bytes(file.file_name.as_ref(), &file.bytes) else {
        return None;
    };
    let time: jiff::Timestamp = meta.timestamp.parse().ok()?;
    Some(time.as_millisecond())
}

fn not_found(history: &History, turn_id: &str) -> StoreError {
    StoreError::TurnNotFound {
        thread_id: history.thread_id,
        turn_id: turn_id.to_owned(),
    }
}

/// Finds a turn, newest segment first.
fn found(history: &History, turn_id: &str) -> StoreResult<Turn> {
    history.find_turn(turn_id).ok_or_else(|| not_found(history, turn_id))
}

pub(super) fn place_of(history: &History, cut: &ForkCut) -> StoreResult<Option<Place>> {
    let mut place = match cut {
        ForkCut::Whole => whole(history)?,
        ForkCut::LastTurn(turn_id) => behind(history, turn_id)?,
        ForkCut::BeforeTurn(turn_id) => {
            let turns = history.all_turns();
            let turn = turns.iter().find(|turn| turn.row.turn_id == *turn_id);
            let turn = turn.ok_or_else(|| not_found(history, turn_id))?;
            let offset = turn.row.key.offset();
            if turn.row.end.is_some_and(|end| end.span.offset == offset) {
                return Err(StoreError::NoTurnStart {
                    thread_id: history.thread_id,
                    turn_id: turn_id.clone(),
                });
            }
            (turn.at, turn.row.ordinal, offset)
        }
    };
    // A segment that gives its header only gives nothing.
    while place.1 <= history.segments[place.0].start_ordinal {
        let Some(base) = history.segments[place.0].rollout.base else {
            return Ok(None);
        };
        place = (place.0 - 1, base.end_ordinal_exclusive, base.end_byte_offset);
    }
    Ok(Some(place))
}

fn whole(history: &History) -> StoreResult<Place> {
    let current = history.current();
    let end = usize::try_from(current.complete_offset).unwrap_or(usize::MAX);
    let bytes = current.file.bytes.get(..end).unwrap_or_default();
    let mut ordinals = bytes
        .split(|byte| *byte == b'\n')
        .filter_map(|line| RolloutLine::decode(line).ok()?.ordinal);
    let ordinal = ordinals.next_back().ok_or_else(|| StoreError::Header {
        path: current.file.relative_path().into(),
        source: "no line has an ordinal that a history can be cut at".into(),
    })?;
    Ok((history.segments.len() - 1, ordinal + 1, current.complete_offset))
}

fn behind(history: &History, turn_id: &str) -> StoreResult<Place> {
    let turn = found(history, turn_id)?;
    let (thread_id, turn_id) = (history.thread_id, turn_id.to_owned());
    let rollout = &history.segments[turn.at].rollout;
    let Some(end) = turn.row.end else {
        let ends_later = Rollout::fold(&rollout.file)?
            .rows
            .turns
            .values()
            .any(|row| row.turn_id == turn_id && row.end.is_some());
        return Err(match ends_later {
            true => StoreError::BeyondInheritedHistory { thread_id, turn_id },
            false => StoreError::TurnInProgress { thread_id, turn_id },
        });
    };
    let behind = end.span.end();
    let newline = usize::try_from(behind).ok().and_then(|at| rollout.file.bytes.get(at));
    let offset = behind + u64::from(newline == Some(&b'\n'));
    Ok((turn.at, end.ordinal + 1, offset))
}

fn base_at(history: &History, (at, ordinal, offset): Place) -> HistoryBase {
    HistoryBase {
        thread_id: RolloutId(history.segments[at].rollout.rollout_id),
        end_ordinal_exclusive: ordinal,
        end_byte_offset: offset,
    }
}

/// Returns the turn that a history is inside of at a place: what began last has not ended, and nothing ended since.
fn cut_turn(history: &History, (at, _, offset): Place) -> Option<CutTurn> {
    let visible = |turn: &Turn| turn.at < at || (turn.at == at && turn.row.key.offset() < offset);
    let turns: Vec<Turn> = history.all_turns().into_iter().filter(visible).collect();
    let ends = turns
        .iter()
        .filter_map(|turn| Some((turn.at, turn.row.end?.span.offset)));
    let last_end = ends.filter(|end| end.0 < at || end.1 < offset).max();
    let newest = turns.last()?;
    let is_after = last_end.is_none_or(|end| end < (newest.at, newest.row.key.offset()));
    is_after.then(|| CutTurn {
        turn_id: newest.row.turn_id.clone(),
        root_turn_id: newest.row.root_turn_id.clone(),
        started_at: newest.row.started_at,
    })
}

pub(super) fn copy_end(history: &History, cut: &ForkCut) -> StoreResult<u64> {
    let current = history.current();
    let ForkCut::LastTurn(turn_id) = cut else {
        return match cut {
            ForkCut::BeforeTurn(turn_id) => Ok(found(history, turn_id)?.row.key.offset()),
            ForkCut::Whole | ForkCut::LastTurn(_) => Ok(current.complete_offset),
        };
    };
    let row = found(history, turn_id)?.row;
    if row.state == TurnState::InProgress {
        return Err(StoreError::TurnInProgress {
            thread_id: history.thread_id,
            turn_id: turn_id.clone(),
        });
    }
    let shown = |row: &&codex_state::rows::TurnRow| row.sets.contains(RowSet::Full) || row.sets.contains(RowSet::Raw);
    let starts = current.rows.turns.values().filter(shown).map(|row| row.key.offset());
    let next = starts.filter(|offset| *offset > row.key.offset()).min();
    Ok(next.unwrap_or(current.complete_offset))
}

fn copied_lines(rollout: &Rollout, end: u64) -> (Vec<u8>, Option<CutTurn>) {
    let end = usize::try_from(end).unwrap_or(usize::MAX);
    let mut watch = TurnWatch::default();
    let mut copied = Vec::new();
    for line in rollout
        .file
        .bytes
        .get(..end)
        .unwrap_or_default()
        .split(|byte| *byte == b'\n')
    {
        let Ok(head) = LineHead::parse(line) else { continue };
        if head.kind == "event_msg" {
            watch.event(head.payload);
        }
        copied.extend_from_slice(line);
        copied.push(b'\n');
    }
    (copied, watch.open())
}

fn new_rollout(
    meta: SessionMeta,
    id: RolloutId,
    copied: &[u8],
    lines: &[NewLine],
    now_ms: i64,
) -> StoreResult<MemoryRollout> {
    let time = time_of(meta.id, now_ms)?;
    let file_name = file_name(meta.id, id, now_ms)?;
    let mut ordinal = match meta.history_mode {
        HistoryMode::Legacy => None,
        HistoryMode::Paginated => Some(meta.history_base.map_or(0, |base| base.end_ordinal_exclusive)),
    };
    let mut bytes = RolloutLine::new(time.clone(), ordinal, RolloutItem::SessionMeta(Box::new(meta))).encode();
    bytes.push(b'\n');
    bytes.extend_from_slice(copied);
    for line in lines {
        ordinal = ordinal.map(|ordinal| ordinal + 1);
        write_line(&mut bytes, line, &time, ordinal);
    }
    Ok(MemoryRollout {
        file_name,
        bytes,
        mtime_ms: now_ms,
        archived: false,
    })
}

fn write_line(bytes: &mut Vec<u8>, line: &NewLine, time: &str, ordinal: Option<u64>) {
    let encoded = RolloutLine::encode_parts(time, ordinal, line.kind, &line.payload, None);
    bytes.extend(encoded);
    bytes.push(b'\n');
}
