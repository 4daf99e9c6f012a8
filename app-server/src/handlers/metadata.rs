//! `thread/name/set`, `thread/metadata/update` and `thread/memoryMode/set` (`app-server-api.md` 3.10, 3.11, 3.17).
//!
//! All three work on loaded and other threads, and end in the one way to change metadata that the store has.

use codex_protocol::ids::ThreadId;
use codex_protocol::rpc::change::{
    ThreadMemoryMode, ThreadMemoryModeSetParams, ThreadMemoryModeSetResponse, ThreadMetadataGitInfoUpdateParams,
    ThreadMetadataUpdateParams, ThreadMetadataUpdateResponse, ThreadSetNameParams, ThreadSetNameResponse,
};
use codex_protocol::rpc::codex_database::CodexDatabaseField;
use codex_protocol::rpc::live::ThreadNameUpdatedNotification;
use codex_protocol::rpc::notification::notification_name;
use codex_thread_store::{GitPatch, MemoryMode, MetadataPatch, StoreError, StoreResult, ThreadReadQuery};

use super::{codex_database, ids, project};
use crate::convert::{self, Role};
use crate::dispatch::{Cx, Told};
use crate::error_map::Failing;
use crate::live::{Audience, Notice};
use crate::rpc_error::{RpcError, RpcResult};
use crate::server::Server;

/// `thread/name/set`.
pub(crate) async fn set_name(cx: &Cx, params: &ThreadSetNameParams) -> RpcResult<Told<ThreadSetNameResponse>> {
    let server = &cx.server;
    let thread_id = ids::thread_id(&params.thread_id)?;
    let name = params.name.trim();
    if name.is_empty() {
        return Err(RpcError::invalid_request("thread name must not be empty"));
    }
    let patch = MetadataPatch {
        name: Some(name.to_owned()),
        ..MetadataPatch::default()
    };
    let failing = Failing::new("thread/name/set", server.view).about(thread_id);
    change(server, thread_id, patch, failing).await?;
    let updated = ThreadNameUpdatedNotification {
        thread_id: thread_id.to_string(),
        thread_name: Some(name.to_owned()),
    };
    let method = notification_name::THREAD_NAME_UPDATED;
    Ok(Told {
        before: Vec::new(),
        result: ThreadSetNameResponse {
            codex_database: codex_database::notice(server, thread_id, &[CodexDatabaseField::Name]).await,
        },
        after: vec![Notice::new(Audience::All, method, &updated, server.clock.now_ms())],
    })
}

/// `thread/metadata/update`.
pub(crate) async fn update_metadata(
    cx: &Cx,
    params: ThreadMetadataUpdateParams,
) -> RpcResult<Told<ThreadMetadataUpdateResponse>> {
    let server = &cx.server;
    let thread_id = ids::thread_id(&params.thread_id)?;
    if params.git_info.is_none() && params.project_id.is_none() && params.daybreak_enabled.is_none() {
        return Err(RpcError::invalid_request(
            "thread metadata update must include at least one field",
        ));
    }
    let git = params.git_info.map(git_patch).transpose()?.unwrap_or_default();
    // The empty text clears the project.
    let project = params.project_id.map(|id| Some(id).filter(|id| !id.is_empty()));
    let failing = Failing::new("thread/metadata/update", server.view).about(thread_id);
    let patch = MetadataPatch {
        git,
        project,
        daybreak_enabled: params.daybreak_enabled,
        ..MetadataPatch::default()
    };
    let fields = changed_fields(&patch);
    let before = match patch.project {
        Some(_) => project_of(server, thread_id)
            .await
            .map_err(|error| failing.error(error))?,
        None => None,
    };
    let is_moved = patch.project.as_ref().is_some_and(|project| *project != before);
    change(server, thread_id, patch, failing).await?;
    let query = ThreadReadQuery {
        thread_id,
        view: server.view,
        turns: None,
    };
    let record = server.store.read_thread(query).await;
    let record = record.map_err(|error| failing.error(error))?;
    let mut thread = convert::thread(record, &server.lens, Role::Updated);
    server.dress(&mut thread, Role::Updated);
    let project = thread.project_id.as_deref();
    let updated = is_moved.then(|| project::of_thread(thread_id, project, server.clock.now_ms()));
    Ok(Told {
        before: Vec::new(),
        after: updated.into_iter().collect(),
        result: ThreadMetadataUpdateResponse {
            thread,
            codex_database: codex_database::notice(server, thread_id, &fields).await,
        },
    })
}

