//! The draft of one batch: lines, ids and memory that count only if every item of the batch is accepted.
//!
//! The steps that the walks over the kinds share; which kind takes which step is in `record_items`,
//! `canonical_items`, `legacy_items` and `reasoning_items`.

use std::sync::Arc;

use codex_protocol::item::TurnItem;
use codex_protocol::log::event::{EventMsg, ItemCompletedEvent};
use codex_protocol::log::{HistoryMode, RawJson, RolloutItem};

use super::batch::{DropReason, Dropped, DurableBatch, DurableLine, GivenIds, LiveEvent, LiveId, LiveItem};
use super::canonicalizer::{CanonicalOptions, EventStyle, IdSource, ItemIdFeature};
use super::error::{Rejection, TurnFault};
use super::input::{Input, check_size};
use super::link::Links;
use super::reasoning::PendingReasoning;
use super::turns::{ItemForm, SeenItems, Turns};

/// What is remembered between batches.
#[derive(Debug)]
pub(super) struct Memory {
    pub(super) turns: Turns,
    pub(super) pending: Option<PendingReasoning>,
    seen: SeenItems,
    next_line: u64,
}

/// What an accepted batch changes.
pub(super) struct MemoryChange {
    turns: Turns,
    pending: Option<PendingReasoning>,
    added: SeenItems,
    next_line: u64,
}

impl Memory {
    pub(super) fn new(turns: Turns) -> Self {
        Self {
            turns,
            pending: None,
            seen: SeenItems::new(),
            next_line: 0,
        }
    }

    #[cfg(test)]
    pub(super) fn remembered_turns(&self) -> usize {
        self.seen.len()
    }

    pub(super) fn apply(&mut self, change: MemoryChange) {
        self.turns = change.turns;
        self.pending = change.pending;
        self.next_line = change.next_line;
        for (turn, items) in change.added {
            self.seen.entry(turn).or_default().extend(items);
        }
        let turns = &self.turns;
        self.seen.retain(|turn, _| turns.tracks(*turn));
    }
}

/// What is the same for every record of a batch.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) options: &'a CanonicalOptions,
    pub(super) ids: &'a dyn IdSource,
    pub(super) now_ms: i64,
}

/// What a line is to the reasoning before it, and to the lines that may have to be put before others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LineClass {
    /// Makes an item.
    Item,
    /// Begins or ends a turn.
    TurnBound,
    /// Anything else.
    Other,
}

/// Where a line goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Behind all others.
    End,
    /// Before the line with this number, unless an item stands behind that line.
    Before(u64),
}

struct DraftLine {
    line: DurableLine,
    class: LineClass,
}

enum DraftLive {
    /// The line with this number.
    Line(u64),
    Told(Box<LiveEvent>),
}

pub(super) struct Draft<'a> {
    pub(super) cx: Context<'a>,
    pub(super) links: Links,
    pub(super) turns: Turns,
    pub(super) pending: Option<PendingReasoning>,
    seen: &'a SeenItems,
    added: SeenItems,
    next_line: u64,
    lines: Vec<DraftLine>,
    live: Vec<DraftLive>,
    dropped: Vec<Dropped>,
    given: Vec<GivenIds>,
    ends_turn: bool,
}

impl<'a> Draft<'a> {
    pub(super) fn new(cx: Context<'a>, memory: &'a Memory, links: Links, batch_len: usize) -> Self {
        Self {
            cx,
            links,
            turns: memory.turns.clone(),
            pending: memory.pending.clone(),
            seen: &memory.seen,
            added: SeenItems::new(),
            next_line: memory.next_line,
            lines: Vec::new(),
            live: Vec::new(),
            dropped: Vec::new(),
            given: vec![GivenIds::default(); batch_len],
            ends_turn: false,
        }
    }

