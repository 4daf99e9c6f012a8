//! `thread/timeline/list` (`app-server-api.md` 3.9).
//!
//! Pages run newest first; entries inside a page ascend.

use codex_protocol::ids::ThreadId;
use codex_protocol::rpc::timeline::{ThreadTimelineEntry, ThreadTimelineListParams, ThreadTimelineListResponse};
use codex_thread_store::{ThreadReadQuery, TimelineEntry, TimelineQuery, View};

use super::ids;
use crate::cursor;
use crate::error_map::Failing;
use crate::limits::{DEFAULT_PAGE_ROWS, MAX_PAGE_ROWS, page_rows};
use crate::rpc_error::{RpcError, RpcResult};
use crate::server::Server;

/// `thread/timeline/list`.
pub(crate) async fn timeline_list(
    server: &Server,
    params: ThreadTimelineListParams,
) -> RpcResult<ThreadTimelineListResponse> {
    let thread_id = ids::thread_id(&params.thread_id)?;
    let raw = params.cursor.as_deref();
    let failing = Failing::new("thread/timeline/list", server.view).with_cursor(raw);
    if server.unwritten(thread_id).is_some() {
        return Err(failing.not_supported_yet());
    }
    refuse_archived(server, thread_id).await?;
    let mut query = TimelineQuery {
        thread_id,
        view: server.view,
        before: None,
        limit: page_rows(params.limit, DEFAULT_PAGE_ROWS, MAX_PAGE_ROWS),
    };
    if let Some(raw) = raw {
        query.before = cursor::parse_timeline_cursor(raw, thread_id);
        if query.before.is_none() {
            // Codex finds the thread before it looks at the cursor: an unknown thread is the error to report.
            query.limit = 1;
            server
                .store
                .list_timeline(query)
                .await
                .map_err(|error| failing.error(error))?;
            return Err(failing.invalid_cursor());
        }
    }
    let page = server
        .store
        .list_timeline(query)
        .await
        .map_err(|error| failing.error(error))?;
    let next_cursor = page
        .entries
        .first()
        .filter(|_| page.has_more)
        .map(|oldest| cursor::timeline_cursor(thread_id, oldest));
    let data = page.entries.into_iter().map(entry).collect();
    Ok(ThreadTimelineListResponse {
        data,
        next_cursor,
        active_realtime_session_at_page_start: None,
    })
}

/// Codex has no timeline of archived threads; the exact view says so in its words.
async fn refuse_archived(server: &Server, thread_id: ThreadId) -> RpcResult<()> {
    if server.view == View::Full {
        return Ok(());
    }
    let query = ThreadReadQuery {
        thread_id,
        view: server.view,
        turns: None,
    };
    match server.store.read_thread(query).await {
        Ok(record) if record.archived => Err(RpcError::invalid_request(format!("thread {thread_id} is archived"))),
        // Any other state, errors included, is what the timeline itself reports.
        Ok(_) | Err(_) => Ok(()),
    }
}

fn entry(entry: TimelineEntry) -> ThreadTimelineEntry {
    match entry {
        TimelineEntry::TurnStarted {
            position,
            turn_id,
            started_at,
        } => ThreadTimelineEntry::TurnStarted {
            position: position.ordinal,
            turn_id,
            started_at,
        },
        TimelineEntry::Item(item) => ThreadTimelineEntry::Item {
            position: item.position.ordinal,
            turn_id: item.turn_id,
            item: item.item,
        },
        TimelineEntry::TurnCompleted { position, turn } => ThreadTimelineEntry::TurnCompleted {
            position: position.ordinal,
            turn_id: turn.turn_id,
            status: turn.status,
            error: turn.error,
            started_at: turn.started_at,
            completed_at: turn.completed_at,
            duration_ms: turn.duration_ms,
        },
    }
}
