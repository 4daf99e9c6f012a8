//! From a method name to a handler and an encoded answer.
//!
//! The only list of served methods. Decodes, guards against panics, encodes; knows nothing of threads.

use std::sync::Arc;

use codex_protocol::ids::ThreadId;
use codex_protocol::log::RawJson;
use codex_protocol::rpc::append::ThreadAppendParams;
use codex_protocol::rpc::change::{
    ThreadInjectItemsParams, ThreadMemoryModeSetParams, ThreadMetadataUpdateParams, ThreadSetNameParams,
    ThreadUnsubscribeParams,
};
use codex_protocol::rpc::diagnostics::{ServerDiagnosticsParams, ThreadIndexStateParams};
use codex_protocol::rpc::envelope::{RequestId, decode_exact_params, decode_params};
use codex_protocol::rpc::history::HistorySearchParams;
use codex_protocol::rpc::indexing::IndexStateParams;
use codex_protocol::rpc::initialize::InitializeParams;
use codex_protocol::rpc::items::{ThreadItemsListParams, ThreadItemsReadParams};
use codex_protocol::rpc::lifecycle::{
    ThreadArchiveParams, ThreadDeleteParams, ThreadForkParams, ThreadRevertParams, ThreadUnarchiveParams,
};
use codex_protocol::rpc::list::{ThreadListParams, ThreadLoadedListParams};
use codex_protocol::rpc::methods::{MethodInfo, ParamsRule, gated_field};
use codex_protocol::rpc::resume::ThreadResumeParams;
use codex_protocol::rpc::search::{ThreadSearchOccurrencesParams, ThreadSearchParams};
use codex_protocol::rpc::start::ThreadStartParams;
use codex_protocol::rpc::summary::GetConversationSummaryParams;
use codex_protocol::rpc::thread::ThreadReadParams;
use codex_protocol::rpc::timeline::ThreadTimelineListParams;
use codex_protocol::rpc::trash::{ThreadTrashEmptyParams, ThreadTrashListParams, ThreadTrashRestoreParams};
use codex_protocol::rpc::turn::ThreadTurnsListParams;
use codex_thread_store::AnswerRoom;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::dispatch_organise::OrganiseCall;
use crate::encoding;
use crate::handlers::{
    append, archive, compress, delete, diagnostics, fork, history, index_state, items, list, metadata, read, resume,
    revert, search, start, subscription, summary, timeline, trash, turns,
};
use crate::live::{Connection, Notice, Telling};
use crate::order::{Access, Tickets};
use crate::rpc_error::{RpcError, RpcResult};
use crate::server::Server;
use crate::session::{encode_error, encode_result};

