//! `thread/items/list` and `thread/items/read` (`app-server-api.md` 3.7, 3.8).
//!
//! Leaving out outputs is done here, on the page that is sent.

use codex_protocol::RawJson;
use codex_protocol::item::{CommandExecutionStatus, McpToolCallResult, McpToolCallStatus, ThreadItem};
use codex_protocol::rpc::items::{
    ThreadItemEntry, ThreadItemOutputDeferral, ThreadItemsListAnchor, ThreadItemsListCursor, ThreadItemsListParams,
    ThreadItemsListResponse, ThreadItemsReadParams, ThreadItemsReadResponse,
};
use codex_thread_store::{Anchor, Direction, ItemAnchor, ItemEntry, ItemPageQuery};
use serde_json::Value;

use super::ids;
use crate::convert;
use crate::cursor::{self, Include};
use crate::error_map::Failing;
use crate::limits::{DEFAULT_PAGE_ROWS, MAX_ITEM_IDS, MAX_PAGE_ROWS, page_rows};
use crate::rpc_error::{RpcError, RpcResult};
use crate::server::Server;

/// `thread/items/list`.
pub(crate) async fn items_list(server: &Server, params: ThreadItemsListParams) -> RpcResult<ThreadItemsListResponse> {
    let in_turn = params.turn_id.as_ref().is_some_and(|turn| !turn.is_empty());
    if matches!(params.cursor, Some(ThreadItemsListCursor::Anchor(_))) && !in_turn {
        return Err(RpcError::invalid_params(
            "turnId is required when cursor is an item anchor",
        ));
    }
    let thread_id = ids::thread_id(&params.thread_id)?;
    let raw = match &params.cursor {
        Some(ThreadItemsListCursor::Text(raw)) => Some(raw.as_str()),
        Some(ThreadItemsListCursor::Anchor(_)) | None => None,
    };
    let failing = Failing::new("thread/items/list", server.view).with_cursor(raw);
    if server.unwritten(thread_id).is_some() {
        return Err(failing.not_supported_yet());
    }
    let mut query = ItemPageQuery {
        thread_id,
        view: server.view,
        turn_id: params.turn_id,
        anchor: None,
        limit: page_rows(params.limit, DEFAULT_PAGE_ROWS, MAX_PAGE_ROWS),
        direction: convert::direction(params.sort_direction, Direction::Ascending),
    };
    if let Some(ThreadItemsListCursor::Anchor(ThreadItemsListAnchor::Item { item_id })) = &params.cursor {
        query.anchor = Some(Anchor::Excluding(ItemAnchor::Item(item_id.clone())));
    }
    if let Some(raw) = raw {
        query.anchor = cursor::parse_item_cursor(raw, thread_id).map(by_position);
        if query.anchor.is_none() {
            // Codex finds the thread before it looks at the cursor: an unknown thread is the error to report.
            query.limit = 1;
            server
                .store
                .list_items(query)
                .await
                .map_err(|error| failing.error(error))?;
            return Err(failing.invalid_cursor());
        }
    }
    let page = server
        .store
        .list_items(query)
        .await
        .map_err(|error| failing.error(error))?;
    let place = |entry: &ItemEntry, include| cursor::item_cursor(thread_id, entry.position, include);
    let next_cursor = page
        .items
        .last()
        .filter(|_| page.has_more)
        .map(|entry| place(entry, Include::Rest));
    let backwards_cursor = page.items.first().map(|entry| place(entry, Include::Anchor));
    let mut data: Vec<ThreadItemEntry> = page.items.into_iter().map(convert::item_entry).collect();
    if let Some(deferral) = params.defer_output.filter(|_| in_turn) {
        data.iter_mut().for_each(|entry| defer_output(entry, deferral));
    }
    Ok(ThreadItemsListResponse {
        data,
        next_cursor,
        backwards_cursor,
    })
}

fn by_position(anchor: Anchor<codex_thread_store::Position>) -> Anchor<ItemAnchor> {
    match anchor {
        Anchor::Including(position) => Anchor::Including(ItemAnchor::Position(position)),
        Anchor::Excluding(position) => Anchor::Excluding(ItemAnchor::Position(position)),
    }
}

/// Leaves out the output of a successful command, or the text of a successful MCP call.
fn defer_output(entry: &mut ThreadItemEntry, deferral: ThreadItemOutputDeferral) {
    entry.output_deferred = match &mut entry.item.item {
        ThreadItem::CommandExecution(command) => {
            let succeeded = command.status == CommandExecutionStatus::Completed;
            let has_output = command
                .aggregated_output
                .as_ref()
                .is_some_and(|output| !output.is_empty());
            let defers = deferral.command_execution && succeeded && has_output;
            if defers {
                command.aggregated_output = None;
            }
            defers
        }
        ThreadItem::McpToolCall(call) => {
            let succeeded = call.status == McpToolCallStatus::Completed && call.error.is_none();
            let plain = call.result.as_ref().is_some_and(is_plain_text);
            let defers = deferral.mcp_tool_call && succeeded && plain;
            if defers {
                call.result = None;
            }
            defers
        }
        _ => false,
    };
}

/// Tells whether a result is text and nothing else, and not empty.
fn is_plain_text(result: &McpToolCallResult) -> bool {
    let structured = result
        .structured_content
        .as_ref()
        .is_some_and(|content| !content.is_null());
    let text_bytes = |part: &RawJson| {
        let part: Value = part.parse().ok()?;
        (part["type"] == "text").then(|| part["text"].as_str().map_or(0, str::len))
    };
    let bytes: Option<usize> = result.content.iter().map(text_bytes).sum();
    !structured && bytes.is_some_and(|bytes| bytes > 0)
}

/// `thread/items/read`.
pub(crate) async fn items_read(server: &Server, params: ThreadItemsReadParams) -> RpcResult<ThreadItemsReadResponse> {
    if params.item_ids.is_empty() || params.item_ids.len() > MAX_ITEM_IDS {
        return Err(RpcError::invalid_request(format!(
            "itemIds must contain 1 to {MAX_ITEM_IDS} IDs"
        )));
    }
    let thread_id = ids::thread_id(&params.thread_id)?;
    let failing = Failing::new("thread/items/read", server.view);
    if server.unwritten(thread_id).is_some() {
        return Err(failing.not_supported_yet());
    }
    let items = server
        .store
        .read_items(thread_id, &params.turn_id, &params.item_ids, server.view)
        .await;
    let items = items.map_err(|error| failing.error(error))?;
    Ok(ThreadItemsReadResponse {
        data: items.into_iter().map(convert::item_entry).collect(),
    })
}
