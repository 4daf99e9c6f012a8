//! Pages through items, and finds them by id: positions from the rows.
//!
//! What the items say is read in `item_contents`.

use std::collections::{BTreeMap, HashMap};

use codex_protocol::ids::ThreadId;
use codex_rollout::Limits;
use codex_state::projector::RowReader;
use codex_state::rows::{RowKey, RowSets, id_hash};

use super::history::PlacedItem;
use super::item_contents::{read_items, shown_bytes};
use super::open_rollout::index_error;
use super::segments::History;
use super::store::Inner;
use crate::error::{StoreError, StoreResult};
use crate::types::{Anchor, HistoryMode as Mode, ItemAnchor, ItemEntry, ItemPage, ItemPageQuery, Position, View};

impl Inner {
    /// Returns the shown ids of the items that lines of the newest rollout made.
    pub(super) fn item_ids_at(
        &self,
        thread_id: ThreadId,
        offsets: &[u64],
        view: View,
    ) -> StoreResult<Vec<Option<String>>> {
        self.with_history(thread_id, view, |history| {
            let at = history.segments.len() - 1;
            let rollout = history.current();
            let id_at = |offset: &u64| {
                let row = rollout
                    .rows
                    .item(RowKey::new(*offset, RowSets::BOTH))
                    .map_err(|error| index_error(&rollout.file.path, error))?;
                let Some(row) = row else { return Ok(None) };
                let entries = read_items(history, &[PlacedItem { at, row }])?;
                Ok(entries.into_iter().next().map(|entry| entry.item.item.id().to_owned()))
            };
            offsets.iter().map(id_at).collect()
        })
    }

    /// Pages through items.
    pub(super) fn item_page(&self, query: &ItemPageQuery) -> StoreResult<ItemPage> {
        let operation = "thread/items/list";
        self.require_items(query.thread_id, query.view, operation)?;
        self.with_history(query.thread_id, query.view, |history| {
            require_paginated(history, operation)?;
            let start = match &query.anchor {
                None => None,
                Some(Anchor::Including(anchor)) => Some(Anchor::Including(item_position(
                    history,
                    query.turn_id.as_deref(),
                    anchor,
                )?)),
                Some(Anchor::Excluding(anchor)) => Some(Anchor::Excluding(item_position(
                    history,
                    query.turn_id.as_deref(),
                    anchor,
                )?)),
            };
            let placed = history.items(query.turn_id.as_deref(), start, query.direction, query.limit + 1)?;
            let mut has_more = placed.len() > query.limit;
            let mut shown = &placed[..placed.len().min(query.limit)];
            if let Some(fits) = within_page_bytes(shown, &self.limits) {
                shown = &shown[..fits];
                has_more = true;
            }
            Ok(ItemPage {
                items: read_items(history, shown)?,
                has_more,
            })
        })
    }

    /// Reads named items of a turn, in stored order.
    pub(super) fn items_by_id(
        &self,
        thread_id: ThreadId,
        turn_id: &str,
        item_ids: &[String],
        view: View,
    ) -> StoreResult<Vec<ItemEntry>> {
        let operation = "thread/items/read";
        self.require_items(thread_id, view, operation)?;
        self.with_history(thread_id, view, |history| {
            require_paginated(history, operation)?;
            let mut placed = BTreeMap::new();
            for id in item_ids {
                for item in find_items(history, turn_id, id)? {
                    placed.insert((item.at, item.row.key), item);
                }
            }
            let placed: Vec<PlacedItem> = placed.into_values().collect();
            let bytes = placed.iter().map(|item| shown_bytes(item, self.limits.max_item_bytes));
            if bytes.sum::<u64>() > self.limits.max_answer_bytes {
                return Err(StoreError::TooLarge {
                    limit_bytes: self.limits.max_answer_bytes,
                    paged_method: "thread/items/list",
                });
            }
            read_items(history, &placed)
        })
    }

