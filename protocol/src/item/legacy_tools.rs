//! Legacy tool events as canonical items (format 7.2).
//!
//! Begin and end events of one call give items with the same id; the projector lets the later one
//! replace the earlier.

use serde::Deserialize;

use super::legacy::EventItem;
use super::stored::{ParsedCommand, ParsedUnknown};
use super::stored_enums::{StoredCommandSource, StoredCommandStatus, StoredDynamicStatus, StoredPatchStatus};
use super::tools::{
    CommandExecutionItem, DynamicToolCallItem, FileChangeItem, ImageGenerationItem, ImageViewItem, McpToolCallItem,
    SubAgentActivityItem, WebSearchItem,
};
use super::turn_item::TurnItem;
use super::wire_tools::{McpToolCallError, McpToolCallStatus};
use crate::log::event::{
    DynamicToolCallResponseEvent, ExecCommandBeginEvent, ExecCommandEndEvent, GuardianAssessmentEvent,
    ImageGenerationEndEvent, McpResult, McpToolCallBeginEvent, McpToolCallEndEvent, PatchApplyEndEvent,
    SubAgentActivityEvent,
};
use crate::log::{EventMsg, RawJson, member_text};

/// Returns the item of a tool event; `None` for events of other families.
pub(super) fn tool_item(event: &EventMsg) -> Option<EventItem> {
    Some(match event {
        EventMsg::PatchApplyBegin(event) => {
            let item = FileChangeItem {
                auto_approved: Some(event.auto_approved),
                ..file_change(&event.call_id, event.changes.clone())
            };
            EventItem::named(TurnItem::FileChange(item)).in_turn(&event.turn_id)
        }
        EventMsg::ApplyPatchApprovalRequest(event) => {
            let item = file_change(&event.call_id, event.changes.clone());
            EventItem::named(TurnItem::FileChange(item)).in_turn(&event.turn_id)
        }
        EventMsg::PatchApplyEnd(event) => patch_end(event),
        EventMsg::McpToolCallBegin(event) => mcp_begin(event),
        EventMsg::McpToolCallEnd(event) => mcp_end(event),
        EventMsg::WebSearchBegin(event) => EventItem::named(TurnItem::WebSearch(WebSearchItem {
            id: event.call_id.clone(),
            query: String::new(),
            action: None,
            results: None,
        })),
        EventMsg::WebSearchEnd(event) => EventItem::named(TurnItem::WebSearch(WebSearchItem {
            id: event.call_id.clone(),
            query: event.query.clone(),
            action: event.action.clone(),
            results: event.results.clone(),
        })),
        EventMsg::ImageGenerationBegin(event) => EventItem::named(TurnItem::ImageGeneration(image(&event.call_id))),
        EventMsg::ImageGenerationEnd(event) => image_end(event),
        EventMsg::SubAgentActivity(event) => activity(event),
        EventMsg::ExecCommandBegin(event) => exec_begin(event),
        EventMsg::ExecCommandEnd(event) => exec_end(event),
        EventMsg::ViewImageToolCall(event) => EventItem::named(TurnItem::ImageView(ImageViewItem {
            id: event.call_id.clone(),
            path: event.path.clone(),
        })),
        EventMsg::DynamicToolCallRequest(event) => {
            let item = DynamicToolCallItem {
                id: event.call_id.clone(),
                namespace: event.namespace.clone(),
                tool: event.tool.clone(),
                arguments: event.arguments.clone(),
                status: StoredDynamicStatus::InProgress,
                content_items: None,
                success: None,
                error: None,
                duration: None,
            };
            EventItem::named(TurnItem::DynamicToolCall(Box::new(item))).in_turn(&event.turn_id)
        }
        EventMsg::DynamicToolCallResponse(event) => dynamic_response(event),
        EventMsg::GuardianAssessment(event) => guardian(event)?,
        _ => return None,
    })
}

fn file_change(call_id: &str, changes: super::stored::FileChanges) -> FileChangeItem {
    FileChangeItem {
        id: call_id.to_owned(),
        changes,
        status: None,
        auto_approved: None,
        stdout: None,
        stderr: None,
    }
}

