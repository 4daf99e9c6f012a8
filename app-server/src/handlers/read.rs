//! `thread/read` (`app-server-api.md` 3.4).
//!
//! Never loads a thread; archived ones are read too.

use codex_protocol::rpc::thread::{ThreadReadParams, ThreadReadResponse};
use codex_thread_store::{ItemsView, ThreadReadQuery};

use super::ids;
use crate::convert::{self, Role};
use crate::error_map::Failing;
use crate::rpc_error::RpcResult;
use crate::server::Server;

/// `thread/read`.
pub(crate) async fn thread_read(server: &Server, params: ThreadReadParams) -> RpcResult<ThreadReadResponse> {
    let (turns, role) = if params.include_turns {
        (Some(ItemsView::Full), Role::WithTurns)
    } else {
        (None, Role::Metadata)
    };
    let query = ThreadReadQuery {
        thread_id: ids::thread_id(&params.thread_id)?,
        view: server.view,
        turns,
    };
    let failing = Failing::new("thread/read", server.view);
    let record = server
        .store
        .read_thread(query)
        .await
        .map_err(|error| failing.error(error))?;
    let thread = convert::thread(record, &server.lens, role);
    Ok(ThreadReadResponse {
        read_state: convert::read_state(&thread),
        thread,
    })
}
