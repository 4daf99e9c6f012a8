//! The walk over reasoning, which may grow until something else follows (format 7.2, 13.1).
//!
//! In paginated threads the parts wait and are written as one item; in legacy threads their lines are written at once,
//! and only the telling waits.

use codex_protocol::item::{canonical_reasoning, legacy_events_from_item};
use codex_protocol::log::HistoryMode;
use codex_protocol::log::event::{EventMsg, ItemCompletedEvent};

use super::batch::{DropReason, LiveId, LiveItem};
use super::draft::{Draft, LineClass, Place};
use super::error::Rejection;
use super::input::Input;
use super::link::LinkKey;
use super::placing::place_of;
use super::reasoning::PendingReasoning;
use super::response_ids::prefixed;
use super::turns::ItemForm;

/// What a reasoning item adds to the texts of its parts, at most, without its turn id.
const REASONING_BYTES: u64 = 1024;

impl Draft<'_> {
    /// Takes one piece of reasoning of an agent that emits legacy events.
    pub(super) fn reasoning_event(&mut self, input: &Input, event: &EventMsg) -> Result<(), Rejection> {
        let Some(part) = canonical_reasoning(event) else {
            return self.empty_event(input);
        };
        let turn_id = self.turn_of(None)?;
        self.note_turn(input.index, &turn_id);
        let mut pending = self.growing_reasoning(input, turn_id)?;
        pending.completed_at_ms = Some(self.cx.now_ms);
        if self.mode() == HistoryMode::Legacy {
            let number = self.write_input(input, input.payload.clone(), LineClass::Item, Place::End)?;
            pending.first_line.get_or_insert(number);
        }
        pending.push(part);
        self.pending = Some(pending);
        Ok(())
    }

    /// Takes a canonical reasoning item of a legacy thread: its lines now, its telling when it cannot grow any more.
    pub(super) fn legacy_reasoning_item(
        &mut self,
        input: &Input,
        completed: &ItemCompletedEvent,
    ) -> Result<(), Rejection> {
        let turn_id = self.turn_of(None)?;
        let events = legacy_events_from_item(&completed.item, &turn_id, 0);
        if events.is_empty() {
            self.drop_item(input.index, DropReason::Empty);
            return Ok(());
        }
        let place = match LinkKey::of_item(&completed.item) {
            Some(key) => place_of(self.links.take(input.index, &key, None).as_ref(), &key),
            None => Place::End,
        };
        let mut pending = self.growing_reasoning(input, turn_id)?;
        pending.started_at_ms = pending.started_at_ms.or(completed.started_at_ms);
        pending.completed_at_ms = completed.known_completed_at_ms();
        for event in events {
            pending.extend(canonical_reasoning(&event));
            let number = self.write_event(input.index, event, place)?;
            pending.first_line.get_or_insert(number);
        }
        self.pending = Some(pending);
        Ok(())
    }

    /// Returns the reasoning that a record continues, or new reasoning.
    fn growing_reasoning(&mut self, input: &Input, turn_id: String) -> Result<PendingReasoning, Rejection> {
        if self.pending.as_ref().is_some_and(|pending| pending.turn_id != turn_id) {
            self.settle_reasoning(Some(input.index))?;
        }
        let mut pending = match self.pending.take() {
            Some(pending) => pending,
            None => PendingReasoning::begin(turn_id, input.index),
        };
        pending.len_bytes += input.payload.get().len() as u64;
        pending.sources.push(input.index);
        self.check_reasoning_size(&pending)?;
        Ok(pending)
    }

    /// Refuses a part that would make the item too long: when it is written, nobody could be told.
    fn check_reasoning_size(&self, pending: &PendingReasoning) -> Result<(), Rejection> {
        // A control character of a turn id takes six bytes in JSON.
        let len_bytes = pending.len_bytes + REASONING_BYTES + 6 * pending.turn_id.len() as u64;
        let max_item_bytes = self.cx.options.max_item_bytes;
        if self.mode() == HistoryMode::Paginated && len_bytes > max_item_bytes {
            return Err(Rejection::TooLarge {
                len_bytes,
                max_item_bytes,
            });
        }
        Ok(())
    }

    /// Ends reasoning that could have grown: writes it in a paginated thread, and tells it.
    ///
    /// `trigger` is the record of the batch that ends it.
    pub(super) fn settle_reasoning(&mut self, trigger: Option<usize>) -> Result<(), Rejection> {
        let Some(pending) = self.pending.take() else {
            return Ok(());
        };
        let mut item = pending.item();
        let mut place = Place::End;
        let id = match pending.first_line {
            Some(line) => LiveId::OfLine(line),
            None => {
                let index = pending.sources.last().copied().or(trigger);
                let key = LinkKey::of_item(&item);
                let link = index
                    .zip(key.as_ref())
                    .and_then(|(index, key)| self.links.take(index, key, None));
                if let Some(key) = &key {
                    place = place_of(link.as_ref(), key);
                }
                let id = match link.as_ref().and_then(|link| link.id.clone()) {
                    Some(id) => {
                        self.note_item(&pending.turn_id, &id, ItemForm::Event)?;
                        id
                    }
                    None => prefixed("rs", self.cx.ids.uuid_v7()),
                };
                if let Some(link) = &link {
                    self.links.decide(link, &id);
                }
                item.set_id(id.clone());
                LiveId::Recorded(id)
            }
        };
        let live = LiveItem {
            source: pending.source,
            turn_id: pending.turn_id,
            id,
            item,
            started_at_ms: pending.started_at_ms,
            completed_at_ms: pending.completed_at_ms,
        };
        if pending.first_line.is_none() {
            self.write_settled(pending.source, &live, place);
        }
        for source in pending.sources {
            if let Some(given) = self.given(source) {
                given.item_id = Some(live.id.clone());
            }
        }
        self.tell_completed(live);
        Ok(())
    }
}
