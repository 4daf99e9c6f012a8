//! `thread/attachment/*` and `thread/attachmentOwner/list` (`app-server-api.md` 3.22).
//!
//! Errors about parameters have the code for those here (1.10).

use codex_protocol::ids::ThreadId;
use codex_protocol::rpc::attachment::{
    ThreadAttachment, ThreadAttachmentAddOutcome, ThreadAttachmentAddParams, ThreadAttachmentAddResponse,
    ThreadAttachmentListParams, ThreadAttachmentListResponse, ThreadAttachmentOperation, ThreadAttachmentOwner,
    ThreadAttachmentOwnerListParams, ThreadAttachmentOwnerListResponse, ThreadAttachmentRemoveParams,
    ThreadAttachmentRemoveResponse, ThreadAttachmentUpdatedNotification,
};
use codex_protocol::rpc::notification::notification_name;
use codex_thread_store::organise::{Attachment, Attachments, FactStore, Identity, WasThere};
use codex_thread_store::{StoreError, StoreErrorKind, StoreResult, ThreadReadQuery};

use super::ids;
use super::subject::{Subject, Wanted};
use crate::cursor::{self, AttachmentAnchor};
use crate::dispatch::{Cx, Told};
use crate::error_map::Failing;
use crate::limits::{DEFAULT_PAGE_ROWS, MAX_PAGE_ROWS, page_rows};
use crate::live::{Audience, Notice};
use crate::rpc_error::{RpcError, RpcResult};
use crate::server::Server;

/// `thread/attachment/add`.
pub(crate) async fn add(cx: &Cx, params: ThreadAttachmentAddParams) -> RpcResult<Told<ThreadAttachmentAddResponse>> {
    let server = &cx.server;
    let thread_id = thread_id(&params.thread_id)?;
    let failing = Failing::new("thread/attachment/add", server.view).about(thread_id);
    let identity = identity(params.attachment_type, params.identity_key, failing)?;
    let subject = Subject::find(server, thread_id, Wanted::Any, failing).await?;
    let id = server.ids.uuid_v7().to_string();
    let attachments = Attachments::of(subject.facts);
    let added = attachments.add(thread_id, identity, params.payload, id).await;
    let (attachment, was_there) = added.map_err(|error| failing.error(error))?;
    subject.settle(failing).await?;
    let (outcome, after) = match was_there {
        WasThere::Yes => (ThreadAttachmentAddOutcome::Existing, Vec::new()),
        WasThere::No => {
            let notice = updated(server, thread_id, &attachment, ThreadAttachmentOperation::Created);
            (ThreadAttachmentAddOutcome::Created, vec![notice])
        }
    };
    Ok(Told {
        before: Vec::new(),
        result: ThreadAttachmentAddResponse {
            outcome,
            attachment: wire(attachment),
        },
        after,
    })
}

/// `thread/attachment/remove`.
pub(crate) async fn remove(
    cx: &Cx,
    params: ThreadAttachmentRemoveParams,
) -> RpcResult<Told<ThreadAttachmentRemoveResponse>> {
    let server = &cx.server;
    let thread_id = thread_id(&params.thread_id)?;
    let failing = Failing::new("thread/attachment/remove", server.view).about(thread_id);
    let identity = identity(params.attachment_type, params.identity_key, failing)?;
    let subject = Subject::find(server, thread_id, Wanted::Any, failing).await?;
    let removed = Attachments::of(subject.facts).remove(thread_id, identity).await;
    let removed = removed.map_err(|error| failing.error(error))?;
    let notice = removed.map(|gone| updated(server, thread_id, &gone, ThreadAttachmentOperation::Deleted));
    Ok(Told {
        before: Vec::new(),
        result: ThreadAttachmentRemoveResponse {},
        after: notice.into_iter().collect(),
    })
}

/// `thread/attachment/list`: a thread that does not exist has nothing attached.
pub(crate) async fn list(
    server: &Server,
    params: ThreadAttachmentListParams,
) -> RpcResult<ThreadAttachmentListResponse> {
    let thread_id = thread_id(&params.thread_id)?;
    let failing = Failing::new("thread/attachment/list", server.view).about(thread_id);
    let after = match params.cursor.as_deref() {
        Some(raw) => Some(cursor::parse_attachment_cursor(raw, thread_id).ok_or_else(invalid_cursor)?),
        None => None,
    };
    let facts = facts(server).map_err(|error| failing.error(error))?;
    let attached = Attachments::of(facts).list(thread_id).await;
    let attached = attached.map_err(|error| failing.error(error))?;
    let limit = page_rows(params.limit, DEFAULT_PAGE_ROWS, MAX_PAGE_ROWS);
    let place = |attachment: &Attachment| AttachmentAnchor {
        created_at: attachment.created_at,
        id: attachment.id.clone(),
    };
    let is_behind = |attachment: &Attachment| after.as_ref().is_none_or(|after| place(attachment) > *after);
    let mut page: Vec<Attachment> = attached.into_iter().filter(is_behind).take(limit + 1).collect();
    let has_more = page.len() > limit;
    page.truncate(limit);
    let last = page.last().filter(|_| has_more);
    Ok(ThreadAttachmentListResponse {
        next_cursor: last.map(|last| cursor::attachment_cursor(thread_id, &place(last))),
        data: page.into_iter().map(wire).collect(),
    })
}

