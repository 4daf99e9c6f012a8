//! Folds legacy rollouts: flat events to turns and items (`rollout-format.md` 7).
//!
//! Two sets of rows come out of one pass: what Codex shows, and everything. Tool calls are in `calls.rs`, files
//! without user events in `raw.rs`.

use codex_protocol::item::rebuilt::user_shell_from_message;
use codex_protocol::item::{
    EventItem, ReasoningPart, TurnItem, canonical_from_event, canonical_reasoning, hook_prompt_from_message,
};
use codex_protocol::log::event::{TaskCompleteEvent, TurnAbortedEvent};
use codex_protocol::log::{EventMsg, LineHead, ResponseItem, RolloutItem, legacy_policy_keeps, payload_tag};

use super::row_store::{KeyRange, Order, RowStore};
use super::{LineAt, Projector, decode_item};
use crate::error::StateResult;
use crate::fold::class_of_item;
use crate::rows::{
    FoldKind, ItemClass, ItemRow, RowKey, RowSet, RowSets, Span, SyntheticKind, TurnEnd, TurnRow, TurnState, id_hash,
    synthetic_id, turn_link_of_key,
};

/// An item that a line creates.
pub(super) struct NewItem {
    /// Sets that show it.
    pub(super) sets: RowSets,
    /// How its lines are folded.
    pub(super) fold: FoldKind,
    /// Its message class.
    pub(super) class: ItemClass,
    /// Its recorded id; without one it gets a synthetic id and, where Codex shows it, a number.
    pub(super) natural_id: Option<String>,
}

/// Where an event that names a turn belongs.
enum Target {
    Turn(Box<TurnRow>),
    Unknown,
}