/// A decoded call.
#[derive(Debug)]
pub(crate) enum Call {
    Initialize(InitializeParams),
    ThreadStart(Box<ThreadStartParams>),
    ThreadResume(Box<ThreadResumeParams>),
    ThreadFork(Box<ThreadForkParams>),
    ThreadRevert(ThreadRevertParams),
    Archive(ThreadArchiveParams),
    Unarchive(ThreadUnarchiveParams),
    Delete(ThreadDeleteParams),
    TrashList(ThreadTrashListParams),
    TrashRestore(ThreadTrashRestoreParams),
    TrashEmpty(ThreadTrashEmptyParams),
    Unsubscribe(ThreadUnsubscribeParams),
    Append(ThreadAppendParams),
    InjectItems(ThreadInjectItemsParams),
    SetName(ThreadSetNameParams),
    UpdateMetadata(ThreadMetadataUpdateParams),
    SetMemoryMode(ThreadMemoryModeSetParams),
    ThreadList(ThreadListParams),
    ThreadLoadedList(ThreadLoadedListParams),
    ThreadRead(ThreadReadParams),
    TurnsList(ThreadTurnsListParams),
    ItemsList(ThreadItemsListParams),
    ItemsRead(ThreadItemsReadParams),
    TimelineList(ThreadTimelineListParams),
    Search(ThreadSearchParams),
    SearchOccurrences(ThreadSearchOccurrencesParams),
    SearchHistory(HistorySearchParams),
    ConversationSummary(GetConversationSummaryParams),
    Diagnostics(ServerDiagnosticsParams),
    Compress,
    IndexState(ThreadIndexStateParams),
    HomeIndexState(IndexStateParams),
    /// What organises threads.
    Organise(OrganiseCall),
    /// A method that Codex has and this server does not.
    Unserved(&'static str),
}

/// Among which requests a call runs one at a time, in the order of arrival (`app-server-api.md` 1.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ordered<'a> {
    /// Among none.
    Freely,
    /// Among those of its connection that name this thread.
    Reading(&'a str),
    /// Among all that change this thread, too.
    Changing(&'a str),
    /// Among those of one family, of all connections.
    Globally(&'static str, Access),
}

impl Call {
    /// Decodes the parameters of a method, and finds the first one that a stable client must not use.
    ///
    /// # Errors
    /// In serde's words, which are part of the wire (`app-server-api.md` 1.8).
    pub(crate) fn decode(
        info: &'static MethodInfo,
        params: Option<RawJson>,
    ) -> RpcResult<(Self, Option<&'static str>)> {
        // What these carry is recorded as it was written.
        match info.name {
            "thread/append" => return decode_exact(params).map(|params| (Self::Append(params), None)),
            "thread/inject_items" => return decode_exact(params).map(|params| (Self::InjectItems(params), None)),
            _ => {}
        }
        let params: Option<Value> = params
            .map(|params| params.parse())
            .transpose()
            .map_err(|error| RpcError::undecodable(&error))?;
        let field = params.as_ref().and_then(|params| gated_field(info.name, params));
        Ok((Self::decode_value(info, params)?, field))
    }

    fn decode_value(info: &'static MethodInfo, mut params: Option<Value>) -> RpcResult<Self> {
        if let Some(call) = OrganiseCall::decode(info.name, &mut params) {
            return call.map(Self::Organise);
        }
        match info.name {
            "initialize" => decode(params).map(Self::Initialize),
            "thread/start" => decode(params).map(Self::ThreadStart),
            "thread/resume" => decode(params).map(Self::ThreadResume),
            "thread/fork" => decode(params).map(Self::ThreadFork),
            "thread/revert" => decode(params).map(Self::ThreadRevert),
            "thread/archive" => decode(params).map(Self::Archive),
            "thread/unarchive" => decode(params).map(Self::Unarchive),
            "thread/delete" => decode(params).map(Self::Delete),
            "thread/trash/list" => decode_or_default(params).map(Self::TrashList),
            "thread/trash/restore" => decode(params).map(Self::TrashRestore),
            "index/state" => decode_or_default(params).map(Self::HomeIndexState),
            "thread/trash/empty" => decode_or_default(params).map(Self::TrashEmpty),
            "thread/unsubscribe" => decode(params).map(Self::Unsubscribe),
            "thread/name/set" => decode(params).map(Self::SetName),
            "thread/metadata/update" => decode(params).map(Self::UpdateMetadata),
            "thread/memoryMode/set" => decode(params).map(Self::SetMemoryMode),
            "thread/list" => decode(params).map(Self::ThreadList),
            "thread/loaded/list" => decode(params).map(Self::ThreadLoadedList),
            "thread/read" => decode(params).map(Self::ThreadRead),
            "thread/turns/list" => decode(params).map(Self::TurnsList),
            "thread/items/list" => decode(params).map(Self::ItemsList),
            "thread/items/read" => decode(params).map(Self::ItemsRead),
            "thread/timeline/list" => decode(params).map(Self::TimelineList),
            "thread/search" => decode(params).map(Self::Search),
            "thread/searchOccurrences" => decode(params).map(Self::SearchOccurrences),
            "history/search" => decode(params).map(Self::SearchHistory),
            "getConversationSummary" => decode(params).map(Self::ConversationSummary),
            "rollout/compress" => Ok(Self::Compress),
            "server/diagnostics" => decode(params).map(Self::Diagnostics),
            "thread/indexState" => decode(params).map(Self::IndexState),
            name => match (info.params, params) {
                (ParamsRule::Required, None) => Err(missing_params()),
                (ParamsRule::Required, Some(_)) | (ParamsRule::Optional, _) => Ok(Self::Unserved(name)),
            },
        }
    }

    /// Returns among which requests this one runs one at a time.
    pub(crate) fn ordered_by(&self) -> Ordered<'_> {
        match self {
            Self::ThreadRead(params) => Ordered::Reading(&params.thread_id),
            Self::ThreadResume(params) => Ordered::Changing(&params.thread_id),
            Self::ThreadFork(params) => Ordered::Changing(&params.thread_id),
            Self::ThreadRevert(params) => Ordered::Changing(&params.thread_id),
            Self::Archive(params) => Ordered::Changing(&params.thread_id),
            Self::Unarchive(params) => Ordered::Changing(&params.thread_id),
            Self::Delete(params) => Ordered::Changing(&params.thread_id),
            Self::Unsubscribe(params) => Ordered::Changing(&params.thread_id),
            Self::Append(params) => Ordered::Changing(&params.thread_id),
            Self::InjectItems(params) => Ordered::Changing(&params.thread_id),
            Self::SetName(params) => Ordered::Changing(&params.thread_id),
            Self::UpdateMetadata(params) => Ordered::Changing(&params.thread_id),
            Self::SetMemoryMode(params) => Ordered::Changing(&params.thread_id),
            Self::Organise(call) => call.ordered_by(),
            Self::Initialize(_)
            | Self::ThreadStart(_)
            | Self::ThreadList(_)
            | Self::ThreadLoadedList(_)
            | Self::TurnsList(_)
            | Self::ItemsList(_)
            | Self::ItemsRead(_)
            | Self::TimelineList(_)
            | Self::Search(_)
            | Self::SearchOccurrences(_)
            | Self::SearchHistory(_)
            | Self::ConversationSummary(_)
            | Self::Diagnostics(_)
            | Self::Compress
            | Self::IndexState(_)
            | Self::HomeIndexState(_)
            | Self::TrashList(_)
            // Which thread comes back the store knows; its locks keep changes of one thread apart.
            | Self::TrashRestore(_)
            | Self::TrashEmpty(_)
            | Self::Unserved(_) => Ordered::Freely,
        }
    }
}

/// Decodes parameters that must be there.
pub(crate) fn decode<P: DeserializeOwned>(params: Option<Value>) -> RpcResult<P> {
    let params = params.ok_or_else(missing_params)?;
    decode_params(params).map_err(|error| RpcError::undecodable(&error))
}

/// Decodes parameters that may be absent.
fn decode_or_default<P: DeserializeOwned + Default>(params: Option<Value>) -> RpcResult<P> {
    match params {
        None | Some(Value::Null) => Ok(P::default()),
        params => decode(params),
    }
}

fn decode_exact<P: DeserializeOwned>(params: Option<RawJson>) -> RpcResult<P> {
    let params = params.ok_or_else(missing_params)?;
    decode_exact_params(&params).map_err(|error| RpcError::undecodable(&error))
}

fn missing_params() -> RpcError {
    RpcError::invalid_request("Invalid request: missing field `params`")
}

/// What a handler works with.
pub(crate) struct Cx {
    /// The server.
    pub(crate) server: Arc<Server>,
    /// Who asks.
    pub(crate) connection: Arc<Connection>,
    /// The places of the request; whoever needs no order any more may give them back.
    pub(crate) tickets: Tickets,
    /// What is told behind the answer, and takes its time.
    pub(crate) behind: Option<Behind>,
}

/// What is kept and told of a thread, in order, before its next change, while no answer waits for it.
#[derive(Debug)]
pub(crate) struct Behind {
    /// The thread.
    pub(crate) thread_id: ThreadId,
    /// What is told.
    pub(crate) told: Vec<Telling>,
}

/// Result of a handler that tells connections something.
#[derive(Debug)]
pub(crate) struct Told<T> {
    /// What is sent before the answer.
    pub(crate) before: Vec<Notice>,
    /// The result.
    pub(crate) result: T,
    /// What is sent after the answer, and before the next change of the thread.
    pub(crate) after: Vec<Notice>,
}

impl<T> Told<T> {
    /// A result that nobody else hears of.
    pub(crate) fn quietly(result: T) -> Self {
        Self {
            before: Vec::new(),
            result,
            after: Vec::new(),
        }
    }
}

/// An encoded answer with what is told around it.
pub(crate) struct Answer {
    /// Sent before.
    pub(crate) before: Vec<Notice>,
    /// The answer.
    pub(crate) message: Vec<u8>,
    /// Sent after.
    pub(crate) after: Vec<Notice>,
    /// Kept and told then.
    pub(crate) behind: Option<Behind>,
    /// Memory that the answer occupies; kept until it is queued.
    pub(crate) room: AnswerRoom,
    /// Kept until all is sent and done.
    pub(crate) tickets: Tickets,
}

/// Runs a call and encodes its answer; a panic becomes an error and the server lives on.
pub(crate) async fn answer(cx: Cx, id: RequestId, call: Call) -> Answer {
    let panicked_id = id.clone();
    let room = AnswerRoom::default();
    let work = async move {
        let mut answer = room.around(run(cx, id, call)).await;
        answer.room = room;
        answer
    };
    match tokio::spawn(work).await {
        Ok(answer) => answer,
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "handler stopped");
            let error = RpcError::internal("the request made its handler stop; the server goes on");
            Answer {
                before: Vec::new(),
                message: encode_error(panicked_id, error),
                after: Vec::new(),
                behind: None,
                room: AnswerRoom::default(),
                tickets: Tickets::default(),
            }
        }
    }
}