/// `thread/attachmentOwner/list`.
pub(crate) async fn owners(
    server: &Server,
    params: ThreadAttachmentOwnerListParams,
) -> RpcResult<ThreadAttachmentOwnerListResponse> {
    let failing = Failing::new("thread/attachmentOwner/list", server.view);
    let identity = identity(params.attachment_type, params.identity_key, failing)?;
    let facts = facts(server).map_err(|error| failing.error(error))?;
    let owners = Attachments::of(facts).owners(&identity).await;
    let owners = owners.map_err(|error| failing.error(error))?;
    let after = match params.cursor.as_deref() {
        Some(raw) => {
            let found = cursor::parse_attachment_owner_cursor(raw, &identity, params.archived);
            Some(found.ok_or_else(invalid_cursor)?)
        }
        None => None,
    };
    let limit = page_rows(params.limit, DEFAULT_PAGE_ROWS, MAX_PAGE_ROWS);
    let mut data: Vec<ThreadAttachmentOwner> = Vec::new();
    let mut next_cursor = None;
    for thread_id in owners.into_iter().filter(|id| after.is_none_or(|after| *id > after)) {
        let archived = is_archived(server, thread_id).await;
        let Some(archived) = archived.map_err(|error| failing.error(error))? else {
            continue;
        };
        if params.archived.is_some_and(|wanted| wanted != archived) {
            continue;
        }
        if data.len() == limit {
            let last = data.last().map(|owner| owner.thread_id.as_str());
            next_cursor = last.map(|last| cursor::attachment_owner_cursor(last, &identity, params.archived));
            break;
        }
        data.push(ThreadAttachmentOwner {
            thread_id: thread_id.to_string(),
            archived,
        });
    }
    Ok(ThreadAttachmentOwnerListResponse { data, next_cursor })
}

/// Tells whether a thread is archived; `None` for one that is not there any more, or cannot be read.
async fn is_archived(server: &Server, thread_id: ThreadId) -> StoreResult<Option<bool>> {
    if server.unwritten(thread_id).is_some() {
        return Ok(Some(false));
    }
    let query = ThreadReadQuery {
        thread_id,
        view: server.view,
        turns: None,
    };
    match server.store.read_thread(query).await {
        Ok(record) => Ok(Some(record.archived)),
        Err(error) if error.kind() == StoreErrorKind::NotFound => Ok(None),
        // One thread that cannot be read hides no other one.
        Err(error) if error.kind() == StoreErrorKind::Unreadable => {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(%thread_id, error, "a thread with attachments cannot be read");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn thread_id(text: &str) -> RpcResult<ThreadId> {
    ids::parse(text, "thread id").map_err(RpcError::invalid_params)
}

fn invalid_cursor() -> RpcError {
    RpcError::invalid_params("invalid pagination cursor")
}

fn facts(server: &Server) -> StoreResult<&dyn FactStore> {
    server.store.facts().ok_or(StoreError::ReadOnly)
}

/// Says what is meant, if that can be; whether there is such a thread is looked at later.
fn identity(attachment_type: String, identity_key: String, failing: Failing<'_>) -> RpcResult<Identity> {
    let identity = Identity {
        attachment_type,
        identity_key,
    };
    match identity.check() {
        Ok(()) => Ok(identity),
        Err(refusal) => Err(failing.error(refusal.into())),
    }
}

fn updated(
    server: &Server,
    thread_id: ThreadId,
    attachment: &Attachment,
    operation: ThreadAttachmentOperation,
) -> Notice {
    let params = ThreadAttachmentUpdatedNotification {
        thread_id: thread_id.to_string(),
        attachment_type: attachment.attachment_type.clone(),
        identity_key: attachment.identity_key.clone(),
        attachment_id: attachment.id.clone(),
        operation,
    };
    let method = notification_name::THREAD_ATTACHMENT_UPDATED;
    Notice::new(Audience::All, method, &params, server.clock.now_ms())
}

fn wire(attachment: Attachment) -> ThreadAttachment {
    ThreadAttachment {
        id: attachment.id,
        attachment_type: attachment.attachment_type,
        identity_key: attachment.identity_key,
        payload: attachment.payload,
        created_at: attachment.created_at,
    }
}
