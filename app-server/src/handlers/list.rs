//! `thread/list` (`app-server-api.md` 5).
//!
//! Checks come in the real server's order; the first one that fails decides the error.

use std::collections::BTreeMap;
use std::path::Path;

use codex_protocol::ids::ThreadId;
use codex_protocol::rpc::list::{ThreadListCwdFilter, ThreadListParams, ThreadListResponse, ThreadSortKey};
use codex_protocol::rpc::thread::{Thread, ThreadReadState};
use codex_thread_store::{
    ArchivedFilter, Direction, GroupFilter, ListQuery, ListSort, RelationFilter, ThreadAnchor, ThreadRecord, View,
};

use super::{ids, project, sources};
use crate::convert::{self, Role};
use crate::cursor;
use crate::error_map::Failing;
use crate::limits::{DEFAULT_PAGE_ROWS, MAX_EXCLUDED_THREADS, MAX_PAGE_ROWS, page_rows};
use crate::rpc_error::{RpcError, RpcResult};
use crate::server::Server;

/// `thread/list`.
pub(crate) async fn thread_list(server: &Server, params: ThreadListParams) -> RpcResult<ThreadListResponse> {
    let by_project = check_project(server, params.project_id.as_ref()).await;
    let Some(query) = query(server, params, by_project)? else {
        return Ok(response(Vec::new(), BTreeMap::new(), None, None));
    };
    let (sort, direction, role) = (query.sort, query.direction, role(&query));
    let page = server
        .store
        .list_threads(query)
        .await
        .map_err(|error| Failing::new("thread/list", server.view).error(error))?;
    let next = page
        .threads
        .last()
        .filter(|_| page.has_more)
        .map(|row| row_cursor(row, sort));
    let back = page.threads.first().map(|row| backwards_cursor(row, sort, direction));
    let rows: Vec<Thread> = page
        .threads
        .into_iter()
        .map(|record| {
            let mut thread = convert::thread(record, &server.lens, role);
            server.dress(&mut thread, role);
            thread
        })
        .collect();
    let states = read_states(server, &rows).await?;
    Ok(response(rows, states, next, back))
}

/// How far the threads of a page were read, from one look at the facts.
async fn read_states(server: &Server, rows: &[Thread]) -> RpcResult<BTreeMap<String, ThreadReadState>> {
    let reading = server.reading().await;
    let reading = reading.map_err(|error| Failing::new("thread/list", server.view).error(error))?;
    let state = |thread: &Thread| Some((thread.id.clone(), reading.of(thread)?));
    Ok(rows.iter().filter_map(state).collect())
}

fn response(
    data: Vec<Thread>,
    states: BTreeMap<String, ThreadReadState>,
    next_cursor: Option<String>,
    backwards_cursor: Option<String>,
) -> ThreadListResponse {
    ThreadListResponse {
        data,
        read_states: Some(states),
        next_cursor,
        backwards_cursor,
    }
}

/// Turns parameters into a query; `None` when nothing can match.
///
/// Whether there is such a project is known before, but counts in its turn.
fn query(server: &Server, params: ThreadListParams, by_project: RpcResult<()>) -> RpcResult<Option<ListQuery>> {
    let excluded = excluded(params.excluded_thread_ids.as_deref().unwrap_or_default())?;
    if params
        .originators
        .as_ref()
        .is_some_and(|originators| !originators.is_empty())
    {
        return Err(RpcError::invalid_params(
            "originator filtering is not supported by the local app-server",
        ));
    }
    by_project?;
    let search_term = params.search_term.as_deref().filter(|term| !term.is_empty());
    if params.include_attached_threads && search_term.is_none_or(|term| term.trim().is_empty()) {
        return Err(RpcError::invalid_request(
            "includeAttachedThreads requires a non-empty searchTerm",
        ));
    }
    let section = group(params.section_id.clone());
    let by_place = params.sort_key == Some(ThreadSortKey::SectionPosition);
    if by_place && !matches!(section, GroupFilter::One(_)) {
        return Err(RpcError::invalid_request(
            "section-position sorting requires a section filter",
        ));
    }
    let relation = relation(&params)?;
    let anchor = anchor(&params)?;
    let cwds = params.cwd.map(working_directories);
    // An empty set of directories contains no thread.
    if cwds.as_ref().is_some_and(Vec::is_empty) {
        return Ok(None);
    }
    Ok(Some(ListQuery {
        view: server.view,
        sort: sort(params.sort_key),
        direction: convert::direction(
            params.sort_direction,
            match by_place {
                true => Direction::Ascending,
                false => Direction::Descending,
            },
        ),
        limit: page_rows(params.limit, DEFAULT_PAGE_ROWS, MAX_PAGE_ROWS),
        anchor,
        archived: if params.archived == Some(true) {
            ArchivedFilter::Archived
        } else {
            ArchivedFilter::Live
        },
        sources: sources::filters(params.source_kinds),
        providers: providers(server, params.model_providers),
        cwds,
        search_term: search_term.map(str::to_owned),
        // Whoever asks for relatives sees those that have not been spoken to yet.
        include_unpreviewed: relation.is_some(),
        relation,
        section,
        project: group(params.project_id.clone()),
        include_attached: params.include_attached_threads,
        excluded,
        // These calls are answered from Codex's database rows, where others are re-read from the files (5).
        database_rows: params.use_state_db_only
            || params.section_id.is_some()
            || params.project_id.is_some()
            || params.sort_key == Some(ThreadSortKey::RecencyAt)
            || params.search_term.as_deref() == Some(""),
    }))
}

