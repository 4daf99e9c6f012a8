//! `threadSection/*` and `thread/section/move` (`app-server-api.md` 3.18).
//!
//! Parses, calls the store and converts; what is allowed is the store's to say.

use codex_protocol::ids::ThreadId;
use codex_protocol::rpc::codex_database::CodexDatabaseField;
use codex_protocol::rpc::notification::notification_name;
use codex_protocol::rpc::section::{
    ThreadSectionChangedNotification, ThreadSectionCreateParams, ThreadSectionCreateResponse,
    ThreadSectionDeleteParams, ThreadSectionDeleteResponse, ThreadSectionListParams, ThreadSectionListResponse,
    ThreadSectionMoveParams, ThreadSectionMoveResponse, ThreadSectionUpdateParams, ThreadSectionUpdateResponse,
};
use codex_protocol::rpc::thread::ThreadSectionAppearance;
use codex_thread_store::organise::{SectionAppearance, SectionMove, SectionPatch, Sections};
use codex_thread_store::{StoreError, StoreResult, ThreadReadQuery};

use super::{codex_database, ids};
use crate::convert;
use crate::dispatch::{Cx, Told};
use crate::error_map::Failing;
use crate::limits::{DEFAULT_PAGE_ROWS, MAX_PAGE_ROWS, page_rows};
use crate::live::{Audience, Notice};
use crate::rpc_error::{RpcError, RpcResult};
use crate::server::Server;

/// `threadSection/list`.
pub(crate) async fn list(server: &Server, params: ThreadSectionListParams) -> RpcResult<ThreadSectionListResponse> {
    let failing = Failing::new("threadSection/list", server.view);
    let limit = page_rows(params.limit, DEFAULT_PAGE_ROWS, MAX_PAGE_ROWS);
    let sections = sections(server).map_err(|error| failing.error(error))?;
    let page = sections.list(params.cursor.as_deref(), limit).await;
    let page = page.map_err(|error| failing.error(error))?;
    let last = page.sections.last().filter(|_| page.has_more);
    Ok(ThreadSectionListResponse {
        next_cursor: last.map(|section| section.id.clone()),
        data: page.sections.into_iter().map(convert::section).collect(),
    })
}

/// `threadSection/create`.
pub(crate) async fn create(
    server: &Server,
    params: ThreadSectionCreateParams,
) -> RpcResult<ThreadSectionCreateResponse> {
    let failing = Failing::new("threadSection/create", server.view);
    let id = server.ids.uuid_v7().to_string();
    let sections = sections(server).map_err(|error| failing.error(error))?;
    let created = sections
        .create(id, &params.name, params.appearance.map(appearance))
        .await;
    let created = created.map_err(|error| failing.error(error))?;
    Ok(ThreadSectionCreateResponse {
        section: convert::section(created),
    })
}

/// `threadSection/update`.
pub(crate) async fn update(
    server: &Server,
    params: ThreadSectionUpdateParams,
) -> RpcResult<ThreadSectionUpdateResponse> {
    let failing = Failing::new("threadSection/update", server.view);
    let patch = SectionPatch {
        name: params.name,
        appearance: params.appearance.map(|looks| looks.map(appearance)),
    };
    let sections = sections(server).map_err(|error| failing.error(error))?;
    let updated = sections.update(&params.section_id, patch).await;
    let updated = updated.map_err(|error| failing.error(error))?;
    Ok(ThreadSectionUpdateResponse {
        section: convert::section(updated),
    })
}

/// `threadSection/delete`.
pub(crate) async fn delete(
    server: &Server,
    params: ThreadSectionDeleteParams,
) -> RpcResult<ThreadSectionDeleteResponse> {
    let failing = Failing::new("threadSection/delete", server.view);
    let sections = sections(server).map_err(|error| failing.error(error))?;
    let deleted = sections.delete(&params.section_id).await;
    deleted.map_err(|error| failing.error(error))?;
    Ok(ThreadSectionDeleteResponse {})
}

/// `thread/section/move`.
pub(crate) async fn move_thread(
    cx: &Cx,
    params: ThreadSectionMoveParams,
) -> RpcResult<Told<ThreadSectionMoveResponse>> {
    let server = &cx.server;
    let thread_id = ids::thread_id(&params.thread_id)?;
    let failing = Failing::new("thread/section/move", server.view).about(thread_id);
    let to = destination(params.section_id.clone(), params.before_thread_id.as_deref())?;
    server.refuse_ephemeral(thread_id, failing)?;
    let moved = move_known(server, thread_id, to).await;
    moved.map_err(|error| failing.error(error))?;
    let changed = ThreadSectionChangedNotification {
        thread_id: thread_id.to_string(),
        section_id: params.section_id,
    };
    let method = notification_name::THREAD_SECTION_CHANGED;
    Ok(Told {
        before: Vec::new(),
        result: ThreadSectionMoveResponse {
            codex_database: codex_database::notice(server, thread_id, &[CodexDatabaseField::Section]).await,
        },
        after: vec![Notice::new(Audience::All, method, &changed, server.clock.now_ms())],
    })
}

fn destination(section_id: Option<String>, before: Option<&str>) -> RpcResult<SectionMove> {
    let before = before
        .map(|id| ids::parse(id, "before thread id").map_err(RpcError::invalid_request))
        .transpose()?;
    match (section_id, before) {
        (Some(id), _) if id.is_empty() => Err(RpcError::invalid_request("sectionId must not be empty")),
        (None, None) => Ok(SectionMove::Out),
        (None, Some(_)) => Err(RpcError::invalid_request(
            "beforeThreadId requires a non-null sectionId",
        )),
        (Some(section_id), None) => Ok(SectionMove::Last { section_id }),
        (Some(section_id), Some(thread_id)) => Ok(SectionMove::Before { section_id, thread_id }),
    }
}

/// Puts a thread somewhere; a loaded one without rollout gets one (3.1), so that lists can show it.
async fn move_known(server: &Server, thread_id: ThreadId, to: SectionMove) -> StoreResult<()> {
    let sections = sections(server)?;
    let Some(loaded) = server.unwritten(thread_id) else {
        let query = ThreadReadQuery {
            thread_id,
            view: server.view,
            turns: None,
        };
        server.store.read_thread(query).await?;
        return sections.move_thread(thread_id, to).await;
    };
    sections.move_thread(thread_id, to).await?;
    loaded.live.persist().await
}

fn sections(server: &Server) -> StoreResult<Sections<'_>> {
    server.store.facts().map(Sections::of).ok_or(StoreError::ReadOnly)
}

fn appearance(looks: ThreadSectionAppearance) -> SectionAppearance {
    SectionAppearance {
        icon: looks.icon,
        color: looks.color,
    }
}
