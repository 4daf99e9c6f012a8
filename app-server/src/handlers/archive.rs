//! `thread/archive` and `thread/unarchive` (`app-server-api.md` 3.12).
//!
//! Unloads what the store has archived, and says so; what is archived with a thread is the store's decision.

use codex_protocol::ids::ThreadId;
use codex_protocol::rpc::lifecycle::{
    ThreadArchiveParams, ThreadArchiveResponse, ThreadArchivedNotification, ThreadUnarchiveParams,
    ThreadUnarchiveResponse, ThreadUnarchivedNotification,
};
use codex_protocol::rpc::notification::notification_name;
use codex_thread_store::ThreadReadQuery;

use super::ids;
use crate::convert::{self, Role};
use crate::dispatch::{Cx, Told};
use crate::error_map::Failing;
use crate::live::{Audience, Notice};
use crate::rpc_error::{RpcError, RpcResult};

/// `thread/archive`.
pub(crate) async fn thread_archive(cx: &Cx, params: &ThreadArchiveParams) -> RpcResult<Told<ThreadArchiveResponse>> {
    let server = &cx.server;
    let thread_id = ids::parse(&params.thread_id, "session id").map_err(RpcError::invalid_request)?;
    let failing = Failing::new("thread/archive", server.view).about(thread_id);
    server.refuse_ephemeral(thread_id, failing)?;
    let lifecycle = server.lifecycle().map_err(|error| failing.error(error))?;
    server.settle(thread_id).await.map_err(|error| failing.error(error))?;
    let archived = lifecycle.archive_thread(thread_id).await;
    let archived = archived.map_err(|error| failing.error(error))?;
    server.unload_gone(&archived).await;
    let now_ms = server.clock.now_ms();
    let notice = |thread_id: &ThreadId| {
        let params = ThreadArchivedNotification {
            thread_id: thread_id.to_string(),
        };
        Notice::new(Audience::All, notification_name::THREAD_ARCHIVED, &params, now_ms)
    };
    Ok(Told {
        before: Vec::new(),
        result: ThreadArchiveResponse {},
        after: archived.iter().map(notice).collect(),
    })
}

/// `thread/unarchive`.
pub(crate) async fn thread_unarchive(
    cx: &Cx,
    params: &ThreadUnarchiveParams,
) -> RpcResult<Told<ThreadUnarchiveResponse>> {
    let server = &cx.server;
    let thread_id = ids::parse(&params.thread_id, "session id").map_err(RpcError::invalid_request)?;
    let failing = Failing::new("thread/unarchive", server.view).about(thread_id);
    let lifecycle = server.lifecycle().map_err(|error| failing.error(error))?;
    let back = lifecycle.unarchive_thread(thread_id).await;
    let back = back.map_err(|error| failing.error(error))?;
    let query = ThreadReadQuery {
        thread_id,
        view: server.view,
        turns: None,
    };
    let record = server.store.read_thread(query).await;
    let record = record.map_err(|error| failing.error(error))?;
    let thread = convert::thread(record, &server.lens, Role::WithTurns);
    let now_ms = server.clock.now_ms();
    let notice = |thread_id: &ThreadId| {
        let params = ThreadUnarchivedNotification {
            thread_id: thread_id.to_string(),
        };
        Notice::new(Audience::All, notification_name::THREAD_UNARCHIVED, &params, now_ms)
    };
    Ok(Told {
        before: Vec::new(),
        result: ThreadUnarchiveResponse { thread },
        after: back.iter().map(notice).collect(),
    })
}
