//! What the legacy persistence policy writes today (format 3.1, 3.3; 7 "Pre-filter").
//!
//! Matches name every kind: a new kind must break the build here.

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
        RolloutItem::EventMsg(event) => keeps_event(event),
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

fn keeps_event(event: &EventMsg) -> bool {
    match event {
        EventMsg::TaskStarted(_)
        | EventMsg::TaskComplete(_)
        | EventMsg::TurnAborted(_)
        | EventMsg::TokenCount(_)
        | EventMsg::ThreadGoalUpdated(_)
        | EventMsg::ThreadRolledBack(_)
        | EventMsg::ThreadSettingsApplied(_)
        | EventMsg::UserMessage(_)
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
        | EventMsg::SubAgentActivity(_) => true,
        EventMsg::ItemCompleted(completed) => keeps_completed_item(&completed.item),
        EventMsg::ItemStarted(_)
        | EventMsg::PatchApplyBegin(_)
        | EventMsg::ApplyPatchApprovalRequest(_)
        | EventMsg::McpToolCallBegin(_)
        | EventMsg::WebSearchBegin(_)
        | EventMsg::ImageGenerationBegin(_)
        | EventMsg::ExecCommandBegin(_)
        | EventMsg::ExecCommandEnd(_)
        | EventMsg::ViewImageToolCall(_)
        | EventMsg::DynamicToolCallRequest(_)
        | EventMsg::DynamicToolCallResponse(_)
        | EventMsg::CollabAgentSpawnBegin(_)
        | EventMsg::CollabAgentSpawnEnd(_)
        | EventMsg::CollabAgentInteractionBegin(_)
        | EventMsg::CollabAgentInteractionEnd(_)
        | EventMsg::CollabWaitingBegin(_)
        | EventMsg::CollabWaitingEnd(_)
        | EventMsg::CollabCloseBegin(_)
        | EventMsg::CollabCloseEnd(_)
        | EventMsg::CollabResumeBegin(_)
        | EventMsg::CollabResumeEnd(_)
        | EventMsg::Error(_)
        | EventMsg::GuardianAssessment(_)
        | EventMsg::Transient(_) => false,
    }
}

fn keeps_completed_item(item: &TurnItem) -> bool {
    match item {
        TurnItem::Plan(_) | TurnItem::Extension(ExtensionItem::Sleep(_)) => true,
        // Not in section 3.1, but 0.169 writes both to legacy rollouts and shows them: they have no
        // legacy event.
        TurnItem::FunctionCallOutput(_) => true,
        TurnItem::SubAgentActivity(activity) => activity.kind == SubAgentActivityKind::Completed,
        TurnItem::UserMessage(_)
        | TurnItem::HookPrompt(_)
        | TurnItem::AgentMessage(_)
        | TurnItem::Reasoning(_)
        | TurnItem::CommandExecution(_)
        | TurnItem::DynamicToolCall(_)
        | TurnItem::CollabAgentToolCall(_)
        | TurnItem::WebSearch(_)
        | TurnItem::ImageView(_)
        | TurnItem::ImageGeneration(_)
        | TurnItem::Extension(ExtensionItem::ImageGeneration(_) | ExtensionItem::WebSearch(_))
        | TurnItem::EnteredReviewMode(_)
        | TurnItem::ExitedReviewMode(_)
        | TurnItem::FileChange(_)
        | TurnItem::McpToolCall(_)
        | TurnItem::ContextCompaction(_) => false,
    }
}

fn keeps_response_item(item: &ResponseItem) -> bool {
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
