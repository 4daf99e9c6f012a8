//! `thread/queue/*` (`app-server-api.md` 3.21).
//!
//! Submissions are kept and shown; nothing starts them here.

use codex_protocol::ids::ThreadId;
use codex_protocol::rpc::notification::notification_name;
use codex_protocol::rpc::queue::{
    QueuedSubmission, ThreadQueueAddParams, ThreadQueueAddResponse, ThreadQueueChangedNotification,
    ThreadQueueDeleteParams, ThreadQueueDeleteResponse, ThreadQueueListParams, ThreadQueueListResponse,
    ThreadQueueReorderParams, ThreadQueueReorderResponse, ThreadQueueStartParams, ThreadQueueUpdateParams,
    ThreadQueueUpdateResponse,
};
use codex_thread_store::organise::{NewSubmission, OrganiseRefusal, QueueEntry, Queues};

use super::ids;
use super::subject::{Subject, Wanted};
use crate::dispatch::{Cx, Told};
use crate::error_map::Failing;
use crate::limits::{DEFAULT_PAGE_ROWS, MAX_PAGE_ROWS, page_rows};
use crate::live::{Audience, Notice};
use crate::rpc_error::{RpcError, RpcResult};
use crate::server::Server;

/// `thread/queue/list`.
pub(crate) async fn list(server: &Server, params: ThreadQueueListParams) -> RpcResult<ThreadQueueListResponse> {
    let thread_id = ids::thread_id(&params.thread_id)?;
    let failing = Failing::new("thread/queue/list", server.view).about(thread_id);
    let subject = Subject::find(server, thread_id, Wanted::AnyInFull, failing).await?;
    let before: usize = match params.cursor.as_deref() {
        Some(raw) => raw
            .parse()
            .map_err(|error| RpcError::invalid_request(format!("invalid queue pagination cursor: {error}")))?,
        None => 0,
    };
    let queue = Queues::of(subject.facts).list(thread_id).await;
    let queue = queue.map_err(|error| failing.error(error))?;
    let limit = page_rows(params.limit, DEFAULT_PAGE_ROWS, MAX_PAGE_ROWS);
    let end = before.saturating_add(limit);
    Ok(ThreadQueueListResponse {
        next_cursor: (end < queue.len()).then(|| end.to_string()),
        data: queue.into_iter().skip(before).take(limit).map(wire).collect(),
    })
}

/// `thread/queue/add`.
pub(crate) async fn add(cx: &Cx, params: ThreadQueueAddParams) -> RpcResult<Told<ThreadQueueAddResponse>> {
    let server = &cx.server;
    let thread_id = ids::thread_id(&params.thread_id)?;
    let failing = Failing::new("thread/queue/add", server.view).about(thread_id);
    let subject = Subject::find(server, thread_id, Wanted::Live, failing).await?;
    let new = NewSubmission {
        id: server.ids.uuid_v7().to_string(),
        input: params.input,
        client_user_message_id: params.client_user_message_id,
        responsesapi_client_metadata: params.responsesapi_client_metadata,
    };
    let added = Queues::of(subject.facts).add(thread_id, new).await;
    let added = added.map_err(|error| failing.error(error))?;
    subject.settle(failing).await?;
    Ok(Told {
        before: Vec::new(),
        result: ThreadQueueAddResponse {
            queued_submission: wire(added),
        },
        after: vec![changed(server, thread_id)],
    })
}

/// `thread/queue/update`.
pub(crate) async fn update(cx: &Cx, params: ThreadQueueUpdateParams) -> RpcResult<Told<ThreadQueueUpdateResponse>> {
    let server = &cx.server;
    let thread_id = ids::thread_id(&params.thread_id)?;
    let failing = Failing::new("thread/queue/update", server.view).about(thread_id);
    let subject = Subject::find(server, thread_id, Wanted::Live, failing).await?;
    let (id, metadata) = (params.queued_submission_id, params.responsesapi_client_metadata);
    let queues = Queues::of(subject.facts);
    let updated = queues.update(thread_id, id, params.input, metadata).await;
    let updated = updated.map_err(|error| failing.error(error))?;
    Ok(Told {
        before: Vec::new(),
        result: ThreadQueueUpdateResponse {
            queued_submission: wire(updated),
        },
        after: vec![changed(server, thread_id)],
    })
}

