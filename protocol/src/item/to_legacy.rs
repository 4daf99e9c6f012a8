//! Canonical items as the legacy events that carry them: the reverse of `legacy` (format 13.1).
//!
//! One item at a time. Whether an item is kept at all is decided by the policy of the log, not here.

use super::messages::{AgentMessageItem, EnteredReviewModeItem, ExitedReviewModeItem, ReasoningItem, UserMessageItem};
use super::stored::{
    CallToolResult, FindInPageAction, OpenPageAction, SearchAction, StoredDuration, StoredTextElement, StoredUserInput,
    StoredWebSearchAction,
};
use super::stored_enums::StoredPatchStatus;
use super::tools::{
    ExtensionImage, ExtensionItem, ExtensionWebSearch, FileChangeItem, ImageGenerationItem, McpToolCallItem,
    SubAgentActivityItem, WebSearchItem,
};
use super::turn_item::TurnItem;
use super::wire::ImageDetail;
use super::wire_tools::{McpToolCallStatus, SubAgentActivityKind, WebSearchAction};
use crate::log::event::{
    AgentMessageEvent, EnteredReviewModeEvent, ExitedReviewModeEvent, ImageGenerationEndEvent, McpInvocation,
    McpResult, McpToolCallEndEvent, PatchApplyEndEvent, ReasoningEvent, SubAgentActivityEvent, UserMessageEvent,
    WebSearchEndEvent,
};
use crate::log::{EventMsg, RawJson};

/// Returns the legacy events that carry a completed item, in the order in which they are written.
///
/// Empty for kinds without a legacy event, and for messages and reasoning without text.
/// `completed_at_ms` is the time of the events that have one. Parts of a user message that the
/// legacy event has no member for (skills, mentions, uploaded files) are not carried.
#[must_use]
pub fn legacy_events_from_item(item: &TurnItem, turn_id: &str, completed_at_ms: i64) -> Vec<EventMsg> {
    let event = match item {
        TurnItem::UserMessage(item) => EventMsg::UserMessage(user_message(item)),
        TurnItem::AgentMessage(item) => match agent_message(item) {
            Some(event) => EventMsg::AgentMessage(event),
            None => return Vec::new(),
        },
        TurnItem::Reasoning(item) => return reasoning(item),
        TurnItem::FileChange(item) => EventMsg::PatchApplyEnd(patch_end(item, turn_id)),
        TurnItem::McpToolCall(item) => EventMsg::McpToolCallEnd(mcp_end(item, turn_id)),
        TurnItem::SubAgentActivity(item) if item.kind == SubAgentActivityKind::Completed => return Vec::new(),
        TurnItem::SubAgentActivity(item) => EventMsg::SubAgentActivity(activity(item, completed_at_ms)),
        TurnItem::WebSearch(item) => EventMsg::WebSearchEnd(web_search_end(item)),
        TurnItem::Extension(ExtensionItem::WebSearch(item)) => EventMsg::WebSearchEnd(extension_search_end(item)),
        TurnItem::ImageGeneration(item) => EventMsg::ImageGenerationEnd(image_end(item)),
        TurnItem::Extension(ExtensionItem::ImageGeneration(item)) => {
            EventMsg::ImageGenerationEnd(extension_image_end(item))
        }
        TurnItem::ContextCompaction(_) => EventMsg::ContextCompacted,
        TurnItem::EnteredReviewMode(item) => EventMsg::EnteredReviewMode(entered_review(item, turn_id)),
        TurnItem::ExitedReviewMode(item) => EventMsg::ExitedReviewMode(exited_review(item, turn_id)),
        TurnItem::HookPrompt(_)
        | TurnItem::FunctionCallOutput(_)
        | TurnItem::Plan(_)
        | TurnItem::CommandExecution(_)
        | TurnItem::DynamicToolCall(_)
        | TurnItem::CollabAgentToolCall(_)
        | TurnItem::ImageView(_)
        | TurnItem::Extension(ExtensionItem::Sleep(_)) => return Vec::new(),
    };
    vec![event]
}