async fn run(mut cx: Cx, id: RequestId, call: Call) -> Answer {
    let cx = &mut cx;
    let (before, message, after) = match call {
        Call::ThreadStart(params) => told(id, start::thread_start(cx, *params).await),
        Call::ThreadResume(params) => told(id, resume::thread_resume(cx, *params).await),
        Call::ThreadFork(params) => told(id, fork::thread_fork(cx, *params).await),
        Call::ThreadRevert(params) => told(id, revert::thread_revert(cx, &params).await),
        Call::Archive(params) => told(id, archive::thread_archive(cx, &params).await),
        Call::Unarchive(params) => told(id, archive::thread_unarchive(cx, &params).await),
        Call::Delete(params) => told(id, delete::thread_delete(cx, &params).await),
        Call::TrashRestore(params) => told(id, trash::restore(cx, &params).await),
        Call::Unsubscribe(params) => told(id, subscription::unsubscribe(cx, &params).map(Told::quietly)),
        Call::Append(params) => told(id, append::thread_append(cx, params).await),
        Call::InjectItems(params) => told(id, append::inject_items(cx, params).await),
        Call::SetName(params) => told(id, metadata::set_name(cx, &params).await),
        Call::UpdateMetadata(params) => told(id, metadata::update_metadata(cx, params).await),
        Call::SetMemoryMode(params) => told(id, metadata::set_memory_mode(cx, &params).await.map(Told::quietly)),
        Call::Organise(call) => call.run(cx, id).await,
        call => (Vec::new(), run_reading(&cx.server, id, call).await, Vec::new()),
    };
    Answer {
        before,
        message,
        after,
        behind: cx.behind.take(),
        room: AnswerRoom::default(),
        tickets: std::mem::take(&mut cx.tickets),
    }
}

