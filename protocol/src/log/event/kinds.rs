//! The list of event kinds and the decoding of an event payload.
//!
//! Two steps: the tag is peeked, then the same text is parsed into the kind's struct.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::collab::{
    CollabCloseBegin, CollabCloseEnd, CollabInteractionBegin, CollabInteractionEnd, CollabResumeBegin, CollabResumeEnd,
    CollabSpawnBegin, CollabSpawnEnd, CollabWaitingBegin, CollabWaitingEnd,
};
use super::message::{
    AgentMessageEvent, EnteredReviewModeEvent, ExitedReviewModeEvent, ItemCompletedEvent, ItemStartedEvent,
    ReasoningEvent, UserMessageEvent,
};
use super::tool::{
    ApplyPatchApprovalRequestEvent, DynamicToolCallRequestEvent, DynamicToolCallResponseEvent, ExecCommandBeginEvent,
    ExecCommandEndEvent, GuardianAssessmentEvent, ImageGenerationBeginEvent, ImageGenerationEndEvent,
    McpToolCallBeginEvent, McpToolCallEndEvent, PatchApplyBeginEvent, PatchApplyEndEvent, SubAgentActivityEvent,
    ViewImageToolCallEvent, WebSearchBeginEvent, WebSearchEndEvent,
};
use super::transient::is_transient_kind;
use super::turn::{
    TaskCompleteEvent, TaskStartedEvent, ThreadGoalUpdatedEvent, ThreadRolledBackEvent, ThreadSettingsAppliedEvent,
    TokenCountEvent, TurnAbortedEvent,
};
use crate::item::StoredTurnError;
use crate::log::error::LineError;
use crate::log::head::payload_tag;

/// One event.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the variants are the kinds of format 3.1")]
pub enum EventMsg {
    TaskStarted(TaskStartedEvent),
    TaskComplete(TaskCompleteEvent),
    TurnAborted(TurnAbortedEvent),
    TokenCount(TokenCountEvent),
    ThreadGoalUpdated(ThreadGoalUpdatedEvent),
    ThreadRolledBack(ThreadRolledBackEvent),
    ThreadSettingsApplied(ThreadSettingsAppliedEvent),
    ItemStarted(ItemStartedEvent),
    ItemCompleted(ItemCompletedEvent),
    UserMessage(UserMessageEvent),
    AgentMessage(AgentMessageEvent),
    AgentReasoning(ReasoningEvent),
    AgentReasoningRawContent(ReasoningEvent),
    EnteredReviewMode(EnteredReviewModeEvent),
    ExitedReviewMode(ExitedReviewModeEvent),
    ContextCompacted,
    PatchApplyBegin(PatchApplyBeginEvent),
    PatchApplyEnd(PatchApplyEndEvent),
    ApplyPatchApprovalRequest(ApplyPatchApprovalRequestEvent),
    McpToolCallBegin(McpToolCallBeginEvent),
    McpToolCallEnd(McpToolCallEndEvent),
    WebSearchBegin(WebSearchBeginEvent),
    WebSearchEnd(WebSearchEndEvent),
    ImageGenerationBegin(ImageGenerationBeginEvent),
    ImageGenerationEnd(ImageGenerationEndEvent),
    SubAgentActivity(SubAgentActivityEvent),
    ExecCommandBegin(ExecCommandBeginEvent),
    ExecCommandEnd(ExecCommandEndEvent),
    ViewImageToolCall(ViewImageToolCallEvent),
    DynamicToolCallRequest(DynamicToolCallRequestEvent),
    DynamicToolCallResponse(DynamicToolCallResponseEvent),
    CollabAgentSpawnBegin(CollabSpawnBegin),
    CollabAgentSpawnEnd(CollabSpawnEnd),
    CollabAgentInteractionBegin(CollabInteractionBegin),
    CollabAgentInteractionEnd(CollabInteractionEnd),
    CollabWaitingBegin(CollabWaitingBegin),
    CollabWaitingEnd(CollabWaitingEnd),
    CollabCloseBegin(CollabCloseBegin),
    CollabCloseEnd(CollabCloseEnd),
    CollabResumeBegin(CollabResumeBegin),
    CollabResumeEnd(CollabResumeEnd),
    Error(StoredTurnError),
    GuardianAssessment(GuardianAssessmentEvent),
    /// A known kind that is never kept in a rollout today; only its name is kept here.
    #[serde(untagged)]
    Transient(TransientEvent),
}

/// A known event that is not durable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TransientEvent {
    /// Its kind.
    #[serde(rename = "type")]
    pub kind: String,
}

