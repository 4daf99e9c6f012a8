//! `thread/unsubscribe` and `thread/loaded/list` (`app-server-api.md` 3.5, 3.14).
//!
//! Looks at the loaded threads only.

use codex_protocol::ids::ThreadId;
use codex_protocol::rpc::change::{ThreadUnsubscribeParams, ThreadUnsubscribeResponse, ThreadUnsubscribeStatus};
use codex_protocol::rpc::list::{ThreadLoadedListParams, ThreadLoadedListResponse};

use super::ids;
use crate::dispatch::Cx;
use crate::live::Left;
use crate::rpc_error::{RpcError, RpcResult};
use crate::server::Server;

/// `thread/unsubscribe`.
pub(crate) fn unsubscribe(cx: &Cx, params: &ThreadUnsubscribeParams) -> RpcResult<ThreadUnsubscribeResponse> {
    let thread_id = ids::thread_id(&params.thread_id)?;
    let status = match cx.server.loaded.get(thread_id) {
        None => ThreadUnsubscribeStatus::NotLoaded,
        Some(loaded) => match loaded.unsubscribe(cx.connection.id) {
            Left::WasNotThere => ThreadUnsubscribeStatus::NotSubscribed,
            Left::OthersStay => ThreadUnsubscribeStatus::Unsubscribed,
            Left::NobodyStays => {
                cx.server.unload_later(&loaded);
                ThreadUnsubscribeStatus::Unsubscribed
            }
        },
    };
    Ok(ThreadUnsubscribeResponse { status })
}

/// `thread/loaded/list`: everything by default, and a page has no largest size.
pub(crate) fn loaded_list(server: &Server, params: ThreadLoadedListParams) -> RpcResult<ThreadLoadedListResponse> {
    let cursor: Option<ThreadId> = match params.cursor.filter(|raw| !raw.is_empty()) {
        Some(raw) => Some(raw.parse().map_err(|_| RpcError::invalid_cursor(&raw))?),
        None => None,
    };
    let mut ids = server.loaded.ids_after(cursor);
    let limit = params.limit.map_or(usize::MAX, |limit| limit.max(1) as usize);
    let next_cursor = (ids.len() > limit).then(|| ids[limit - 1].to_string());
    ids.truncate(limit);
    Ok(ThreadLoadedListResponse {
        data: ids.iter().map(ThreadId::to_string).collect(),
        next_cursor,
    })
}
