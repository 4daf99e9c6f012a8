//! The persistence policy: what rollouts of either history mode keep (format 3.1, 3.3, 13.1; 7 "Pre-filter").
//!
//! Tables only. Matches name every kind: a new kind must break the build here.

use super::event::EventMsg;
use super::line::RolloutItem;
use super::response::ResponseItem;
use crate::item::{ExtensionItem, SubAgentActivityKind, TurnItem};

/// Tells whether a legacy rollout of today would hold this record.
///
/// Legacy replay drops every other record before it counts and builds, so that old events neither
/// show nor shift ids.
#[must_use]
pub fn legacy_policy_keeps(item: &RolloutItem) -> bool {
    match item {
        RolloutItem::EventMsg(event) => match (event_role(event), &**event) {
            (_, EventMsg::ItemCompleted(completed)) => legacy_form(&completed.item) == LegacyForm::Canonical,
            (EventRole::Kept | EventRole::LegacyItem, _) => true,
            (EventRole::CanonicalItem | EventRole::RetiredItem | EventRole::Never, _) => false,
        },
        RolloutItem::ResponseItem(line) => keeps_response_item(&line.item),
        RolloutItem::SessionMeta(_)
        | RolloutItem::TurnContext(_)
        | RolloutItem::Compacted(_)
        | RolloutItem::WorldState(_)
        | RolloutItem::InterAgentCommunication(_)
        | RolloutItem::InterAgentCommunicationMetadata(_)
        | RolloutItem::SecurityRiskScore(_)
        | RolloutItem::TokenUsageRecord(_)
        | RolloutItem::DynamicToolsUpdated(_)
        | RolloutItem::RealtimeItem(_)
        | RolloutItem::RetainedContext(_) => true,
    }
}

/// What an event is to a rollout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventRole {
    /// Kept in both modes.
    Kept,
    /// The canonical form of an item: see [`legacy_form`].
    CanonicalItem,
    /// The form in which legacy rollouts carry an item today; paginated ones keep the canonical form instead.
    LegacyItem,
    /// A form in which legacy rollouts once carried an item; only worth converting.
    RetiredItem,
    /// Kept in no rollout.
    Never,
}

/// Returns the role of an event (format 3.1).
#[must_use]
pub fn event_role(event: &EventMsg) -> EventRole {
    match event {
        EventMsg::TaskStarted(_)
        | EventMsg::TaskComplete(_)
        | EventMsg::TurnAborted(_)
        | EventMsg::TokenCount(_)
        | EventMsg::ThreadGoalUpdated(_)
        | EventMsg::ThreadRolledBack(_)
        | EventMsg::ThreadSettingsApplied(_) => EventRole::Kept,
        EventMsg::ItemCompleted(_) => EventRole::CanonicalItem,
        EventMsg::UserMessage(_)
        | EventMsg::AgentMessage(_)
        | EventMsg::AgentReasoning(_)
        | EventMsg::AgentReasoningRawContent(_)
        | EventMsg::EnteredReviewMode(_)
        | EventMsg::ExitedReviewMode(_)
        | EventMsg::ContextCompacted
        | EventMsg::PatchApplyEnd(_)
        | EventMsg::McpToolCallEnd(_)
        | EventMsg::WebSearchEnd(_)
        | EventMsg::ImageGenerationEnd(_)
        | EventMsg::SubAgentActivity(_) => EventRole::LegacyItem,
        EventMsg::ExecCommandEnd(_)
        | EventMsg::ViewImageToolCall(_)
        | EventMsg::DynamicToolCallResponse(_)
        | EventMsg::CollabAgentSpawnEnd(_)
        | EventMsg::CollabAgentInteractionEnd(_)
        | EventMsg::CollabWaitingEnd(_)
        | EventMsg::CollabCloseEnd(_)
        | EventMsg::CollabResumeEnd(_) => EventRole::RetiredItem,
        EventMsg::ItemStarted(_)
        | EventMsg::PatchApplyBegin(_)
        | EventMsg::ApplyPatchApprovalRequest(_)
        | EventMsg::McpToolCallBegin(_)
        | EventMsg::WebSearchBegin(_)
        | EventMsg::ImageGenerationBegin(_)
        | EventMsg::ExecCommandBegin(_)
        | EventMsg::DynamicToolCallRequest(_)
        | EventMsg::CollabAgentSpawnBegin(_)
        | EventMsg::CollabAgentInteractionBegin(_)
        | EventMsg::CollabWaitingBegin(_)
        | EventMsg::CollabCloseBegin(_)
        | EventMsg::CollabResumeBegin(_)
        | EventMsg::Error(_)
        | EventMsg::GuardianAssessment(_)
        | EventMsg::Transient(_) => EventRole::Never,
    }
}

