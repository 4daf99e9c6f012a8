//! `thread/resume` (`app-server-api.md` 3.2).
//!
//! Loads a thread, joins one that is loaded, or starts one with a given history.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use codex_protocol::ids::ThreadId;
use codex_protocol::log::RawJson;
use codex_protocol::rpc::live::DeprecationNoticeNotification;
use codex_protocol::rpc::notification::notification_name;
use codex_protocol::rpc::resume::{ThreadResumeParams, ThreadResumeResponse};
use codex_protocol::rpc::thread::Thread;
use codex_protocol::rpc::turn::{ThreadTurnsListParams, ThreadTurnsListResponse};
use codex_thread_store::live::{ItemOrigin, LiveThread, RawItem};
use codex_thread_store::{
    Direction, HistoryMode, ItemPageQuery, ItemsView, StoreError, ThreadReadQuery, ThreadRecord, ThreadSelector,
    TurnPageQuery,
};

use super::{goal, ids, start, turns};
use crate::convert::{self, Role};
use crate::cursor::{self, Include};
use crate::dispatch::{Cx, Told};
use crate::error_map::Failing;
use crate::live::{Audience, Lifetime, LoadedThread, Notice, Reading, ThreadSettings};
use crate::order::Access;
use crate::rpc_error::{RpcError, RpcResult};
use crate::server::Server;

/// Said when a whole paginated history is asked for (3.26).
const DEPRECATION: &str = "Full-history hydration is deprecated for paginated threads; use `excludeTurns: true`, then \
                           page with `thread/turns/list` and `thread/items/list`.";

/// What a request means.
enum Target {
    /// A thread that is loaded.
    Loaded(Arc<LoadedThread>),
    /// A recorded thread.
    Recorded(ThreadId),
    /// A new thread with this history.
    New(Vec<RawJson>),
}

/// Whether a thread was loaded before the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Before {
    /// It was.
    Loaded,
    /// It was recorded.
    NotLoaded,
    /// It did not exist.
    New,
}

/// `thread/resume`.
pub(crate) async fn thread_resume(
    cx: &mut Cx,
    mut params: ThreadResumeParams,
) -> RpcResult<Told<ThreadResumeResponse>> {
    if params.permissions.is_some() && params.sandbox.is_some() {
        return Err(start::permissions_and_sandbox());
    }
    let (loaded, before) = match target(cx, &mut params).await? {
        Target::Loaded(loaded) => {
            cx.server.subscribe(&loaded, cx.connection.id);
            // From here on only reads: an agent that records need not wait for a long history.
            cx.tickets.shared = None;
            (loaded, Before::Loaded)
        }
        Target::Recorded(thread_id) => (load(cx, thread_id, &params).await?, Before::NotLoaded),
        Target::New(history) => (start_with(cx, history, &params).await?, Before::New),
    };
    match response(&cx.server, &loaded, &params).await {
        Ok(result) => {
            let goal = goal::snapshot(&cx.server, loaded.thread_id()).await;
            let mut told = tell(cx, &loaded, &params, before, result);
            told.after.extend(goal);
            Ok(told)
        }
        Err(error) => {
            if before != Before::Loaded {
                give_up(&cx.server, &loaded).await;
            }
            Err(error)
        }
    }
}

/// Finds out what is meant; the order of the checks is the real server's.
async fn target(cx: &mut Cx, params: &mut ThreadResumeParams) -> RpcResult<Target> {
    let named = ids::parse(&params.thread_id, "session id").map_err(RpcError::invalid_request);
    let path = params.path.take().filter(|path| !path.is_empty());
    if let Some(loaded) = named.as_ref().ok().and_then(|id| cx.server.loaded.get(*id)) {
        check_running(&cx.server, &loaded, params, path.as_deref())?;
        return Ok(Target::Loaded(loaded));
    }
    if let Some(history) = params.history.take() {
        if history.is_empty() {
            return Err(RpcError::invalid_request("history must not be empty"));
        }
        return Ok(Target::New(history));
    }
    let Some(path) = path else {
        return named.map(Target::Recorded);
    };
    let thread_id = by_path(&cx.server, &path, "thread/resume").await?;
    if named != Ok(thread_id) {
        take_place_of(cx, thread_id).await;
    }
    Ok(match cx.server.loaded.get(thread_id) {
        Some(loaded) => Target::Loaded(loaded),
        None => Target::Recorded(thread_id),
    })
}

/// Changes the place in the queue, which was that of the thread that the request names, for one of another thread.
pub(super) async fn take_place_of(cx: &mut Cx, thread_id: ThreadId) {
    cx.tickets.shared = None;
    let mut ticket = cx.server.order.ticket(&thread_id.to_string(), Access::Alone);
    ticket.turn().await;
    cx.tickets.shared = Some(ticket);
}

