//! The whole visible history of a thread as plain lists: turns, items, timeline entries.
//!
//! An inherited segment is a fold of the prefix that was inherited, so nothing beyond a cut can show through.

use codex_protocol::ids::{RolloutId, ThreadId};
use codex_protocol::item::{TurnError, TurnStatus};
use codex_protocol::log::HistoryMode;
use codex_rollout::lineage::resolve;
use codex_state::fold::{FoldContext, TurnFacts, fold_item, fold_turn, turn_error};
use codex_state::rows::{ItemRow, RowKey, RowSet, TurnRow, TurnState, turn_link_of_id};

use super::home::{Home, MemoryRollout};
use super::rollout::Rollout;
use crate::error::{StoreError, StoreResult};
use crate::types::{ItemEntry, ItemsView, Position, TimelineEntry, TimelineEntryKind, TurnRecord, View};

/// One rollout's share of a history.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) rollout: Rollout,
    pub(super) start_ordinal: u64,
    /// Lineage offset of the rollout's first byte.
    pub(super) base_offset: u64,
    set: RowSet,
}

/// A turn and where it is.
#[derive(Debug, Clone)]
pub(super) struct Turn {
    pub(super) at: usize,
    pub(super) row: TurnRow,
    pub(super) position: Position,
}

/// An item and where it is.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub(super) at: usize,
    pub(super) row: ItemRow,
    pub(super) entry: ItemEntry,
}

/// A visible history.
#[derive(Debug)]
pub(super) struct History {
    pub(super) thread_id: ThreadId,
    pub(super) view: View,
    pub(super) segments: Vec<Segment>,
    items: Vec<Item>,
    has_writer: bool,
}

impl History {
    /// Opens the history of a thread.
    pub(super) fn open(home: &Home, thread_id: ThreadId, view: View) -> StoreResult<Self> {
        let current = current_rollout(home, thread_id, view)?;
        let thread_id = current.thread_id.parse().unwrap_or(thread_id);
        let mut head = current.segment_info();
        if view == View::Codex && current.meta.header.attached_to.is_some() {
            // Codex shows of an attached fork only what it adds.
            head.history_base = None;
        }
        let parts = resolve(&head, &mut |rollout_id: RolloutId| {
            let Some(file) = home.rollout(rollout_id.0) else {
                return Ok(None);
            };
            Ok(Some(Rollout::fold(file)?.segment_info()))
        })
        .map_err(|error| StoreError::Lineage {
            thread_id,
            source: Box::new(error),
        })?;
        let mut inherited = Vec::new();
        for part in &parts {
            if let (Some(cut), Some(file)) = (part.end, home.rollout(part.rollout_id.0)) {
                inherited.push((file, cut.byte_offset, part.start_ordinal));
            }
        }
        let start_ordinal = parts.last().map_or(0, |part| part.start_ordinal);
        let mut history = Self::assemble((thread_id, view), &inherited, (current, start_ordinal))?;
        history.has_writer = home.has_writer(thread_id);
        Ok(history)
    }

    /// Opens what there is of a history, even if it cannot be put together by the rules: what a search looks through.
    pub(super) fn open_for_search(home: &Home, thread_id: ThreadId, view: View) -> StoreResult<Self> {
        let current = current_rollout(home, thread_id, view)?;
        let mut inherited = Vec::new();
        let mut seen = vec![current.rollout_id];
        let mut base = current.base;
        while let Some((file, cut)) =
            base.and_then(|base| Some((home.rollout(base.thread_id.0)?, base.end_byte_offset)))
        {
            let Ok(rollout) = Rollout::fold(file) else { break };
            // A lineage leads through paginated rollouts only.
            if seen.contains(&rollout.rollout_id) || rollout.mode() != HistoryMode::Paginated {
                break;
            }
            seen.push(rollout.rollout_id);
            inherited.insert(0, (file, cut, 0));
            base = rollout.base;
        }
        Self::assemble((thread_id, view), &inherited, (current, 0))
    }

