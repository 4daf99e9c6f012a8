//! `thread/turns/list` (`app-server-api.md` 3.6).
//!
//! Cursors name positions for paginated threads and turns for legacy ones, as Codex's do.

use codex_protocol::rpc::turn::{ThreadTurnsListParams, ThreadTurnsListResponse};
use codex_thread_store::{
    Anchor, Direction, HistoryMode, StoreResult, TurnAnchor, TurnPage, TurnPageQuery, TurnRecord, View,
};

use super::ids;
use crate::convert;
use crate::cursor::{self, Include};
use crate::error_map::Failing;
use crate::limits::{DEFAULT_PAGE_ROWS, MAX_PAGE_ROWS, page_rows};
use crate::rpc_error::RpcResult;
use crate::server::Server;

/// `thread/turns/list`.
pub(crate) async fn turns_list(server: &Server, params: ThreadTurnsListParams) -> RpcResult<ThreadTurnsListResponse> {
    let thread_id = ids::thread_id(&params.thread_id)?;
    let raw = params.cursor.as_deref();
    let failing = Failing::new("thread/turns/list", server.view).with_cursor(raw);
    server.refuse_ephemeral(thread_id, failing)?;
    if let Some(loaded) = server.unwritten(thread_id) {
        return Err(failing
            .about(thread_id)
            .unwritten(loaded.live.history_mode(), "thread/turns/list"));
    }
    let mut query = TurnPageQuery {
        thread_id,
        view: server.view,
        anchor: None,
        limit: page_rows(params.limit, DEFAULT_PAGE_ROWS, MAX_PAGE_ROWS),
        direction: convert::direction(params.sort_direction, Direction::Descending),
        items_view: convert::items_view(params.items_view),
    };
    if let Some(raw) = raw {
        query.anchor = cursor::parse_turn_cursor(raw, thread_id);
        if query.anchor.is_none() {
            // Codex finds the thread before it looks at the cursor: an unknown thread is the error to report.
            query.limit = 1;
            load(server, query).await.map_err(|error| failing.error(error))?;
            return Err(failing.invalid_cursor());
        }
    }
    let by_turn = query.anchor.as_ref().map(names_turn);
    let page = load(server, query).await.map_err(|error| failing.error(error))?;
    // Either form leads somewhere in either mode; Codex takes only its own form of each.
    if server.view == View::Codex
        && by_turn.is_some_and(|by_turn| by_turn != (page.history_mode == HistoryMode::Legacy))
    {
        return Err(failing.invalid_cursor());
    }
    let place = |turn: &TurnRecord, include| {
        cursor::turn_cursor(thread_id, page.history_mode, (&turn.turn_id, turn.position), include)
    };
    let next_cursor = page
        .turns
        .last()
        .filter(|_| page.has_more)
        .map(|turn| place(turn, Include::Rest));
    let backwards_cursor = page.turns.first().map(|turn| place(turn, Include::Anchor));
    Ok(ThreadTurnsListResponse {
        data: page.turns.into_iter().map(convert::turn).collect(),
        next_cursor,
        backwards_cursor,
    })
}

fn names_turn(anchor: &Anchor<TurnAnchor>) -> bool {
    let (Anchor::Including(place) | Anchor::Excluding(place)) = anchor;
    matches!(place, TurnAnchor::Turn(_))
}

async fn load(server: &Server, query: TurnPageQuery) -> StoreResult<TurnPage> {
    server.store.list_turns(query).await
}
