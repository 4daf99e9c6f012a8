//! `thread/delete` (`app-server-api.md` 3.13).
//!
//! A refusal leaves the thread loaded: Codex unloads it first, which is one of its faults and not copied.

use codex_protocol::ids::ThreadId;
use codex_protocol::rpc::lifecycle::{ThreadDeleteParams, ThreadDeleteResponse, ThreadDeletedNotification};
use codex_protocol::rpc::notification::notification_name;
use codex_thread_store::{StoreResult, Trashed, View};

use super::{ids, trash};
use crate::dispatch::{Cx, Told};
use crate::error_map::Failing;
use crate::live::{Audience, Notice};
use crate::recording::Deletion;
use crate::rpc_error::RpcResult;
use crate::server::Server;

/// `thread/delete`.
pub(crate) async fn thread_delete(cx: &Cx, params: &ThreadDeleteParams) -> RpcResult<Told<ThreadDeleteResponse>> {
    let server = &cx.server;
    let thread_id = ids::thread_id(&params.thread_id)?;
    let failing = Failing::new("thread/delete", server.view).about(thread_id);
    server.refuse_ephemeral(thread_id, failing)?;
    let deletion = match params.to_trash {
        Some(true) => Deletion::ToTrash,
        Some(false) => Deletion::ForGood,
        None => server.recording.deletion,
    };
    let deleted = delete(server, thread_id, deletion).await;
    let Trashed { threads, trash_id } = deleted.map_err(|error| failing.error(error))?;
    server.unload_gone(&threads).await;
    let now_ms = server.clock.now_ms();
    let notice = |thread_id: &ThreadId| {
        let params = ThreadDeletedNotification {
            thread_id: thread_id.to_string(),
        };
        Notice::new(Audience::All, notification_name::THREAD_DELETED, &params, now_ms)
    };
    Ok(Told {
        before: Vec::new(),
        result: ThreadDeleteResponse {
            // Codex answers nothing; the exact view says more only to whoever asked for it.
            trash_id: trash_id.filter(|_| server.view == View::Full || params.to_trash.is_some()),
        },
        after: threads.iter().map(notice).collect(),
    })
}

async fn delete(server: &Server, thread_id: ThreadId, deletion: Deletion) -> StoreResult<Trashed> {
    match deletion {
        Deletion::ToTrash => trash::trash(server)?.trash_thread(thread_id).await,
        Deletion::ForGood => Ok(Trashed {
            threads: server.lifecycle()?.delete_thread(thread_id).await?,
            trash_id: None,
        }),
    }
}
