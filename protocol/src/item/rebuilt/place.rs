//! What a rebuilt call owes to its surroundings: directory, thread, and the end of its turn.
//!
//! Apart from `item_from_call` because a raw call does not name them.

use crate::item::TurnItem;
use crate::item::stored::{FileChange, FileChanges};
use crate::item::stored_enums::{StoredCollabStatus, StoredCommandStatus, StoredDynamicStatus, StoredPatchStatus};
use crate::item::tools::ExtensionItem;
use crate::item::wire_tools::McpToolCallStatus;
use crate::text::join_path;

/// Where a call was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallPlace<'a> {
    /// Working directory of the turn; may be empty when it is not known.
    pub cwd: &'a str,
    /// Thread that called.
    pub thread_id: &'a str,
}

/// Makes the paths of a rebuilt call absolute and names the calling thread.
pub fn place_call(item: &mut TurnItem, place: CallPlace<'_>) {
    let absolute = |path: &str| join_path(place.cwd, path);
    match item {
        TurnItem::CommandExecution(command) => {
            let written = if command.cwd.is_empty() {
                "."
            } else {
                command.cwd.as_str()
            };
            if let Some(cwd) = absolute(written) {
                command.cwd = cwd;
            }
        }
        TurnItem::FileChange(change) => {
            let changes = std::mem::take(&mut change.changes);
            change.changes = changes
                .into_iter()
                .map(|(path, change)| placed(path, change, absolute))
                .collect::<FileChanges>();
        }
        TurnItem::ImageView(view) => {
            if let Some(path) = absolute(&view.path) {
                view.path = path;
            }
        }
        TurnItem::CollabAgentToolCall(call) => place.thread_id.clone_into(&mut call.sender_thread_id),
        TurnItem::UserMessage(_)
        | TurnItem::HookPrompt(_)
        | TurnItem::AgentMessage(_)
        | TurnItem::FunctionCallOutput(_)
        | TurnItem::Plan(_)
        | TurnItem::Reasoning(_)
        | TurnItem::DynamicToolCall(_)
        | TurnItem::SubAgentActivity(_)
        | TurnItem::WebSearch(_)
        | TurnItem::ImageGeneration(_)
        | TurnItem::Extension(
            ExtensionItem::ImageGeneration(_) | ExtensionItem::Sleep(_) | ExtensionItem::WebSearch(_),
        )
        | TurnItem::EnteredReviewMode(_)
        | TurnItem::ExitedReviewMode(_)
        | TurnItem::McpToolCall(_)
        | TurnItem::ContextCompaction(_) => {}
    }
}

fn placed(path: String, mut change: FileChange, absolute: impl Fn(&str) -> Option<String>) -> (String, FileChange) {
    if let FileChange::Update(update) = &mut change
        && let Some(target) = update.move_path.as_deref().and_then(&absolute)
    {
        update.move_path = Some(target);
    }
    (absolute(&path).unwrap_or(path), change)
}

/// Ends a rebuilt call whose turn is over: without an output it failed (format 13.2). A terminal
/// session that was still running ended with -1, as Codex reports it.
pub fn settle_call(item: &mut TurnItem) {
    match item {
        TurnItem::CommandExecution(command) => {
            if command.status == StoredCommandStatus::InProgress {
                command.status = StoredCommandStatus::Failed;
                if command.process_id.is_some() {
                    command.exit_code.get_or_insert(-1);
                }
            }
        }
        TurnItem::FileChange(change) => {
            if matches!(change.status, None | Some(StoredPatchStatus::InProgress)) {
                change.status = Some(StoredPatchStatus::Failed);
            }
        }
        TurnItem::McpToolCall(call) => {
            if call.status == McpToolCallStatus::InProgress {
                call.status = McpToolCallStatus::Failed;
            }
        }
        TurnItem::DynamicToolCall(call) => {
            if call.status == StoredDynamicStatus::InProgress {
                call.status = StoredDynamicStatus::Failed;
            }
        }
        TurnItem::CollabAgentToolCall(call) => {
            if call.status == StoredCollabStatus::InProgress {
                call.status = StoredCollabStatus::Failed;
            }
        }
        TurnItem::UserMessage(_)
        | TurnItem::HookPrompt(_)
        | TurnItem::AgentMessage(_)
        | TurnItem::FunctionCallOutput(_)
        | TurnItem::Plan(_)
        | TurnItem::Reasoning(_)
        | TurnItem::SubAgentActivity(_)
        | TurnItem::WebSearch(_)
        | TurnItem::ImageView(_)
        | TurnItem::ImageGeneration(_)
        | TurnItem::Extension(
            ExtensionItem::ImageGeneration(_) | ExtensionItem::Sleep(_) | ExtensionItem::WebSearch(_),
        )
        | TurnItem::EnteredReviewMode(_)
        | TurnItem::ExitedReviewMode(_)
        | TurnItem::ContextCompaction(_) => {}
    }
}
