//! Legacy events as canonical items (format 7.2).
//!
//! One event at a time: which turn it joins and which id it gets, where it has none of its own, is
//! decided by the projector.

use super::legacy_collab::collab_item;
use super::legacy_tools::tool_item;
use super::messages::{
    AgentMessageItem, AgentMessagePart, ContextCompactionItem, EnteredReviewModeItem, ExitedReviewModeItem,
    UserMessageItem,
};
use super::stored::{StoredAudio, StoredImage, StoredLocalImage, StoredPath, StoredText, StoredUserInput};
use super::turn_item::TurnItem;
use crate::log::EventMsg;
use crate::log::event::{AgentMessageEvent, UserMessageEvent};

/// An item made from one event.
#[derive(Debug, Clone, PartialEq)]
pub struct EventItem {
    /// Id that the event brings; without it the item's id is empty and the projector gives one.
    pub natural_id: Option<String>,
    /// Turn that the event names; without it the item joins the current turn.
    pub turn_id: Option<String>,
    /// When the item began, if the event says so.
    pub started_at_ms: Option<i64>,
    /// When the item ended, if the event says so.
    pub completed_at_ms: Option<i64>,
    /// The item.
    pub item: TurnItem,
}

impl EventItem {
    /// An item without id and turn of its own.
    fn counted(item: TurnItem) -> Self {
        Self {
            natural_id: None,
            turn_id: None,
            started_at_ms: None,
            completed_at_ms: None,
            item,
        }
    }

    /// An item that carries its own id.
    pub(super) fn named(item: TurnItem) -> Self {
        Self {
            natural_id: Some(item.id().to_owned()),
            ..Self::counted(item)
        }
    }

    /// Adds the turn that the event names; an empty id means none.
    pub(super) fn in_turn(mut self, turn_id: &str) -> Self {
        self.turn_id = (!turn_id.is_empty()).then(|| turn_id.to_owned());
        self
    }

    /// Adds times; 0 means unknown.
    pub(super) fn timed(mut self, started_at_ms: i64, completed_at_ms: i64) -> Self {
        self.started_at_ms = (started_at_ms != 0).then_some(started_at_ms);
        self.completed_at_ms = (completed_at_ms != 0).then_some(completed_at_ms);
        self
    }
}

/// One piece of reasoning; consecutive ones make one item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReasoningPart {
    /// A summary.
    Summary(String),
    /// A raw thought.
    Raw(String),
}

/// Returns the reasoning that an event carries; empty text carries none.
#[must_use]
pub fn canonical_reasoning(event: &EventMsg) -> Option<ReasoningPart> {
    match event {
        EventMsg::AgentReasoning(reasoning) if !reasoning.text.is_empty() => {
            Some(ReasoningPart::Summary(reasoning.text.clone()))
        }
        EventMsg::AgentReasoningRawContent(reasoning) if !reasoning.text.is_empty() => {
            Some(ReasoningPart::Raw(reasoning.text.clone()))
        }
        _ => None,
    }
}

/// Returns the item that an event stands for, by the table of format 7.2.
///
/// Reasoning is not among them, see [`canonical_reasoning`].
#[must_use]
pub fn canonical_from_event(event: &EventMsg) -> Option<EventItem> {
    match event {
        EventMsg::UserMessage(event) => Some(EventItem::counted(user_message(event))),
        EventMsg::AgentMessage(event) => agent_message(event).map(EventItem::counted),
        EventMsg::ContextCompacted => {
            let item = ContextCompactionItem { id: String::new() };
            Some(EventItem::counted(TurnItem::ContextCompaction(item)))
        }
        EventMsg::EnteredReviewMode(event) => Some(review_item(
            event.item_id.as_deref(),
            event.turn_id.as_deref(),
            TurnItem::EnteredReviewMode(EnteredReviewModeItem {
                id: String::new(),
                target: event.target.clone(),
                user_facing_hint: event.user_facing_hint.clone(),
            }),
        )),
        EventMsg::ExitedReviewMode(event) => Some(review_item(
            event.item_id.as_deref(),
            event.turn_id.as_deref(),
            TurnItem::ExitedReviewMode(ExitedReviewModeItem {
                id: String::new(),
                review_output: event.review_output.clone(),
            }),
        )),
        EventMsg::ItemStarted(event) if replay_uses(&event.item) => Some(
            EventItem::named(event.item.clone())
                .in_turn(&event.turn_id)
                .timed(event.started_at_ms.unwrap_or_default(), 0),
        ),
        EventMsg::ItemCompleted(event) if replay_uses(&event.item) => Some(
            EventItem::named(event.item.clone())
                .in_turn(&event.turn_id)
                .timed(event.started_at_ms.unwrap_or_default(), event.completed_at_ms),
        ),
        EventMsg::ItemStarted(_)
        | EventMsg::ItemCompleted(_)
        | EventMsg::AgentReasoning(_)
        | EventMsg::AgentReasoningRawContent(_)
        | EventMsg::TaskStarted(_)
        | EventMsg::TaskComplete(_)
        | EventMsg::TurnAborted(_)
        | EventMsg::TokenCount(_)
        | EventMsg::ThreadGoalUpdated(_)
        | EventMsg::ThreadRolledBack(_)
        | EventMsg::ThreadSettingsApplied(_)
        | EventMsg::Error(_)
        | EventMsg::Transient(_) => None,
        EventMsg::PatchApplyBegin(_)
        | EventMsg::PatchApplyEnd(_)
        | EventMsg::ApplyPatchApprovalRequest(_)
        | EventMsg::McpToolCallBegin(_)
        | EventMsg::McpToolCallEnd(_)
        | EventMsg::WebSearchBegin(_)
        | EventMsg::WebSearchEnd(_)
        | EventMsg::ImageGenerationBegin(_)
        | EventMsg::ImageGenerationEnd(_)
        | EventMsg::SubAgentActivity(_)
        | EventMsg::ExecCommandBegin(_)
        | EventMsg::ExecCommandEnd(_)
        | EventMsg::ViewImageToolCall(_)
        | EventMsg::DynamicToolCallRequest(_)
        | EventMsg::DynamicToolCallResponse(_)
        | EventMsg::GuardianAssessment(_) => tool_item(event),
        EventMsg::CollabAgentSpawnBegin(_)
        | EventMsg::CollabAgentSpawnEnd(_)
        | EventMsg::CollabAgentInteractionBegin(_)
        | EventMsg::CollabAgentInteractionEnd(_)
        | EventMsg::CollabWaitingBegin(_)
        | EventMsg::CollabWaitingEnd(_)
        | EventMsg::CollabCloseBegin(_)
        | EventMsg::CollabCloseEnd(_)
        | EventMsg::CollabResumeBegin(_)
        | EventMsg::CollabResumeEnd(_) => collab_item(event).map(EventItem::named),
    }
}