/// Runs a call that changes nothing.
async fn run_reading(server: &Server, id: RequestId, call: Call) -> Vec<u8> {
    match call {
        Call::ThreadList(params) => finish(id, list::thread_list(server, params).await),
        Call::ThreadLoadedList(params) => finish(id, subscription::loaded_list(server, params)),
        Call::ThreadRead(params) => match read::thread_read(server, params).await {
            Ok((response, turns)) => turns.into_answer(id, &response),
            Err(error) => encode_error(id, error),
        },
        Call::TurnsList(params) => match turns::turns_list(server, params).await {
            Ok(page) => encoding::turns_page(id, page).await,
            Err(error) => encode_error(id, error),
        },
        Call::ItemsList(params) => finish(id, items::items_list(server, params).await),
        Call::ItemsRead(params) => finish(id, items::items_read(server, params).await),
        Call::TimelineList(params) => finish(id, timeline::timeline_list(server, params).await),
        Call::Search(params) => finish(id, search::thread_search(server, params).await),
        Call::SearchOccurrences(params) => finish(id, search::search_occurrences(server, params).await),
        Call::SearchHistory(params) => finish(id, history::history_search(server, params).await),
        Call::ConversationSummary(params) => finish(id, summary::conversation_summary(server, params).await),
        Call::Diagnostics(_) => finish(id, Ok(diagnostics::server_diagnostics(server))),
        Call::Compress => finish(id, compress::rollout_compress(server)),
        Call::TrashList(params) => finish(id, trash::list(server, params).await),
        Call::HomeIndexState(_) => finish(id, Ok(server.indexing.now())),
        Call::TrashEmpty(params) => finish(id, trash::empty(server, params).await),
        Call::IndexState(params) => finish(id, index_state::index_state(server, params).await),
        Call::Unserved(name) => encode_error(id, unserved(name)),
        // The session answers the first one, and `run` the others.
        Call::Initialize(_)
        | Call::ThreadStart(_)
        | Call::ThreadResume(_)
        | Call::ThreadFork(_)
        | Call::ThreadRevert(_)
        | Call::Archive(_)
        | Call::Unarchive(_)
        | Call::Delete(_)
        | Call::TrashRestore(_)
        | Call::Unsubscribe(_)
        | Call::Append(_)
        | Call::InjectItems(_)
        | Call::SetName(_)
        | Call::UpdateMetadata(_)
        | Call::SetMemoryMode(_)
        | Call::Organise(_) => encode_error(id, RpcError::invalid_request("Already initialized")),
    }
}

fn unserved(name: &str) -> RpcError {
    match name {
        "turn/start" | "turn/steer" | "turn/interrupt" => RpcError::unsupported(format!(
            "{name} is not supported by this server: it has no model; run the turn yourself and record it with \
             thread/append"
        )),
        _ => RpcError::unsupported(format!("{name} is not supported by this server")),
    }
}

fn finish<T: Serialize>(id: RequestId, result: RpcResult<T>) -> Vec<u8> {
    match result {
        Ok(result) => encode_result(id, &result),
        Err(error) => encode_error(id, error),
    }
}

/// Encodes what a handler says, with what is told before and after it.
pub(crate) fn told<T: Serialize>(id: RequestId, result: RpcResult<Told<T>>) -> (Vec<Notice>, Vec<u8>, Vec<Notice>) {
    match result {
        Ok(told) => (told.before, encode_result(id, &told.result), told.after),
        Err(error) => (Vec::new(), encode_error(id, error), Vec::new()),
    }
}