/// `thread/queue/delete`.
pub(crate) async fn delete(cx: &Cx, params: ThreadQueueDeleteParams) -> RpcResult<Told<ThreadQueueDeleteResponse>> {
    let server = &cx.server;
    let thread_id = ids::thread_id(&params.thread_id)?;
    let failing = Failing::new("thread/queue/delete", server.view).about(thread_id);
    let subject = Subject::find(server, thread_id, Wanted::Live, failing).await?;
    let queues = Queues::of(subject.facts);
    let deleted = queues.delete(thread_id, params.queued_submission_id).await;
    let deleted = deleted.map_err(|error| failing.error(error))?;
    Ok(Told {
        before: Vec::new(),
        result: ThreadQueueDeleteResponse { deleted },
        after: deleted.then(|| changed(server, thread_id)).into_iter().collect(),
    })
}

/// `thread/queue/reorder`.
pub(crate) async fn reorder(cx: &Cx, params: ThreadQueueReorderParams) -> RpcResult<Told<ThreadQueueReorderResponse>> {
    let server = &cx.server;
    let thread_id = ids::thread_id(&params.thread_id)?;
    let failing = Failing::new("thread/queue/reorder", server.view).about(thread_id);
    let subject = Subject::find(server, thread_id, Wanted::Live, failing).await?;
    let queues = Queues::of(subject.facts);
    let reordered = queues.reorder(thread_id, params.queued_submission_ids).await;
    let reordered = reordered.map_err(|error| failing.error(error))?;
    Ok(Told {
        before: Vec::new(),
        result: ThreadQueueReorderResponse {},
        after: reordered.then(|| changed(server, thread_id)).into_iter().collect(),
    })
}

/// `thread/queue/start`: says why nothing starts.
pub(crate) async fn start(server: &Server, params: ThreadQueueStartParams) -> RpcError {
    match refusal(server, params).await {
        Ok(refusal) | Err(refusal) => refusal,
    }
}

async fn refusal(server: &Server, params: ThreadQueueStartParams) -> RpcResult<RpcError> {
    let thread_id = ids::thread_id(&params.thread_id)?;
    let failing = Failing::new("thread/queue/start", server.view).about(thread_id);
    let subject = Subject::find(server, thread_id, Wanted::Live, failing).await?;
    let loaded = server.loaded.get(thread_id);
    if loaded.is_some_and(|loaded| loaded.with_activity(|activity| activity.active_turn().is_some())) {
        return Ok(RpcError::invalid_request(
            "thread already has an active or pending turn",
        ));
    }
    if let Some(id) = params.queued_submission_id {
        let queue = Queues::of(subject.facts).list(thread_id).await;
        let queue = queue.map_err(|error| failing.error(error))?;
        if !queue.iter().any(|entry| entry.id == id) {
            return Err(failing.error(OrganiseRefusal::NoSubmission { id }.into()));
        }
    }
    Ok(RpcError::unsupported(
        "thread/queue/start is not supported by this server: it has no model; run the turn yourself, record it with \
         thread/append, and take the submission out with thread/queue/delete",
    ))
}

fn changed(server: &Server, thread_id: ThreadId) -> Notice {
    let params = ThreadQueueChangedNotification {
        thread_id: thread_id.to_string(),
    };
    let (method, audience) = (
        notification_name::THREAD_QUEUE_CHANGED,
        Audience::Subscribers(thread_id),
    );
    Notice::new(audience, method, &params, server.clock.now_ms())
}

fn wire(entry: QueueEntry) -> QueuedSubmission {
    let QueueEntry { id, submission } = entry;
    QueuedSubmission {
        id,
        input: submission.input,
        client_user_message_id: submission.client_user_message_id,
        responsesapi_client_metadata: submission.responsesapi_client_metadata,
    }
}
