//! The pure mapping from stored items to served items, field by field (format 4, 13.3, 13.4).
//!
//! Never looks at anything but the item itself.

use super::messages::{AgentMessageItem, EnteredReviewModeItem, StoredMemoryCitation, UserMessageItem};
use super::review::{REVIEW_REQUESTED, review_text};
use super::stored::{AgentStatus, FileChange, FileChanges, ParsedCommand, StoredTextElement, StoredUserInput};
use super::stored_enums::StoredPatchStatus;
use super::thread_item::{
    AgentMessageThreadItem, ContextCompactionThreadItem, FileChangeThreadItem, FunctionCallOutputThreadItem,
    HookPromptThreadItem, ImageViewThreadItem, PlanThreadItem, ReasoningThreadItem, ReviewModeThreadItem,
    SubAgentActivityThreadItem, ThreadItem, UserMessageThreadItem,
};
use super::turn_item::TurnItem;
use super::wire::{
    AudioUserInput, ByteRange, CommandAction, FileUpdateChange, ImageUserInput, ListFilesAction, LocalAudioUserInput,
    LocalImageUserInput, MemoryCitation, NamedPathUserInput, PatchChangeKind, ReadAction, SearchFilesAction,
    TextElement, TextUserInput, UnknownAction, UpdateChange, UserInput,
};
use super::wire_tools::{CollabAgentState, CollabAgentStatus, PatchApplyStatus};
use crate::text::{file_uri_to_path, join_path, redact_secrets};

impl From<TurnItem> for ThreadItem {
    fn from(item: TurnItem) -> Self {
        match item {
            TurnItem::UserMessage(item) => Self::UserMessage(user_message(item)),
            TurnItem::HookPrompt(item) => Self::HookPrompt(HookPromptThreadItem {
                id: item.id,
                fragments: item.fragments,
            }),
            TurnItem::AgentMessage(item) => Self::AgentMessage(agent_message(item)),
            TurnItem::FunctionCallOutput(item) => Self::FunctionCallOutput(FunctionCallOutputThreadItem {
                id: item.id,
                name: item.name,
                namespace: item.namespace,
                output: item.output,
            }),
            TurnItem::Plan(item) => Self::Plan(PlanThreadItem {
                id: item.id,
                text: item.text,
            }),
            TurnItem::Reasoning(item) => Self::Reasoning(ReasoningThreadItem {
                id: item.id,
                summary: item.summary_text,
                content: item.raw_content,
            }),
            TurnItem::CommandExecution(item) => Self::CommandExecution(Box::new((*item).into())),
            TurnItem::DynamicToolCall(item) => Self::DynamicToolCall(Box::new((*item).into())),
            TurnItem::CollabAgentToolCall(item) => Self::CollabAgentToolCall(Box::new((*item).into())),
            TurnItem::SubAgentActivity(item) => Self::SubAgentActivity(SubAgentActivityThreadItem {
                id: item.id,
                kind: item.kind,
                agent_thread_id: item.agent_thread_id,
                agent_path: item.agent_path,
                model: item.model,
                reasoning_effort: item.reasoning_effort,
            }),
            TurnItem::WebSearch(item) => Self::WebSearch(item.into()),
            TurnItem::ImageView(item) => Self::ImageView(ImageViewThreadItem {
                id: item.id,
                path: file_uri_to_path(&item.path).into_owned(),
            }),
            TurnItem::ImageGeneration(item) => Self::ImageGeneration(Box::new(item.into())),
            TurnItem::Extension(item) => item.into(),
            TurnItem::EnteredReviewMode(item) => Self::EnteredReviewMode(entered_review(item)),
            TurnItem::ExitedReviewMode(item) => Self::ExitedReviewMode(ReviewModeThreadItem {
                review: review_text(item.review_output.as_ref()),
                id: item.id,
            }),
            TurnItem::FileChange(item) => Self::FileChange(FileChangeThreadItem {
                id: item.id,
                changes: file_changes(item.changes),
                status: item.status.map_or(PatchApplyStatus::InProgress, patch_status),
            }),
            TurnItem::McpToolCall(item) => Self::McpToolCall(Box::new((*item).into())),
            TurnItem::ContextCompaction(item) => Self::ContextCompaction(ContextCompactionThreadItem { id: item.id }),
        }
    }
}

fn user_message(item: UserMessageItem) -> UserMessageThreadItem {
    UserMessageThreadItem {
        id: item.id,
        client_id: item.client_id,
        content: item.content.into_iter().map(UserInput::from).collect(),
    }
}

