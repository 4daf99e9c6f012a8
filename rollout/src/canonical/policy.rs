//! The persistence policy: which record each history mode keeps (format 3.1, 3.3, 13.1).
//!
//! Tables only. Matches name every kind: a new kind must break the build here.

use codex_protocol::item::{ExtensionItem, SubAgentActivityKind, TurnItem};
use codex_protocol::log::event::EventMsg;
use codex_protocol::log::{HistoryMode, ResponseItem};

use super::batch::DropReason;

/// What an event is to a rollout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EventRole {
    /// Kept in both modes.
    Kept,
    /// The canonical form of an item: see [`item_fate`].
    CanonicalItem,
    /// The form in which legacy rollouts carry an item today; paginated ones keep the canonical form instead.
    LegacyItem,
    /// A form in which legacy rollouts once carried an item; only worth converting.
    RetiredItem,
    /// Kept in no rollout.
    Never,
}

/// Returns the role of an event.
pub(super) fn event_role(event: &EventMsg) -> EventRole {
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

/// What becomes of a completed canonical item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ItemFate {
    /// Its `item_completed` is kept.
    Kept,
    /// Legacy events carry it.
    AsLegacyEvents,
    /// It has no line.
    Dropped(DropReason),
}

/// Returns what becomes of an item in a mode.
pub(super) fn item_fate(item: &TurnItem, mode: HistoryMode) -> ItemFate {
    match mode {
        HistoryMode::Paginated => ItemFate::Kept,
        HistoryMode::Legacy => legacy_item_fate(item),
    }
}

fn legacy_item_fate(item: &TurnItem) -> ItemFate {
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
        | TurnItem::ExitedReviewMode(_) => ItemFate::AsLegacyEvents,
        // 0.169 has no legacy event for the completion of a sub-agent.
        TurnItem::SubAgentActivity(activity) if activity.kind == SubAgentActivityKind::Completed => ItemFate::Kept,
        TurnItem::SubAgentActivity(_) => ItemFate::AsLegacyEvents,
        // 0.169 writes and shows `FunctionCallOutput` although 13.1 leaves it to the Responses item.
        TurnItem::Plan(_) | TurnItem::Extension(ExtensionItem::Sleep(_)) | TurnItem::FunctionCallOutput(_) => {
            ItemFate::Kept
        }
        TurnItem::HookPrompt(_) => ItemFate::Dropped(DropReason::CarriedByResponseItem),
        TurnItem::CommandExecution(_)
        | TurnItem::DynamicToolCall(_)
        | TurnItem::CollabAgentToolCall(_)
        | TurnItem::ImageView(_) => ItemFate::Dropped(DropReason::NoLegacyLine),
    }
}

/// Returns why a Responses item has no line, in either mode; `None` for those that are kept.
pub(super) fn response_drop(item: &ResponseItem) -> Option<DropReason> {
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
        | ResponseItem::ContextCompaction(_)
        // Not in section 3.3, but 0.169 writes such lines in both modes.
        | ResponseItem::AdditionalTools(_) => None,
        ResponseItem::CompactionTrigger(_) | ResponseItem::ConfigurationUpdate(_) | ResponseItem::GhostSnapshot => {
            Some(DropReason::ResponseKindNotKept)
        }
        ResponseItem::Other(_) => Some(DropReason::UnknownResponseKind),
    }
}
