//! `thread/revert` (`app-server-api.md` 3.15).
//!
//! The thread stays loaded: the writer behind the dropped turns makes room for one behind those that are kept.

use std::sync::Arc;

use codex_protocol::rpc::lifecycle::{ThreadRevertParams, ThreadRevertResponse, ThreadRevertedNotification};
use codex_protocol::rpc::live::ThreadReadStateChangedNotification;
use codex_protocol::rpc::notification::notification_name;
use codex_protocol::rpc::thread::{ThreadReadState, ThreadStatus, ThreadUnreadPosition};
use codex_thread_store::live::LiveThread;
use codex_thread_store::{
    Anchor, Direction, HistoryMode, ItemsView, StoreError, StoreResult, ThreadReadQuery, TurnAnchor, TurnPageQuery,
    View,
};

use super::{ids, resume, start};
use crate::convert::{self, Role};
use crate::dispatch::{Cx, Told};
use crate::error_map::Failing;
use crate::live::{Audience, LoadedThread, Notice, Recording};
use crate::rpc_error::{RpcError, RpcResult};
use crate::server::Server;

/// `thread/revert`.
pub(crate) async fn thread_revert(cx: &Cx, params: &ThreadRevertParams) -> RpcResult<Told<ThreadRevertResponse>> {
    let server = &cx.server;
    let thread_id = ids::thread_id(&params.thread_id)?;
    let loaded = server
        .loaded
        .get(thread_id)
        .ok_or_else(|| RpcError::invalid_request(format!("thread not found: {thread_id}")))?;
    let mode = loaded.live.history_mode();
    if mode == HistoryMode::Legacy && server.view == View::Codex {
        return Err(RpcError::invalid_request(
            "thread/revert only supports paginated threads",
        ));
    }
    let failing = Failing::new("thread/revert", server.view).about(thread_id);
    let error = |error| failing.error(error);
    if !loaded.live.is_materialized() {
        return Err(error(StoreError::TurnNotFound {
            thread_id,
            turn_id: params.before_turn_id.clone(),
        }));
    }
    let lifecycle = server.lifecycle().map_err(error)?;
    server.settle(thread_id).await.map_err(error)?;
    lifecycle
        .revert_thread(thread_id, &params.before_turn_id)
        .await
        .map_err(error)?;
    exchange(server, &loaded).await;
    let query = ThreadReadQuery {
        thread_id,
        view: server.view,
        turns: None,
    };
    let record = server.store.read_thread(query).await.map_err(error)?;
    let mut thread = convert::thread(record, &server.lens, Role::Metadata);
    server.dress(&mut thread, Role::Metadata);
    let (turns_backwards_cursor, items_backwards_cursor) = match mode {
        HistoryMode::Paginated => resume::newest(server, thread_id).await?,
        HistoryMode::Legacy => (None, None),
    };
    let reverted = ThreadRevertedNotification {
        thread_id: thread_id.to_string(),
    };
    let method = notification_name::THREAD_REVERTED;
    Ok(Told {
        before: Vec::new(),
        result: ThreadRevertResponse {
            thread,
            turns_backwards_cursor,
            items_backwards_cursor,
        },
        after: vec![Notice::new(Audience::All, method, &reverted, server.clock.now_ms())],
    })
}

/// Takes a new writer and says so. The revert is done: a writer that cannot be had leaves the thread unloaded.
async fn exchange(server: &Arc<Server>, old: &Arc<LoadedThread>) {
    let thread_id = old.thread_id();
    server.interrupt(old);
    server.let_go(old).await;
    let read_state = read_state(server, old).await;
    let status = |status| server.publish(&Notice::status(thread_id, status, server.clock.now_ms()));
    let new = match reload(server, old).await {
        Ok(new) => new,
        Err(error) => {
            tracing::warn!(
                %thread_id,
                error = &error as &dyn std::error::Error,
                "a reverted thread is not loaded any more"
            );
            server.loaded.remove(thread_id);
            server.tell_closed(thread_id);
            return;
        }
    };
    if let Err(refused) = server.succeed(old, &new) {
        // The server is closing.
        server.let_go(&refused).await;
        return;
    }
    status(ThreadStatus::NotLoaded);
    if let Some((state, changed)) = read_state {
        if changed == Changed::Yes {
            let params = ThreadReadStateChangedNotification {
                thread_id: thread_id.to_string(),
                read_state: state.clone(),
            };
            let method = notification_name::THREAD_READ_STATE_CHANGED;
            let audience = Audience::Subscribers(thread_id);
            server.publish(&Notice::new(audience, method, &params, server.clock.now_ms()));
        }
        new.with_activity(|activity| activity.recall_read_state(state));
    }
    status(new.with_activity(|activity| activity.status()));
}

async fn reload(server: &Arc<Server>, old: &LoadedThread) -> StoreResult<Arc<LoadedThread>> {
    let options = start::options(server, Some(old.settings.event_style));
    let live = LiveThread::resume(Arc::clone(&server.store), old.thread_id(), options).await?;
    Ok(LoadedThread::new(Recording {
        live,
        settings: old.settings.clone(),
        reading: old.with_activity(|activity| activity.reading()),
        now_ms: server.clock.now_ms(),
    }))
}

/// Whether a revert changed how far a thread was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Changed {
    /// What was unread first is no more.
    Yes,
    /// It is as it was.
    No,
}

/// How far the thread is read after a revert, if that has changed since it was loaded.
async fn read_state(server: &Server, old: &LoadedThread) -> Option<(ThreadReadState, Changed)> {
    let state = old.read_state()?;
    let Some(ThreadUnreadPosition::Turn { turn_id }) = &state.first_unread else {
        return Some((state, Changed::No));
    };
    let query = TurnPageQuery {
        thread_id: old.thread_id(),
        view: server.view,
        anchor: Some(Anchor::Including(TurnAnchor::Turn(turn_id.clone()))),
        limit: 1,
        direction: Direction::Descending,
        items_view: ItemsView::NotLoaded,
    };
    match server.store.list_turns(query).await {
        Err(StoreError::AnchorTurnMissing) => {
            let read = ThreadReadState {
                first_unread: None,
                revision: server.ids.uuid_v7().to_string(),
            };
            Some((read, Changed::Yes))
        }
        // Whatever else goes wrong tells nothing of the turn.
        _ => Some((state, Changed::No)),
    }
}