fn excluded(ids: &[String]) -> RpcResult<Vec<ThreadId>> {
    if ids.len() > MAX_EXCLUDED_THREADS {
        return Err(RpcError::invalid_params(format!(
            "excludedThreadIds accepts at most {MAX_EXCLUDED_THREADS} entries"
        )));
    }
    let parse = |id: &String| ids::parse(id, "excluded thread id").map_err(RpcError::invalid_params);
    ids.iter().map(parse).collect()
}

/// A project that is asked for has to be there; a section need not.
async fn check_project(server: &Server, project_id: Option<&Option<String>>) -> RpcResult<()> {
    let failing = Failing::new("thread/list", server.view);
    match project_id {
        None | Some(None) => Ok(()),
        Some(Some(id)) if id.is_empty() => Err(RpcError::invalid_params("projectId must not be empty")),
        Some(Some(id)) => project::check(server, id).await.map_err(|error| failing.error(error)),
    }
}

/// Absent means any, null none.
fn group(id: Option<Option<String>>) -> GroupFilter {
    match id {
        None => GroupFilter::Any,
        Some(None) => GroupFilter::None,
        Some(Some(id)) => GroupFilter::One(id),
    }
}

fn relation(params: &ThreadListParams) -> RpcResult<Option<RelationFilter>> {
    let parse = |id: &String, what| ids::parse(id, what).map_err(RpcError::invalid_request);
    match (
        &params.parent_thread_id,
        &params.ancestor_thread_id,
        &params.attached_to_thread_id,
    ) {
        (None, None, None) => Ok(None),
        (None, None, Some(id)) => parse(id, "attached thread parent id").map(|id| Some(RelationFilter::AttachedTo(id))),
        (_, _, Some(_)) => Err(RpcError::invalid_request(
            "attachedToThreadId cannot be combined with parentThreadId or ancestorThreadId",
        )),
        (Some(_), Some(_), None) => Err(RpcError::invalid_request(
            "parentThreadId and ancestorThreadId are mutually exclusive",
        )),
        (Some(id), None, None) => parse(id, "parent thread id").map(|id| Some(RelationFilter::ChildrenOf(id))),
        (None, Some(id), None) => parse(id, "ancestor thread id").map(|id| Some(RelationFilter::DescendantsOf(id))),
    }
}

fn anchor(params: &ThreadListParams) -> RpcResult<Option<ThreadAnchor>> {
    let Some(raw) = &params.cursor else { return Ok(None) };
    let parsed = match params.sort_key {
        Some(ThreadSortKey::SectionPosition) => cursor::parse_rank_cursor(raw),
        _ => cursor::parse_thread_cursor(raw),
    };
    parsed.map(Some).ok_or_else(|| RpcError::invalid_cursor(raw))
}

fn working_directories(filter: ThreadListCwdFilter) -> Vec<String> {
    let wanted = match filter {
        ThreadListCwdFilter::One(cwd) => vec![cwd],
        ThreadListCwdFilter::Many(cwds) => cwds,
    };
    let here = std::env::current_dir().unwrap_or_default();
    wanted.into_iter().map(|cwd| absolute(&here, cwd)).collect()
}

fn absolute(here: &Path, cwd: String) -> String {
    if Path::new(&cwd).is_absolute() {
        cwd
    } else {
        here.join(cwd).display().to_string()
    }
}

/// Omitted: everything, but only the configured provider in the exact view; empty: everything.
fn providers(server: &Server, wanted: Option<Vec<String>>) -> Option<Vec<String>> {
    match (wanted, server.view) {
        (Some(providers), _) => Some(providers).filter(|providers| !providers.is_empty()),
        (None, View::Codex) => Some(vec![server.default_provider.clone()]),
        (None, View::Full) => None,
    }
}

fn sort(key: Option<ThreadSortKey>) -> ListSort {
    match key {
        Some(ThreadSortKey::CreatedAt) | None => ListSort::CreatedAt,
        Some(ThreadSortKey::SectionPosition) => ListSort::SectionPosition,
        Some(ThreadSortKey::UpdatedAt) => ListSort::UpdatedAt,
        Some(ThreadSortKey::RecencyAt) => ListSort::RecencyAt,
    }
}

fn role(query: &ListQuery) -> Role {
    let related = matches!(
        query.relation,
        Some(RelationFilter::ChildrenOf(_) | RelationFilter::DescendantsOf(_))
    );
    if related || sources::only_sub_agents(query.sources.as_deref()) {
        Role::RelatedRow
    } else {
        Role::Row
    }
}

/// Returns the cursor that continues after a row.
pub(super) fn row_cursor(row: &ThreadRecord, sort: ListSort) -> String {
    match sort {
        ListSort::SectionPosition => cursor::rank_cursor(row.sort_key(sort), row.thread_id),
        ListSort::CreatedAt | ListSort::UpdatedAt | ListSort::RecencyAt => {
            cursor::thread_cursor(row.sort_key(sort), row.thread_id)
        }
    }
}

/// Returns the cursor that goes back from a row.
pub(super) fn backwards_cursor(row: &ThreadRecord, sort: ListSort, direction: Direction) -> String {
    match sort {
        ListSort::SectionPosition => cursor::backwards_rank_cursor(row.sort_key(sort), row.thread_id, direction),
        ListSort::CreatedAt | ListSort::UpdatedAt | ListSort::RecencyAt => {
            cursor::backwards_thread_cursor(row.sort_key(sort), direction)
        }
    }
}