/// Tells whether replay takes an item from `item_started` and `item_completed`. The other kinds
/// have a legacy event that carries them. (0.169 keeps and shows `FunctionCallOutput` too.)
fn replay_uses(item: &TurnItem) -> bool {
    match item {
        TurnItem::Plan(plan) => !plan.text.is_empty(),
        TurnItem::HookPrompt(_)
        | TurnItem::FunctionCallOutput(_)
        | TurnItem::CommandExecution(_)
        | TurnItem::DynamicToolCall(_)
        | TurnItem::CollabAgentToolCall(_)
        | TurnItem::SubAgentActivity(_)
        | TurnItem::Extension(_)
        | TurnItem::EnteredReviewMode(_)
        | TurnItem::ExitedReviewMode(_) => true,
        TurnItem::UserMessage(_)
        | TurnItem::AgentMessage(_)
        | TurnItem::Reasoning(_)
        | TurnItem::WebSearch(_)
        | TurnItem::ImageView(_)
        | TurnItem::ImageGeneration(_)
        | TurnItem::FileChange(_)
        | TurnItem::McpToolCall(_)
        | TurnItem::ContextCompaction(_) => false,
    }
}

fn review_item(item_id: Option<&str>, turn_id: Option<&str>, mut item: TurnItem) -> EventItem {
    let event_item = match item_id {
        Some(id) => {
            item.set_id(id.to_owned());
            EventItem::named(item)
        }
        None => EventItem::counted(item),
    };
    event_item.in_turn(turn_id.unwrap_or_default())
}

/// Text first if it is not blank, then images, image files, audio, audio files; details by index.
fn user_message(event: &UserMessageEvent) -> TurnItem {
    let mut content = Vec::new();
    if !event.message.trim().is_empty() {
        content.push(StoredUserInput::Text(StoredText {
            text: event.message.clone(),
            text_elements: event.text_elements.clone(),
        }));
    }
    for (index, url) in event.images.iter().flatten().enumerate() {
        content.push(StoredUserInput::Image(StoredImage {
            image_url: Some(url.clone()),
            file_id: None,
            detail: event.image_details.get(index).copied().flatten(),
        }));
    }
    for (index, path) in event.local_images.iter().enumerate() {
        content.push(StoredUserInput::LocalImage(StoredLocalImage {
            path: path.clone(),
            detail: event.local_image_details.get(index).copied().flatten(),
        }));
    }
    for url in event.audio.iter().flatten() {
        content.push(StoredUserInput::Audio(StoredAudio {
            audio_url: Some(url.clone()),
            file_id: None,
        }));
    }
    for path in &event.local_audio {
        content.push(StoredUserInput::LocalAudio(StoredPath { path: path.clone() }));
    }
    TurnItem::UserMessage(UserMessageItem {
        id: String::new(),
        client_id: event.client_id.clone(),
        content,
    })
}

fn agent_message(event: &AgentMessageEvent) -> Option<TurnItem> {
    if event.message.is_empty() {
        return None;
    }
    Some(TurnItem::AgentMessage(AgentMessageItem {
        id: String::new(),
        content: vec![AgentMessagePart::text(event.message.clone())],
        phase: event.phase,
        memory_citation: event.memory_citation.clone(),
        delivery: event.delivery,
        moderation: event.moderation.clone(),
        questions: event.questions.clone(),
    }))
}
