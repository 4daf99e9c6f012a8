//! The walk over the items of turns: which form is written, under which id, and what subscribers are told.
//!
//! The tables are in `policy`; the forms themselves are mapped in `codex_protocol::item`.

use codex_protocol::item::{
    EventItem, ExtensionItem, TurnItem, canonical_from_event, canonical_reasoning, legacy_events_from_item,
};
use codex_protocol::log::event::{EventMsg, ItemCompletedEvent};
use codex_protocol::log::{HistoryMode, RawJson};

use super::batch::{DropReason, LiveId, LiveItem};
use super::canonicalizer::EventStyle;
use super::draft::{Draft, LineClass, Place};
use super::error::{MissingId, Rejection, TurnFault};
use super::input::Input;
use super::link::{Link, LinkKey};
use super::members::Members;
use super::policy::{ItemFate, item_fate};
use super::reasoning::PendingReasoning;
use super::record_items::with_text;
use super::response_ids::{has_prefix, prefixed};
use super::turns::ItemForm;

/// What a reasoning item adds to the texts of its parts, at most, without its turn id.
const REASONING_BYTES: u64 = 1024;

/// The id of an item, and where its line goes.
struct Placed {
    /// None for items of legacy threads that have no id in the log.
    id: Option<String>,
    place: Place,
}

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
        if fate == ItemFate::Dropped(DropReason::CarriedByResponseItem) {
            self.drop_item(input.index, DropReason::CarriedByResponseItem);
            return Ok(());
        }
        let own = Some(completed.item.id()).filter(|id| !id.is_empty());
        if let (Some(own), HistoryMode::Legacy, TurnItem::Reasoning(_)) = (own, self.mode(), &completed.item) {
            self.note_item(&turn_id, own, ItemForm::Canonical)?;
            return self.legacy_reasoning_item(input, completed);
        }
        if let (HistoryMode::Legacy, TurnItem::Reasoning(_)) = (self.mode(), &completed.item) {
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
    fn comes_as_event(&self, item: &TurnItem) -> bool {
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

    fn open_review_turn(&mut self, enters_review: bool, turn_id: &str) -> Result<(), TurnFault> {
        if enters_review && !turn_id.is_empty() && !self.turns.knows(turn_id) {
            self.turns.start(turn_id)?;
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
        self.end_reasoning(input.index, LineClass::Item)?;
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
        self.end_reasoning(input.index, LineClass::Item)?;
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
            (_, None) => {
                self.drop_item(input.index, DropReason::Empty);
                Ok(())
            }
        }
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
        self.end_reasoning(input.index, LineClass::Item)?;
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
        self.end_reasoning(input.index, LineClass::Item)?;
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

    /// Takes one piece of reasoning of an agent that emits legacy events.
    fn reasoning_event(&mut self, input: &Input, event: &EventMsg) -> Result<(), Rejection> {
        let Some(part) = canonical_reasoning(event) else {
            self.drop_item(input.index, DropReason::Empty);
            return Ok(());
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
    fn legacy_reasoning_item(&mut self, input: &Input, completed: &ItemCompletedEvent) -> Result<(), Rejection> {
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

    /// Decides the id of an item and the place of its line (format 3.4, 13.1).
    fn place_item(&mut self, index: usize, item: &TurnItem, own: Option<&str>) -> Result<Placed, Rejection> {
        let key = LinkKey::of_item(item);
        let link = key.as_ref().and_then(|key| self.link(index, key, own));
        let place = match &key {
            Some(key) => place_of(link.as_ref(), key),
            None => Place::End,
        };
        if self.mode() == HistoryMode::Legacy && has_no_recorded_id(item) {
            return Ok(Placed { id: None, place });
        }
        let linked = link.as_ref().and_then(|link| link.id.clone());
        let takes_linked =
            own.is_none() || (self.style() == EventStyle::Legacy && matches!(item, TurnItem::WebSearch(_)));
        let id = match (linked.filter(|_| takes_linked), own, &key) {
            (Some(linked), _, _) => linked,
            (None, Some(own), _) => own.to_owned(),
            (None, None, Some(key)) => prefixed(key.id_prefix(), self.cx.ids.uuid_v7()),
            (None, None, None) if brings_its_id(item) => return Err(Rejection::MissingId { id: MissingId::Call }),
            (None, None, None) => self.new_uuid(),
        };
        if let (Some(link), Some(key), true) = (&link, &key, self.gives_ids())
            && has_prefix(&id, key.id_prefix())
        {
            self.links.decide(link, &id);
        }
        Ok(Placed { id: Some(id), place })
    }

    fn link(&mut self, index: usize, key: &LinkKey, own: Option<&str>) -> Option<Link> {
        let link = self.links.take(index, key, own);
        if link.is_some() || !(matches!(key, LinkKey::WebSearch(_)) && self.style() == EventStyle::Legacy) {
            return link;
        }
        // The call id of a legacy event is only a second choice.
        self.links.take(index, key, None)
    }
}

/// Legacy lines of these kinds have no member for an id.
fn has_no_recorded_id(item: &TurnItem) -> bool {
    matches!(
        item,
        TurnItem::UserMessage(_) | TurnItem::AgentMessage(_) | TurnItem::Reasoning(_) | TurnItem::ContextCompaction(_)
    )
}

/// Kinds whose id ties them to a call that only the agent knows.
fn brings_its_id(item: &TurnItem) -> bool {
    match item {
        TurnItem::CommandExecution(_)
        | TurnItem::DynamicToolCall(_)
        | TurnItem::CollabAgentToolCall(_)
        | TurnItem::ImageView(_)
        | TurnItem::FileChange(_)
        | TurnItem::McpToolCall(_)
        | TurnItem::Extension(ExtensionItem::Sleep(_)) => true,
        TurnItem::UserMessage(_)
        | TurnItem::HookPrompt(_)
        | TurnItem::AgentMessage(_)
        | TurnItem::FunctionCallOutput(_)
        | TurnItem::Plan(_)
        | TurnItem::Reasoning(_)
        | TurnItem::SubAgentActivity(_)
        | TurnItem::WebSearch(_)
        | TurnItem::ImageGeneration(_)
        | TurnItem::Extension(ExtensionItem::ImageGeneration(_) | ExtensionItem::WebSearch(_))
        | TurnItem::EnteredReviewMode(_)
        | TurnItem::ExitedReviewMode(_)
        | TurnItem::ContextCompaction(_) => false,
    }
}

/// What the model said stands before its Responses item; what was put before the model stands behind it (format 3.1).
fn place_of(link: Option<&Link>, key: &LinkKey) -> Place {
    let line = link.and_then(|link| link.line);
    match (line, key) {
        (Some(line), LinkKey::Message(_) | LinkKey::Reasoning(..) | LinkKey::WebSearch(_) | LinkKey::Image(_)) => {
            Place::Before(line)
        }
        (_, LinkKey::HookPrompt(_) | LinkKey::Output(..)) | (None, _) => Place::End,
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
