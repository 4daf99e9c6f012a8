//! Pages of turns, items and timeline entries: a whole list, cut.
//!
//! An anchor is compared with every row; there is no seeking.

use std::cmp::Ordering;

use codex_protocol::ids::ThreadId;
use codex_protocol::log::HistoryMode;
use codex_state::rows::id_hash;

use super::history::{History, Item, files_of};
use super::home::Home;
use crate::error::{StoreError, StoreResult};
use crate::types::{
    Anchor, Direction, ItemAnchor, ItemEntry, ItemPage, ItemPageQuery, Position, TimelinePage, TimelineQuery,
    TurnAnchor, TurnPage, TurnPageQuery, View,
};

/// Where a row is: its segment and position.
type Place = (usize, Position);

impl History {
    /// Opens the history for a method that Codex offers for paginated threads only.
    pub(super) fn open_for_items(
        home: &Home,
        thread_id: ThreadId,
        view: View,
        operation: &'static str,
    ) -> StoreResult<Self> {
        let unsupported = StoreError::Unsupported { operation, thread_id };
        match files_of(home, thread_id, view) {
            Err(StoreError::ThreadNotFound { .. }) if view == View::Codex => return Err(unsupported),
            Err(error) => return Err(error),
            Ok(_) => {}
        }
        let history = Self::open(home, thread_id, view)?;
        if view == View::Codex && history.mode() == HistoryMode::Legacy {
            Err(unsupported)
        } else {
            Ok(history)
        }
    }

    /// Fails in the exact view where the rollout has no header.
    pub(super) fn require_header(&self) -> StoreResult<()> {
        let current = self.current();
        if self.view == View::Full || current.meta.header_seen {
            return Ok(());
        }
        let path = current.file.relative_path();
        let reason = format!("rollout at {path} does not start with session metadata");
        Err(StoreError::Header {
            path: path.into(),
            source: reason.into(),
        })
    }

    /// Returns how rows compare with an anchor, or why it names no place.
    pub(super) fn comparison(&self, anchor: Position) -> StoreResult<impl Fn(Place) -> Ordering + use<>> {
        let ordinal = anchor.ordinal;
        let reserved = |start: u64| ordinal.checked_add(1) == Some(start);
        let outside = ordinal < self.segments[0].start_ordinal
            || self.segments.iter().any(|segment| reserved(segment.start_ordinal));
        if anchor.offset.is_none() && outside && self.mode() == HistoryMode::Paginated {
            return Err(StoreError::PositionOutsideLineage);
        }
        let at = self
            .segments
            .iter()
            .rposition(|segment| segment.start_ordinal <= ordinal)
            .unwrap_or(0);
        Ok(move |(row_at, row): Place| match anchor.offset {
            Some(_) => row.offset.cmp(&anchor.offset),
            None => (row_at, row.ordinal).cmp(&(at, ordinal)),
        })
    }

    /// Cuts a page out of all rows, which come oldest first.
    fn page<T>(
        &self,
        mut rows: Vec<T>,
        anchor: Option<Anchor<Position>>,
        (direction, limit): (Direction, usize),
        place: impl Fn(&T) -> Place,
    ) -> StoreResult<(Vec<T>, bool)> {
        if direction == Direction::Descending {
            rows.reverse();
        }
        if let Some(anchor) = anchor {
            let (position, including) = match anchor {
                Anchor::Including(position) => (position, true),
                Anchor::Excluding(position) => (position, false),
            };
            let compare = self.comparison(position)?;
            rows.retain(|row| match (compare(place(row)), direction) {
                (Ordering::Equal, _) => including,
                (Ordering::Greater, Direction::Ascending) | (Ordering::Less, Direction::Descending) => true,
                (Ordering::Less, Direction::Ascending) | (Ordering::Greater, Direction::Descending) => false,
            });
        }
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        Ok((rows, has_more))
    }

    fn items_with_id(&self, turn_id: &str, item_id: &str) -> Vec<Item> {
        let items = self.items_of(turn_id);
        let named: Vec<Item> = items
            .iter()
            .filter(|item| item.row.id_hash == id_hash(item_id))
            .cloned()
            .collect();
        if !named.is_empty() {
            return named;
        }
        let is_alias = |item: &Item| item.row.alias.map(|n| format!("item-{n}")).as_deref() == Some(item_id);
        items.into_iter().filter(is_alias).collect()
    }
}

