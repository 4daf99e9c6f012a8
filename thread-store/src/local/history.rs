//! Walks turns and items of a history across its segments, in either direction.
//!
//! Positions only; contents are read in `turns.rs` and `items.rs`.

use codex_state::projector::{KeyRange, Order, RowReader};
use codex_state::rows::{ItemRow, RowKey, TurnRow, id_hash, turn_link_of_id};

use codex_protocol::log::HistoryMode;

use super::open_rollout::index_error;
use super::segments::{History, RowKind};
use crate::error::StoreResult;
use crate::types::{Anchor, Direction, Position, View};

/// A turn with the segment that shows it.
#[derive(Debug, Clone)]
pub(super) struct PlacedTurn {
    /// Index of the segment.
    pub(super) at: usize,
    /// The row.
    pub(super) row: TurnRow,
}

/// An item with the segment that shows it.
#[derive(Debug, Clone)]
pub(super) struct PlacedItem {
    /// Index of the segment.
    pub(super) at: usize,
    /// The row.
    pub(super) row: ItemRow,
}

/// Where a page starts: the segment, and the first (or one past the last) key in it.
type Bound = (usize, RowKey);

impl History<'_> {
    /// Returns up to `limit` turns from `start` on.
    pub(super) fn turns(
        &self,
        start: Option<Anchor<Position>>,
        direction: Direction,
        limit: usize,
    ) -> StoreResult<Vec<PlacedTurn>> {
        let bound = self.bound(start, RowKind::Turns, direction)?;
        let mut found = Vec::new();
        for at in self.segment_order(bound, direction) {
            let segment = &self.segments[at];
            let mut range = self.range_in(at, bound, direction);
            while found.len() < limit {
                let want = limit - found.len();
                let rows = segment
                    .rollout
                    .rows
                    .turns(segment.set, range, order_of(direction), want)
                    .map_err(|error| index_error(&segment.rollout.file.path, error))?;
                let full = rows.len() == want;
                if let Some(last) = rows.last() {
                    match direction {
                        Direction::Ascending => range.low = RowKey(last.key.0 + 1),
                        Direction::Descending => range.high = last.key,
                    }
                }
                for row in rows {
                    let hidden = self.is_overridden(at, &row);
                    if !hidden.map_err(|error| index_error(&segment.rollout.file.path, error))? {
                        found.push(PlacedTurn { at, row });
                    }
                }
                if !full {
                    break;
                }
            }
            if found.len() >= limit {
                break;
            }
        }
        Ok(found)
    }

    /// Returns up to `limit` items from `start` on, of one turn or of all.
    pub(super) fn items(
        &self,
        turn_id: Option<&str>,
        start: Option<Anchor<Position>>,
        direction: Direction,
        limit: usize,
    ) -> StoreResult<Vec<PlacedItem>> {
        let bound = self.bound(start, RowKind::Items, direction)?;
        let mut found = Vec::new();
        for at in self.segment_order(bound, direction) {
            let segment = &self.segments[at];
            let links = match turn_id {
                None => vec![None],
                Some(id) => self.turn_links(at, id)?.into_iter().map(Some).collect(),
            };
            for link in links {
                let range = self.range_in(at, bound, direction);
                let rows = segment
                    .rollout
                    .rows
                    .items(segment.set, link, range, order_of(direction), limit - found.len())
                    .map_err(|error| index_error(&segment.rollout.file.path, error))?;
                found.extend(rows.into_iter().map(|row| PlacedItem { at, row }));
            }
            if found.len() >= limit {
                break;
            }
        }
        Ok(found)
    }

    /// Returns the links under which a segment keeps the items of a turn.
    pub(super) fn turn_links(&self, at: usize, turn_id: &str) -> StoreResult<Vec<i64>> {
        let segment = &self.segments[at];
        if segment.rollout.history_mode() == HistoryMode::Paginated {
            return Ok(vec![turn_link_of_id(turn_id)]);
        }
        Ok(self.turn_row(at, turn_id)?.map(|row| row.link).into_iter().collect())
    }

    /// Finds a turn of one segment by the id that the view shows, or by the other one.
    pub(super) fn turn_row(&self, at: usize, turn_id: &str) -> StoreResult<Option<TurnRow>> {
        let segment = &self.segments[at];
        let wrap = |error| index_error(&segment.rollout.file.path, error);
        let by_id = segment
            .rollout
            .rows
            .turn_by_id(id_hash(turn_id), segment.set)
            .map_err(wrap)?;
        if let Some(row) = by_id.filter(|row| segment.keys().contains(row.key)) {
            return Ok(Some(row));
        }
        let Some(alias) = turn_id
            .strip_prefix("rollout-")
            .and_then(|number| number.parse::<u64>().ok())
        else {
            return Ok(None);
        };
        let rows = segment
            .rollout
            .rows
            .turns(segment.set, segment.keys(), Order::Ascending, usize::MAX)
            .map_err(wrap)?;
        Ok(rows.into_iter().find(|row| row.alias == Some(alias)))
    }

    /// Finds the shown row of a turn, newest segment first.
    pub(super) fn find_turn(&self, turn_id: &str) -> StoreResult<Option<PlacedTurn>> {
        for at in (0..self.segments.len()).rev() {
            if let Some(row) = self.turn_row(at, turn_id)? {
                return Ok(Some(PlacedTurn { at, row }));
            }
        }
        Ok(None)
    }

    /// Returns the id that the view shows of a turn.
    pub(super) fn shown_turn_id(&self, row: &TurnRow) -> String {
        match row.alias.filter(|_| self.view == View::Codex) {
            Some(number) => format!("rollout-{number}"),
            None => row.turn_id.clone(),
        }
    }

    fn bound(
        &self,
        start: Option<Anchor<Position>>,
        kind: RowKind,
        direction: Direction,
    ) -> StoreResult<Option<Bound>> {
        let (position, including) = match start {
            None => return Ok(None),
            Some(Anchor::Including(position)) => (position, true),
            Some(Anchor::Excluding(position)) => (position, false),
        };
        let after = match direction {
            Direction::Ascending => !including,
            Direction::Descending => including,
        };
        self.locate(position, kind, after).map(Some)
    }

    fn segment_order(&self, bound: Option<Bound>, direction: Direction) -> Vec<usize> {
        let count = self.segments.len();
        match direction {
            Direction::Ascending => (bound.map_or(0, |(at, _)| at)..count).collect(),
            Direction::Descending => (0..bound.map_or(count, |(at, _)| at + 1)).rev().collect(),
        }
    }

    fn range_in(&self, at: usize, bound: Option<Bound>, direction: Direction) -> KeyRange {
        let mut range = self.segments[at].keys();
        if let Some((bound_at, key)) = bound
            && bound_at == at
        {
            match direction {
                Direction::Ascending => range.low = range.low.max(key),
                Direction::Descending => range.high = range.high.min(key),
            }
        }
        range
    }
}

/// Translates a direction.
pub(super) fn order_of(direction: Direction) -> Order {
    match direction {
        Direction::Ascending => Order::Ascending,
        Direction::Descending => Order::Descending,
    }
}
