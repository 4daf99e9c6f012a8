//! The walk over `item_completed`: kept, written as legacy events, or dropped, and told under the id that was recorded.
//!
//! The tables are in `policy`; events of the legacy form are in `legacy_items`.

use codex_protocol::item::{TurnItem, legacy_events_from_item};
use codex_protocol::log::event::{EventMsg, ItemCompletedEvent};
use codex_protocol::log::{HistoryMode, RawJson};

use super::batch::{DropReason, LiveId, LiveItem};
use super::canonicalizer::EventStyle;
use super::draft::{Draft, LineClass};
use super::error::{Rejection, TurnFault};
use super::input::Input;
use super::members::Members;
use super::placing::Placed;
use super::policy::{ItemFate, item_fate};
use super::record_items::with_text;
use super::turns::{ItemForm, TurnKind};

impl Draft<'_> {
    /// Takes an `item_completed`.
    pub(super) fn canonical_item(&mut self, input: &Input, event: &EventMsg) -> Result<(), Rejection> {
        let EventMsg::ItemCompleted(completed) = event else {
            return Ok(());
        };
        let turn_id = self.canonical_turn(completed)?;
        self.note_turn(input.index, &turn_id);
        let fate = item_fate(&completed.item, self.mode());
        if self.comes_as_event(&completed.item) {
            self.drop_item(input.index, DropReason::OtherForm);
            return Ok(());
        }
        // An agent of the legacy style has only the message to tell a hook prompt: the item was made from it.
        let is_carried = matches!(completed.item, TurnItem::HookPrompt(_)) && self.style() == EventStyle::Legacy;
        if is_carried || fate == ItemFate::Dropped(DropReason::CarriedByResponseItem) {
            self.drop_item(input.index, DropReason::CarriedByResponseItem);
            return Ok(());
        }
        let own = Some(completed.item.id()).filter(|id| !id.is_empty());
        if matches!(completed.item, TurnItem::Reasoning(_)) && self.mode() == HistoryMode::Legacy {
            if let Some(own) = own {
                self.note_item(&turn_id, own, ItemForm::Canonical)?;
            }
            return self.legacy_reasoning_item(input, completed);
        }
        let placed = self.place_item(input.index, &completed.item, own)?;
        let remembered = placed.id.as_deref().or(own);
        if let Some(id) = remembered
            && self.note_item(&turn_id, id, ItemForm::Canonical)?
        {
            self.drop_item(input.index, DropReason::AlreadyRecorded);
            return Ok(());
        }
        match fate {
            ItemFate::Kept => self.keep_canonical(input, completed, turn_id, placed),
            ItemFate::AsLegacyEvents => self.write_legacy_events(input, completed, turn_id, placed),
            ItemFate::Dropped(reason) => {
                let id = placed.id.unwrap_or_default();
                let live = self.live_canonical(input, completed, turn_id, LiveId::Unrecorded(id));
                self.tell_completed(live);
                self.drop_item(input.index, reason);
                Ok(())
            }
        }
    }

    /// Tells whether the agent carries this item in an event of its own, which is taken instead.
    pub(super) fn comes_as_event(&self, item: &TurnItem) -> bool {
        let has_event = item_fate(item, HistoryMode::Legacy) == ItemFate::AsLegacyEvents;
        match self.style() {
            EventStyle::Canonical => false,
            EventStyle::Legacy => has_event,
            EventStyle::Both => has_event && self.mode() == HistoryMode::Legacy,
        }
    }

    /// Returns the turn of a canonical item. A review may be entered in a turn that nothing else begins.
    fn canonical_turn(&mut self, completed: &ItemCompletedEvent) -> Result<String, TurnFault> {
        let enters_review = matches!(completed.item, TurnItem::EnteredReviewMode(_));
        self.open_review_turn(enters_review, &completed.turn_id)?;
        self.turn_of(Some(&completed.turn_id))
    }

    pub(super) fn open_review_turn(&mut self, enters_review: bool, turn_id: &str) -> Result<(), TurnFault> {
        if enters_review && !turn_id.is_empty() && !self.turns.knows(turn_id) {
            self.turns.start(turn_id, TurnKind::Review)?;
        }
        Ok(())
    }

    fn live_canonical(&self, input: &Input, completed: &ItemCompletedEvent, turn_id: String, id: LiveId) -> LiveItem {
        LiveItem {
            started_at_ms: completed.started_at_ms,
            completed_at_ms: completed.known_completed_at_ms(),
            ..self.live_item(input.index, turn_id, id, completed.item.clone())
        }
    }

    /// Writes an `item_completed` as it came, with the members that it lacks.
    fn keep_canonical(
        &mut self,
        input: &Input,
        completed: &ItemCompletedEvent,
        turn_id: String,
        placed: Placed,
    ) -> Result<(), Rejection> {
        let id = placed.id.unwrap_or_default();
        let mut payload = input.payload.clone();
        if completed.thread_id.is_empty() {
            let thread_id = self.cx.options.thread_id.to_string();
            payload = with_text(&payload, "thread_id", &thread_id, "type");
        }
        if completed.turn_id.is_empty() {
            payload = with_text(&payload, "turn_id", &turn_id, "thread_id");
        }
        if completed.item.id().is_empty() {
            payload = with_item_id(&payload, &id);
        }
        self.end_reasoning(input.index, self.item_class(&turn_id))?;
        self.write_input(input, payload, LineClass::Item, placed.place)?;
        let live = self.live_canonical(input, completed, turn_id, LiveId::Recorded(id));
        self.tell_completed(live);
        Ok(())
    }

    /// Writes the legacy events of an item; without its own id, the item is known by its line.
    fn write_legacy_events(
        &mut self,
        input: &Input,
        completed: &ItemCompletedEvent,
        turn_id: String,
        placed: Placed,
    ) -> Result<(), Rejection> {
        let mut item = completed.item.clone();
        if let Some(id) = &placed.id {
            item.set_id(id.clone());
        }
        let at_ms = completed.known_completed_at_ms().unwrap_or(self.cx.now_ms);
        let events = legacy_events_from_item(&item, &turn_id, at_ms);
        if events.is_empty() {
            self.drop_item(input.index, DropReason::Empty);
            return Ok(());
        }
        self.end_reasoning(input.index, self.item_class(&turn_id))?;
        let mut first = None;
        for event in events {
            let number = self.write_event(input.index, event, placed.place)?;
            first.get_or_insert(number);
        }
        let (id, turn_id) = match placed.id {
            Some(id) => (LiveId::Recorded(id), turn_id),
            // Its line names no turn either: it is read back in the open one.
            None => (LiveId::OfLine(first.unwrap_or_default()), self.turn_of(None)?),
        };
        let live = self.live_canonical(input, completed, turn_id, id);
        self.tell_completed(live);
        Ok(())
    }
}

/// Returns the payload of an `item_completed` whose item has this id.
fn with_item_id(payload: &RawJson, id: &str) -> RawJson {
    let Some(mut members) = Members::of(payload) else {
        return payload.clone();
    };
    if let Some(item) = members.get("item") {
        let item = with_text(item, "id", id, "type");
        members.set("item", item, None);
    }
    members.to_json()
}