/// Text parts are joined, their spans move along; the other parts go to the list of their kind.
fn user_message(item: &UserMessageItem) -> UserMessageEvent {
    let mut message = String::new();
    let mut text_elements = Vec::new();
    let mut images = Vec::new();
    let mut image_details = Vec::new();
    let mut local_images = Vec::new();
    let mut local_image_details = Vec::new();
    let mut audio = Vec::new();
    let mut local_audio = Vec::new();
    for part in &item.content {
        match part {
            StoredUserInput::Text(text) => {
                let start = message.len() as u64;
                text_elements.extend(text.text_elements.iter().map(|element| moved(element, start)));
                message.push_str(&text.text);
            }
            StoredUserInput::Image(image) => {
                if let Some(url) = &image.image_url {
                    images.push(url.clone());
                    image_details.push(image.detail);
                }
            }
            StoredUserInput::LocalImage(image) => {
                local_images.push(image.path.clone());
                local_image_details.push(image.detail);
            }
            StoredUserInput::Audio(part) => audio.extend(part.audio_url.clone()),
            StoredUserInput::LocalAudio(part) => local_audio.push(part.path.clone()),
            StoredUserInput::Skill(_) | StoredUserInput::Mention(_) => {}
        }
    }
    UserMessageEvent {
        client_id: item.client_id.clone(),
        message,
        images: Some(images),
        image_order: None,
        image_details: known_details(image_details),
        local_images,
        local_image_details: known_details(local_image_details),
        audio: Some(audio),
        audio_order: None,
        local_audio,
        text_elements,
        file_id_details: None,
    }
}

fn moved(element: &StoredTextElement, start: u64) -> StoredTextElement {
    let mut element = element.clone();
    element.byte_range.start = element.byte_range.start.saturating_add(start);
    element.byte_range.end = element.byte_range.end.saturating_add(start);
    element
}

/// Details are written only if at least one is known.
fn known_details(details: Vec<Option<ImageDetail>>) -> Vec<Option<ImageDetail>> {
    if details.iter().any(Option::is_some) {
        details
    } else {
        Vec::new()
    }
}

fn agent_message(item: &AgentMessageItem) -> Option<AgentMessageEvent> {
    let message: String = item.content.iter().map(|part| part.text.as_str()).collect();
    (!message.is_empty()).then(|| AgentMessageEvent {
        message,
        phase: item.phase,
        memory_citation: item.memory_citation.clone(),
        delivery: item.delivery,
        moderation: item.moderation.clone(),
        questions: item.questions.clone(),
    })
}

/// Summaries first, then raw thoughts; an empty text carries nothing.
fn reasoning(item: &ReasoningItem) -> Vec<EventMsg> {
    let event = |text: &String| ReasoningEvent { text: text.clone() };
    let spoken = |text: &&String| !text.is_empty();
    let summaries = item.summary_text.iter().filter(spoken);
    let thoughts = item.raw_content.iter().filter(spoken);
    summaries
        .map(|text| EventMsg::AgentReasoning(event(text)))
        .chain(thoughts.map(|text| EventMsg::AgentReasoningRawContent(event(text))))
        .collect()
}

/// The event knows only the outcomes of a finished patch: what is not known to be applied failed.
fn patch_end(item: &FileChangeItem, turn_id: &str) -> PatchApplyEndEvent {
    let status = match item.status {
        Some(StoredPatchStatus::InProgress) | None => StoredPatchStatus::Failed,
        Some(status) => status,
    };
    PatchApplyEndEvent {
        call_id: item.id.clone(),
        turn_id: turn_id.to_owned(),
        stdout: item.stdout.clone().unwrap_or_default(),
        stderr: item.stderr.clone().unwrap_or_default(),
        success: status == StoredPatchStatus::Completed,
        changes: item.changes.clone(),
        status: Some(status),
    }
}

fn mcp_end(item: &McpToolCallItem, turn_id: &str) -> McpToolCallEndEvent {
    McpToolCallEndEvent {
        call_id: item.id.clone(),
        turn_id: Some(turn_id.to_owned()),
        invocation: McpInvocation {
            server: item.server.clone(),
            tool: item.tool.clone(),
            arguments: (!item.arguments.is_null()).then(|| item.arguments.clone()),
        },
        connector_id: item.connector_id.clone(),
        mcp_app_resource_uri: item.mcp_app_resource_uri.clone(),
        link_id: item.link_id.clone(),
        app_name: item.app_name.clone(),
        action_name: item.action_name.clone(),
        plugin_id: item.plugin_id.clone(),
        read_only_hint: item.read_only_hint,
        mcp_app_ui: item.mcp_app_ui.clone(),
        // Readers of the event require a duration.
        duration: Some(item.duration.unwrap_or(StoredDuration { secs: 0, nanos: 0 })),
        result: mcp_result(item),
    }
}

