//! Which raw records are calls, which are outputs, and what a call is rebuilt as.
//!
//! Whether there is an item, of which kind, and with which id, depends on the call alone: an
//! output that arrives later changes only what the item says. Does not pair lines.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::{collab, command, mcp, other, patch};
use crate::item::TurnItem;
use crate::log::response::{CustomToolCall, FunctionCall, ToolOutput};
use crate::log::{RawJson, ResponseItem};

/// Returns the id that a call and its output share; `None` for other records and for calls
/// without any id.
#[must_use]
pub fn call_key(item: &ResponseItem) -> Option<&str> {
    let key = match item {
        ResponseItem::FunctionCall(call) => Some(call.call_id.as_str()),
        ResponseItem::FunctionCallOutput(output) => output.call_id.as_deref(),
        ResponseItem::CustomToolCall(call) => Some(call.call_id.as_str()),
        ResponseItem::CustomToolCallOutput(output) => Some(output.call_id.as_str()),
        ResponseItem::LocalShellCall(call) => call.call_id.as_deref().or(call.id.as_deref()),
        ResponseItem::ToolSearchCall(call) => call.call_id.as_deref(),
        ResponseItem::ToolSearchOutput(output) => output.call_id.as_deref(),
        ResponseItem::WebSearchCall(call) => call.id.as_deref(),
        ResponseItem::ImageGenerationCall(call) => call.id.as_deref(),
        ResponseItem::Message(_)
        | ResponseItem::AgentMessage(_)
        | ResponseItem::Reasoning(_)
        | ResponseItem::Compaction(_)
        | ResponseItem::ContextCompaction(_)
        | ResponseItem::GhostSnapshot
        | ResponseItem::AdditionalTools(_)
        | ResponseItem::CompactionTrigger(_)
        | ResponseItem::ConfigurationUpdate(_)
        | ResponseItem::Other(_) => None,
    };
    key.filter(|key| !key.is_empty())
}

/// Tells whether a record is the output of a call.
#[must_use]
pub fn is_output(item: &ResponseItem) -> bool {
    match item {
        ResponseItem::FunctionCallOutput(_)
        | ResponseItem::CustomToolCallOutput(_)
        | ResponseItem::ToolSearchOutput(_) => true,
        ResponseItem::FunctionCall(_)
        | ResponseItem::CustomToolCall(_)
        | ResponseItem::LocalShellCall(_)
        | ResponseItem::ToolSearchCall(_)
        | ResponseItem::WebSearchCall(_)
        | ResponseItem::ImageGenerationCall(_)
        | ResponseItem::Message(_)
        | ResponseItem::AgentMessage(_)
        | ResponseItem::Reasoning(_)
        | ResponseItem::Compaction(_)
        | ResponseItem::ContextCompaction(_)
        | ResponseItem::GhostSnapshot
        | ResponseItem::AdditionalTools(_)
        | ResponseItem::CompactionTrigger(_)
        | ResponseItem::ConfigurationUpdate(_)
        | ResponseItem::Other(_) => false,
    }
}

/// Returns the terminal session that an output leaves running.
#[must_use]
pub fn running_session(item: &ResponseItem) -> Option<String> {
    let output = output_of(item)?;
    super::output_text::parse(&output.joined_text()).session
}

/// Returns the terminal session that a `write_stdin` call continues.
#[must_use]
pub fn continued_session(item: &ResponseItem) -> Option<String> {
    let ResponseItem::FunctionCall(call) = item else {
        return None;
    };
    if call.name != "write_stdin" {
        return None;
    }
    // Arguments that are no object continue nothing.
    let arguments: &RawValue = serde_json::from_str(&call.arguments).ok()?;
    #[derive(serde::Deserialize)]
    struct Arguments {
        session_id: RawJson,
    }
    // The same: without a session id there is nothing to continue.
    let arguments: Arguments = serde_json::from_str(arguments.get()).ok()?;
    Some(match arguments.session_id.as_text() {
        Some(text) => text.into_owned(),
        None => arguments.session_id.get().to_owned(),
    })
}

