//! `history/search`, an addition of this project.
//!
//! Reads the query, calls the store, converts. Answers are of the full view whatever view is served: exactness is that of
//! `thread/search`.

use codex_protocol::rpc::history::{
    HistoryQueryFault, HistoryQueryPlace, HistorySearchCount, HistorySearchFacets, HistorySearchHit,
    HistorySearchIncomplete, HistorySearchLimit, HistorySearchOrder, HistorySearchParams, HistorySearchPlace,
    HistorySearchResponse, HistorySearchThread, HistoryTextKind,
};
use codex_protocol::rpc::search::ThreadSearchTextRange;
use codex_thread_store::query::{self, FieldKind, QueryError, Typing};
use codex_thread_store::{
    HistoryFacets, HistoryHit, HistoryIncomplete, HistoryOrder, HistoryQuery, HistoryThread, HitItem, ThreadRecord,
};

use super::search::{capability, units};
use crate::convert::{self, Role};
use crate::cursor::{self, Include};
use crate::error_map::Failing;
use crate::limits::{DEFAULT_HITS_PER_THREAD, DEFAULT_PAGE_ROWS, MAX_HITS_PER_THREAD, MAX_PAGE_ROWS, page_rows};
use crate::rpc_error::{RpcError, RpcResult};
use crate::server::Server;

const METHOD: &str = "history/search";

/// `history/search`.
pub(crate) async fn history_search(server: &Server, params: HistorySearchParams) -> RpcResult<HistorySearchResponse> {
    let failing = Failing::new(METHOD, server.view).with_cursor(params.cursor.as_deref());
    let order = match params.order {
        Some(HistorySearchOrder::Ranked) | None => HistoryOrder::Ranked,
        Some(HistorySearchOrder::Newest) => HistoryOrder::Newest,
    };
    let question = cursor::history_question(&params.query, order, params.typing);
    let anchor = match params.cursor.as_deref() {
        Some(raw) => {
            Some(cursor::parse_history_search_cursor(raw, &question, order).ok_or_else(|| failing.invalid_cursor())?)
        }
        None => None,
    };
    // Every page of an answer means the same by `after:7d`.
    let now_ms = anchor.map_or_else(|| server.clock.now_ms(), |anchor| anchor.as_of_ms);
    let typing = if params.typing { Typing::GoesOn } else { Typing::Done };
    let query = query::parse(&params.query, now_ms, typing).map_err(|error| fault(&params.query, &error))?;
    let query = HistoryQuery {
        query,
        order,
        limit: page_rows(params.limit, DEFAULT_PAGE_ROWS, MAX_PAGE_ROWS),
        hits_per_thread: page_rows(params.hits_per_thread, DEFAULT_HITS_PER_THREAD, MAX_HITS_PER_THREAD),
        anchor,
        facets: params.facets,
    };
    let search = capability(server, METHOD)?;
    let page = search
        .search_history(query)
        .await
        .map_err(|error| failing.error(error))?;
    Ok(HistorySearchResponse {
        next_cursor: page.next.map(|next| cursor::history_search_cursor(&question, &next)),
        thread_count: page.thread_count,
        hit_count: page.hit_count,
        facets: page.facets.map(facets),
        incomplete: page.incomplete.map(incomplete),
        data: page.threads.into_iter().map(|found| thread(server, found)).collect(),
    })
}

/// Returns the error for a query that cannot be read, with the place of its fault.
fn fault(text: &str, error: &QueryError) -> RpcError {
    let place = |byte: usize| {
        let before = &text[..byte];
        HistoryQueryPlace {
            byte: units(byte),
            character: units(before.chars().count()),
            utf16: units(before.encode_utf16().count()),
        }
    };
    let start = error.place.as_ref().map(|range| place(range.start));
    let message = match start {
        Some(start) => format!("query, at character {}: {error}", start.character + 1),
        None => format!("query: {error}"),
    };
    let data = HistoryQueryFault {
        reason: "invalidQuery".to_owned(),
        start,
        end: error.place.as_ref().map(|range| place(range.end)),
    };
    let data = serde_json::to_value(data).expect("numbers and texts always serialise");
    RpcError::invalid_params(message).with_data(data)
}

fn thread(server: &Server, found: HistoryThread) -> HistorySearchThread {
    let hits = found
        .hits
        .into_iter()
        .map(|found_hit| hit(&found.thread, found_hit))
        .collect();
    let mut thread = convert::thread(found.thread, &server.lens, Role::Row);
    server.dress(&mut thread, Role::Row);
    HistorySearchThread {
        thread,
        score: found.score,
        matched: found.matched,
        hits,
    }
}

fn hit(thread: &ThreadRecord, found: HistoryHit) -> HistorySearchHit {
    HistorySearchHit {
        kind: text_kind(found.kind),
        score: found.score,
        snippet: found.snippet,
        highlights: found.highlights.into_iter().map(range).collect(),
        match_range: range(found.match_range),
        at: found.time_ms.div_euclid(1_000),
        place: found.item.map(|item| place(thread, item)),
    }
}

fn place(thread: &ThreadRecord, item: HitItem) -> HistorySearchPlace {
    let turn_cursor = item.turn_position.map(|position| {
        let turn = (item.turn_id.as_str(), position);
        cursor::turn_cursor(thread.thread_id, thread.history_mode, turn, Include::Anchor)
    });
    HistorySearchPlace {
        turn_cursor,
        item_cursor: cursor::item_cursor(thread.thread_id, item.position, Include::Anchor),
        turn_id: item.turn_id,
        item_id: item.item_id,
    }
}

fn range((start, end): (usize, usize)) -> ThreadSearchTextRange {
    ThreadSearchTextRange {
        start: units(start),
        end: units(end),
    }
}

fn facets(facets: HistoryFacets) -> HistorySearchFacets {
    let count = |(value, count): (String, u64)| HistorySearchCount { value, count };
    let kinds = facets
        .kinds
        .into_iter()
        .map(|(kind, count)| (kind.word().to_owned(), count));
    HistorySearchFacets {
        projects: facets.projects.into_iter().map(count).collect(),
        kinds: kinds.map(count).collect(),
        months: facets.months.into_iter().map(count).collect(),
    }
}

fn incomplete(incomplete: HistoryIncomplete) -> HistorySearchIncomplete {
    let (reason, limit) = match incomplete {
        HistoryIncomplete::Candidates { limit } => (HistorySearchLimit::Candidates, limit),
        HistoryIncomplete::Time { limit_ms } => (HistorySearchLimit::Time, limit_ms),
    };
    HistorySearchIncomplete { reason, limit }
}

fn text_kind(kind: FieldKind) -> HistoryTextKind {
    match kind {
        FieldKind::Name => HistoryTextKind::Name,
        FieldKind::Goal => HistoryTextKind::Goal,
        FieldKind::Message => HistoryTextKind::Message,
        FieldKind::Plan => HistoryTextKind::Plan,
        FieldKind::Reasoning => HistoryTextKind::Reasoning,
        FieldKind::Review => HistoryTextKind::Review,
        FieldKind::Command => HistoryTextKind::Command,
        FieldKind::Output => HistoryTextKind::Output,
        FieldKind::Patch => HistoryTextKind::Patch,
        FieldKind::Path => HistoryTextKind::Path,
        FieldKind::Call => HistoryTextKind::Call,
        FieldKind::Result => HistoryTextKind::Result,
        FieldKind::Web => HistoryTextKind::Web,
    }
}
