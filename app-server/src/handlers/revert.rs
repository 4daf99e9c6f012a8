//! `thread/revert` (`app-server-api.md` 3.15).
//!
//! The thread stays loaded: the writer behind the dropped turns makes room for one behind those that are kept.

use std::sync::Arc;

use codex_protocol::ids::ThreadId;
use codex_protocol::rpc::codex_database::CodexDatabaseField;
use codex_protocol::rpc::lifecycle::{ThreadRevertParams, ThreadRevertResponse, ThreadRevertedNotification};
use codex_protocol::rpc::notification::notification_name;
use codex_protocol::rpc::thread::ThreadStatus;
use codex_thread_store::live::LiveThread;
use codex_thread_store::organise::{ReadState, ReadStates, UnreadFrom};
use codex_thread_store::{
    Anchor, Direction, HistoryMode, ItemsView, StoreError, StoreResult, ThreadReadQuery, TurnAnchor, TurnPageQuery,
    View,
};

use super::{codex_database, ids, resume, start};
use crate::convert::{self, Role};
use crate::dispatch::{Cx, Told};
use crate::error_map::Failing;
use crate::live::{Audience, Lifetime, LoadedThread, NoRoom, Notice, Recording};
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
    let failing = Failing::new("thread/revert", server.view).about(thread_id);
    server.refuse_ephemeral(thread_id, failing)?;
    let mode = loaded.live.history_mode();
    if mode == HistoryMode::Legacy && server.view == View::Codex {
        return Err(RpcError::invalid_request(
            "thread/revert only supports paginated threads",
        ));
    }
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
    // A legacy thread has one rollout, and what replays it finds the marker.
    let revision: &[CodexDatabaseField] = match mode {
        HistoryMode::Paginated => &[CodexDatabaseField::Revision],
        HistoryMode::Legacy => &[],
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
            codex_database: codex_database::notice(server, thread_id, revision).await,
        },
        after: vec![Notice::new(Audience::All, method, &reverted, server.clock.now_ms())],
    })
}

/// Takes a new writer and says so. The revert is done: a writer that cannot be had leaves the thread unloaded.
async fn exchange(server: &Arc<Server>, old: &Arc<LoadedThread>) {
    let thread_id = old.thread_id();
    server.interrupt(old).await;
    server.let_go(old).await;
    let read_state = recall_unread(server, old).await;
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
    if let Err(NoRoom::Closing(refused) | NoRoom::TooManyEphemeral(refused)) = server.succeed(old, &new) {
        server.let_go(&refused).await;
        return;
    }
    status(ThreadStatus::NotLoaded);
    if let Some(state) = read_state {
        server.publish(&server.read_state_changed(thread_id, state));
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
        lifetime: Lifetime::Recorded,
        now_ms: server.clock.now_ms(),
    }))
}

/// Notes that the first unread turn is no more, if the revert has dropped it; returns how far the thread is read then.
async fn recall_unread(server: &Server, old: &LoadedThread) -> Option<ReadState> {
    match note_removed(server, old.thread_id()).await {
        Ok(state) => state,
        Err(error) => {
            tracing::warn!(
                thread_id = %old.thread_id(),
                error = &error as &dyn std::error::Error,
                "a reverted thread is read as far as before"
            );
            None
        }
    }
}

async fn note_removed(server: &Server, thread_id: ThreadId) -> StoreResult<Option<ReadState>> {
    let Some(states) = server.store.facts().map(ReadStates::of) else {
        return Ok(None);
    };
    let Some(UnreadFrom::Turn { turn_id }) = states.get(thread_id).await?.first_unread else {
        return Ok(None);
    };
    let query = TurnPageQuery {
        thread_id,
        view: server.view,
        anchor: Some(Anchor::Including(TurnAnchor::Turn(turn_id.clone()))),
        limit: 1,
        direction: Direction::Descending,
        items_view: ItemsView::NotLoaded,
    };
    match server.store.list_turns(query).await {
        Err(StoreError::AnchorTurnMissing) => {
            let revision = server.ids.uuid_v7().to_string();
            states.turn_removed(thread_id, turn_id, revision).await
        }
        answer => answer.map(|_| None),
    }
}