    pub(super) fn finish(mut self) -> (DurableBatch, MemoryChange) {
        if let Some(pending) = &mut self.pending {
            pending.leave_batch();
        }
        let position = |number: u64| self.lines.iter().position(|line| line.line.number == number);
        let live = self
            .live
            .into_iter()
            .filter_map(|live| match live {
                DraftLive::Line(number) => position(number).map(LiveEvent::Line),
                DraftLive::Told(told) => Some(*told),
            })
            .collect();
        let batch = DurableBatch {
            live,
            lines: self.lines.into_iter().map(|line| line.line).collect(),
            dropped: self.dropped,
            ids: self.given,
            ends_turn: self.ends_turn,
        };
        let change = MemoryChange {
            turns: self.turns,
            pending: self.pending,
            added: self.added,
            next_line: self.next_line,
        };
        (batch, change)
    }

    pub(super) fn mode(&self) -> HistoryMode {
        self.cx.options.history_mode
    }

    pub(super) fn style(&self) -> EventStyle {
        self.cx.options.event_style
    }

    /// Tells whether Responses items without an id get one.
    pub(super) fn gives_ids(&self) -> bool {
        match self.mode() {
            HistoryMode::Paginated => true,
            HistoryMode::Legacy => self.cx.options.item_ids == ItemIdFeature::On,
        }
    }

    pub(super) fn new_uuid(&self) -> String {
        self.cx.ids.uuid_v7().hyphenated().to_string()
    }

    pub(super) fn drop_item(&mut self, index: usize, reason: DropReason) {
        self.dropped.push(Dropped { index, reason });
    }

    pub(super) fn given(&mut self, index: usize) -> Option<&mut GivenIds> {
        self.given.get_mut(index)
    }

    pub(super) fn note_turn(&mut self, index: usize, turn_id: &str) {
        if let Some(given) = self.given(index) {
            given.turn_id = Some(turn_id.to_owned());
        }
    }

    pub(super) fn note_turn_end(&mut self) {
        self.ends_turn = true;
    }

    /// Returns the turn of a record: the one that it names, else the open one.
    pub(super) fn turn_of(&self, named: Option<&str>) -> Result<String, TurnFault> {
        match named.filter(|id| !id.is_empty()) {
            Some(turn_id) if self.turns.knows(turn_id) => Ok(turn_id.to_owned()),
            Some(turn_id) => Err(TurnFault::Unknown {
                turn_id: turn_id.to_owned(),
            }),
            None => self.turns.current().map(str::to_owned).ok_or(TurnFault::NoneOpen),
        }
    }

    /// Remembers an item of a turn; returns whether the turn has it already, in the other form.
    pub(super) fn note_item(&mut self, turn_id: &str, item_id: &str, form: ItemForm) -> Result<bool, TurnFault> {
        let Some(turn) = self.turns.number(turn_id) else {
            return Ok(false);
        };
        let form_in = |items: &SeenItems| items.get(&turn).and_then(|items| items.get(item_id)).copied();
        match form_in(&self.added).or_else(|| form_in(self.seen)) {
            Some(known) if known != form => Ok(true),
            Some(_) => Err(TurnFault::ItemCompletedTwice {
                turn_id: turn_id.to_owned(),
                item_id: item_id.to_owned(),
            }),
            None => {
                let items = self.added.entry(turn).or_default();
                items.insert(item_id.to_owned(), form);
                Ok(false)
            }
        }
    }

    /// Writes a record as it came, but for `payload`; subscribers are told if it is no item.
    pub(super) fn write_input(
        &mut self,
        input: &Input,
        payload: RawJson,
        class: LineClass,
        place: Place,
    ) -> Result<u64, Rejection> {
        check_size(&payload, input.metadata.as_ref(), self.cx.options.max_item_bytes)?;
        let item = if payload == input.payload {
            Arc::clone(&input.item)
        } else {
            let metadata = input.metadata.as_ref().map(RawJson::as_raw);
            Arc::new(RolloutItem::decode(input.item.kind(), payload.as_raw(), metadata)?)
        };
        let number = self.put(
            DraftLine {
                line: DurableLine {
                    number: self.next_line,
                    item,
                    payload,
                    metadata: input.metadata.clone(),
                    source: Some(input.index),
                },
                class,
            },
            place,
        );
        if class != LineClass::Item {
            self.live.push(DraftLive::Line(number));
        }
        Ok(number)
    }

