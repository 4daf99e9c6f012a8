//! Pages through turn boundaries and items together, newest page first (`app-server-api.md` 3.9).
//!
//! Merges three ordered walks: turn starts, items, and turn ends.

use codex_rollout::Limits;
use codex_state::projector::{Order, RowReader};
use codex_state::rows::RowKey;

use super::history::{PlacedItem, PlacedTurn};
use super::item_contents::{read_items, shown_bytes};
use super::items::require_paginated;
use super::open_rollout::index_error;
use super::segments::{History, RowKind};
use super::store::Inner;
use super::turns::{keys_before, turn_record};
use crate::error::StoreResult;
use crate::types::{TimelineEntry, TimelineEntryKind, TimelinePage, TimelineQuery};

/// An entry before its content is read.
enum Mark {
    Started(PlacedTurn),
    Item(PlacedItem),
    Completed(PlacedTurn),
}

impl Mark {
    fn place(&self) -> (usize, u64, TimelineEntryKind) {
        match self {
            Self::Started(turn) => (turn.at, turn.row.key.offset(), TimelineEntryKind::TurnStarted),
            Self::Item(item) => (item.at, item.row.key.offset(), TimelineEntryKind::Item),
            Self::Completed(turn) => {
                let end = turn.row.end.map_or(0, |end| end.span.offset);
                (turn.at, end, TimelineEntryKind::TurnCompleted)
            }
        }
    }
}

impl Inner {
    /// Pages through the timeline.
    pub(super) fn timeline_page(&self, query: &TimelineQuery) -> StoreResult<TimelinePage> {
        let operation = "thread/timeline/list";
        self.require_items(query.thread_id, query.view, operation)?;
        self.with_history(query.thread_id, query.view, |history| {
            require_paginated(history, operation)?;
            let mut marks = Vec::new();
            let before = match &query.before {
                None => None,
                Some(anchor) => {
                    let (at, key) = history.locate(anchor.position, RowKind::Any, false)?;
                    Some((at, key.offset(), anchor.kind))
                }
            };
            let newest = before.map_or(history.segments.len() - 1, |(at, _, _)| at);
            for at in (0..=newest).rev() {
                // One more to know whether there are more, and one that the anchor itself may take.
                let wanted = query.limit + 2;
                let mut own = marks_in(history, at, before.filter(|before| before.0 == at), wanted)?;
                own.retain(|mark| before.is_none_or(|before| mark.place() < before));
                marks.extend(own);
                if marks.len() > query.limit {
                    break;
                }
            }
            marks.sort_by_key(|mark| std::cmp::Reverse(mark.place()));
            let mut has_more = marks.len() > query.limit;
            marks.truncate(query.limit);
            if let Some(fits) = within_page_bytes(&marks, &self.limits) {
                marks.truncate(fits);
                has_more = true;
            }
            marks.reverse();
            Ok(TimelinePage {
                entries: read_marks(history, marks)?,
                has_more,
            })
        })
    }
}

/// Returns how many entries fit into a page, if not all do; the first one always does.
fn within_page_bytes(marks: &[Mark], limits: &Limits) -> Option<usize> {
    let mut bytes = 0u64;
    for (at, mark) in marks.iter().enumerate() {
        if let Mark::Item(item) = mark {
            bytes += shown_bytes(item, limits.max_item_bytes);
        }
        if bytes > limits.max_page_bytes && at > 0 {
            return Some(at);
        }
    }
    None
}

/// Collects up to `limit` marks of each kind from one segment, newest first.
fn marks_in(
    history: &History<'_>,
    at: usize,
    before: Option<(usize, u64, TimelineEntryKind)>,
    limit: usize,
) -> StoreResult<Vec<Mark>> {
    let segment = &history.segments[at];
    let rows = &segment.rollout.rows;
    let wrap = |error| index_error(&segment.rollout.file.path, error);
    // Entries at the anchor's own line come in the order of their kinds, so that line is part of the range.
    let high = before.map_or(RowKey(i64::MAX as u64), |(_, offset, _)| RowKey((offset << 1) + 2));
    let range = keys_before(history, at, high);
    let mut marks = Vec::new();
    for row in rows.turns(segment.set, range, Order::Descending, limit).map_err(wrap)? {
        marks.push(Mark::Started(PlacedTurn { at, row }));
    }
    for row in rows
        .items(segment.set, None, range, Order::Descending, limit)
        .map_err(wrap)?
    {
        marks.push(Mark::Item(PlacedItem { at, row }));
    }
    for row in rows
        .ended_turns(segment.set, range, Order::Descending, limit)
        .map_err(wrap)?
    {
        marks.push(Mark::Completed(PlacedTurn { at, row }));
    }
    Ok(marks)
}

fn read_marks(history: &History<'_>, marks: Vec<Mark>) -> StoreResult<Vec<TimelineEntry>> {
    let items: Vec<PlacedItem> = marks
        .iter()
        .filter_map(|mark| match mark {
            Mark::Item(item) => Some(item.clone()),
            Mark::Started(_) | Mark::Completed(_) => None,
        })
        .collect();
    // Before the items: once an answer holds memory, nothing else is read for it.
    let turns = marks.into_iter().map(|mark| match mark {
        Mark::Item(_) => Ok(None),
        Mark::Started(turn) => turn_record(history, &turn).map(|record| {
            Some(TimelineEntry::TurnStarted {
                position: record.position,
                turn_id: record.turn_id,
                started_at: record.started_at,
            })
        }),
        Mark::Completed(turn) => completed(history, &turn).map(Some),
    });
    let turns = turns.collect::<StoreResult<Vec<Option<TimelineEntry>>>>()?;
    let mut items = read_items(history, &items)?.into_iter();
    let entries = turns
        .into_iter()
        .filter_map(|turn| turn.or_else(|| items.next().map(TimelineEntry::Item)));
    Ok(entries.collect())
}

fn completed(history: &History<'_>, turn: &PlacedTurn) -> StoreResult<TimelineEntry> {
    let record = turn_record(history, turn)?;
    let segment = &history.segments[turn.at];
    let position = match turn.row.end {
        Some(end) => segment.position(end.span.offset, end.ordinal),
        None => record.position,
    };
    Ok(TimelineEntry::TurnCompleted { position, turn: record })
}
