//! From a method name to a handler and an encoded answer.
//!
//! The only list of served methods. Decodes, guards against panics, encodes; knows nothing of threads.

use std::sync::Arc;

use codex_protocol::rpc::diagnostics::{ServerDiagnosticsParams, ThreadIndexStateParams};
use codex_protocol::rpc::envelope::{RequestId, decode_params};
use codex_protocol::rpc::initialize::InitializeParams;
use codex_protocol::rpc::items::{ThreadItemsListParams, ThreadItemsReadParams};
use codex_protocol::rpc::list::{ThreadListParams, ThreadLoadedListParams};
use codex_protocol::rpc::methods::{MethodInfo, ParamsRule};
use codex_protocol::rpc::search::{ThreadSearchOccurrencesParams, ThreadSearchParams};
use codex_protocol::rpc::summary::GetConversationSummaryParams;
use codex_protocol::rpc::thread::ThreadReadParams;
use codex_protocol::rpc::timeline::ThreadTimelineListParams;
use codex_protocol::rpc::turn::ThreadTurnsListParams;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::handlers::{diagnostics, index_state, items, list, read, search, summary, timeline, turns};
use crate::rpc_error::{RpcError, RpcResult};
use crate::server::Server;
use crate::session::{encode_error, encode_result};

/// A decoded call.
#[derive(Debug)]
pub(crate) enum Call {
    Initialize(InitializeParams),
    ThreadList(ThreadListParams),
    ThreadLoadedList(ThreadLoadedListParams),
    ThreadRead(ThreadReadParams),
    TurnsList(ThreadTurnsListParams),
    ItemsList(ThreadItemsListParams),
    ItemsRead(ThreadItemsReadParams),
    TimelineList(ThreadTimelineListParams),
    Search(ThreadSearchParams),
    SearchOccurrences(ThreadSearchOccurrencesParams),
    ConversationSummary(GetConversationSummaryParams),
    Diagnostics(ServerDiagnosticsParams),
    IndexState(ThreadIndexStateParams),
    /// A method that Codex has and this server does not.
    Unserved(&'static str),
}

impl Call {
    /// Decodes the parameters of a method.
    ///
    /// # Errors
    /// In serde's words, which are part of the wire (`app-server-api.md` 1.8).
    pub(crate) fn decode(info: &'static MethodInfo, params: Option<Value>) -> RpcResult<Self> {
        match info.name {
            "initialize" => decode(params).map(Self::Initialize),
            "thread/list" => decode(params).map(Self::ThreadList),
            "thread/loaded/list" => decode(params).map(Self::ThreadLoadedList),
            "thread/read" => decode(params).map(Self::ThreadRead),
            "thread/turns/list" => decode(params).map(Self::TurnsList),
            "thread/items/list" => decode(params).map(Self::ItemsList),
            "thread/items/read" => decode(params).map(Self::ItemsRead),
            "thread/timeline/list" => decode(params).map(Self::TimelineList),
            "thread/search" => decode(params).map(Self::Search),
            "thread/searchOccurrences" => decode(params).map(Self::SearchOccurrences),
            "getConversationSummary" => decode(params).map(Self::ConversationSummary),
            "server/diagnostics" => decode(params).map(Self::Diagnostics),
            "thread/indexState" => decode(params).map(Self::IndexState),
            name => match (info.params, params) {
                (ParamsRule::Required, None) => Err(missing_params()),
                (ParamsRule::Required, Some(_)) | (ParamsRule::Optional, _) => Ok(Self::Unserved(name)),
            },
        }
    }

    /// Returns the key whose requests run one at a time, for methods that run so (`app-server-api.md` 1.7).
    pub(crate) fn ordered_by(&self) -> Option<&str> {
        match self {
            Self::ThreadRead(params) => Some(&params.thread_id),
            Self::Initialize(_)
            | Self::ThreadList(_)
            | Self::ThreadLoadedList(_)
            | Self::TurnsList(_)
            | Self::ItemsList(_)
            | Self::ItemsRead(_)
            | Self::TimelineList(_)
            | Self::Search(_)
            | Self::SearchOccurrences(_)
            | Self::ConversationSummary(_)
            | Self::Diagnostics(_)
            | Self::IndexState(_)
            | Self::Unserved(_) => None,
        }
    }
}

fn decode<P: DeserializeOwned>(params: Option<Value>) -> RpcResult<P> {
    let params = params.ok_or_else(missing_params)?;
    decode_params(params).map_err(|error| RpcError::undecodable(&error))
}

fn missing_params() -> RpcError {
    RpcError::invalid_request("Invalid request: missing field `params`")
}

/// Runs a call and encodes its answer; a panic becomes an error and the server lives on.
pub(crate) async fn answer(server: Arc<Server>, id: RequestId, call: Call) -> Vec<u8> {
    let panicked_id = id.clone();
    match tokio::spawn(run(server, id, call)).await {
        Ok(message) => message,
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "handler stopped");
            encode_error(
                panicked_id,
                RpcError::internal("the request made its handler stop; the server goes on"),
            )
        }
    }
}

async fn run(server: Arc<Server>, id: RequestId, call: Call) -> Vec<u8> {
    let server = &*server;
    match call {
        Call::ThreadList(params) => finish(id, list::thread_list(server, params).await),
        Call::ThreadLoadedList(params) => finish(id, list::loaded_list(params)),
        Call::ThreadRead(params) => finish(id, read::thread_read(server, params).await),
        Call::TurnsList(params) => finish(id, turns::turns_list(server, params).await),
        Call::ItemsList(params) => finish(id, items::items_list(server, params).await),
        Call::ItemsRead(params) => finish(id, items::items_read(server, params).await),
        Call::TimelineList(params) => finish(id, timeline::timeline_list(server, params).await),
        Call::Search(params) => finish(id, search::thread_search(server, params).await),
        Call::SearchOccurrences(params) => finish(id, search::search_occurrences(server, params).await),
        Call::ConversationSummary(params) => finish(id, summary::conversation_summary(server, params).await),
        Call::Diagnostics(_) => finish(id, Ok(diagnostics::server_diagnostics(server))),
        Call::IndexState(params) => finish(id, index_state::index_state(server, params).await),
        Call::Unserved(name) => encode_error(
            id,
            RpcError::unsupported(format!("{name} is not supported by this server")),
        ),
        // The session answers it, because what follows depends on it.
        Call::Initialize(_) => encode_error(id, RpcError::invalid_request("Already initialized")),
    }
}

fn finish<T: Serialize>(id: RequestId, result: RpcResult<T>) -> Vec<u8> {
    match result {
        Ok(result) => encode_result(id, &result),
        Err(error) => encode_error(id, error),
    }
}