    /// Writes an event that was derived from an item.
    pub(super) fn write_event(&mut self, source: usize, event: EventMsg, place: Place) -> Result<u64, Rejection> {
        let line = self.event_line(Some(source), event);
        check_size(&line.line.payload, None, self.cx.options.max_item_bytes)?;
        Ok(self.put(line, place))
    }

    fn event_line(&self, source: Option<usize>, event: EventMsg) -> DraftLine {
        let item = RolloutItem::EventMsg(Box::new(event));
        DraftLine {
            line: DurableLine {
                number: self.next_line,
                payload: item.payload(),
                item: Arc::new(item),
                metadata: None,
                source,
            },
            class: LineClass::Item,
        }
    }

    /// A line moves before another one only past lines that are no items: the order of items is that of the agent.
    fn put(&mut self, line: DraftLine, place: Place) -> u64 {
        let number = line.line.number;
        self.next_line += 1;
        let before = match place {
            Place::Before(other) => self.lines.iter().position(|line| line.line.number == other),
            Place::End => None,
        };
        let may_move = |at: &usize| self.lines[*at..].iter().all(|line| line.class == LineClass::Other);
        let at = before.filter(may_move).unwrap_or(self.lines.len());
        self.lines.insert(at, line);
        number
    }

    /// Makes the `item_completed` of an item of this thread.
    pub(super) fn completed(&self, live: &LiveItem) -> EventMsg {
        EventMsg::ItemCompleted(ItemCompletedEvent {
            thread_id: self.cx.options.thread_id.to_string(),
            turn_id: live.turn_id.clone(),
            item: live.item.clone(),
            started_at_ms: live.started_at_ms,
            completed_at_ms: live.completed_at_ms.unwrap_or_default(),
        })
    }

    pub(super) fn tell_started(&mut self, live: LiveItem) {
        self.live.push(DraftLive::Told(Box::new(LiveEvent::Started(live))));
    }

    /// Tells a completed item, under the id that it brings in `live.id`.
    pub(super) fn tell_completed(&mut self, mut live: LiveItem) {
        let id = match &live.id {
            LiveId::Recorded(id) | LiveId::Unrecorded(id) => id.clone(),
            LiveId::OfLine(_) => String::new(),
        };
        live.item.set_id(id);
        if let Some(given) = live.source.and_then(|source| self.given.get_mut(source)) {
            given.item_id = Some(live.id.clone());
            given.turn_id = Some(live.turn_id.clone());
        }
        // Legacy readers stay in the reviewer's own turn: their lines do not say where they belong.
        if self.mode() == HistoryMode::Paginated && matches!(live.item, TurnItem::ExitedReviewMode(_)) {
            self.turns.leave_review(&live.turn_id);
        }
        self.live.push(DraftLive::Told(Box::new(LiveEvent::Completed(live))));
    }

    /// Ends reasoning that may still grow, as far as a line of this class ends it.
    pub(super) fn end_reasoning(&mut self, index: usize, class: LineClass) -> Result<(), Rejection> {
        match (self.mode(), class) {
            (HistoryMode::Legacy, LineClass::Other) => Ok(()),
            (HistoryMode::Legacy, LineClass::Item | LineClass::TurnBound) | (HistoryMode::Paginated, _) => {
                self.settle_reasoning(Some(index))
            }
        }
    }

    /// Returns what a line of an item of this turn is to the reasoning before it: an item of another turn than the open
    /// one does not come between its parts.
    pub(super) fn item_class(&self, turn_id: &str) -> LineClass {
        if self.turns.current() == Some(turn_id) {
            LineClass::Item
        } else {
            LineClass::Other
        }
    }

    /// Writes a derived line that cannot be too long.
    pub(super) fn write_settled(&mut self, source: Option<usize>, item: &LiveItem, place: Place) {
        let line = self.event_line(source, self.completed(item));
        self.put(line, place);
    }

    /// Makes a live item that ends now, unless it says otherwise.
    pub(super) fn live_item(&self, source: usize, turn_id: String, id: LiveId, item: TurnItem) -> LiveItem {
        LiveItem {
            source: Some(source),
            turn_id,
            id,
            item,
            started_at_ms: None,
            completed_at_ms: Some(self.cx.now_ms),
        }
    }
}
