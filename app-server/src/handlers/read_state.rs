//! `thread/readState/update` (`app-server-api.md` 3.23).
//!
//! A change that was meant for another state is refused with the present one.

use codex_protocol::rpc::read_state::{
    ThreadReadStateOperation, ThreadReadStateUpdateParams, ThreadReadStateUpdateResponse,
};
use codex_thread_store::organise::{ReadChange, ReadStates};
use codex_thread_store::{StoreError, StoreResult, ThreadReadQuery};

use super::ids;
use crate::convert::{self, Role};
use crate::dispatch::{Cx, Told};
use crate::error_map::Failing;
use crate::live::Reading;
use crate::rpc_error::{RpcError, RpcResult};
use crate::server::Server;

/// `thread/readState/update`.
pub(crate) async fn update(
    cx: &Cx,
    params: ThreadReadStateUpdateParams,
) -> RpcResult<Told<ThreadReadStateUpdateResponse>> {
    let server = &cx.server;
    let thread_id = ids::parse(&params.thread_id, "thread id").map_err(RpcError::invalid_params)?;
    let failing = Failing::new("thread/readState/update", server.view).about(thread_id);
    let facts = server.store.facts().ok_or(StoreError::ReadOnly);
    let facts = facts.map_err(|error| failing.error(error))?;
    let query = ThreadReadQuery {
        thread_id,
        view: server.view,
        turns: None,
    };
    let reading = reading(server, query).await;
    if reading.map_err(|error| failing.error(error))? == Reading::Untracked {
        return Err(RpcError::invalid_request("thread read state unavailable"));
    }
    let change = match params.operation {
        ThreadReadStateOperation::Read => ReadChange::Read,
        ThreadReadStateOperation::Unread => ReadChange::Unread,
    };
    let revision = server.ids.uuid_v7().to_string();
    let states = ReadStates::of(facts);
    let updated = states
        .update(thread_id, change, params.expected_revision, revision)
        .await;
    let state = updated.map_err(|error| failing.error(error))?;
    Ok(Told {
        before: Vec::new(),
        result: ThreadReadStateUpdateResponse {
            read_state: convert::read_state(state.clone()),
        },
        after: vec![server.read_state_changed(thread_id, state)],
    })
}

/// Tells whether it is tracked how far a thread was read; of one without rollout there is nothing to read.
async fn reading(server: &Server, query: ThreadReadQuery) -> StoreResult<Reading> {
    if server.unwritten(query.thread_id).is_some() {
        return Ok(Reading::Untracked);
    }
    let record = server.store.read_thread(query).await?;
    Ok(convert::reading(&convert::thread(record, &server.lens, Role::Metadata)))
}