impl From<StoredUserInput> for UserInput {
    fn from(part: StoredUserInput) -> Self {
        match part {
            StoredUserInput::Text(text) => Self::Text(TextUserInput {
                text: text.text,
                text_elements: text.text_elements.into_iter().map(TextElement::from).collect(),
            }),
            StoredUserInput::Image(image) => Self::Image(ImageUserInput {
                url: image.image_url,
                file_id: image.file_id,
                detail: image.detail,
            }),
            StoredUserInput::LocalImage(image) => Self::LocalImage(LocalImageUserInput {
                path: image.path,
                detail: image.detail,
            }),
            StoredUserInput::Audio(audio) => Self::Audio(AudioUserInput {
                url: audio.audio_url,
                file_id: audio.file_id,
            }),
            StoredUserInput::LocalAudio(audio) => Self::LocalAudio(LocalAudioUserInput { path: audio.path }),
            StoredUserInput::Skill(skill) => Self::Skill(NamedPathUserInput {
                name: skill.name,
                path: skill.path,
            }),
            StoredUserInput::Mention(mention) => Self::Mention(NamedPathUserInput {
                name: mention.name,
                path: mention.path,
            }),
        }
    }
}

impl From<StoredTextElement> for TextElement {
    fn from(element: StoredTextElement) -> Self {
        let range = element.byte_range;
        Self {
            byte_range: ByteRange {
                start: range.start,
                end: range.end,
            },
            placeholder: element.placeholder,
        }
    }
}

fn agent_message(item: AgentMessageItem) -> AgentMessageThreadItem {
    AgentMessageThreadItem {
        id: item.id,
        text: item.content.into_iter().map(|part| part.text).collect(),
        phase: item.phase,
        moderation: item.moderation,
        memory_citation: item.memory_citation.map(memory_citation),
        delivery: item.delivery,
        questions: item.questions,
    }
}

fn memory_citation(citation: StoredMemoryCitation) -> MemoryCitation {
    MemoryCitation {
        entries: citation.entries,
        thread_ids: citation.rollout_ids,
    }
}

fn entered_review(item: EnteredReviewModeItem) -> ReviewModeThreadItem {
    ReviewModeThreadItem {
        id: item.id,
        review: item.user_facing_hint.unwrap_or_else(|| REVIEW_REQUESTED.to_owned()),
    }
}

fn patch_status(status: StoredPatchStatus) -> PatchApplyStatus {
    match status {
        StoredPatchStatus::InProgress => PatchApplyStatus::InProgress,
        StoredPatchStatus::Completed => PatchApplyStatus::Completed,
        StoredPatchStatus::Failed => PatchApplyStatus::Failed,
        StoredPatchStatus::Declined => PatchApplyStatus::Declined,
    }
}

fn file_changes(changes: FileChanges) -> Vec<FileUpdateChange> {
    changes
        .into_iter()
        .map(|(path, change)| {
            let (kind, diff) = match change {
                FileChange::Add(file) => (PatchChangeKind::Add, file.content),
                FileChange::Delete(file) => (PatchChangeKind::Delete, file.content),
                FileChange::Update(update) => {
                    let mut diff = update.unified_diff;
                    if let Some(target) = &update.move_path {
                        diff.push_str("\n\nMoved to: ");
                        diff.push_str(target);
                    }
                    let kind = PatchChangeKind::Update(UpdateChange {
                        move_path: update.move_path,
                    });
                    (kind, diff)
                }
            };
            FileUpdateChange { path, kind, diff }
        })
        .collect()
}

/// Maps what a command does. `read` without a path that resolves is dropped (format 4); kinds
/// that the wire does not know keep their command text.
pub(super) fn command_action(action: ParsedCommand, cwd: &str) -> Option<CommandAction> {
    Some(match action {
        ParsedCommand::Read(read) => CommandAction::Read(ReadAction {
            command: redacted(read.cmd),
            name: read.name,
            path: join_path(cwd, &read.path?)?,
        }),
        ParsedCommand::ListFiles(list) => CommandAction::ListFiles(ListFilesAction {
            command: redacted(list.cmd),
            path: list.path,
        }),
        ParsedCommand::Search(search) => CommandAction::Search(SearchFilesAction {
            command: redacted(search.cmd),
            query: search.query.map(redacted),
            path: search.path,
        }),
        ParsedCommand::Unknown(unknown) => CommandAction::Unknown(UnknownAction {
            command: redacted(unknown.cmd),
        }),
        ParsedCommand::Other(raw) => {
            let command = crate::log::member_text(raw.as_raw(), "cmd")?;
            CommandAction::Unknown(UnknownAction {
                command: redacted(command.into_owned()),
            })
        }
    })
}

pub(super) fn redacted(text: String) -> String {
    match redact_secrets(&text) {
        std::borrow::Cow::Borrowed(_) => text,
        std::borrow::Cow::Owned(redacted) => redacted,
    }
}

pub(super) fn agent_state(status: AgentStatus) -> CollabAgentState {
    let (status, message) = match status {
        AgentStatus::PendingInit => (CollabAgentStatus::PendingInit, None),
        AgentStatus::Running => (CollabAgentStatus::Running, None),
        AgentStatus::Interrupted => (CollabAgentStatus::Interrupted, None),
        AgentStatus::Shutdown => (CollabAgentStatus::Shutdown, None),
        AgentStatus::NotFound => (CollabAgentStatus::NotFound, None),
        AgentStatus::Completed(message) => (CollabAgentStatus::Completed, message),
        AgentStatus::Errored(message) => (CollabAgentStatus::Errored, Some(message)),
    };
    CollabAgentState { status, message }
}