    fn assemble(
        (thread_id, view): (ThreadId, View),
        inherited: &[(&MemoryRollout, u64, u64)],
        (current, start_ordinal): (Rollout, u64),
    ) -> StoreResult<Self> {
        let mut segments = Vec::new();
        let mut base_offset = 0;
        for (file, cut, start_ordinal) in inherited {
            let rollout = Rollout::fold_until(file, Some(*cut))?;
            let set = rollout.row_set(view);
            segments.push(Segment {
                rollout,
                start_ordinal: *start_ordinal,
                base_offset,
                set,
            });
            base_offset += cut;
        }
        let set = current.row_set(view);
        segments.push(Segment {
            rollout: current,
            start_ordinal,
            base_offset,
            set,
        });
        let mut history = Self {
            thread_id,
            view,
            segments,
            items: Vec::new(),
            has_writer: false,
        };
        history.items = history.fold_items()?;
        Ok(history)
    }

    pub(super) fn current(&self) -> &Rollout {
        &self.segments.last().expect("a history has its own rollout").rollout
    }

    pub(super) fn mode(&self) -> HistoryMode {
        self.current().mode()
    }

    fn position(&self, at: usize, offset: u64, ordinal: u64) -> Position {
        let segment = &self.segments[at];
        let ambiguous = segment.rollout.checkpoint.ordinals_ambiguous;
        Position {
            ordinal,
            offset: Some(segment.base_offset + offset),
            unambiguous: segment.rollout.mode() == HistoryMode::Paginated && !ambiguous,
        }
    }

    /// Returns all turn rows, oldest first, those that newer segments override included.
    pub(super) fn all_turns(&self) -> Vec<Turn> {
        let mut turns = Vec::new();
        for (at, segment) in self.segments.iter().enumerate() {
            let rows = segment.rollout.rows.turns.values();
            for row in rows.filter(|row| row.sets.contains(segment.set) && row.removed_at.is_none()) {
                let position = self.position(at, row.key.offset(), row.ordinal);
                turns.push(Turn {
                    at,
                    row: row.clone(),
                    position,
                });
            }
        }
        turns
    }

    /// Returns the turns as they are listed: of several with one id in different segments the newest (8.4).
    pub(super) fn turns(&self) -> Vec<Turn> {
        let all = self.all_turns();
        let overridden = |turn: &Turn| {
            let newer = |other: &Turn| other.at > turn.at && other.row.turn_id == turn.row.turn_id;
            self.mode() == HistoryMode::Paginated && all.iter().any(newer)
        };
        all.iter().filter(|turn| !overridden(turn)).cloned().collect()
    }

    /// Returns the newest turn that records of the current rollout began, whatever is shown of it.
    pub(super) fn newest_recorded_turn(&self) -> Option<&TurnRow> {
        let mut turns = self.current().rows.turns.values();
        turns.rfind(|turn| turn.sets.contains(RowSet::Full) && turn.removed_at.is_none())
    }

    fn is_newest(&self, turn: &Turn) -> bool {
        let newest = self.all_turns().pop();
        newest.is_some_and(|newest| {
            (newest.at, newest.row.key) == (turn.at, turn.row.key) && turn.at + 1 == self.segments.len()
        })
    }

    /// Returns all items, oldest first.
    pub(super) fn items(&self) -> &[Item] {
        &self.items
    }

    fn fold_items(&self) -> StoreResult<Vec<Item>> {
        let mut items = Vec::new();
        for (at, segment) in self.segments.iter().enumerate() {
            let rows = segment.rollout.rows.items.values();
            for row in rows.filter(|row| row.sets.contains(segment.set) && row.removed_at.is_none()) {
                let entry = self.entry(at, row)?;
                items.push(Item {
                    at,
                    row: row.clone(),
                    entry,
                });
            }
        }
        Ok(items)
    }

    fn entry(&self, at: usize, row: &ItemRow) -> StoreResult<ItemEntry> {
        let Segment { rollout, set, .. } = &self.segments[at];
        let cwd = rollout.meta.cwd.as_deref().or(rollout.meta.raw_cwd.as_deref());
        let context = FoldContext {
            rollout_id: rollout.rollout_id,
            set: *set,
            cwd: cwd.unwrap_or_default(),
            thread_id: &rollout.thread_id,
        };
        let folded = fold_item(row, context, &rollout.lines(&row.spans)).map_err(|error| rollout.failed(error))?;
        let turn = rollout.rows.turns.values().find(|turn| turn.link == row.turn_link);
        let turn_id = folded.turn_id.or_else(|| turn.map(|turn| self.shown_turn_id(turn)));
        let position = self.position(at, row.key.offset(), row.ordinal);
        Ok(ItemEntry {
            turn_id: turn_id.unwrap_or_default(),
            position,
            item: folded.item,
        })
    }

