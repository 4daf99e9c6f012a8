//! MCP calls rebuilt from function calls (format 13.2).
//!
//! The server's name is part of the tool's name or its namespace.

use serde::Deserialize;

use super::call::Outcome;
use crate::item::TurnItem;
use crate::item::stored::CallToolResult;
use crate::item::tools::McpToolCallItem;
use crate::item::wire_tools::{McpToolCallError, McpToolCallStatus};
use crate::log::RawJson;
use crate::log::response::{ContentPart, FunctionCall, ToolOutput};

/// Tools that read from a server named in their arguments.
const RESOURCE_TOOLS: [&str; 3] = ["list_mcp_resource_templates", "list_mcp_resources", "read_mcp_resource"];

/// Rebuilds a call of an MCP tool; `None` for other tools.
pub(super) fn item(call: &FunctionCall, outcome: Outcome<'_>) -> Option<TurnItem> {
    let (server, tool) = server_and_tool(call)?;
    let arguments = arguments(&call.arguments);
    let (status, result, error) = match outcome.output {
        None => (McpToolCallStatus::InProgress, None, None),
        Some(output) => match failure(output) {
            Some(message) => (McpToolCallStatus::Failed, None, Some(McpToolCallError { message })),
            None => {
                let result = result(output);
                let status = match result.is_error {
                    Some(true) => McpToolCallStatus::Failed,
                    Some(false) | None => McpToolCallStatus::Completed,
                };
                (status, Some(result), None)
            }
        },
    };
    Some(TurnItem::McpToolCall(Box::new(McpToolCallItem {
        id: call.call_id.clone(),
        server,
        tool,
        arguments,
        connector_id: None,
        mcp_app_resource_uri: None,
        link_id: None,
        app_name: None,
        action_name: None,
        plugin_id: None,
        read_only_hint: None,
        mcp_app_ui: None,
        status,
        result,
        error,
        duration: None,
    })))
}

/// Returns the arguments as JSON; a text that is no JSON becomes a JSON string.
pub(super) fn arguments(text: &str) -> RawJson {
    if text.trim().is_empty() {
        return RawJson::null();
    }
    RawJson::from_text(text.to_owned()).unwrap_or_else(|_not_json| RawJson::string(text))
}

fn server_and_tool(call: &FunctionCall) -> Option<(String, String)> {
    let name = call.name.as_str();
    if let Some(server) = call
        .namespace
        .as_deref()
        .and_then(|namespace| namespace.strip_prefix("mcp__"))
    {
        return Some((server.trim_end_matches("__").to_owned(), name.to_owned()));
    }
    if call.namespace.is_none() && RESOURCE_TOOLS.contains(&name) {
        #[derive(Deserialize)]
        struct Arguments {
            server: String,
        }
        // Without a server the call asks all of them: not a call of one server.
        let arguments: Arguments = serde_json::from_str(&call.arguments).ok()?;
        return Some((arguments.server, name.to_owned()));
    }
    let (server, tool) = name.strip_prefix("mcp__").unwrap_or(name).split_once("__")?;
    let both = !server.is_empty() && !tool.is_empty();
    both.then(|| (server.to_owned(), tool.to_owned()))
}

/// Returns the message of a call that returned nothing.
fn failure(output: &ToolOutput) -> Option<String> {
    let text = output.joined_text();
    let text = without_wall_time(&text);
    [
        "tool call error:",
        "unsupported call:",
        "tool call failed",
        "user rejected MCP tool call",
        "err: ",
    ]
    .iter()
    .any(|beginning| text.starts_with(beginning))
    .then(|| text.to_owned())
}

fn result(output: &ToolOutput) -> CallToolResult {
    if let Some(parts) = output.parts() {
        return of_content(parts.iter().filter_map(content_block).collect());
    }
    let text = output.joined_text();
    let text = without_wall_time(&text);
    // Old outputs hold the whole result as JSON.
    if text.starts_with('{')
        && let Ok(result) = serde_json::from_str::<CallToolResult>(text)
    {
        return result;
    }
    let structured = text.starts_with('{').then(|| RawJson::from_text(text.to_owned()));
    CallToolResult {
        // Text that begins like an object and is none is just text.
        structured_content: structured.and_then(Result::ok),
        ..of_content(vec![text_block(text)])
    }
}

fn of_content(content: Vec<RawJson>) -> CallToolResult {
    CallToolResult {
        content,
        structured_content: None,
        is_error: None,
        meta: None,
    }
}

/// Removes the header that Codex puts before a result.
fn without_wall_time(text: &str) -> &str {
    let Some((header, rest)) = text.split_once("\nOutput:") else {
        return text;
    };
    if header.starts_with("Wall time: ") && !header.contains('\n') {
        rest.strip_prefix('\n').unwrap_or(rest)
    } else {
        text
    }
}

fn text_block(text: &str) -> RawJson {
    let block = serde_json::json!({ "type": "text", "text": text });
    RawJson::of(&block).expect("a json value always serialises")
}

fn content_block(part: &ContentPart) -> Option<RawJson> {
    match part {
        ContentPart::InputText(text) | ContentPart::OutputText(text) => {
            let header = text.text.starts_with("Wall time: ") && text.text.ends_with("\nOutput:");
            (!header).then(|| text_block(&text.text))
        }
        ContentPart::InputImage(image) => {
            let url = image.image_url.as_deref()?;
            let block = match url.strip_prefix("data:").and_then(|rest| rest.split_once(";base64,")) {
                Some((mime, data)) => serde_json::json!({ "type": "image", "data": data, "mimeType": mime }),
                None => serde_json::json!({ "type": "image", "url": url }),
            };
            Some(RawJson::of(&block).expect("a json value always serialises"))
        }
        ContentPart::InputAudio(audio) => RawJson::of(audio).ok(),
        ContentPart::EncryptedContent(_) => None,
        ContentPart::Other(raw) => Some(raw.clone()),
    }
}
