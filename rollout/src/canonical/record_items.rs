//! The walk over the records of a batch that are not items of a turn: Responses items, turn bounds, and the rest.
//!
//! Items of turns are in `canonical_items`, `legacy_items` and `reasoning_items`.

use codex_protocol::item::hook_prompt_from_message;
use codex_protocol::log::event::{EventMsg, TurnAbortedEvent};
use codex_protocol::log::{
    Compacted, EventRole, HistoryMode, LineError, RawJson, ResponseItem, RolloutItem, event_role, payload_tag,
};

use super::batch::DropReason;
use super::draft::{Draft, LineClass, Place};
use super::error::{MissingId, Rejection, TurnFault};
use super::input::Input;
use super::members::Members;
use super::policy::response_drop;
use super::raw_item::ItemOrigin;
use super::response_ids::{OUTSIDE_TURN, compacted_payload, prefixed, stamped};
use super::turns::TurnKind;

impl Draft<'_> {
    /// Takes one record of the batch.
    pub(super) fn record(&mut self, input: &Input) -> Result<(), Rejection> {
        match &*input.item {
            RolloutItem::EventMsg(event) => self.event(input, event),
            RolloutItem::ResponseItem(line) => self.response_item(input, &line.item),
            RolloutItem::Compacted(compacted) => self.compacted(input, compacted),
            RolloutItem::SessionMeta(_) if self.mode() == HistoryMode::Paginated => Err(Rejection::NotPaginated),
            RolloutItem::SessionMeta(_)
            | RolloutItem::TurnContext(_)
            | RolloutItem::WorldState(_)
            | RolloutItem::InterAgentCommunication(_)
            | RolloutItem::InterAgentCommunicationMetadata(_)
            | RolloutItem::SecurityRiskScore(_)
            | RolloutItem::TokenUsageRecord(_)
            | RolloutItem::DynamicToolsUpdated(_)
            | RolloutItem::RealtimeItem(_)
            | RolloutItem::RetainedContext(_) => self.keep(input, LineClass::Other),
        }
    }

    /// Keeps a record as it came.
    pub(super) fn keep(&mut self, input: &Input, class: LineClass) -> Result<(), Rejection> {
        self.end_reasoning(input.index, class)?;
        self.write_input(input, input.payload.clone(), class, Place::End)?;
        Ok(())
    }

    fn event(&mut self, input: &Input, event: &EventMsg) -> Result<(), Rejection> {
        match event_role(event) {
            EventRole::Kept => self.kept_event(input, event),
            EventRole::CanonicalItem => self.canonical_item(input, event),
            EventRole::LegacyItem => self.legacy_item(input, event),
            EventRole::RetiredItem => self.retired_item(input, event),
            EventRole::Never => {
                self.begun_item(input, event);
                self.drop_item(input.index, DropReason::NotDurable);
                Ok(())
            }
        }
    }

    fn kept_event(&mut self, input: &Input, event: &EventMsg) -> Result<(), Rejection> {
        match event {
            EventMsg::TaskStarted(started) => {
                self.end_reasoning(input.index, LineClass::TurnBound)?;
                self.turns.start(&started.turn_id, TurnKind::Plain)?;
                self.note_turn(input.index, &started.turn_id);
                self.keep(input, LineClass::TurnBound)
            }
            EventMsg::TaskComplete(complete) => self.turn_end(input, &complete.turn_id, input.payload.clone()),
            EventMsg::TurnAborted(aborted) => self.turn_aborted(input, aborted),
            // Codex refuses to roll a paginated thread back: its readers do not act on the event (format 3.1).
            EventMsg::ThreadRolledBack(_) if self.mode() == HistoryMode::Paginated => Err(Rejection::NotPaginated),
            EventMsg::ThreadRolledBack(_) => self.keep(input, LineClass::TurnBound),
            _ => self.keep(input, LineClass::Other),
        }
    }

    fn turn_end(&mut self, input: &Input, turn_id: &str, payload: RawJson) -> Result<(), Rejection> {
        self.end_reasoning(input.index, LineClass::TurnBound)?;
        self.turns.end(turn_id)?;
        self.note_turn(input.index, turn_id);
        self.note_turn_end();
        self.write_input(input, payload, LineClass::TurnBound, Place::End)?;
        Ok(())
    }

    /// An abort without a turn means the open one; paginated readers need it by name (format 8.1).
    fn turn_aborted(&mut self, input: &Input, aborted: &TurnAbortedEvent) -> Result<(), Rejection> {
        match aborted.turn_id.as_deref().filter(|id| !id.is_empty()) {
            Some(turn_id) => self.turn_end(input, turn_id, input.payload.clone()),
            None => {
                let turn_id = self.turns.current().ok_or(TurnFault::NoneOpen)?.to_owned();
                let payload = with_text(&input.payload, "turn_id", &turn_id, "type");
                self.turn_end(input, &turn_id, payload)
            }
        }
    }

    fn response_item(&mut self, input: &Input, item: &ResponseItem) -> Result<(), Rejection> {
        match response_drop(item) {
            Some(DropReason::UnknownResponseKind) if input.origin != ItemOrigin::Injected => {
                let tag = payload_tag(input.payload.as_raw()).unwrap_or_default();
                return Err(Rejection::from(LineError::UnknownKind {
                    kind: format!("response_item/{tag}"),
                }));
            }
            Some(reason) => {
                self.drop_item(input.index, reason);
                return Ok(());
            }
            None => {}
        }
        let class = match hook_prompt_from_message(item) {
            Some(_) => LineClass::Item,
            None => LineClass::Other,
        };
        self.end_reasoning(input.index, class)?;
        let own = item.id().filter(|id| !id.is_empty()).map(|id| id.into_owned());
        if own.is_none() && input.origin == ItemOrigin::Streamed && self.mode() == HistoryMode::Paginated {
            return Err(Rejection::MissingId { id: MissingId::Server });
        }
        let id = own.clone().or_else(|| self.response_id(input.index, item));
        let turn_id = match item.stamped_turn_id().filter(|turn| !turn.is_empty()) {
            Some(turn) => turn.into_owned(),
            None => self.turns.current().unwrap_or(OUTSIDE_TURN).to_owned(),
        };
        let given_id = if own.is_some() { None } else { id.as_deref() };
        let payload = stamped(item, &input.payload, given_id, &turn_id);
        let number = self.write_input(input, payload, class, Place::End)?;
        self.links.written(input.index, id.as_deref(), number);
        if let Some(prompt) = hook_prompt_from_message(item) {
            self.hook_prompt(input.index, prompt, id.clone(), number)?;
        }
        if let Some(given) = self.given(input.index) {
            given.response_item_id = id;
            given.turn_id = (turn_id != OUTSIDE_TURN).then_some(turn_id);
        }
        Ok(())
    }

    /// Returns the id for a Responses item without one: that of its pair, else a new one.
    fn response_id(&mut self, index: usize, item: &ResponseItem) -> Option<String> {
        if !self.gives_ids() {
            return None;
        }
        let prefix = item.id_prefix()?;
        let decided = self.links.decided_id(index);
        Some(decided.unwrap_or_else(|| prefixed(prefix, self.cx.ids.uuid_v7())))
    }

    fn compacted(&mut self, input: &Input, compacted: &Compacted) -> Result<(), Rejection> {
        self.end_reasoning(input.index, LineClass::Other)?;
        let ids = self.gives_ids().then_some(self.cx.ids);
        let payload = compacted_payload(compacted, &input.payload, ids);
        self.write_input(input, payload, LineClass::Other, Place::End)?;
        Ok(())
    }
}

/// Returns the payload with one text member more, or another one.
pub(super) fn with_text(payload: &RawJson, name: &str, text: &str, after: &str) -> RawJson {
    let Some(mut members) = Members::of(payload) else {
        return payload.clone();
    };
    members.set(name, RawJson::string(text), Some(after));
    members.to_json()
}