    /// Returns the items of the turn that an id names in each segment.
    pub(super) fn items_of(&self, turn_id: &str) -> Vec<Item> {
        let link = self.find_turn(turn_id).map(|turn| turn.row.link);
        let belongs = |item: &&Item| match self.mode() {
            HistoryMode::Paginated => item.entry.turn_id == turn_id,
            HistoryMode::Legacy => Some(item.row.turn_link) == link,
        };
        self.items.iter().filter(belongs).cloned().collect()
    }

    /// Finds a turn by its id, newest first, or by Codex's number of it.
    pub(super) fn find_turn(&self, turn_id: &str) -> Option<Turn> {
        let turns = self.all_turns();
        let named = turns.iter().rfind(|turn| turn.row.turn_id == turn_id);
        let alias = || {
            turns
                .iter()
                .find(|turn| turn.row.alias.map(|n| format!("rollout-{n}")).as_deref() == Some(turn_id))
        };
        named.or_else(alias).cloned()
    }

    fn shown_turn_id(&self, row: &TurnRow) -> String {
        match row.alias {
            Some(number) if self.view == View::Codex => format!("rollout-{number}"),
            _ => row.turn_id.clone(),
        }
    }

    /// Makes the record of a turn with the items that a view asks for.
    pub(super) fn record(&self, turn: &Turn, items_view: ItemsView) -> StoreResult<TurnRecord> {
        let rollout = &self.segments[turn.at].rollout;
        let facts = self.facts(turn).map_err(|error| rollout.failed(error))?;
        let status = match facts.state {
            TurnState::Completed => TurnStatus::Completed,
            TurnState::InProgress if self.has_writer && self.is_newest(turn) => TurnStatus::InProgress,
            TurnState::Interrupted | TurnState::InProgress => TurnStatus::Interrupted,
            TurnState::Failed => TurnStatus::Failed,
        };
        let items = match items_view {
            ItemsView::NotLoaded => Vec::new(),
            ItemsView::Summary => self.summary(turn),
            ItemsView::Full if self.mode() == HistoryMode::Paginated => self.items_of(&turn.row.turn_id),
            ItemsView::Full => {
                let own = self.items.iter().filter(|item| item.row.turn_link == turn.row.link);
                own.cloned().collect()
            }
        };
        Ok(TurnRecord {
            turn_id: self.shown_turn_id(&turn.row),
            root_turn_id: facts.root_turn_id,
            position: turn.position,
            status,
            error: facts.error,
            started_at: facts.started_at,
            completed_at: facts.completed_at,
            duration_ms: facts.duration_ms,
            items: items.into_iter().map(|item| item.entry.item).collect(),
            items_view,
        })
    }

    fn facts(&self, turn: &Turn) -> codex_state::StateResult<TurnFacts> {
        let Segment { rollout, set, .. } = &self.segments[turn.at];
        let row = &turn.row;
        if rollout.mode() == HistoryMode::Paginated {
            return fold_turn(&rollout.lines(&row.records));
        }
        let error_event = row.error_event.filter(|_| *set == RowSet::Full);
        let state = if error_event.is_some() {
            TurnState::Failed
        } else {
            row.state
        };
        // The file's own time stands for the end of the last turn of a file that records none (12).
        let is_last = || self.all_turns().iter().all(|other| other.row.key <= row.key);
        let file_time = || Some(rollout.file.mtime_ms.div_euclid(1_000)).filter(|_| *set == RowSet::Raw && is_last());
        let told: Option<TurnError> = match error_event {
            Some(span) => turn_error(&rollout.lines(&[span]))?,
            None if state == TurnState::Failed => turn_error(&rollout.lines(&row.records))?,
            None => None,
        };
        Ok(TurnFacts {
            state,
            started_at: row.started_at,
            completed_at: row.completed_at.or_else(file_time),
            duration_ms: row.duration_ms,
            root_turn_id: row.root_turn_id.clone(),
            error: told,
        })
    }

