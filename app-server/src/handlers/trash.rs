//! `thread/trash/*`, additions of this project: deleted threads that are kept.
//!
//! Parses, calls the store, converts and tells everybody what came back; what may come back is the store's to say.

use codex_protocol::ids::ThreadId;
use codex_protocol::rpc::notification::notification_name;
use codex_protocol::rpc::trash::{
    ThreadRestoredNotification, ThreadTrashEmptyParams, ThreadTrashEmptyResponse, ThreadTrashEntry,
    ThreadTrashListParams, ThreadTrashListResponse, ThreadTrashRestoreParams, ThreadTrashRestoreResponse,
};
use codex_thread_store::{
    StoreError, StoreResult, ThreadReadQuery, ThreadTrash, TrashEntry, TrashQuery, TrashSelection,
};

use crate::convert::{self, Role};
use crate::dispatch::{Cx, Told};
use crate::error_map::Failing;
use crate::limits::{DEFAULT_PAGE_ROWS, MAX_PAGE_ROWS, page_rows};
use crate::live::{Audience, Notice};
use crate::rpc_error::RpcResult;
use crate::server::Server;

/// Returns the store's capability of keeping deleted threads.
pub(super) fn trash(server: &Server) -> StoreResult<&dyn ThreadTrash> {
    server.store.trash().ok_or(StoreError::ReadOnly)
}

/// `thread/trash/list`.
pub(crate) async fn list(server: &Server, params: ThreadTrashListParams) -> RpcResult<ThreadTrashListResponse> {
    let failing = Failing::new("thread/trash/list", server.view);
    let trash = trash(server).map_err(|error| failing.error(error))?;
    let query = TrashQuery {
        after: params.cursor,
        limit: page_rows(params.limit, DEFAULT_PAGE_ROWS, MAX_PAGE_ROWS),
    };
    let page = trash.list_trash(query).await.map_err(|error| failing.error(error))?;
    let last = page.entries.last().filter(|_| page.has_more);
    Ok(ThreadTrashListResponse {
        next_cursor: last.map(|last| last.trash_id.clone()),
        data: page.entries.into_iter().map(wire).collect(),
    })
}

fn wire(entry: TrashEntry) -> ThreadTrashEntry {
    ThreadTrashEntry {
        trash_id: entry.trash_id,
        thread_id: entry.thread_id.to_string(),
        thread_ids: entry.threads.iter().map(ToString::to_string).collect(),
        deleted_at: entry.deleted_at_ms.div_euclid(1_000),
        name: entry.name,
        preview: entry.preview,
        paths: entry.files,
        bytes: entry.bytes,
    }
}

/// `thread/trash/restore`.
pub(crate) async fn restore(cx: &Cx, params: &ThreadTrashRestoreParams) -> RpcResult<Told<ThreadTrashRestoreResponse>> {
    let server = &cx.server;
    let failing = Failing::new("thread/trash/restore", server.view);
    let trash = trash(server).map_err(|error| failing.error(error))?;
    let restored = trash.restore_trash(&params.trash_id).await;
    let restored = restored.map_err(|error| failing.error(error))?;
    let now_ms = server.clock.now_ms();
    let notice = |thread_id: &ThreadId| {
        let params = ThreadRestoredNotification {
            thread_id: thread_id.to_string(),
        };
        Notice::new(Audience::All, notification_name::THREAD_RESTORED, &params, now_ms)
    };
    let after: Vec<Notice> = restored.iter().map(notice).collect();
    // A deletion has one thread at least, and it comes first.
    let Some(thread_id) = restored.first().copied() else {
        return Err(failing.error(StoreError::TaskStopped));
    };
    let query = ThreadReadQuery {
        thread_id,
        view: server.view,
        turns: None,
    };
    let record = match server.store.read_thread(query).await {
        Ok(record) => record,
        Err(error) => {
            // It is back all the same, as unreadable as it was.
            for notice in &after {
                server.publish(notice);
            }
            return Err(failing.about(thread_id).error(error));
        }
    };
    Ok(Told {
        before: Vec::new(),
        result: ThreadTrashRestoreResponse {
            thread: convert::thread(record, &server.lens, Role::WithTurns),
            thread_ids: restored.iter().map(ToString::to_string).collect(),
        },
        after,
    })
}

/// `thread/trash/empty`.
pub(crate) async fn empty(server: &Server, params: ThreadTrashEmptyParams) -> RpcResult<ThreadTrashEmptyResponse> {
    let failing = Failing::new("thread/trash/empty", server.view);
    let trash = trash(server).map_err(|error| failing.error(error))?;
    let which = params.trash_ids.map_or(TrashSelection::All, TrashSelection::Of);
    let trash_ids = trash.empty_trash(which).await.map_err(|error| failing.error(error))?;
    Ok(ThreadTrashEmptyResponse { trash_ids })
}
