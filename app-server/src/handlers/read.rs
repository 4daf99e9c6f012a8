//! `thread/read` (`app-server-api.md` 3.4).
//!
//! Never loads a thread; archived ones are read too.

use std::sync::{Arc, Mutex};

use codex_protocol::rpc::thread::{ThreadReadParams, ThreadReadResponse};
use codex_thread_store::{ItemsView, SharedTurnSink, ThreadReadQuery, View};

use super::{ids, start};
use crate::convert::{self, Role};
use crate::encoding::EncodedTurns;
use crate::error_map::Failing;
use crate::rpc_error::RpcResult;
use crate::server::Server;

/// `thread/read`; the turns come beside the answer, encoded.
pub(crate) async fn thread_read(
    server: &Server,
    params: ThreadReadParams,
) -> RpcResult<(ThreadReadResponse, EncodedTurns)> {
    let thread_id = ids::thread_id(&params.thread_id)?;
    let failing = Failing::new("thread/read", server.view).about(thread_id);
    if let Some(loaded) = server.unwritten(thread_id) {
        if params.include_turns {
            server.refuse_ephemeral(thread_id, failing)?;
            return Err(failing.unwritten(loaded.live.history_mode(), "includeTurns"));
        }
        let mut thread = start::unwritten_thread(server, &loaded);
        if server.view == View::Codex {
            // Codex tells these of an ephemeral fork only when it is made.
            (thread.forked_from_id, thread.name) = (None, None);
            thread.preview.clear();
        }
        let response = ThreadReadResponse {
            thread,
            read_state: None,
        };
        return Ok((response, EncodedTurns::default()));
    }
    let (turns, role) = if params.include_turns {
        (Some(ItemsView::Full), Role::WithTurns)
    } else {
        (None, Role::Metadata)
    };
    let query = ThreadReadQuery {
        thread_id,
        view: server.view,
        turns,
    };
    let turns = Arc::new(Mutex::new(EncodedTurns::default()));
    let sink: SharedTurnSink = Arc::<Mutex<EncodedTurns>>::clone(&turns);
    let record = server
        .store
        .read_thread_into(query, sink)
        .await
        .map_err(|error| failing.error(error))?;
    let mut thread = convert::thread(record, &server.lens, role);
    server.dress(&mut thread, role);
    let reading = server.reading().await.map_err(|error| failing.error(error))?;
    let response = ThreadReadResponse {
        read_state: reading.of(&thread),
        thread,
    };
    Ok((response, EncodedTurns::take_from(&turns)))
}
