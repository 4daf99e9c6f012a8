//! Decides, line by line from the newest to the oldest, when a model context is complete (format section 6.1).
//!
//! Pure: it is handed decoded lines and only says whether older ones are needed.

use codex_protocol::item::TurnItem;
use codex_protocol::log::response::ContentPart;
use codex_protocol::log::{Compacted, EventMsg, InterAgentCommunication, ResponseItem, RolloutItem};

/// What the lines seen so far, newest first, prove.
#[derive(Debug, Default)]
pub(super) struct Scan {
    /// A compaction was seen that replaces everything before it.
    has_checkpoint: bool,
    /// A whole turn of the user was seen, with the settings that it ran under.
    has_user_turn: bool,
    /// Something was seen that only the whole history explains.
    needs_everything: bool,
    turn: Turn,
}

/// The turn that the scan is inside of.
#[derive(Debug, Default)]
struct Turn {
    id: Option<String>,
    has_user_marker: bool,
    has_context: bool,
}

impl Scan {
    /// Takes the next older line.
    pub(super) fn line(&mut self, item: &RolloutItem) {
        match item {
            RolloutItem::Compacted(compacted) => self.compacted(compacted),
            RolloutItem::EventMsg(event) => self.event(event),
            RolloutItem::TurnContext(context) => {
                let id = context.turn_id.as_deref();
                self.turn.name(id);
                self.turn.has_context |= self.turn.is_compatible(id);
            }
            RolloutItem::ResponseItem(line) => self.turn.has_user_marker |= is_agent_delivery(&line.item),
            RolloutItem::InterAgentCommunication(_) => self.turn.has_user_marker = true,
            RolloutItem::SessionMeta(_)
            | RolloutItem::WorldState(_)
            | RolloutItem::InterAgentCommunicationMetadata(_)
            | RolloutItem::SecurityRiskScore(_)
            | RolloutItem::TokenUsageRecord(_)
            | RolloutItem::DynamicToolsUpdated(_)
            | RolloutItem::RealtimeItem(_)
            | RolloutItem::RetainedContext(_) => {}
        }
    }

    /// Tells whether older lines add nothing.
    pub(super) fn is_complete(&self) -> bool {
        self.has_checkpoint && self.has_user_turn && !self.needs_everything
    }

    fn compacted(&mut self, compacted: &Compacted) {
        if compacted.replacement_history.is_some() && compacted.window_number.is_some() {
            self.has_checkpoint = true;
        } else {
            self.needs_everything = true;
        }
    }

    fn event(&mut self, event: &EventMsg) {
        match event {
            EventMsg::ItemCompleted(completed) => {
                let id = Some(completed.turn_id.as_str());
                self.turn.name(id);
                let is_user = matches!(completed.item, TurnItem::UserMessage(_));
                self.turn.has_user_marker |= is_user && self.turn.is_compatible(id);
            }
            EventMsg::UserMessage(_) => self.turn.has_user_marker = true,
            EventMsg::TaskComplete(complete) => self.turn.name(Some(&complete.turn_id)),
            EventMsg::TurnAborted(aborted) => self.turn.name(aborted.turn_id.as_deref()),
            EventMsg::TaskStarted(started) if self.turn.is_compatible(Some(&started.turn_id)) => {
                self.has_user_turn |= self.turn.has_user_marker && self.turn.has_context;
                self.turn = Turn::default();
            }
            EventMsg::ThreadRolledBack(_) => self.needs_everything = true,
            _ => {}
        }
    }
}

impl Turn {
    /// The first record that names a turn decides which one this is.
    fn name(&mut self, id: Option<&str>) {
        if self.id.is_none() {
            self.id = id.filter(|id| !id.is_empty()).map(str::to_owned);
        }
    }

    fn is_compatible(&self, id: Option<&str>) -> bool {
        match (&self.id, id) {
            (Some(own), Some(other)) => other.is_empty() || own == other,
            _ => true,
        }
    }
}

/// Whether another agent's message came in: as an item of its own, or encoded into a message of the assistant.
fn is_agent_delivery(item: &ResponseItem) -> bool {
    match item {
        ResponseItem::AgentMessage(_) => true,
        ResponseItem::Message(message) if message.role == "assistant" => match message.content.as_slice() {
            [ContentPart::OutputText(part) | ContentPart::InputText(part)] => {
                serde_json::from_str::<InterAgentCommunication>(&part.text).is_ok()
            }
            _ => false,
        },
        _ => false,
    }
}