fn check_running(
    server: &Server,
    loaded: &LoadedThread,
    params: &ThreadResumeParams,
    path: Option<&str>,
) -> RpcResult<()> {
    let id = loaded.thread_id();
    if params.history.is_some() {
        return Err(RpcError::invalid_request(format!(
            "cannot resume thread {id} with history while it is already running"
        )));
    }
    server.refuse_ephemeral(id, Failing::new("thread/resume", server.view).about(id))?;
    let active = loaded.live.path();
    match path {
        Some(path) if Path::new(&server.identity.home).join(path) != active => Err(RpcError::invalid_request(format!(
            "cannot resume running thread {id} with stale path: requested `{path}`, active `{}`",
            active.display()
        ))),
        _ => Ok(()),
    }
}

/// Finds the thread of a rollout.
pub(super) async fn by_path(server: &Server, path: &str, method: &'static str) -> RpcResult<ThreadId> {
    let failing = Failing::new(method, server.view);
    let full = PathBuf::from(&server.identity.home).join(path);
    let found = server.store.resolve(&ThreadSelector::Path(full)).await;
    let missing = || StoreError::RolloutPathNotFound { path: path.into() };
    let found = match found {
        Ok(found) => found.into_iter().next().ok_or_else(missing),
        Err(StoreError::RolloutPathNotFound { .. }) => Err(missing()),
        Err(error) => Err(error),
    };
    found
        .map(|record| record.thread_id)
        .map_err(|error| failing.error(error))
}

async fn load(cx: &Cx, thread_id: ThreadId, params: &ThreadResumeParams) -> RpcResult<Arc<LoadedThread>> {
    let server = &cx.server;
    let failing = Failing::new("thread/resume", server.view).about(thread_id);
    let record = read(server, thread_id, None).await?;
    let options = start::options(server, params.event_style);
    let live = LiveThread::resume(Arc::clone(&server.store), thread_id, options)
        .await
        .map_err(|error| failing.error(error))?;
    let cwd = params.cwd.as_deref().map(|cwd| start::absolute_cwd(Some(cwd)));
    let settings = ThreadSettings::of_resumed(params, cwd, &record, &server.recording);
    let thread = convert::thread(record, &server.lens, Role::WithTurns);
    let reading = convert::reading(&thread);
    start::load(cx, live, settings, (reading, Lifetime::Recorded)).await
}

/// Starts a thread that continues a history of Responses items.
async fn start_with(cx: &Cx, history: Vec<RawJson>, params: &ThreadResumeParams) -> RpcResult<Arc<LoadedThread>> {
    let server = &cx.server;
    let failing = Failing::new("thread/resume", server.view);
    let settings = ThreadSettings::of_history(
        params,
        start::absolute_cwd(params.cwd.as_deref()),
        &server.recording,
        &server.default_provider,
    );
    let new = start::new_thread(server, HistoryMode::Paginated, &settings);
    let options = start::options(server, params.event_style);
    let live = LiveThread::create(Arc::clone(&server.store), new, options)
        .await
        .map_err(|error| failing.error(error))?;
    let items: Vec<RawItem> = history
        .into_iter()
        .map(|item| RawItem::new("response_item", item).with_origin(ItemOrigin::Injected))
        .collect();
    if let Err(error) = live.append(&items, None).await {
        live.discard().await.map_err(|error| failing.error(error))?;
        return Err(failing.error(error));
    }
    start::load(cx, live, settings, (Reading::Tracked, Lifetime::Recorded)).await
}

/// Takes a load back whose answer failed; nobody else can have joined, because changes of a thread are ordered.
async fn give_up(server: &Server, loaded: &LoadedThread) {
    server.loaded.remove(loaded.thread_id());
    if let Err(error) = loaded.live.close().await {
        tracing::error!(
            thread_id = %loaded.thread_id(),
            error = &error as &dyn std::error::Error,
            "thread not closed cleanly"
        );
    }
}

async fn read(server: &Server, thread_id: ThreadId, turns: Option<ItemsView>) -> RpcResult<ThreadRecord> {
    let query = ThreadReadQuery {
        thread_id,
        view: server.view,
        turns,
    };
    let failing = Failing::new("thread/resume", server.view).about(thread_id);
    server
        .store
        .read_thread(query)
        .await
        .map_err(|error| failing.error(error))
}