/// Replaces what an anchor names by its position.
fn placed<T>(anchor: &Anchor<T>, place: impl Fn(&T) -> StoreResult<Position>) -> StoreResult<Anchor<Position>> {
    Ok(match anchor {
        Anchor::Including(named) => Anchor::Including(place(named)?),
        Anchor::Excluding(named) => Anchor::Excluding(place(named)?),
    })
}

/// Pages through turns.
pub(super) fn turns(home: &Home, query: &TurnPageQuery) -> StoreResult<TurnPage> {
    let history = History::open(home, query.thread_id, query.view)?;
    history.require_header()?;
    let place = |anchor: &TurnAnchor| match anchor {
        TurnAnchor::Position(position) => Ok(*position),
        TurnAnchor::Turn(id) => history
            .find_turn(id)
            .map(|turn| turn.position)
            .ok_or(StoreError::AnchorTurnMissing),
    };
    let anchor = query.anchor.as_ref().map(|anchor| placed(anchor, place)).transpose()?;
    let cut = (query.direction, query.limit);
    let (turns, has_more) = history.page(history.turns(), anchor, cut, |turn| (turn.at, turn.position))?;
    let turns = turns
        .iter()
        .map(|turn| history.record(turn, query.items_view))
        .collect::<StoreResult<_>>()?;
    Ok(TurnPage {
        turns,
        has_more,
        history_mode: history.mode(),
    })
}

/// Pages through items.
pub(super) fn items(home: &Home, query: &ItemPageQuery) -> StoreResult<ItemPage> {
    let history = History::open_for_items(home, query.thread_id, query.view, "thread/items/list")?;
    let place = |anchor: &ItemAnchor| match (anchor, query.turn_id.as_deref()) {
        (ItemAnchor::Position(position), _) => Ok(*position),
        (ItemAnchor::Item(_), None) => Err(StoreError::AnchorItemMissing),
        (ItemAnchor::Item(id), Some(turn_id)) => {
            let found = history.items_with_id(turn_id, id);
            found
                .last()
                .map(|item| item.entry.position)
                .ok_or(StoreError::AnchorItemMissing)
        }
    };
    let anchor = query.anchor.as_ref().map(|anchor| placed(anchor, place)).transpose()?;
    let all = match &query.turn_id {
        Some(turn_id) => history.items_of(turn_id),
        None => history.items().to_vec(),
    };
    let cut = (query.direction, query.limit);
    let (items, has_more) = history.page(all, anchor, cut, |item| (item.at, item.entry.position))?;
    Ok(ItemPage {
        items: items.into_iter().map(|item| item.entry).collect(),
        has_more,
    })
}

/// Reads named items of a turn, in stored order.
pub(super) fn items_by_id(
    home: &Home,
    thread_id: ThreadId,
    (turn_id, item_ids): (&str, &[String]),
    view: View,
) -> StoreResult<Vec<ItemEntry>> {
    let history = History::open_for_items(home, thread_id, view, "thread/items/read")?;
    let mut found = Vec::new();
    for id in item_ids {
        found.extend(history.items_with_id(turn_id, id));
    }
    found.sort_by_key(|item| item.entry.position.offset);
    found.dedup_by_key(|item| item.entry.position.offset);
    Ok(found.into_iter().map(|item| item.entry).collect())
}

/// Pages through the timeline, newest page first.
pub(super) fn timeline(home: &Home, query: &TimelineQuery) -> StoreResult<TimelinePage> {
    let history = History::open_for_items(home, query.thread_id, query.view, "thread/timeline/list")?;
    let mut rows = history.timeline()?;
    if let Some(before) = &query.before {
        let compare = history.comparison(before.position)?;
        rows.retain(|row| compare((row.at, row.position)).then(row.kind.cmp(&before.kind)) == Ordering::Less);
    }
    let first = rows.len().saturating_sub(query.limit);
    let entries = rows.split_off(first).into_iter().map(|row| row.entry).collect();
    Ok(TimelinePage {
        entries,
        has_more: first > 0,
    })
}
