//! The walk over the events that carry items in legacy rollouts, of today and of old: kept, converted, or dropped.
//!
//! The tables are in `policy`; the mapping to canonical items is `codex_protocol::item`. Reasoning is in
//! `reasoning_items`.

use codex_protocol::item::{EventItem, TurnItem, canonical_from_event};
use codex_protocol::log::HistoryMode;
use codex_protocol::log::event::EventMsg;

use super::batch::{DropReason, LiveId, LiveItem};
use super::canonicalizer::EventStyle;
use super::draft::{Draft, LineClass, Place};
use super::error::{Rejection, TurnFault};
use super::input::Input;
use super::placing::has_no_recorded_id;
use super::record_items::with_text;
use super::turns::ItemForm;

impl Draft<'_> {
    /// Takes an event that carries an item in legacy rollouts of today.
    pub(super) fn legacy_item(&mut self, input: &Input, event: &EventMsg) -> Result<(), Rejection> {
        let is_taken = match self.style() {
            EventStyle::Canonical => false,
            EventStyle::Legacy => true,
            EventStyle::Both => self.mode() == HistoryMode::Legacy,
        };
        if !is_taken {
            self.drop_item(input.index, DropReason::OtherForm);
            return Ok(());
        }
        if matches!(
            event,
            EventMsg::AgentReasoning(_) | EventMsg::AgentReasoningRawContent(_)
        ) {
            return self.reasoning_event(input, event);
        }
        match (self.mode(), canonical_from_event(event)) {
            (HistoryMode::Legacy, Some(item)) => self.keep_legacy(input, event, item),
            (HistoryMode::Paginated, Some(item)) => self.convert_event(input, event, item),
            (_, None) => self.empty_event(input),
        }
    }

    /// An event without text makes no item; legacy rollouts keep its line all the same.
    pub(super) fn empty_event(&mut self, input: &Input) -> Result<(), Rejection> {
        if self.mode() == HistoryMode::Legacy {
            return self.keep(input, LineClass::Other);
        }
        self.drop_item(input.index, DropReason::Empty);
        Ok(())
    }

    /// Takes an event that carried an item in old legacy rollouts.
    pub(super) fn retired_item(&mut self, input: &Input, event: &EventMsg) -> Result<(), Rejection> {
        if self.style() != EventStyle::Legacy {
            self.drop_item(input.index, DropReason::OtherForm);
            return Ok(());
        }
        let Some(item) = canonical_from_event(event) else {
            self.drop_item(input.index, DropReason::Empty);
            return Ok(());
        };
        if self.mode() == HistoryMode::Paginated {
            return self.convert_event(input, event, item);
        }
        let turn_id = self.turn_of(item.turn_id.as_deref())?;
        self.note_turn(input.index, &turn_id);
        let placed = self.place_item(input.index, &item.item, item.natural_id.as_deref())?;
        let id = placed.id.unwrap_or_default();
        let reason = if self.note_item(&turn_id, &id, ItemForm::Event)? {
            DropReason::AlreadyRecorded
        } else {
            let live = self.live_event(input, item, turn_id, LiveId::Unrecorded(id));
            self.tell_completed(live);
            DropReason::NoLegacyLine
        };
        self.drop_item(input.index, reason);
        Ok(())
    }

    fn live_event(&self, input: &Input, item: EventItem, turn_id: String, id: LiveId) -> LiveItem {
        LiveItem {
            started_at_ms: item.started_at_ms,
            completed_at_ms: Some(item.completed_at_ms.unwrap_or(self.cx.now_ms)),
            ..self.live_item(input.index, turn_id, id, item.item)
        }
    }

    fn event_turn(&mut self, event: &EventMsg, item: &EventItem) -> Result<String, TurnFault> {
        let enters_review = matches!(event, EventMsg::EnteredReviewMode(_));
        self.open_review_turn(enters_review, item.turn_id.as_deref().unwrap_or_default())?;
        self.turn_of(item.turn_id.as_deref())
    }

    /// Writes a legacy event as it came; reviews get the ids that they lack.
    fn keep_legacy(&mut self, input: &Input, event: &EventMsg, item: EventItem) -> Result<(), Rejection> {
        let turn_id = self.event_turn(event, &item)?;
        let own = item.natural_id.as_deref().filter(|id| !id.is_empty());
        let placed = self.place_item(input.index, &item.item, own)?;
        if let Some(id) = &placed.id
            && self.note_item(&turn_id, id, ItemForm::Event)?
        {
            self.note_turn(input.index, &turn_id);
            self.drop_item(input.index, DropReason::AlreadyRecorded);
            return Ok(());
        }
        let mut payload = input.payload.clone();
        let is_review = matches!(
            item.item,
            TurnItem::EnteredReviewMode(_) | TurnItem::ExitedReviewMode(_)
        );
        if let (true, Some(id)) = (is_review, &placed.id) {
            payload = with_text(&payload, "turn_id", &turn_id, "user_facing_hint");
            payload = with_text(&payload, "item_id", id, "turn_id");
        } else if let (TurnItem::WebSearch(_), Some(id)) = (&item.item, &placed.id) {
            payload = with_text(&payload, "call_id", id, "type");
        }
        self.end_reasoning(input.index, self.item_class(&turn_id))?;
        let number = self.write_input(input, payload, LineClass::Item, placed.place)?;
        let id = match placed.id {
            Some(id) => LiveId::Recorded(id),
            None => LiveId::OfLine(number),
        };
        let live = self.live_event(input, item, turn_id, id);
        self.tell_completed(live);
        Ok(())
    }

    /// Writes the canonical item of a legacy event.
    fn convert_event(&mut self, input: &Input, event: &EventMsg, item: EventItem) -> Result<(), Rejection> {
        let turn_id = self.event_turn(event, &item)?;
        let own = item.natural_id.as_deref().filter(|id| !id.is_empty());
        let placed = self.place_item(input.index, &item.item, own)?;
        let id = placed.id.unwrap_or_default();
        if self.note_item(&turn_id, &id, ItemForm::Event)? {
            self.note_turn(input.index, &turn_id);
            self.drop_item(input.index, DropReason::AlreadyRecorded);
            return Ok(());
        }
        self.end_reasoning(input.index, self.item_class(&turn_id))?;
        let mut live = self.live_event(input, item, turn_id, LiveId::Recorded(id.clone()));
        live.item.set_id(id);
        self.write_event(input.index, self.completed(&live), placed.place)?;
        self.tell_completed(live);
        Ok(())
    }

    /// Tells the beginning of an item, if it is known already under which id it will be read back.
    pub(super) fn begun_item(&mut self, input: &Input, event: &EventMsg) {
        let (item, turn_id, started_at_ms) = match event {
            EventMsg::ItemStarted(started) if !self.comes_as_event(&started.item) => (
                started.item.clone(),
                Some(started.turn_id.clone()),
                started.started_at_ms,
            ),
            EventMsg::PatchApplyBegin(_)
            | EventMsg::McpToolCallBegin(_)
            | EventMsg::WebSearchBegin(_)
            | EventMsg::ImageGenerationBegin(_)
            | EventMsg::ExecCommandBegin(_)
            | EventMsg::DynamicToolCallRequest(_)
                if self.style() == EventStyle::Legacy =>
            {
                match canonical_from_event(event) {
                    Some(begun) => (begun.item, begun.turn_id, begun.started_at_ms),
                    None => return,
                }
            }
            _ => return,
        };
        let id = item.id().to_owned();
        let is_known_by_line = self.mode() == HistoryMode::Legacy && has_no_recorded_id(&item);
        // A turn that is not known has nobody to be told: the item is refused when it is complete.
        let (false, false, Ok(turn_id)) = (id.is_empty(), is_known_by_line, self.turn_of(turn_id.as_deref())) else {
            return;
        };
        let live = LiveItem {
            started_at_ms,
            completed_at_ms: None,
            ..self.live_item(input.index, turn_id, LiveId::Recorded(id), item)
        };
        self.tell_started(live);
    }

    /// A hook prompt is read back from its message in legacy threads; in paginated ones it needs an item, which agents of
    /// the legacy style do not send.
    pub(super) fn hook_prompt(
        &mut self,
        index: usize,
        prompt: TurnItem,
        id: Option<String>,
        number: u64,
    ) -> Result<(), Rejection> {
        let Ok(turn_id) = self.turn_of(None) else {
            return Ok(());
        };
        let is_paginated = self.mode() == HistoryMode::Paginated;
        if is_paginated && self.style() != EventStyle::Legacy {
            return Ok(());
        }
        let live_id = id.clone().map_or(LiveId::OfLine(number), LiveId::Recorded);
        let mut live = self.live_item(index, turn_id, live_id, prompt);
        if let (true, Some(id)) = (is_paginated, id) {
            if self.note_item(&live.turn_id, &id, ItemForm::Event)? {
                return Ok(());
            }
            live.item.set_id(id);
            self.write_event(index, self.completed(&live), Place::End)?;
        }
        self.tell_completed(live);
        Ok(())
    }
}