/// The event has either a result or an error; a result of a failed call says so itself.
fn mcp_result(item: &McpToolCallItem) -> McpResult {
    if let Some(error) = &item.error {
        return McpResult::Err(error.message.clone());
    }
    let failed = item.status != McpToolCallStatus::Completed;
    match &item.result {
        Some(result) => McpResult::Ok(CallToolResult {
            is_error: if failed { Some(true) } else { result.is_error },
            ..result.clone()
        }),
        None if failed => McpResult::Err(String::new()),
        None => McpResult::Ok(CallToolResult {
            content: Vec::new(),
            structured_content: None,
            is_error: None,
            meta: None,
        }),
    }
}

fn activity(item: &SubAgentActivityItem, completed_at_ms: i64) -> SubAgentActivityEvent {
    SubAgentActivityEvent {
        model: item.model.clone(),
        reasoning_effort: item.reasoning_effort.clone(),
        event_id: item.id.clone(),
        occurred_at_ms: completed_at_ms,
        agent_thread_id: item.agent_thread_id.clone(),
        agent_path: item.agent_path.clone(),
        kind: item.kind,
    }
}

fn web_search_end(item: &WebSearchItem) -> WebSearchEndEvent {
    WebSearchEndEvent {
        call_id: item.id.clone(),
        query: item.query.clone(),
        action: Some(item.action.clone().unwrap_or_else(other_action)),
        results: item.results.clone(),
    }
}

fn extension_search_end(item: &ExtensionWebSearch) -> WebSearchEndEvent {
    let action = match &item.action {
        Some(WebSearchAction::Search(search)) => StoredWebSearchAction::Search(SearchAction {
            query: search.query.clone(),
            queries: search.queries.clone(),
        }),
        Some(WebSearchAction::OpenPage(page)) => {
            StoredWebSearchAction::OpenPage(OpenPageAction { url: page.url.clone() })
        }
        Some(WebSearchAction::FindInPage(find)) => StoredWebSearchAction::FindInPage(FindInPageAction {
            url: find.url.clone(),
            pattern: find.pattern.clone(),
        }),
        Some(WebSearchAction::Other) | None => other_action(),
    };
    WebSearchEndEvent {
        call_id: item.id.clone(),
        query: item.query.clone(),
        action: Some(action),
        results: item.results.clone(),
    }
}

/// Readers of the event require an action.
fn other_action() -> StoredWebSearchAction {
    let raw = RawJson::from_text(r#"{"type":"other"}"#.to_owned()).expect("the text is JSON");
    StoredWebSearchAction::Other(raw)
}

fn image_end(item: &ImageGenerationItem) -> ImageGenerationEndEvent {
    ImageGenerationEndEvent {
        call_id: item.id.clone(),
        status: item.status.clone(),
        revised_prompt: item.revised_prompt.clone(),
        result: item.result.clone(),
        transparent_background: item.transparent_background,
        failure: item.failure.clone(),
        saved_path: item.saved_path.clone(),
    }
}

fn extension_image_end(item: &ExtensionImage) -> ImageGenerationEndEvent {
    ImageGenerationEndEvent {
        call_id: item.id.clone(),
        status: item.status.clone(),
        revised_prompt: item.revised_prompt.clone(),
        result: item.result.clone().unwrap_or_default(),
        transparent_background: item.transparent_background,
        failure: item.failure.clone(),
        saved_path: item.saved_path.clone(),
    }
}

fn entered_review(item: &EnteredReviewModeItem, turn_id: &str) -> EnteredReviewModeEvent {
    EnteredReviewModeEvent {
        target: item.target.clone(),
        user_facing_hint: item.user_facing_hint.clone(),
        turn_id: Some(turn_id.to_owned()),
        item_id: Some(item.id.clone()),
    }
}

fn exited_review(item: &ExitedReviewModeItem, turn_id: &str) -> ExitedReviewModeEvent {
    ExitedReviewModeEvent {
        turn_id: Some(turn_id.to_owned()),
        item_id: Some(item.id.clone()),
        review_output: item.review_output.clone(),
    }
}