fn patch_end(event: &PatchApplyEndEvent) -> EventItem {
    let by_success = if event.success {
        StoredPatchStatus::Completed
    } else {
        StoredPatchStatus::Failed
    };
    let item = FileChangeItem {
        status: Some(event.status.unwrap_or(by_success)),
        stdout: Some(event.stdout.clone()),
        stderr: Some(event.stderr.clone()),
        ..file_change(&event.call_id, event.changes.clone())
    };
    EventItem::named(TurnItem::FileChange(item)).in_turn(&event.turn_id)
}

fn mcp_begin(event: &McpToolCallBeginEvent) -> EventItem {
    EventItem::named(TurnItem::McpToolCall(Box::new(McpToolCallItem {
        id: event.call_id.clone(),
        server: event.invocation.server.clone(),
        tool: event.invocation.tool.clone(),
        arguments: event.invocation.arguments.clone().unwrap_or_else(RawJson::null),
        connector_id: event.connector_id.clone(),
        mcp_app_resource_uri: event.mcp_app_resource_uri.clone(),
        link_id: event.link_id.clone(),
        app_name: event.app_name.clone(),
        action_name: event.action_name.clone(),
        plugin_id: event.plugin_id.clone(),
        read_only_hint: event.read_only_hint,
        mcp_app_ui: None,
        status: McpToolCallStatus::InProgress,
        result: None,
        error: None,
        duration: None,
    })))
}

/// A call fails when there is no result, or when the tool itself says so; in the second case the
/// result stays and there is no error.
fn mcp_end(event: &McpToolCallEndEvent) -> EventItem {
    let (status, result, error) = match &event.result {
        McpResult::Ok(result) if result.is_error == Some(true) => {
            (McpToolCallStatus::Failed, Some(result.clone()), None)
        }
        McpResult::Ok(result) => (McpToolCallStatus::Completed, Some(result.clone()), None),
        McpResult::Err(message) => (
            McpToolCallStatus::Failed,
            None,
            Some(McpToolCallError {
                message: message.clone(),
            }),
        ),
    };
    EventItem::named(TurnItem::McpToolCall(Box::new(McpToolCallItem {
        id: event.call_id.clone(),
        server: event.invocation.server.clone(),
        tool: event.invocation.tool.clone(),
        arguments: event.invocation.arguments.clone().unwrap_or_else(RawJson::null),
        connector_id: event.connector_id.clone(),
        mcp_app_resource_uri: event.mcp_app_resource_uri.clone(),
        link_id: event.link_id.clone(),
        app_name: event.app_name.clone(),
        action_name: event.action_name.clone(),
        plugin_id: event.plugin_id.clone(),
        read_only_hint: event.read_only_hint,
        mcp_app_ui: event.mcp_app_ui.clone(),
        status,
        result,
        error,
        duration: event.duration,
    })))
}

fn image(call_id: &str) -> ImageGenerationItem {
    ImageGenerationItem {
        id: call_id.to_owned(),
        status: String::new(),
        revised_prompt: None,
        result: String::new(),
        transparent_background: None,
        failure: None,
        saved_path: None,
    }
}

fn image_end(event: &ImageGenerationEndEvent) -> EventItem {
    EventItem::named(TurnItem::ImageGeneration(ImageGenerationItem {
        id: event.call_id.clone(),
        status: event.status.clone(),
        revised_prompt: event.revised_prompt.clone(),
        result: event.result.clone(),
        transparent_background: event.transparent_background,
        failure: event.failure.clone(),
        saved_path: event.saved_path.clone(),
    }))
}

fn activity(event: &SubAgentActivityEvent) -> EventItem {
    EventItem::named(TurnItem::SubAgentActivity(SubAgentActivityItem {
        model: event.model.clone(),
        reasoning_effort: event.reasoning_effort.clone(),
        id: event.event_id.clone(),
        kind: event.kind,
        agent_thread_id: event.agent_thread_id.clone(),
        agent_path: event.agent_path.clone(),
    }))
    .timed(0, event.occurred_at_ms)
}

fn exec_begin(event: &ExecCommandBeginEvent) -> EventItem {
    EventItem::named(TurnItem::CommandExecution(Box::new(CommandExecutionItem {
        id: event.call_id.clone(),
        plugin_id: event.plugin_id.clone(),
        script_path: event.script_path.clone(),
        process_id: event.process_id.clone(),
        command: event.command.clone(),
        cwd: event.cwd.clone(),
        parsed_cmd: event.parsed_cmd.clone(),
        source: event.source,
        interaction_input: event.interaction_input.clone(),
        status: StoredCommandStatus::InProgress,
        stdout: None,
        stderr: None,
        aggregated_output: None,
        exit_code: None,
        duration: None,
        formatted_output: None,
    })))
    .in_turn(&event.turn_id)
    .timed(event.started_at_ms, 0)
}

