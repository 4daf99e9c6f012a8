//! `thread/search` and `thread/searchOccurrences` (`app-server-api.md` 6).
//!
//! A store without the search capability is answered for here.

use codex_protocol::rpc::search::{
    ThreadSearchOccurrence, ThreadSearchOccurrencesParams, ThreadSearchOccurrencesResponse, ThreadSearchParams,
    ThreadSearchResponse, ThreadSearchResult, ThreadSearchSortKey, ThreadSearchTextRange,
};
use codex_thread_store::{ArchivedFilter, Direction, ListSort, Occurrence, OccurrenceQuery, SearchQuery, ThreadSearch};

use super::{ids, list, sources};
use crate::convert::{self, Role};
use crate::cursor::{self, Include};
use crate::error_map::Failing;
use crate::limits::{DEFAULT_OCCURRENCE_ROWS, DEFAULT_PAGE_ROWS, MAX_OCCURRENCE_ROWS, MAX_PAGE_ROWS, page_rows};
use crate::rpc_error::{RpcError, RpcResult};
use crate::server::Server;

/// `thread/search`.
pub(crate) async fn thread_search(server: &Server, params: ThreadSearchParams) -> RpcResult<ThreadSearchResponse> {
    let term = params.search_term.trim();
    if term.is_empty() {
        return Err(RpcError::invalid_request(
            "thread/search requires a non-empty searchTerm",
        ));
    }
    let anchor = match &params.cursor {
        Some(raw) => Some(cursor::parse_thread_cursor(raw).ok_or_else(|| RpcError::invalid_cursor(raw))?),
        None => None,
    };
    let sort = match params.sort_key {
        Some(ThreadSearchSortKey::CreatedAt) | None => ListSort::CreatedAt,
        Some(ThreadSearchSortKey::UpdatedAt) => ListSort::UpdatedAt,
        Some(ThreadSearchSortKey::RecencyAt) => ListSort::RecencyAt,
    };
    let direction = convert::direction(params.sort_direction, Direction::Descending);
    let query = SearchQuery {
        term: term.to_owned(),
        view: server.view,
        sort,
        direction,
        limit: page_rows(params.limit, DEFAULT_PAGE_ROWS, MAX_PAGE_ROWS),
        anchor,
        archived: if params.archived == Some(true) {
            ArchivedFilter::Archived
        } else {
            ArchivedFilter::Live
        },
        sources: sources::filters(params.source_kinds),
        include_attached: params.include_attached_threads,
    };
    let search = capability(server, "thread/search")?;
    let failing = Failing::new("thread/search", server.view);
    let page = search
        .search_threads(query)
        .await
        .map_err(|error| failing.error(error))?;
    let next_cursor = page
        .hits
        .last()
        .filter(|_| page.has_more)
        .map(|hit| list::row_cursor(&hit.thread, sort));
    let backwards_cursor = page
        .hits
        .first()
        .map(|hit| list::backwards_cursor(&hit.thread, sort, direction));
    let result = |hit: codex_thread_store::SearchHit| {
        let mut thread = convert::thread(hit.thread, &server.lens, Role::Row);
        server.dress(&mut thread, Role::Row);
        ThreadSearchResult {
            thread,
            snippet: hit.snippet,
        }
    };
    Ok(ThreadSearchResponse {
        data: page.hits.into_iter().map(result).collect(),
        next_cursor,
        backwards_cursor,
    })
}

/// `thread/searchOccurrences`.
pub(crate) async fn search_occurrences(
    server: &Server,
    params: ThreadSearchOccurrencesParams,
) -> RpcResult<ThreadSearchOccurrencesResponse> {
    let thread_id = ids::thread_id(&params.thread_id)?;
    let term = params.search_term;
    if term.trim().is_empty() {
        return Err(RpcError::invalid_request(
            "thread/searchOccurrences requires a non-empty searchTerm",
        ));
    }
    let raw = params.cursor.as_deref();
    let failing = Failing::new("thread/searchOccurrences", server.view).with_cursor(raw);
    if server.unwritten(thread_id).is_some() {
        return Err(failing.not_supported_yet());
    }
    let search = capability(server, "thread/searchOccurrences")?;
    let mut query = OccurrenceQuery {
        thread_id,
        view: server.view,
        term: term.clone(),
        anchor: None,
        limit: page_rows(params.limit, DEFAULT_OCCURRENCE_ROWS, MAX_OCCURRENCE_ROWS),
    };
    if let Some(raw) = raw {
        query.anchor = cursor::parse_occurrence_cursor(raw, thread_id, &term);
        if query.anchor.is_none() {
            // Codex finds the thread before it looks at the cursor: an unknown thread is the error to report.
            query.limit = 1;
            search
                .search_occurrences(query)
                .await
                .map_err(|error| failing.error(error))?;
            return Err(failing.invalid_cursor());
        }
    }
    let page = search
        .search_occurrences(query)
        .await
        .map_err(|error| failing.error(error))?;
    let occurrence = |found: Occurrence| ThreadSearchOccurrence {
        turn_cursor: cursor::turn_cursor(
            thread_id,
            page.history_mode,
            (&found.turn_id, found.turn_position),
            Include::Anchor,
        ),
        turn_id: found.turn_id,
        item_id: found.item_id,
        snippet: found.snippet,
        snippet_match_range: ThreadSearchTextRange {
            start: units(found.match_start),
            end: units(found.match_end),
        },
    };
    Ok(ThreadSearchOccurrencesResponse {
        data: page.occurrences.into_iter().map(occurrence).collect(),
        next_cursor: page.next.map(|next| cursor::occurrence_cursor(thread_id, &term, next)),
    })
}

/// A snippet is short, so its offsets fit.
pub(super) fn units(offset: usize) -> u32 {
    u32::try_from(offset).unwrap_or(u32::MAX)
}

pub(super) fn capability<'a>(server: &'a Server, method: &str) -> RpcResult<&'a dyn ThreadSearch> {
    server
        .store
        .search()
        .ok_or_else(|| RpcError::unsupported(format!("{method} is not supported by this store")))
}