/// How legacy rollouts carry a completed canonical item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LegacyForm {
    /// As `item_completed`, like paginated ones.
    Canonical,
    /// As legacy events.
    Events,
    /// In its Responses item only.
    ResponseItem,
    /// Not at all; the raw call may rebuild it.
    None,
}

/// Returns how legacy rollouts carry an item (format 13.1).
#[must_use]
pub fn legacy_form(item: &TurnItem) -> LegacyForm {
    match item {
        TurnItem::UserMessage(_)
        | TurnItem::AgentMessage(_)
        | TurnItem::Reasoning(_)
        | TurnItem::FileChange(_)
        | TurnItem::McpToolCall(_)
        | TurnItem::WebSearch(_)
        | TurnItem::ImageGeneration(_)
        | TurnItem::Extension(ExtensionItem::ImageGeneration(_) | ExtensionItem::WebSearch(_))
        | TurnItem::ContextCompaction(_)
        | TurnItem::EnteredReviewMode(_)
        | TurnItem::ExitedReviewMode(_) => LegacyForm::Events,
        // 0.169 has no legacy event for the completion of a sub-agent.
        TurnItem::SubAgentActivity(activity) if activity.kind == SubAgentActivityKind::Completed => {
            LegacyForm::Canonical
        }
        TurnItem::SubAgentActivity(_) => LegacyForm::Events,
        // 0.169 writes and shows `FunctionCallOutput` although 13.1 leaves it to the Responses item.
        TurnItem::Plan(_) | TurnItem::Extension(ExtensionItem::Sleep(_)) | TurnItem::FunctionCallOutput(_) => {
            LegacyForm::Canonical
        }
        TurnItem::HookPrompt(_) => LegacyForm::ResponseItem,
        TurnItem::CommandExecution(_)
        | TurnItem::DynamicToolCall(_)
        | TurnItem::CollabAgentToolCall(_)
        | TurnItem::ImageView(_) => LegacyForm::None,
    }
}

/// Tells whether rollouts of either mode keep a Responses item (format 3.3).
#[must_use]
pub fn keeps_response_item(item: &ResponseItem) -> bool {
    match item {
        ResponseItem::Message(_)
        | ResponseItem::AgentMessage(_)
        | ResponseItem::Reasoning(_)
        | ResponseItem::LocalShellCall(_)
        | ResponseItem::FunctionCall(_)
        | ResponseItem::FunctionCallOutput(_)
        | ResponseItem::ToolSearchCall(_)
        | ResponseItem::ToolSearchOutput(_)
        | ResponseItem::CustomToolCall(_)
        | ResponseItem::CustomToolCallOutput(_)
        | ResponseItem::WebSearchCall(_)
        | ResponseItem::ImageGenerationCall(_)
        | ResponseItem::Compaction(_)
        | ResponseItem::ContextCompaction(_) => true,
        // Section 3.3 has `additional_tools` as not persisted, but 0.169 writes such lines in
        // both modes: what is written is counted.
        ResponseItem::AdditionalTools(_) => true,
        ResponseItem::CompactionTrigger(_)
        | ResponseItem::ConfigurationUpdate(_)
        | ResponseItem::GhostSnapshot
        | ResponseItem::Other(_) => false,
    }
}
