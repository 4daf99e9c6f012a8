//! `thread/append` and `thread/inject_items` (`app-server-api.md` 3.16, 3.26; design section 4).
//!
//! Subscribers are told what was recorded, after it became as durable as was asked for.

use std::sync::Arc;

use codex_protocol::rpc::append::{
    ThreadAppendDropped, ThreadAppendIds, ThreadAppendItem, ThreadAppendParams, ThreadAppendResponse, ThreadDurability,
};
use codex_protocol::rpc::change::{ThreadInjectItemsParams, ThreadInjectItemsResponse};
use codex_thread_store::live::{Appended, ItemOrigin, LiveUpdate, RawItem};
use codex_thread_store::{Direction, Durability, ItemsView, TurnPageQuery};

use codex_protocol::item::TurnStatus;

use super::ids;
use crate::convert;
use crate::dispatch::{Behind, Cx, Told};
use crate::error_map::Failing;
use crate::limits::{MAX_APPEND_ITEMS, MAX_PAGE_ROWS};
use crate::live::{EndedTurns, LoadedThread, Notice, Telling};
use crate::rpc_error::{RpcError, RpcResult};
use crate::server::Server;

/// `thread/append`.
pub(crate) async fn thread_append(cx: &mut Cx, params: ThreadAppendParams) -> RpcResult<Told<ThreadAppendResponse>> {
    let thread_id = ids::thread_id(&params.thread_id)?;
    let loaded = cx.server.loaded.get(thread_id).ok_or_else(|| {
        RpcError::invalid_request(format!(
            "thread not found: {thread_id}; start it with thread/start or load it with thread/resume first"
        ))
    })?;
    check_count(params.items.len())?;
    let items = params
        .items
        .into_iter()
        .enumerate()
        .map(raw_item)
        .collect::<RpcResult<Vec<RawItem>>>()?;
    let durability = params.durability.map(|durability| match durability {
        ThreadDurability::Queued => Durability::Queued,
        ThreadDurability::Written => Durability::Written,
        ThreadDurability::Synced => Durability::Synced,
    });
    let (appended, after) = append(cx, &loaded, &items, durability, "thread/append").await?;
    Ok(Told {
        before: Vec::new(),
        result: response(appended),
        after,
    })
}

/// `thread/inject_items`.
pub(crate) async fn inject_items(
    cx: &mut Cx,
    params: ThreadInjectItemsParams,
) -> RpcResult<Told<ThreadInjectItemsResponse>> {
    let thread_id = ids::thread_id(&params.thread_id)?;
    let loaded = cx
        .server
        .loaded
        .get(thread_id)
        .ok_or_else(|| RpcError::invalid_request(format!("thread not found: {thread_id}")))?;
    check_count(params.items.len())?;
    let items: Vec<RawItem> = params
        .items
        .into_iter()
        .map(|item| RawItem::new("response_item", item).with_origin(ItemOrigin::Injected))
        .collect();
    let (_, after) = append(cx, &loaded, &items, None, "thread/inject_items").await?;
    Ok(Told {
        before: Vec::new(),
        result: ThreadInjectItemsResponse {},
        after,
    })
}

fn check_count(items: usize) -> RpcResult<()> {
    if items == 0 {
        return Err(RpcError::invalid_request("items must not be empty"));
    }
    if items > MAX_APPEND_ITEMS {
        return Err(RpcError::invalid_request(format!(
            "items accepts at most {MAX_APPEND_ITEMS} entries"
        )));
    }
    Ok(())
}

fn raw_item((index, item): (usize, ThreadAppendItem)) -> RpcResult<RawItem> {
    let refused = [("timestamp", &item.timestamp), ("ordinal", &item.ordinal)];
    if let Some((member, _)) = refused.into_iter().find(|(_, value)| value.is_some()) {
        return Err(RpcError::invalid_request(format!(
            "items[{index}]: `{member}` is given by the server and must be left out"
        )));
    }
    let origin = if item.streamed {
        ItemOrigin::Streamed
    } else {
        ItemOrigin::Recorded
    };
    Ok(RawItem {
        kind: item.kind,
        payload: item.payload,
        metadata: item.metadata,
        origin,
    })
}