impl<S: RowStore> Projector<'_, S> {
    pub(super) fn legacy_line(&mut self, line: LineAt<'_>) -> StateResult<()> {
        let head = match LineHead::parse(line.bytes) {
            Ok(head) => head,
            Err(error) => return self.reject(line, &error),
        };
        if self.is_counted_only(&head) {
            self.checkpoint.legacy.record_index += 1;
            return Ok(());
        }
        let item = match decode_item(&head) {
            Ok(item) => item,
            Err(error) => return self.reject(line, &error),
        };
        self.checkpoint.rejected_pending = 0;
        let index = self.checkpoint.legacy.record_index;
        let kept = legacy_policy_keeps(&item);
        if kept {
            self.checkpoint.legacy.record_index += 1;
        }
        self.note_meta(line, head.timestamp.as_deref(), &item);
        match item {
            RolloutItem::EventMsg(event) => self.legacy_event(line, index, kept, &event),
            RolloutItem::ResponseItem(response) => self.legacy_response(line, index, &response.item),
            RolloutItem::Compacted(_) => {
                self.current_or_implicit(line, index)?;
                self.checkpoint.legacy.saw_compaction = true;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Returns whether a record matters only for the numbers of those that follow.
    fn is_counted_only(&self, head: &LineHead<'_>) -> bool {
        let tag = || payload_tag(head.payload);
        match &*head.kind {
            "world_state" | "token_usage_record" => true,
            "event_msg" => tag().as_deref() == Some("token_count"),
            "response_item" if self.checkpoint.user_event_seen => tag().as_deref() == Some("reasoning"),
            _ => false,
        }
    }

    fn legacy_event(&mut self, line: LineAt<'_>, index: u64, kept: bool, event: &EventMsg) -> StateResult<()> {
        match event {
            EventMsg::TaskStarted(started) => {
                self.finish_turn();
                let mut turn = self.new_turn(line, Some(started.turn_id.clone()), index);
                turn.started_at = started.started_at;
                turn.root_turn_id = started.root_turn_id.clone();
                turn.records.push(line.span());
                self.enter_turn(turn, true)
            }
            EventMsg::TaskComplete(complete) => self.legacy_complete(line, complete),
            EventMsg::TurnAborted(aborted) => self.legacy_abort(line, aborted),
            EventMsg::ThreadRolledBack(rolled_back) => self.roll_back(line, rolled_back.num_turns),
            EventMsg::UserMessage(_) => self.legacy_user_message(line, index, event),
            EventMsg::Error(error) => self.legacy_error(line, error.affects_turn_status()),
            _ => {
                if let Some(part) = canonical_reasoning(event) {
                    let (ReasoningPart::Summary(text) | ReasoningPart::Raw(text)) = part;
                    return if text.is_empty() {
                        Ok(())
                    } else {
                        self.legacy_reasoning(line, index)
                    };
                }
                match canonical_from_event(event) {
                    Some(item) => self.legacy_item(line, index, kept, item),
                    None => Ok(()),
                }
            }
        }
    }

    fn legacy_response(&mut self, line: LineAt<'_>, index: u64, item: &ResponseItem) -> StateResult<()> {
        if let Some(prompt) = hook_prompt_from_message(item) {
            let turn = self.current_or_implicit(line, index)?;
            let id = Some(prompt.id().to_owned()).filter(|id| !id.is_empty());
            return self.push_item(
                line,
                turn,
                NewItem {
                    sets: RowSets::BOTH,
                    fold: FoldKind::RawItem,
                    class: ItemClass::Other,
                    natural_id: id,
                },
            );
        }
        if let Some(command) = user_shell_from_message(item) {
            let turn = self.full_turn(line)?;
            let id = Some(command.id().to_owned()).filter(|id| !id.is_empty());
            return self.push_item(
                line,
                turn,
                NewItem {
                    sets: RowSets::FULL,
                    fold: FoldKind::RawItem,
                    class: ItemClass::Other,
                    natural_id: id,
                },
            );
        }
        if !self.checkpoint.user_event_seen {
            self.raw_item(line, item)?;
        }
        self.full_call(line, item)
    }

    fn legacy_user_message(&mut self, line: LineAt<'_>, index: u64, event: &EventMsg) -> StateResult<()> {
        if !self.checkpoint.user_event_seen {
            self.checkpoint.user_event_seen = true;
            self.checkpoint.raw = super::RawState::default();
            self.rows.remove_raw()?;
        }
        let legacy = &self.checkpoint.legacy;
        let fresh_compaction = legacy.saw_compaction && !legacy.has_items;
        if legacy.turn.is_some() && !legacy.explicit && !fresh_compaction {
            self.finish_turn();
        }
        let Some(_) = canonical_from_event(event) else {
            return Ok(());
        };
        let turn = self.current_or_implicit(line, index)?;
        self.push_item(
            line,
            turn,
            NewItem {
                sets: RowSets::BOTH,
                fold: FoldKind::Event,
                class: ItemClass::User,
                natural_id: None,
            },
        )
    }

    fn legacy_reasoning(&mut self, line: LineAt<'_>, index: u64) -> StateResult<()> {
        let turn = self.current_or_implicit(line, index)?;
        if let Some(key) = self.checkpoint.legacy.reasoning
            && let Some(mut row) = self.rows.item(key)?
        {
            row.spans.push(line.span());
            return self.rows.put_item(row);
        }
        self.push_item(
            line,
            turn,
            NewItem {
                sets: RowSets::BOTH,
                fold: FoldKind::Reasoning,
                class: ItemClass::Other,
                natural_id: None,
            },
        )?;
        self.checkpoint.legacy.reasoning = Some(RowKey::new(line.offset, RowSets::BOTH));
        Ok(())
    }

    /// An event that carries an item other than a user message or reasoning.
    fn legacy_item(&mut self, line: LineAt<'_>, index: u64, kept: bool, event: EventItem) -> StateResult<()> {
        let class = class_of_item(&event.item);
        let is_review = matches!(
            event.item,
            TurnItem::EnteredReviewMode(_) | TurnItem::ExitedReviewMode(_)
        );
        let named = event.turn_id.as_deref().filter(|id| !id.is_empty());
        let (turn, kept) = match named {
            None if kept => (self.current_or_implicit(line, index)?, true),
            None => (self.full_turn(line)?, false),
            Some(id) => match self.target_turn(id)? {
                Target::Turn(turn) => (*turn, kept),
                Target::Unknown if is_review && kept => {
                    self.finish_turn();
                    let mut turn = self.new_turn(line, Some(id.to_owned()), index);
                    turn.state = TurnState::Completed;
                    self.enter_turn(turn.clone(), false)?;
                    (turn, true)
                }
                // Codex drops an item of an unknown turn; the full set shows it where it was written.
                Target::Unknown => (self.full_turn(line)?, false),
            },
        };
        self.note_web_event(line, &event.item)?;
        let Some(id) = event.natural_id else {
            let sets = if kept { RowSets::BOTH } else { RowSets::FULL };
            return self.push_item(
                line,
                turn,
                NewItem {
                    sets,
                    fold: FoldKind::Event,
                    class,
                    natural_id: None,
                },
            );
        };
        self.upsert_event_item(line, turn, kept, class, id)
    }

    /// Adds an event to the item with the same id in the same turn, or makes the item.
    fn upsert_event_item(
        &mut self,
        line: LineAt<'_>,
        turn: TurnRow,
        kept: bool,
        class: ItemClass,
        id: String,
    ) -> StateResult<()> {
        let mut sets = if kept { RowSets::BOTH } else { RowSets::FULL };
        let same = self.rows.items_by_id(id_hash(&id))?;
        for mut row in same
            .into_iter()
            .filter(|row| row.turn_link == turn.link && row.sets != RowSets::RAW)
        {
            match row.fold {
                FoldKind::Call => {
                    // The event tells the call better; the item keeps the position of the call.
                    row.spans.push(line.span());
                    self.rows.put_item(row)?;
                    sets = RowSets(sets.0 & !(RowSet::Full as u8));
                }
                FoldKind::Event => {
                    row.spans.push(line.span());
                    row.class = class;
                    if kept {
                        row.sets = RowSets(row.sets.0 | RowSet::Codex as u8);
                    }
                    return self.rows.put_item(row);
                }
                FoldKind::Canonical | FoldKind::Reasoning | FoldKind::RawItem => {}
            }
        }
        if sets.0 == 0 {
            return Ok(());
        }
        self.push_item(
            line,
            turn,
            NewItem {
                sets,
                fold: FoldKind::Event,
                class,
                natural_id: Some(id),
            },
        )
    }

    fn target_turn(&self, turn_id: &str) -> StateResult<Target> {
        let row = match self.checkpoint.legacy.turn {
            Some(key) => self.rows.turn(key)?.filter(|turn| turn.turn_id == turn_id),
            None => None,
        };
        let row = match row {
            Some(row) => Some(row),
            None => self.rows.turn_by_id(id_hash(turn_id), RowSet::Codex)?,
        };
        Ok(row.map_or(Target::Unknown, |row| Target::Turn(Box::new(row))))
    }

    fn legacy_complete(&mut self, line: LineAt<'_>, complete: &TaskCompleteEvent) -> StateResult<()> {
        let current = self.checkpoint.legacy.turn;
        let mut row = match self.target_turn(&complete.turn_id)? {
            Target::Turn(row) => *row,
            Target::Unknown => match current {
                Some(key) => match self.rows.turn(key)? {
                    Some(row) => row,
                    None => return Ok(()),
                },
                None => return Ok(()),
            },
        };
        if complete.error.is_some() {
            row.state = TurnState::Failed;
        } else if matches!(row.state, TurnState::Completed | TurnState::InProgress) {
            row.state = TurnState::Completed;
        }
        row.completed_at = complete.completed_at;
        row.duration_ms = complete.duration_ms;
        self.end_turn(line, row, current)
    }

    fn legacy_abort(&mut self, line: LineAt<'_>, aborted: &TurnAbortedEvent) -> StateResult<()> {
        let current = self.checkpoint.legacy.turn;
        let named = match &aborted.turn_id {
            Some(id) => self.target_turn(id)?,
            None => Target::Unknown,
        };
        let mut row = match named {
            Target::Turn(row) => *row,
            Target::Unknown => match current.map(|key| self.rows.turn(key)).transpose()?.flatten() {
                Some(row) => row,
                None => return Ok(()),
            },
        };
        row.state = TurnState::Interrupted;
        row.completed_at = aborted.completed_at;
        row.duration_ms = aborted.duration_ms;
        self.end_turn(line, row, current)
    }

    fn end_turn(&mut self, line: LineAt<'_>, mut row: TurnRow, current: Option<RowKey>) -> StateResult<()> {
        row.records.push(line.span());
        row.end = Some(TurnEnd {
            ordinal: self.checkpoint.line_no,
            span: line.span(),
        });
        let key = row.key;
        self.rows.put_turn(row)?;
        if current == Some(key) {
            self.finish_turn();
        }
        Ok(())
    }

    fn legacy_error(&mut self, line: LineAt<'_>, affects_status: bool) -> StateResult<()> {
        let Some(key) = self.checkpoint.legacy.turn else {
            return Ok(());
        };
        if affects_status && let Some(mut row) = self.rows.turn(key)? {
            row.error_event = Some(line.span());
            self.rows.put_turn(row)?;
        }
        Ok(())
    }

    /// Removes the newest turns; their rows stay, marked, so that no id is ever given out twice.
    fn roll_back(&mut self, line: LineAt<'_>, num_turns: u32) -> StateResult<()> {
        self.finish_turn();
        let limit = usize::try_from(num_turns).unwrap_or(usize::MAX);
        let last = self
            .rows
            .turns(RowSet::Codex, KeyRange::ALL, Order::Descending, limit)?;
        if let Some(oldest) = last.last() {
            let range = KeyRange {
                low: oldest.key,
                high: KeyRange::ALL.high,
            };
            for set in [RowSet::Full, RowSet::Codex] {
                for mut turn in self.rows.turns(set, range, Order::Ascending, usize::MAX)? {
                    for mut item in
                        self.rows
                            .items(set, Some(turn.link), KeyRange::ALL, Order::Ascending, usize::MAX)?
                    {
                        item.removed_at = Some(line.offset);
                        self.rows.put_item(item)?;
                    }
                    if set == RowSet::Codex || !turn.sets.contains(RowSet::Codex) {
                        turn.removed_at = Some(line.offset);
                        self.rows.put_turn(turn)?;
                    }
                }
            }
        }
        let newest = self.rows.turns(RowSet::Full, KeyRange::ALL, Order::Descending, 1)?;
        self.checkpoint.legacy.last_turn = newest.first().map(|turn| turn.key);
        self.checkpoint.legacy.next_item = self.rows.item_count(RowSet::Codex)? + 1;
        Ok(())
    }

    fn new_turn(&self, line: LineAt<'_>, turn_id: Option<String>, index: u64) -> TurnRow {
        let key = RowKey::new(line.offset, RowSets::BOTH);
        let alias = turn_id.is_none().then_some(index);
        let id = turn_id.unwrap_or_else(|| synthetic_id(self.rollout_id, SyntheticKind::Turn, line.offset, 0));
        let mut turn = TurnRow::open(key, RowSets::BOTH, id, turn_link_of_key(key), self.checkpoint.line_no);
        turn.alias = alias;
        turn
    }

    fn enter_turn(&mut self, turn: TurnRow, explicit: bool) -> StateResult<()> {
        let legacy = &mut self.checkpoint.legacy;
        legacy.turn = Some(turn.key);
        legacy.last_turn = Some(turn.key);
        legacy.explicit = explicit;
        legacy.saw_compaction = false;
        legacy.has_items = false;
        legacy.reasoning = None;
        legacy.web.clear();
        self.rows.put_turn(turn)
    }

    pub(super) fn finish_turn(&mut self) {
        let legacy = &mut self.checkpoint.legacy;
        legacy.turn = None;
        legacy.reasoning = None;
        legacy.explicit = false;
        legacy.saw_compaction = false;
        legacy.has_items = false;
    }

    /// Returns the open turn, or opens an implicit one.
    fn current_or_implicit(&mut self, line: LineAt<'_>, index: u64) -> StateResult<TurnRow> {
        if let Some(key) = self.checkpoint.legacy.turn
            && let Some(turn) = self.rows.turn(key)?
        {
            return Ok(turn);
        }
        let mut turn = self.new_turn(line, None, index);
        turn.state = TurnState::Completed;
        self.enter_turn(turn.clone(), false)?;
        Ok(turn)
    }

    /// Returns the turn that an item joins which only the full set shows: the open one, else the last one.
    pub(super) fn full_turn(&mut self, line: LineAt<'_>) -> StateResult<TurnRow> {
        let legacy = &self.checkpoint.legacy;
        if let Some(key) = legacy.turn.or(legacy.last_turn)
            && let Some(turn) = self.rows.turn(key)?
        {
            return Ok(turn);
        }
        let mut turn = self.new_turn(line, None, 0);
        turn.alias = None;
        turn.sets = RowSets::FULL;
        turn.state = TurnState::Completed;
        self.checkpoint.legacy.last_turn = Some(turn.key);
        self.rows.put_turn(turn.clone())?;
        Ok(turn)
    }

    /// Appends an item that this line creates.
    pub(super) fn push_item(&mut self, line: LineAt<'_>, turn: TurnRow, item: NewItem) -> StateResult<()> {
        let NewItem {
            sets,
            fold,
            class,
            natural_id,
        } = item;
        let key = RowKey::new(line.offset, sets);
        let mut alias = None;
        if sets.contains(RowSet::Codex) {
            if natural_id.is_none() {
                alias = Some(self.checkpoint.legacy.next_item);
                self.checkpoint.legacy.next_item += 1;
            }
            if self.checkpoint.legacy.turn == Some(turn.key) {
                self.checkpoint.legacy.has_items = true;
                self.checkpoint.legacy.reasoning = None;
            }
        }
        let id = natural_id.unwrap_or_else(|| synthetic_id(self.rollout_id, SyntheticKind::Item, line.offset, 0));
        self.summarise_push(turn.clone(), key, class)?;
        self.rows.put_item(ItemRow {
            key,
            sets,
            turn_link: turn.link,
            id_hash: id_hash(&id),
            alias,
            ordinal: self.checkpoint.line_no,
            class,
            fold,
            spans: vec![line.span()],
            removed_at: None,
        })
    }

    /// Legacy summaries: the first user message and the last agent message of any phase (`app-server-api.md` 4.4).
    fn summarise_push(&mut self, mut turn: TurnRow, key: RowKey, class: ItemClass) -> StateResult<()> {
        let changed = match class {
            ItemClass::User if turn.first_user.is_none() => {
                turn.first_user = Some(key);
                true
            }
            class if class.is_agent() => {
                turn.final_agent = Some(key);
                true
            }
            _ => false,
        };
        if changed { self.rows.put_turn(turn) } else { Ok(()) }
    }

    /// Adds a line to a stored item.
    pub(super) fn add_span(&mut self, key: RowKey, span: Span) -> StateResult<()> {
        if let Some(mut row) = self.rows.item(key)? {
            row.spans.push(span);
            self.rows.put_item(row)?;
        }
        Ok(())
    }
}