    /// The first user message and the final agent message; a fork boundary borrows them (8.4).
    fn summary(&self, turn: &Turn) -> Vec<Item> {
        let mut source = turn.clone();
        let empty = turn.row.first_user.is_none() && turn.row.final_agent.is_none();
        if self.mode() == HistoryMode::Paginated && empty && turn.row.state == TurnState::Interrupted {
            let turns = self.all_turns();
            let earliest = turns.iter().find(|other| other.row.turn_id == turn.row.turn_id);
            source = earliest.cloned().unwrap_or(source);
        }
        let named = [source.row.first_user, source.row.final_agent];
        let items = self
            .items
            .iter()
            .filter(|item| item.at == source.at && named.contains(&Some(item.row.key)));
        items.cloned().collect()
    }

    /// Returns the final agent message of the turn that an item belongs to in its own segment, with that turn's place.
    pub(super) fn turn_of(&self, item: &Item) -> Option<(Position, Option<RowKey>)> {
        let own = self.own_turn(item)?;
        Some((own.position, own.row.final_agent))
    }

    /// Returns the turn that an item belongs to in its own segment.
    pub(super) fn own_turn(&self, item: &Item) -> Option<Turn> {
        let turns = self.all_turns();
        turns.into_iter().rfind(|turn| {
            let link = match self.mode() {
                HistoryMode::Paginated => turn_link_of_id(&turn.row.turn_id),
                HistoryMode::Legacy => turn.row.link,
            };
            turn.at == item.at && link == item.row.turn_link
        })
    }

    /// Returns the whole timeline, oldest first: `(segment, position, kind, entry)`.
    pub(super) fn timeline(&self) -> StoreResult<Vec<TimelineRow>> {
        let mut rows = Vec::new();
        for turn in self.all_turns() {
            let record = self.record(&turn, ItemsView::NotLoaded)?;
            let end = turn.row.end;
            let entry = TimelineEntry::TurnStarted {
                position: turn.position,
                turn_id: record.turn_id.clone(),
                started_at: record.started_at,
            };
            let kind = TimelineEntryKind::TurnStarted;
            rows.push(TimelineRow {
                at: turn.at,
                position: turn.position,
                kind,
                entry,
            });
            if let Some(end) = end {
                let position = self.position(turn.at, end.span.offset, end.ordinal);
                let entry = TimelineEntry::TurnCompleted { position, turn: record };
                rows.push(TimelineRow {
                    at: turn.at,
                    position,
                    kind: TimelineEntryKind::TurnCompleted,
                    entry,
                });
            }
        }
        for item in &self.items {
            let entry = TimelineEntry::Item(item.entry.clone());
            rows.push(TimelineRow {
                at: item.at,
                position: item.entry.position,
                kind: TimelineEntryKind::Item,
                entry,
            });
        }
        rows.sort_by_key(|row| (row.position.offset, row.kind));
        Ok(rows)
    }
}

/// An entry of a timeline with what it is sorted by.
#[derive(Debug, Clone)]
pub(super) struct TimelineRow {
    pub(super) at: usize,
    pub(super) position: Position,
    pub(super) kind: TimelineEntryKind,
    pub(super) entry: TimelineEntry,
}

/// Finds the files of a thread: by name, else by header.
pub(super) fn files_of(home: &Home, thread_id: ThreadId, view: View) -> StoreResult<Vec<&MemoryRollout>> {
    let mut files = home.named(thread_id);
    if files.is_empty() {
        let text = thread_id.to_string();
        let headed = |file: &&MemoryRollout| Rollout::fold(file).is_ok_and(|rollout| rollout.thread_id == text);
        files = home.rollouts().into_iter().filter(headed).collect();
    }
    if view == View::Codex && files.iter().any(|file| file.name().is_some()) {
        files.retain(|file| file.name().is_some());
    }
    if files.is_empty() {
        Err(StoreError::ThreadNotFound { thread_id })
    } else {
        Ok(files)
    }
}

fn current_rollout(home: &Home, thread_id: ThreadId, view: View) -> StoreResult<Rollout> {
    let mut rollouts = Vec::new();
    let mut failure = StoreError::ThreadNotFound { thread_id };
    for file in files_of(home, thread_id, view)? {
        match Rollout::fold(file) {
            Ok(rollout) => rollouts.push(rollout),
            Err(error) => failure = error,
        }
    }
    let newest = rollouts.into_iter().max_by_key(|rollout| {
        (
            !rollout.file.archived,
            rollout.meta.header.created_at_ms,
            rollout.file.relative_path(),
        )
    });
    newest.ok_or(failure)
}