/// Returns the output of an output record.
pub(super) fn output_of(item: &ResponseItem) -> Option<&ToolOutput> {
    match item {
        ResponseItem::FunctionCallOutput(output) => Some(&output.output),
        ResponseItem::CustomToolCallOutput(output) => Some(&output.output),
        _ => None,
    }
}

/// What followed a call.
#[derive(Clone, Copy)]
pub(super) struct Outcome<'a> {
    /// Its own output.
    pub(super) output: Option<&'a ToolOutput>,
    /// Outputs of the calls that continued its session, in order.
    pub(super) later: &'a [ResponseItem],
}

impl<'a> Outcome<'a> {
    /// Returns the text of the call's own output.
    pub(super) fn text(self) -> Option<Cow<'a, str>> {
        self.output.map(ToolOutput::joined_text)
    }
}

/// Rebuilds the item of a call.
///
/// `output` is the record of its output, `later` the calls and outputs that continued the session
/// which it started. Without output the item is in progress; [`settle_call`](super::settle_call)
/// ends it when its turn is over. Paths stay as written until [`place_call`](super::place_call).
///
/// Returns `None` for records that are no calls and for tools of which Codex itself makes no item
/// (plans, questions, goals, agent lists, writing to a session).
#[must_use]
pub fn item_from_call(call: &ResponseItem, output: Option<&ResponseItem>, later: &[ResponseItem]) -> Option<TurnItem> {
    let outcome = Outcome {
        output: output.and_then(output_of),
        later,
    };
    match call {
        ResponseItem::FunctionCall(call) => function_item(call, outcome),
        ResponseItem::CustomToolCall(call) => custom_item(call, outcome),
        ResponseItem::LocalShellCall(call) => Some(command::local_shell_item(call, outcome)),
        ResponseItem::WebSearchCall(call) => Some(other::web_search_item(call)),
        ResponseItem::ImageGenerationCall(call) => Some(other::image_item(call)),
        ResponseItem::FunctionCallOutput(_)
        | ResponseItem::CustomToolCallOutput(_)
        | ResponseItem::ToolSearchCall(_)
        | ResponseItem::ToolSearchOutput(_)
        | ResponseItem::Message(_)
        | ResponseItem::AgentMessage(_)
        | ResponseItem::Reasoning(_)
        | ResponseItem::Compaction(_)
        | ResponseItem::ContextCompaction(_)
        | ResponseItem::GhostSnapshot
        | ResponseItem::AdditionalTools(_)
        | ResponseItem::CompactionTrigger(_)
        | ResponseItem::ConfigurationUpdate(_)
        | ResponseItem::Other(_) => None,
    }
}

/// Function tools of which Codex makes no item in either mode.
const SILENT_TOOLS: [&str; 10] = [
    "create_goal",
    "get_goal",
    "list_agents",
    "request_permissions",
    "request_user_input",
    "request_user_input_async",
    "tool_suggest",
    "update_goal",
    "update_plan",
    "write_stdin",
];

fn function_item(call: &FunctionCall, outcome: Outcome<'_>) -> Option<TurnItem> {
    if let Some(item) = mcp::item(call, outcome) {
        return Some(item);
    }
    let name = call.name.as_str();
    if SILENT_TOOLS.contains(&name) || (name == "wait" && call.namespace.as_deref() == Some("functions")) {
        return None;
    }
    let known = match name {
        "exec_command" | "shell" | "shell_command" | "container.exec" | "local_shell" => {
            command::function_item(call, outcome)
        }
        "apply_patch" => patch::function_item(call, outcome),
        "view_image" => other::image_view_item(call),
        "sleep" if call.namespace.as_deref() == Some("clock") => other::sleep_item(call),
        _ => collab::item(call, outcome),
    };
    Some(known.unwrap_or_else(|| other::function_item(call, outcome)))
}

fn custom_item(call: &CustomToolCall, outcome: Outcome<'_>) -> Option<TurnItem> {
    let patch = (call.name == "apply_patch")
        .then(|| patch::item(&call.call_id, &call.input, None, outcome))
        .flatten();
    Some(patch.unwrap_or_else(|| other::custom_item(call, outcome)))
}
