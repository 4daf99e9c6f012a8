//! `project/*` (`app-server-api.md` 3.19).
//!
//! Parses, calls the store and converts; what is allowed is the store's to say.

use codex_protocol::ids::ThreadId;
use codex_protocol::rpc::common::SortDirection;
use codex_protocol::rpc::notification::notification_name;
use codex_protocol::rpc::project::{
    ProjectChangeType, ProjectChangedNotification, ProjectCreateParams, ProjectCreateResponse, ProjectDeleteParams,
    ProjectDeleteResponse, ProjectImportParams, ProjectImportResponse, ProjectListParams, ProjectListResponse,
    ProjectMoveParams, ProjectMoveResponse, ProjectReadParams, ProjectReadResponse, ProjectRoot, ProjectSortKey,
    ProjectUpdateParams, ProjectUpdateResponse, ThreadProjectUpdatedNotification,
};
use codex_thread_store::organise::{
    MadeProject, NewProject, OrganiseRefusal, ProjectAnchor, ProjectPatch, ProjectQuery, ProjectSort, Projects,
};
use codex_thread_store::{Direction, StoreError, StoreResult, ThreadReadQuery};

use crate::convert;
use crate::cursor;
use crate::dispatch::{Cx, Told};
use crate::error_map::Failing;
use crate::limits::{DEFAULT_PAGE_ROWS, MAX_PAGE_ROWS, page_rows};
use crate::live::{Audience, Notice};
use crate::rpc_error::{RpcError, RpcResult};
use crate::server::Server;

/// `project/list`.
pub(crate) async fn list(server: &Server, params: ProjectListParams) -> RpcResult<ProjectListResponse> {
    let failing = Failing::new("project/list", server.view);
    let query = query(&params)?;
    let (sort, direction) = (query.sort, query.direction);
    let projects = projects(server).map_err(|error| failing.error(error))?;
    let page = projects.list(query).await.map_err(|error| failing.error(error))?;
    let last = page.projects.last().filter(|_| page.has_more);
    Ok(ProjectListResponse {
        next_cursor: last.map(|last| cursor::project_cursor(&ProjectAnchor::of(last, sort), sort, direction)),
        data: page.projects.into_iter().map(convert::project).collect(),
    })
}

fn query(params: &ProjectListParams) -> RpcResult<ProjectQuery> {
    if params.sort_direction.is_some() && params.sort_key.is_none() {
        return Err(RpcError::invalid_params("sortDirection requires sortKey"));
    }
    let (sort, default) = match params.sort_key {
        Some(ProjectSortKey::RecencyAt) => (ProjectSort::Recency, Direction::Descending),
        Some(ProjectSortKey::Position) | None => (ProjectSort::Position, Direction::Ascending),
    };
    let direction = match params.sort_direction {
        Some(SortDirection::Asc) => Direction::Ascending,
        Some(SortDirection::Desc) => Direction::Descending,
        None => default,
    };
    let malformed = || RpcError::invalid_params("invalid project cursor: malformed or mismatched sort anchor");
    let anchor = params.cursor.as_deref();
    let anchor = anchor.map(|text| cursor::parse_project_cursor(text, sort, direction).ok_or_else(malformed));
    Ok(ProjectQuery {
        sort,
        direction,
        anchor: anchor.transpose()?,
        limit: page_rows(params.limit, DEFAULT_PAGE_ROWS, MAX_PAGE_ROWS),
    })
}

/// `project/read`.
pub(crate) async fn read(server: &Server, params: ProjectReadParams) -> RpcResult<ProjectReadResponse> {
    let failing = Failing::new("project/read", server.view);
    let projects = projects(server).map_err(|error| failing.error(error))?;
    let project = projects.read(&params.project_id).await;
    let project = project.map_err(|error| failing.error(error))?;
    Ok(ProjectReadResponse {
        project: convert::project(project),
    })
}

/// `project/create`.
pub(crate) async fn create(server: &Server, params: ProjectCreateParams) -> RpcResult<Told<ProjectCreateResponse>> {
    let failing = Failing::new("project/create", server.view);
    let new = NewProject {
        id: server.ids.uuid_v7().to_string(),
        name: params.name,
        roots: paths(params.roots),
        metadata: params.metadata.unwrap_or_default(),
        idempotency_key: params.idempotency_key,
        threads: Vec::new(),
    };
    let projects = projects(server).map_err(|error| failing.error(error))?;
    let made = projects.create(new).await.map_err(|error| failing.error(error))?;
    Ok(told_of_new(server, made, &[], |project| ProjectCreateResponse {
        project,
    }))
}

/// `project/import`.
pub(crate) async fn import(server: &Server, params: ProjectImportParams) -> RpcResult<Told<ProjectImportResponse>> {
    let failing = Failing::new("project/import", server.view);
    let mut threads = Vec::new();
    for text in params.threads.unwrap_or_default() {
        let not_found = || RpcError::invalid_params(format!("thread not found: {text}"));
        let thread_id: ThreadId = text.parse().map_err(|_| not_found())?;
        require_thread(server, thread_id).await.map_err(|error| match error {
            StoreError::ThreadNotFound { .. } => not_found(),
            error => failing.error(error),
        })?;
        threads.push(thread_id);
    }
    let new = NewProject {
        id: server.ids.uuid_v7().to_string(),
        name: params.name,
        roots: paths(params.roots),
        metadata: params.metadata.unwrap_or_default(),
        idempotency_key: params.idempotency_key,
        threads: threads.clone(),
    };
    let projects = projects(server).map_err(|error| failing.error(error))?;
    let made = projects.create(new).await.map_err(|error| failing.error(error))?;
    Ok(told_of_new(server, made, &threads, |project| ProjectImportResponse {
        project,
    }))
}