fn exec_end(event: &ExecCommandEndEvent) -> EventItem {
    let by_exit_code = if event.exit_code == 0 {
        StoredCommandStatus::Completed
    } else {
        StoredCommandStatus::Failed
    };
    // Files from before the aggregated output have the two streams only.
    let output = if event.aggregated_output.is_empty() {
        format!("{}{}", event.stdout, event.stderr)
    } else {
        event.aggregated_output.clone()
    };
    EventItem::named(TurnItem::CommandExecution(Box::new(CommandExecutionItem {
        id: event.call_id.clone(),
        plugin_id: event.plugin_id.clone(),
        script_path: event.script_path.clone(),
        process_id: event.process_id.clone(),
        command: event.command.clone(),
        cwd: event.cwd.clone(),
        parsed_cmd: event.parsed_cmd.clone(),
        source: event.source,
        interaction_input: event.interaction_input.clone(),
        status: event.status.unwrap_or(by_exit_code),
        stdout: None,
        stderr: None,
        aggregated_output: Some(output),
        exit_code: Some(event.exit_code),
        duration: event.duration,
        formatted_output: None,
    })))
    .in_turn(&event.turn_id)
    .timed(event.started_at_ms, event.completed_at_ms)
}

fn dynamic_response(event: &DynamicToolCallResponseEvent) -> EventItem {
    let status = if event.success {
        StoredDynamicStatus::Completed
    } else {
        StoredDynamicStatus::Failed
    };
    EventItem::named(TurnItem::DynamicToolCall(Box::new(DynamicToolCallItem {
        id: event.call_id.clone(),
        namespace: event.namespace.clone(),
        tool: event.tool.clone(),
        arguments: event.arguments.clone(),
        status,
        content_items: Some(event.content_items.clone()),
        success: Some(event.success),
        error: event.error.clone(),
        duration: event.duration,
    })))
    .in_turn(&event.turn_id)
}

#[derive(Deserialize)]
struct GuardedCommand {
    #[serde(default)]
    command: Option<String>,
    #[serde(default)]
    program: Option<String>,
    #[serde(default)]
    argv: Vec<String>,
    #[serde(default)]
    cwd: String,
}

/// An assessment of a command shows as the command; an approved one shows nothing, since the
/// command itself follows.
fn guardian(event: &GuardianAssessmentEvent) -> Option<EventItem> {
    let status = match event.status.as_str() {
        "in_progress" => StoredCommandStatus::InProgress,
        "denied" | "aborted" => StoredCommandStatus::Declined,
        "timed_out" => StoredCommandStatus::Failed,
        _ => return None,
    };
    let id = event.target_item_id.clone()?;
    let action = event.action.as_ref()?;
    let tag = member_text(action.as_raw(), "type")?;
    // An action of another shape is no command: it shows nothing, like every other action.
    let guarded: GuardedCommand = action.parse().ok()?;
    let command = match tag.as_ref() {
        "command" | "shell" => {
            let text = guarded.command?;
            shlex::split(&text)
                .filter(|words| !words.is_empty())
                .unwrap_or_else(|| vec![text])
        }
        "execve" if guarded.argv.is_empty() => vec![guarded.program?],
        "execve" => guarded.argv,
        _ => return None,
    };
    let text = crate::text::shell_join(&command);
    let item = CommandExecutionItem {
        id,
        plugin_id: None,
        script_path: None,
        process_id: None,
        command,
        cwd: guarded.cwd,
        parsed_cmd: vec![ParsedCommand::Unknown(ParsedUnknown { cmd: text })],
        source: StoredCommandSource::Agent,
        interaction_input: None,
        status,
        stdout: None,
        stderr: None,
        aggregated_output: None,
        exit_code: None,
        duration: None,
        formatted_output: None,
    };
    Some(EventItem::named(TurnItem::CommandExecution(Box::new(item))).in_turn(&event.turn_id))
}
