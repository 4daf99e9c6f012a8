//! Rebuilt calls of all tools without a family of their own.
//!
//! What nothing else knows becomes a dynamic tool call, so that no call is lost.

use serde::Deserialize;

use super::call::Outcome;
use super::mcp::arguments;
use crate::item::TurnItem;
use crate::item::stored::StoredWebSearchAction;
use crate::item::stored_enums::StoredDynamicStatus;
use crate::item::tools::{
    DynamicToolCallItem, ExtensionItem, ExtensionSleep, ImageGenerationItem, ImageViewItem, WebSearchItem,
};
use crate::item::wire_tools::{DynamicAudio, DynamicImage, DynamicText, DynamicToolCallOutputContentItem};
use crate::log::RawJson;
use crate::log::response::{ContentPart, CustomToolCall, FunctionCall, ImageGenerationCall, ToolOutput, WebSearchCall};

/// Rebuilds a web search. Its query is what the action looked for.
pub(super) fn web_search_item(call: &WebSearchCall) -> TurnItem {
    let query = match &call.action {
        Some(StoredWebSearchAction::Search(search)) => {
            let first = search.queries.iter().flatten().next();
            search
                .query
                .as_ref()
                .filter(|query| !query.is_empty())
                .or(first)
                .cloned()
        }
        Some(StoredWebSearchAction::OpenPage(page)) => page.url.clone(),
        Some(StoredWebSearchAction::FindInPage(find)) => match (&find.pattern, &find.url) {
            (Some(pattern), Some(url)) => Some(format!("'{pattern}' in {url}")),
            (Some(pattern), None) => Some(format!("'{pattern}'")),
            (None, url) => url.clone(),
        },
        Some(StoredWebSearchAction::Other(_)) | None => None,
    };
    TurnItem::WebSearch(WebSearchItem {
        id: call.id.clone().unwrap_or_default(),
        query: query.unwrap_or_default(),
        action: call.action.clone(),
        results: None,
    })
}

/// Rebuilds an image generation.
pub(super) fn image_item(call: &ImageGenerationCall) -> TurnItem {
    TurnItem::ImageGeneration(ImageGenerationItem {
        id: call.id.clone().unwrap_or_default(),
        status: call.status.clone(),
        revised_prompt: call.revised_prompt.clone(),
        result: call.result.clone(),
        transparent_background: None,
        failure: None,
        saved_path: None,
    })
}

/// Rebuilds a look at an image; `None` when its arguments cannot be read.
pub(super) fn image_view_item(call: &FunctionCall) -> Option<TurnItem> {
    #[derive(Deserialize)]
    struct Arguments {
        path: String,
    }
    // Arguments that the model got wrong: shown as a plain tool call instead.
    let arguments: Arguments = serde_json::from_str(&call.arguments).ok()?;
    Some(TurnItem::ImageView(ImageViewItem {
        id: call.call_id.clone(),
        path: arguments.path,
    }))
}

/// Rebuilds a pause; `None` when its arguments cannot be read.
pub(super) fn sleep_item(call: &FunctionCall) -> Option<TurnItem> {
    #[derive(Deserialize)]
    struct Arguments {
        duration_ms: u64,
    }
    // Arguments that the model got wrong: shown as a plain tool call instead.
    let arguments: Arguments = serde_json::from_str(&call.arguments).ok()?;
    let sleep = ExtensionSleep {
        id: call.call_id.clone(),
        duration_ms: arguments.duration_ms,
    };
    Some(TurnItem::Extension(ExtensionItem::Sleep(sleep)))
}

/// Rebuilds a call of any function tool.
pub(super) fn function_item(call: &FunctionCall, outcome: Outcome<'_>) -> TurnItem {
    let told = Told {
        id: &call.call_id,
        namespace: call.namespace.as_deref(),
        tool: &call.name,
    };
    dynamic_item(told, arguments(&call.arguments), outcome)
}

/// Rebuilds a call of any tool that takes free text.
pub(super) fn custom_item(call: &CustomToolCall, outcome: Outcome<'_>) -> TurnItem {
    let told = Told {
        id: &call.call_id,
        namespace: call.namespace.as_deref(),
        tool: &call.name,
    };
    dynamic_item(told, RawJson::string(&call.input), outcome)
}

struct Told<'a> {
    id: &'a str,
    namespace: Option<&'a str>,
    tool: &'a str,
}

fn dynamic_item(told: Told<'_>, arguments: RawJson, outcome: Outcome<'_>) -> TurnItem {
    let refused = outcome.text().is_some_and(|text| is_refusal(&text));
    let status = match (outcome.output, refused) {
        (None, _) => StoredDynamicStatus::InProgress,
        (Some(_), true) => StoredDynamicStatus::Failed,
        (Some(_), false) => StoredDynamicStatus::Completed,
    };
    TurnItem::DynamicToolCall(Box::new(DynamicToolCallItem {
        id: told.id.to_owned(),
        namespace: told.namespace.map(str::to_owned),
        tool: told.tool.to_owned(),
        arguments,
        status,
        content_items: outcome.output.map(content_items),
        // Whether the tool itself succeeded is not in the record, unless it never ran.
        success: refused.then_some(false),
        error: None,
        duration: None,
    }))
}

/// Tells whether Codex answered in place of the tool.
fn is_refusal(text: &str) -> bool {
    [
        "unsupported call: ",
        "unsupported custom tool call: ",
        "failed to parse function arguments",
        "apply_patch verification failed",
        "Script failed\n",
    ]
    .iter()
    .any(|beginning| text.starts_with(beginning))
}

fn content_items(output: &ToolOutput) -> Vec<DynamicToolCallOutputContentItem> {
    match output.parts() {
        Some(parts) => parts.into_iter().filter_map(content_item).collect(),
        None => {
            let text = output.joined_text().into_owned();
            vec![DynamicToolCallOutputContentItem::InputText(DynamicText { text })]
        }
    }
}

fn content_item(part: ContentPart) -> Option<DynamicToolCallOutputContentItem> {
    match part {
        ContentPart::InputText(text) | ContentPart::OutputText(text) => {
            Some(DynamicToolCallOutputContentItem::InputText(DynamicText {
                text: text.text,
            }))
        }
        ContentPart::InputImage(image) => {
            let image_url = image.image_url?;
            Some(DynamicToolCallOutputContentItem::InputImage(DynamicImage { image_url }))
        }
        ContentPart::InputAudio(audio) => {
            let audio_url = audio.audio_url?;
            Some(DynamicToolCallOutputContentItem::InputAudio(DynamicAudio { audio_url }))
        }
        ContentPart::EncryptedContent(_) | ContentPart::Other(_) => None,
    }
}