impl EventMsg {
    /// Decodes the payload of an `event_msg` line.
    ///
    /// # Errors
    /// `Missing` without a `type`, `UnknownKind` for a kind that no version of Codex is known to
    /// write, `Shape` for malformed members.
    pub fn decode(payload: &RawValue) -> Result<Self, LineError> {
        let tag = payload_tag(payload).ok_or(LineError::Missing("payload.type"))?;
        let text = payload.get();
        let tag = tag.as_ref();
        Ok(match tag {
            "task_started" | "turn_started" => Self::TaskStarted(members(text, tag)?),
            "task_complete" | "turn_complete" => Self::TaskComplete(members(text, tag)?),
            "turn_aborted" => Self::TurnAborted(members(text, tag)?),
            "token_count" => Self::TokenCount(members(text, tag)?),
            "thread_goal_updated" => Self::ThreadGoalUpdated(members(text, tag)?),
            "thread_rolled_back" => Self::ThreadRolledBack(members(text, tag)?),
            "thread_settings_applied" => Self::ThreadSettingsApplied(members(text, tag)?),
            "item_started" => Self::ItemStarted(ItemStartedEvent::decode(text)?),
            "item_completed" => Self::ItemCompleted(ItemCompletedEvent::decode(text)?),
            "user_message" => Self::UserMessage(members(text, tag)?),
            "agent_message" => Self::AgentMessage(members(text, tag)?),
            "agent_reasoning" => Self::AgentReasoning(members(text, tag)?),
            "agent_reasoning_raw_content" => Self::AgentReasoningRawContent(members(text, tag)?),
            "entered_review_mode" => Self::EnteredReviewMode(members(text, tag)?),
            "exited_review_mode" => Self::ExitedReviewMode(members(text, tag)?),
            "context_compacted" => Self::ContextCompacted,
            "sub_agent_activity" => Self::SubAgentActivity(members(text, tag)?),
            "error" => Self::Error(members(text, tag)?),
            _ => match decode_tool(text, tag)? {
                Some(event) => event,
                None if is_transient_kind(tag) => Self::Transient(TransientEvent { kind: tag.to_owned() }),
                None => {
                    return Err(LineError::UnknownKind {
                        kind: format!("event_msg/{tag}"),
                    });
                }
            },
        })
    }
}

fn decode_tool(text: &str, tag: &str) -> Result<Option<EventMsg>, LineError> {
    use EventMsg as E;
    Ok(Some(match tag {
        "patch_apply_begin" => E::PatchApplyBegin(members(text, tag)?),
        "patch_apply_end" => E::PatchApplyEnd(members(text, tag)?),
        "apply_patch_approval_request" => E::ApplyPatchApprovalRequest(members(text, tag)?),
        "mcp_tool_call_begin" => E::McpToolCallBegin(members(text, tag)?),
        "mcp_tool_call_end" => E::McpToolCallEnd(members(text, tag)?),
        "web_search_begin" => E::WebSearchBegin(members(text, tag)?),
        "web_search_end" => E::WebSearchEnd(members(text, tag)?),
        "image_generation_begin" => E::ImageGenerationBegin(members(text, tag)?),
        "image_generation_end" => E::ImageGenerationEnd(members(text, tag)?),
        "exec_command_begin" => E::ExecCommandBegin(members(text, tag)?),
        "exec_command_end" => E::ExecCommandEnd(members(text, tag)?),
        "view_image_tool_call" => E::ViewImageToolCall(members(text, tag)?),
        "dynamic_tool_call_request" => E::DynamicToolCallRequest(members(text, tag)?),
        "dynamic_tool_call_response" => E::DynamicToolCallResponse(members(text, tag)?),
        "collab_agent_spawn_begin" => E::CollabAgentSpawnBegin(members(text, tag)?),
        "collab_agent_spawn_end" => E::CollabAgentSpawnEnd(members(text, tag)?),
        "collab_agent_interaction_begin" => E::CollabAgentInteractionBegin(members(text, tag)?),
        "collab_agent_interaction_end" => E::CollabAgentInteractionEnd(members(text, tag)?),
        "collab_waiting_begin" => E::CollabWaitingBegin(members(text, tag)?),
        "collab_waiting_end" => E::CollabWaitingEnd(members(text, tag)?),
        "collab_close_begin" => E::CollabCloseBegin(members(text, tag)?),
        "collab_close_end" => E::CollabCloseEnd(members(text, tag)?),
        "collab_resume_begin" => E::CollabResumeBegin(members(text, tag)?),
        "collab_resume_end" => E::CollabResumeEnd(members(text, tag)?),
        "guardian_assessment" => E::GuardianAssessment(members(text, tag)?),
        _ => return Ok(None),
    }))
}

pub(super) fn members<'a, T: Deserialize<'a>>(text: &'a str, tag: &str) -> Result<T, LineError> {
    serde_json::from_str(text).map_err(|source| LineError::Shape {
        kind: format!("event_msg/{tag}"),
        source,
    })
}
