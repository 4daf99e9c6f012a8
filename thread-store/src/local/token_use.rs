//! The latest use of tokens that a history tells, read off its end, along what it inherits.
//!
//! Reads at most [`TOKEN_SCAN_BYTES`] in all, whatever the length of the history.

use codex_rollout::lines::LineEvent;
use codex_state::projector::{KeyRange, Order, RowReader};
use codex_state::rows::RowKey;

use super::open_rollout::{index_error, read_error};
use super::segments::History;
use crate::error::StoreResult;
use crate::token_use::{TOKEN_SCAN_BYTES, usage_of_line};
use crate::writes::TokenUse;

/// Segment of a history, and an offset in its rollout.
pub(super) type PlaceIn = (usize, u64);

/// Returns where a history ends.
pub(super) fn end_of(history: &History<'_>) -> PlaceIn {
    (history.segments.len() - 1, history.current().plain_len)
}

/// Finds the latest use of tokens before a place, with the turn that it was recorded in.
pub(super) fn token_use_before(history: &History<'_>, end: PlaceIn) -> StoreResult<Option<TokenUse>> {
    let (mut at, mut end) = end;
    let mut left_bytes = TOKEN_SCAN_BYTES;
    loop {
        let source = &history.segments[at].rollout.source;
        let lowest = end.saturating_sub(left_bytes);
        let mut lines = source.lines_rev(end);
        while let Some(event) = lines.next().map_err(|error| read_error(source, lowest, error))? {
            let offset = event.offset();
            if let LineEvent::Line { bytes, .. } = &event
                && let Some(usage) = usage_of_line(bytes)
            {
                let turn_id = turn_around(history, (at, offset))?;
                return Ok(turn_id.map(|turn_id| TokenUse { turn_id, usage }));
            }
            if offset <= lowest {
                break;
            }
        }
        left_bytes -= end - lowest;
        let Some(before) = before(history, at).filter(|_| lowest == 0) else {
            return Ok(None);
        };
        (at, end) = before;
    }
}

/// Returns the newest turn that began before a place.
fn turn_around(history: &History<'_>, (mut at, offset): PlaceIn) -> StoreResult<Option<String>> {
    let mut high = RowKey(offset << 1);
    loop {
        let segment = &history.segments[at];
        let range = KeyRange { low: RowKey(0), high };
        let newest = segment.rollout.rows.turns(segment.set, range, Order::Descending, 1);
        let newest = newest.map_err(|error| index_error(&segment.rollout.file.path, error))?;
        if let Some(turn) = newest.into_iter().next() {
            return Ok(Some(turn.turn_id));
        }
        let Some((earlier, end)) = before(history, at) else {
            return Ok(None);
        };
        (at, high) = (earlier, RowKey(end << 1));
    }
}

/// Returns the end of what a segment inherits.
fn before(history: &History<'_>, at: usize) -> Option<PlaceIn> {
    let at = at.checked_sub(1)?;
    Some((at, history.segments[at].cut?))
}