fn changed_fields(patch: &MetadataPatch) -> Vec<CodexDatabaseField> {
    let changed = [
        (!patch.git.is_empty(), CodexDatabaseField::GitInfo),
        (patch.project.is_some(), CodexDatabaseField::Project),
        (patch.daybreak_enabled.is_some(), CodexDatabaseField::DaybreakEnabled),
    ];
    changed
        .into_iter()
        .filter_map(|(is_changed, field)| is_changed.then_some(field))
        .collect()
}

/// Returns the project that a thread belongs to.
async fn project_of(server: &Server, thread_id: ThreadId) -> StoreResult<Option<String>> {
    let facts = server.store.facts().ok_or(StoreError::ReadOnly)?;
    Ok(facts.organised().await?.project_of(thread_id).map(str::to_owned))
}

/// `thread/memoryMode/set`.
pub(crate) async fn set_memory_mode(
    cx: &Cx,
    params: &ThreadMemoryModeSetParams,
) -> RpcResult<ThreadMemoryModeSetResponse> {
    let server = &cx.server;
    let thread_id = ids::thread_id(&params.thread_id)?;
    let patch = MetadataPatch {
        memory_mode: Some(match params.mode {
            ThreadMemoryMode::Enabled => MemoryMode::Enabled,
            ThreadMemoryMode::Disabled => MemoryMode::Disabled,
        }),
        ..MetadataPatch::default()
    };
    let failing = Failing::new("thread/memoryMode/set", server.view).about(thread_id);
    change(server, thread_id, patch, failing).await?;
    Ok(ThreadMemoryModeSetResponse {
        codex_database: codex_database::notice(server, thread_id, &[CodexDatabaseField::MemoryMode]).await,
    })
}

fn git_patch(params: ThreadMetadataGitInfoUpdateParams) -> RpcResult<GitPatch> {
    let patch = GitPatch {
        sha: params.sha,
        branch: params.branch,
        origin_url: params.origin_url,
    };
    if patch.is_empty() {
        return Err(RpcError::invalid_request("gitInfo must include at least one field"));
    }
    let members = [
        ("sha", &patch.sha),
        ("branch", &patch.branch),
        ("originUrl", &patch.origin_url),
    ];
    let is_blank = |value: &Option<Option<String>>| matches!(value, Some(Some(text)) if text.trim().is_empty());
    let blank = members.into_iter().find(|(_, value)| is_blank(value));
    match blank.map(|(member, _)| member) {
        Some(member) => Err(RpcError::invalid_request(format!("gitInfo.{member} must not be empty"))),
        None => Ok(patch),
    }
}

/// Changes metadata; a loaded thread without rollout gets one (3.1).
async fn change(server: &Server, thread_id: ThreadId, patch: MetadataPatch, failing: Failing<'_>) -> RpcResult<()> {
    server.refuse_ephemeral(thread_id, failing)?;
    let changed = change_recorded(server, thread_id, patch).await;
    changed.map_err(|error| failing.error(error))
}

async fn change_recorded(server: &Server, thread_id: ThreadId, patch: MetadataPatch) -> StoreResult<()> {
    let writes = server.store.writes().ok_or(StoreError::ReadOnly)?;
    if let Some(loaded) = server.unwritten(thread_id) {
        loaded.live.persist().await?;
    }
    if patch == MetadataPatch::default() {
        return Ok(());
    }
    writes.update_metadata(thread_id, patch).await
}
