//! Canonical items, the items that are served, and the pure mappings between them.
//!
//! Only declares and re-exports.

mod convert;
mod convert_tools;
mod hook_prompt;
mod kind;
mod legacy;
mod legacy_collab;
mod legacy_tools;
mod messages;
pub mod rebuilt;
mod review;
mod stored;
mod stored_enums;
mod thread_item;
mod to_legacy;
mod tools;
mod turn_error;
mod turn_item;
mod wire;
mod wire_tools;

pub use hook_prompt::hook_prompt_from_message;
pub use kind::{ITEM_KINDS, ItemKind, UnknownItemKind};
pub use legacy::{EventItem, ReasoningPart, canonical_from_event, canonical_reasoning};
pub use messages::{
    AgentMessageItem, AgentMessagePart, AgentMessagePartTag, ContextCompactionItem, EnteredReviewModeItem,
    ExitedReviewModeItem, FunctionCallOutputItem, HookPromptItem, PlanItem, ReasoningItem, StoredMemoryCitation,
    UserMessageItem,
};
pub use review::{
    BaseBranchTarget, CodeLocation, CommitTarget, CustomTarget, LineRange, NO_REVIEW_OUTPUT, REVIEW_REQUESTED,
    ReviewFinding, ReviewOutput, ReviewTarget, review_text,
};
pub use stored::{
    AgentStatus, ByteSpan, CallToolResult, FileChange, FileChanges, FileContent, FileUpdate, FindInPageAction,
    OpenPageAction, ParsedCommand, ParsedListFiles, ParsedRead, ParsedSearch, ParsedUnknown, SearchAction, StoredAudio,
    StoredDuration, StoredImage, StoredLocalImage, StoredNamedPath, StoredPath, StoredText, StoredTextElement,
    StoredUserInput, StoredWebSearchAction,
};
pub use stored_enums::{
    StoredCollabStatus, StoredCollabTool, StoredCommandSource, StoredCommandStatus, StoredDynamicStatus,
    StoredPatchStatus,
};
pub use thread_item::{
    AgentMessageThreadItem, CollabAgentToolCallThreadItem, CommandExecutionThreadItem, ContextCompactionThreadItem,
    DynamicToolCallThreadItem, FileChangeThreadItem, FunctionCallOutputThreadItem, HookPromptThreadItem,
    ImageGenerationThreadItem, ImageViewThreadItem, McpToolCallThreadItem, PlanThreadItem, ReasoningThreadItem,
    ReviewModeThreadItem, SleepThreadItem, SubAgentActivityThreadItem, ThreadItem, TimedItem, UserMessageThreadItem,
    WebSearchThreadItem,
};
pub use to_legacy::legacy_events_from_item;
pub use tools::{
    CollabAgentToolCallItem, CollabReceiver, CommandExecutionItem, DynamicToolCallItem, ExtensionImage, ExtensionItem,
    ExtensionSleep, ExtensionWebSearch, FileChangeItem, ImageGenerationItem, ImageViewItem, McpToolCallItem,
    SubAgentActivityItem, WebSearchItem,
};
pub use turn_error::{StoredTurnError, TurnError, TurnStatus};
pub(crate) use turn_item::TagFirst;
pub use turn_item::TurnItem;
pub use wire::{
    AgentMessageDelivery, AgentMessageDisplay, AgentMessageModeration, AsyncUserInputQuestion, AudioUserInput,
    ByteRange, CommandAction, FileUpdateChange, HookPromptFragment, ImageDetail, ImageUserInput, ListFilesAction,
    LocalAudioUserInput, LocalImageUserInput, MemoryCitation, MemoryCitationEntry, MessagePhase, NamedPathUserInput,
    PatchChangeKind, ReadAction, SearchFilesAction, TextElement, TextUserInput, UnknownAction, UpdateChange, UserInput,
};
pub use wire_tools::{
    CollabAgentState, CollabAgentStatus, CollabAgentTool, CollabAgentToolCallStatus, CommandExecutionSource,
    CommandExecutionStatus, DynamicAudio, DynamicImage, DynamicText, DynamicToolCallOutputContentItem,
    DynamicToolCallStatus, ImageGenerationFailure, ImageGenerationInputImage, ImageUsageLimit, McpAppDisplayMode,
    McpAppUi, McpToolCallAppContext, McpToolCallError, McpToolCallResult, McpToolCallStatus, PatchApplyStatus,
    SubAgentActivityKind, WebFindInPage, WebOpenPage, WebSearchAction, WebSearchTerms,
};

#[cfg(test)]
mod to_legacy_tests;