async fn response(
    server: &Server,
    loaded: &LoadedThread,
    params: &ThreadResumeParams,
) -> RpcResult<ThreadResumeResponse> {
    let thread_id = loaded.thread_id();
    let is_written = loaded.live.is_materialized();
    let thread = if !is_written {
        start::unwritten_thread(server, loaded)
    } else if params.exclude_turns {
        resumed(server, loaded, read(server, thread_id, None).await?, Role::Metadata)
    } else {
        let record = read(server, thread_id, Some(ItemsView::Full)).await?;
        resumed(server, loaded, record, Role::WithTurns)
    };
    let initial_turns_page = match params.initial_turns_page {
        None => None,
        Some(_) if !is_written => Some(ThreadTurnsListResponse {
            data: Vec::new(),
            next_cursor: None,
            backwards_cursor: None,
        }),
        Some(page) => {
            let page = ThreadTurnsListParams {
                thread_id: thread_id.to_string(),
                cursor: None,
                limit: page.limit,
                sort_direction: page.sort_direction,
                items_view: page.items_view,
            };
            Some(turns::turns_list(server, page).await?)
        }
    };
    let (turns_backwards_cursor, items_backwards_cursor) = match loaded.live.history_mode() {
        HistoryMode::Paginated if is_written => newest(server, thread_id).await?,
        HistoryMode::Paginated | HistoryMode::Legacy => (None, None),
    };
    Ok(ThreadResumeResponse {
        thread,
        settings: loaded.settings.answered(),
        collaboration_mode: Some(loaded.settings.collaboration_mode()),
        initial_turns_page,
        turns_backwards_cursor,
        items_backwards_cursor,
    })
}

fn resumed(server: &Server, loaded: &LoadedThread, record: ThreadRecord, role: Role) -> Thread {
    let mut thread = convert::thread(record, &server.lens, role);
    loaded.dress(&mut thread, role);
    thread
}

/// Cursors that start at the newest turn and at the newest item.
pub(super) async fn newest(server: &Server, thread_id: ThreadId) -> RpcResult<(Option<String>, Option<String>)> {
    let failing = Failing::new("thread/resume", server.view).about(thread_id);
    let turns = TurnPageQuery {
        thread_id,
        view: server.view,
        anchor: None,
        limit: 1,
        direction: Direction::Descending,
        items_view: ItemsView::NotLoaded,
    };
    let turns = server
        .store
        .list_turns(turns)
        .await
        .map_err(|error| failing.error(error))?;
    let items = ItemPageQuery {
        thread_id,
        view: server.view,
        turn_id: None,
        anchor: None,
        limit: 1,
        direction: Direction::Descending,
    };
    let items = server
        .store
        .list_items(items)
        .await
        .map_err(|error| failing.error(error))?;
    let turn = turns.turns.first().map(|turn| {
        cursor::turn_cursor(
            thread_id,
            HistoryMode::Paginated,
            (&turn.turn_id, turn.position),
            Include::Anchor,
        )
    });
    let item = items
        .items
        .first()
        .map(|entry| cursor::item_cursor(thread_id, entry.position, Include::Anchor));
    Ok((turn, item))
}

/// Tells the caller that a whole paginated history is not to be asked for.
pub(super) fn deprecation(cx: &Cx) -> Notice {
    let notice = DeprecationNoticeNotification {
        summary: DEPRECATION.to_owned(),
        details: None,
    };
    let (requester, now_ms) = (Audience::Only(cx.connection.id), cx.server.clock.now_ms());
    Notice::new(requester, notification_name::DEPRECATION_NOTICE, &notice, now_ms)
}

/// Says what everybody is told, in the real server's order.
fn tell(
    cx: &Cx,
    loaded: &LoadedThread,
    params: &ThreadResumeParams,
    before: Before,
    result: ThreadResumeResponse,
) -> Told<ThreadResumeResponse> {
    let now_ms = cx.server.clock.now_ms();
    let thread_id = loaded.thread_id();
    let requester = Audience::Only(cx.connection.id);
    let mut told = Told::quietly(result);
    let is_paginated = loaded.live.history_mode() == HistoryMode::Paginated;
    if before != Before::New && is_paginated && !params.exclude_turns {
        told.before.push(deprecation(cx));
    }
    if before != Before::Loaded {
        let status = loaded.with_activity(|activity| activity.status());
        told.after.push(Notice::status(thread_id, status, now_ms));
    }
    let is_cold = before != Before::Loaded;
    let tells_usage = match loaded.live.history_mode() {
        HistoryMode::Paginated => is_cold || !params.exclude_turns,
        HistoryMode::Legacy => !is_cold && !params.exclude_turns,
    };
    if tells_usage && let Some(usage) = loaded.with_activity(|activity| activity.usage().cloned()) {
        let name = notification_name::THREAD_TOKEN_USAGE_UPDATED;
        told.after.push(Notice::new(requester, name, &usage, now_ms));
    }
    told
}