/// Records items, and says who is told what.
async fn append(
    cx: &mut Cx,
    loaded: &Arc<LoadedThread>,
    items: &[RawItem],
    durability: Option<Durability>,
    method: &'static str,
) -> RpcResult<(Appended, Vec<Notice>)> {
    let server = &cx.server;
    let failing = Failing::new(method, server.view).about(loaded.thread_id());
    let mut appended = loaded
        .live
        .append(items, durability)
        .await
        .map_err(|error| failing.error(error))?;
    let updates = std::mem::take(&mut appended.updates);
    let ended = ended_turns(server, loaded, &updates, appended.durability).await;
    let mut told = loaded.with_activity(|activity| activity.apply(updates, ended, server.clock.now_ms()));
    server.unload_later(loaded);
    let rest = told
        .iter()
        .position(|telling| matches!(telling, Telling::Unread { .. }));
    let rest = told.split_off(rest.unwrap_or(told.len()));
    if !rest.is_empty() {
        // What a finished turn means for the reader is kept and told behind the answer, which does not wait for it.
        cx.behind = Some(Behind {
            thread_id: loaded.thread_id(),
            told: rest,
        });
    }
    let notice = |telling| match telling {
        Telling::Notice(notice) => Some(notice),
        Telling::Unread { .. } => None,
    };
    Ok((appended, told.into_iter().filter_map(notice).collect()))
}

/// Reads the turns back that an append ended: only the log knows all of their times and errors.
async fn ended_turns(
    server: &Server,
    loaded: &LoadedThread,
    updates: &[LiveUpdate],
    durability: Durability,
) -> EndedTurns {
    let ended: Vec<(&str, bool)> = updates
        .iter()
        .filter_map(|update| match update {
            LiveUpdate::TurnEnded { turn_id, aborted, .. } => Some((turn_id.as_deref()?, *aborted)),
            _ => None,
        })
        .collect();
    // What is only queued cannot be read back yet.
    if ended.is_empty() || durability == Durability::Queued {
        return EndedTurns::new();
    }
    let query = TurnPageQuery {
        thread_id: loaded.thread_id(),
        view: server.view,
        anchor: None,
        limit: ended.len().min(MAX_PAGE_ROWS as usize),
        direction: Direction::Descending,
        items_view: ItemsView::NotLoaded,
    };
    let page = match server.store.list_turns(query).await {
        Ok(page) => page,
        Err(error) => {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "subscribers are told of the end of a turn without its times"
            );
            return EndedTurns::new();
        }
    };
    let is_ended = |turn: &codex_thread_store::TurnRecord| {
        ended.iter().any(|(turn_id, aborted)| {
            *turn_id == turn.turn_id && (*aborted || matches!(turn.status, TurnStatus::Completed | TurnStatus::Failed))
        })
    };
    let turns = page.turns.into_iter().filter(is_ended);
    turns.map(|turn| (turn.turn_id.clone(), convert::turn(turn))).collect()
}

fn response(appended: Appended) -> ThreadAppendResponse {
    ThreadAppendResponse {
        first_ordinal: appended.first_ordinal,
        next_ordinal: appended.next_ordinal,
        persisted: appended.persisted,
        dropped: appended
            .dropped
            .into_iter()
            .map(|dropped| ThreadAppendDropped {
                index: dropped.index as u64,
                reason: dropped.reason.to_string(),
            })
            .collect(),
        durability: match appended.durability {
            Durability::Queued => ThreadDurability::Queued,
            Durability::Written => ThreadDurability::Written,
            Durability::Synced => ThreadDurability::Synced,
        },
        ids: appended
            .ids
            .into_iter()
            .map(|ids| ThreadAppendIds {
                response_item_id: ids.response_item_id,
                item_id: ids.item_id,
                turn_id: ids.turn_id,
            })
            .collect(),
    }
}