/// Makes sure that there is a thread; a loaded one without rollout gets one (3.1), so that lists can show it.
async fn require_thread(server: &Server, thread_id: ThreadId) -> StoreResult<()> {
    if server.is_ephemeral(thread_id) {
        return Err(StoreError::ThreadNotFound { thread_id });
    }
    if let Some(loaded) = server.unwritten(thread_id) {
        return loaded.live.persist().await;
    }
    let query = ThreadReadQuery {
        thread_id,
        view: server.view,
        turns: None,
    };
    server.store.read_thread(query).await.map(|_| ())
}

fn told_of_new<T>(
    server: &Server,
    made: MadeProject,
    threads: &[ThreadId],
    result: impl FnOnce(codex_protocol::rpc::project::Project) -> T,
) -> Told<T> {
    let MadeProject { project, is_new } = made;
    let after = match is_new {
        true => notices(server, &project.id, ProjectChangeType::Created, threads),
        false => Vec::new(),
    };
    Told {
        before: Vec::new(),
        result: result(convert::project(project)),
        after,
    }
}

/// `project/update`.
pub(crate) async fn update(server: &Server, params: ProjectUpdateParams) -> RpcResult<Told<ProjectUpdateResponse>> {
    let failing = Failing::new("project/update", server.view);
    let patch = ProjectPatch {
        name: params.name,
        roots: params.roots.map(paths),
        metadata: params.metadata,
    };
    let projects = projects(server).map_err(|error| failing.error(error))?;
    let updated = projects.update(&params.project_id, patch).await;
    let (project, changed) = updated.map_err(|error| failing.error(error))?;
    let after = match changed {
        true => notices(server, &project.id, ProjectChangeType::Updated, &[]),
        false => Vec::new(),
    };
    Ok(Told {
        before: Vec::new(),
        result: ProjectUpdateResponse {
            project: convert::project(project),
        },
        after,
    })
}

/// `project/move`.
pub(crate) async fn move_project(server: &Server, params: ProjectMoveParams) -> RpcResult<Told<ProjectMoveResponse>> {
    let failing = Failing::new("project/move", server.view);
    let before = params.before_project_id.as_deref();
    let projects = projects(server).map_err(|error| failing.error(error))?;
    let moved = projects.move_before(&params.project_id, before).await;
    moved.map_err(|error| failing.error(error))?;
    Ok(Told {
        before: Vec::new(),
        result: ProjectMoveResponse {},
        after: notices(server, &params.project_id, ProjectChangeType::Updated, &[]),
    })
}

/// `project/delete`.
pub(crate) async fn delete(cx: &Cx, params: ProjectDeleteParams) -> RpcResult<Told<ProjectDeleteResponse>> {
    let server = &cx.server;
    let failing = Failing::new("project/delete", server.view);
    let projects = projects(server).map_err(|error| failing.error(error))?;
    let deleted = projects.delete(&params.project_id).await;
    let threads = deleted.map_err(|error| failing.error(error))?;
    // Also those that no fact knows.
    for loaded in server.loaded.all() {
        loaded.leave_project(&params.project_id);
    }
    Ok(Told {
        before: Vec::new(),
        result: ProjectDeleteResponse {},
        after: notices(server, &params.project_id, ProjectChangeType::Deleted, &threads),
    })
}

/// What everybody is told of a project, and of the threads that came or went with it.
fn notices(server: &Server, project_id: &str, change_type: ProjectChangeType, threads: &[ThreadId]) -> Vec<Notice> {
    let now_ms = server.clock.now_ms();
    let changed = ProjectChangedNotification {
        project_id: project_id.to_owned(),
        change_type,
    };
    let method = notification_name::PROJECT_CHANGED;
    let mut notices = vec![Notice::new(Audience::All, method, &changed, now_ms)];
    let belongs = match change_type {
        ProjectChangeType::Deleted => None,
        ProjectChangeType::Created | ProjectChangeType::Updated => Some(project_id),
    };
    notices.extend(threads.iter().map(|thread_id| of_thread(*thread_id, belongs, now_ms)));
    notices
}

/// What everybody is told of a thread that belongs to another project, or to none.
pub(super) fn of_thread(thread_id: ThreadId, project_id: Option<&str>, now_ms: i64) -> Notice {
    let updated = ThreadProjectUpdatedNotification {
        thread_id: thread_id.to_string(),
        project_id: project_id.map(str::to_owned),
    };
    Notice::new(
        Audience::All,
        notification_name::THREAD_PROJECT_UPDATED,
        &updated,
        now_ms,
    )
}

/// Refuses what is no project; a store without the capability has none.
///
/// # Errors
/// `Organise` if there is no such project.
pub(super) async fn check(server: &Server, project_id: &str) -> StoreResult<()> {
    match server.store.facts() {
        Some(facts) => Projects::of(facts).check(project_id).await,
        None => Err(OrganiseRefusal::ProjectNotFound {
            project_id: project_id.to_owned(),
        }
        .into()),
    }
}

/// The projects of the server's store.
///
/// # Errors
/// `ReadOnly` for stores without it.
pub(super) fn projects(server: &Server) -> StoreResult<Projects<'_>> {
    server.store.facts().map(Projects::of).ok_or(StoreError::ReadOnly)
}

fn paths(roots: Vec<ProjectRoot>) -> Vec<String> {
    roots.into_iter().map(|root| root.path).collect()
}