    /// In the exact view an unknown thread is answered like a legacy one (`app-server-api.md` 1.10).
    pub(super) fn require_items(&self, thread_id: ThreadId, view: View, operation: &'static str) -> StoreResult<()> {
        match self.files_of(thread_id, view) {
            Err(StoreError::ThreadNotFound { .. }) if view == View::Codex => {
                Err(StoreError::Unsupported { operation, thread_id })
            }
            Err(error) => Err(error),
            Ok(_) => Ok(()),
        }
    }
}

/// Codex offers item methods for paginated threads only.
pub(super) fn require_paginated(history: &History<'_>, operation: &'static str) -> StoreResult<()> {
    if history.view == View::Codex && history.mode() == Mode::Legacy {
        return Err(StoreError::Unsupported {
            operation,
            thread_id: history.thread_id,
        });
    }
    Ok(())
}

/// Returns how many rows fit into a page, if not all do; the first one always does.
fn within_page_bytes(placed: &[PlacedItem], limits: &Limits) -> Option<usize> {
    let mut bytes = 0u64;
    for (at, item) in placed.iter().enumerate() {
        bytes += shown_bytes(item, limits.max_item_bytes);
        if bytes > limits.max_page_bytes && at > 0 {
            return Some(at);
        }
    }
    None
}

fn item_position(history: &History<'_>, turn_id: Option<&str>, anchor: &ItemAnchor) -> StoreResult<Position> {
    match anchor {
        ItemAnchor::Position(position) => Ok(*position),
        ItemAnchor::Item(id) => {
            let turn_id = turn_id.ok_or(StoreError::AnchorItemMissing)?;
            let found = find_items(history, turn_id, id)?;
            let item = found.last().ok_or(StoreError::AnchorItemMissing)?;
            Ok(history.segments[item.at].position(item.row.key.offset(), item.row.ordinal))
        }
    }
}

/// Finds items of a turn by the id that the view shows.
fn find_items(history: &History<'_>, turn_id: &str, id: &str) -> StoreResult<Vec<PlacedItem>> {
    let alias = id.strip_prefix("item-").and_then(|number| number.parse::<u64>().ok());
    let mut found = Vec::new();
    for (at, segment) in history.segments.iter().enumerate() {
        let wrap = |error| index_error(&segment.rollout.file.path, error);
        for link in history.turn_links(at, turn_id)? {
            let named = segment.rollout.rows.items_by_id(id_hash(id)).map_err(wrap)?;
            let named = named.into_iter().filter(|row| row.turn_link == link);
            let mut rows: Vec<_> = named.collect();
            if rows.is_empty()
                && let Some(alias) = alias
            {
                let all = segment.rollout.rows.items(
                    segment.set,
                    Some(link),
                    segment.keys(),
                    codex_state::projector::Order::Ascending,
                    usize::MAX,
                );
                rows = all
                    .map_err(wrap)?
                    .into_iter()
                    .filter(|row| row.alias == Some(alias))
                    .collect();
            }
            rows.retain(|row| row.sets.contains(segment.set) && segment.keys().contains(row.key));
            found.extend(rows.into_iter().map(|row| PlacedItem { at, row }));
        }
    }
    Ok(found)
}

/// Returns the id of the turn that a legacy item belongs to; its link is the turn's key.
pub(super) fn turn_id_of(
    history: &History<'_>,
    item: &PlacedItem,
    known: &mut HashMap<(usize, i64), String>,
) -> StoreResult<String> {
    let place = (item.at, item.row.turn_link);
    if let Some(id) = known.get(&place) {
        return Ok(id.clone());
    }
    let rollout = &history.segments[item.at].rollout;
    let key = RowKey(item.row.turn_link.cast_unsigned());
    let row = rollout
        .rows
        .turn(key)
        .map_err(|error| index_error(&rollout.file.path, error))?;
    let id = row.map(|row| history.shown_turn_id(&row)).unwrap_or_default();
    known.insert(place, id.clone());
    Ok(id)
}

/// Returns whether a history keeps canonical items, whose order and summaries follow `rollout-format.md` 8.
pub(super) fn is_canonical(history: &History<'_>) -> bool {
    history.mode() == Mode::Paginated
}
