//! `thread/delete` (`app-server-api.md` 3.13).
//!
//! A refusal leaves the thread loaded: Codex unloads it first, which is one of its faults and not copied.

use codex_protocol::ids::ThreadId;
use codex_protocol::rpc::lifecycle::{ThreadDeleteParams, ThreadDeleteResponse, ThreadDeletedNotification};
use codex_protocol::rpc::notification::notification_name;

use super::ids;
use crate::dispatch::{Cx, Told};
use crate::error_map::Failing;
use crate::live::{Audience, Notice};
use crate::rpc_error::RpcResult;

/// `thread/delete`.
pub(crate) async fn thread_delete(cx: &Cx, params: &ThreadDeleteParams) -> RpcResult<Told<ThreadDeleteResponse>> {
    let server = &cx.server;
    let thread_id = ids::thread_id(&params.thread_id)?;
    let failing = Failing::new("thread/delete", server.view).about(thread_id);
    server.refuse_ephemeral(thread_id, failing)?;
    let lifecycle = server.lifecycle().map_err(|error| failing.error(error))?;
    let deleted = lifecycle.delete_thread(thread_id).await;
    let deleted = deleted.map_err(|error| failing.error(error))?;
    server.unload_gone(&deleted).await;
    let now_ms = server.clock.now_ms();
    let notice = |thread_id: &ThreadId| {
        let params = ThreadDeletedNotification {
            thread_id: thread_id.to_string(),
        };
        Notice::new(Audience::All, notification_name::THREAD_DELETED, &params, now_ms)
    };
    Ok(Told {
        before: Vec::new(),
        result: ThreadDeleteResponse {},
        after: deleted.iter().map(notice).collect(),
    })
}
