//! Events (`event_msg` lines): every durable kind, and the old kinds that legacy replay
//! understands (format 3.1, 3.2, 7.2).
//!
//! Only declares and re-exports.

mod collab;
mod kinds;
mod message;
mod resets_at;
mod tool;
mod transient;
mod turn;

pub use collab::{
    CollabCloseBegin, CollabCloseEnd, CollabInteractionBegin, CollabInteractionEnd, CollabResumeBegin, CollabResumeEnd,
    CollabSpawnBegin, CollabSpawnEnd, CollabWaitingBegin, CollabWaitingEnd,
};
pub use kinds::{EventMsg, TransientEvent};
pub use message::{
    AgentMessageEvent, EnteredReviewModeEvent, ExitedReviewModeEvent, ItemCompletedEvent, ItemStartedEvent,
    ReasoningEvent, UserMessageEvent,
};
pub use resets_at::ResetsAt;
pub use tool::{
    ApplyPatchApprovalRequestEvent, DynamicToolCallRequestEvent, DynamicToolCallResponseEvent, ExecCommandBeginEvent,
    ExecCommandEndEvent, GuardianAssessmentEvent, ImageGenerationBeginEvent, ImageGenerationEndEvent, McpInvocation,
    McpResult, McpToolCallBeginEvent, McpToolCallEndEvent, PatchApplyBeginEvent, PatchApplyEndEvent,
    SubAgentActivityEvent, ViewImageToolCallEvent, WebSearchBeginEvent, WebSearchEndEvent,
};
pub use turn::{
    AbortReason, CollaborationModeKind, GoalStatus, RateLimitWindow, RateLimits, TaskCompleteEvent, TaskStartedEvent,
    ThreadGoal, ThreadGoalUpdatedEvent, ThreadRolledBackEvent, ThreadSettings, ThreadSettingsAppliedEvent,
    TokenCountEvent, TokenUsage, TokenUsageInfo, TurnAbortedEvent, TurnAttribution,
};
