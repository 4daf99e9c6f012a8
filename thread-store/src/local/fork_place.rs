//! Where along a visible history a successor starts: which rollout it continues, to which ordinal and byte.
//!
//! Reads rows and the last lines before a cut; writes nothing (`rollout-format.md` 8.5).

use codex_protocol::ids::RolloutId;
use codex_protocol::log::{HistoryBase, RolloutLine};
use codex_rollout::lines::LineEvent;
use codex_state::projector::{KeyRange, Order, RowReader};
use codex_state::rows::{RowKey, Span, TurnRow};

use super::open_rollout::{OpenRollout, index_error, read_error};
use super::segments::History;
use crate::error::{StoreError, StoreResult};
use crate::lifecycle::ForkCut;
use crate::successor::CutTurn;

/// A place to cut one segment of a history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// The segment.
    pub(super) at: usize,
    /// First ordinal that is cut off.
    pub(super) ordinal: u64,
    /// First byte that is cut off.
    pub(super) offset: u64,
}

impl Place {
    /// Returns what a successor's header says of the place.
    pub(super) fn base(self, history: &History<'_>) -> HistoryBase {
        HistoryBase {
            thread_id: RolloutId(history.segments[self.at].rollout.rollout_id),
            end_ordinal_exclusive: self.ordinal,
            end_byte_offset: self.offset,
        }
    }
}

/// Finds the place of a cut; `None` where nothing is inherited.
pub(super) fn place_of(history: &History<'_>, cut: &ForkCut) -> StoreResult<Option<Place>> {
    let place = match cut {
        ForkCut::Whole => whole(history)?,
        ForkCut::LastTurn(turn_id) => behind_turn(history, turn_id)?,
        ForkCut::BeforeTurn(turn_id) => before_turn(history, turn_id)?,
    };
    Ok(normalised(history, place))
}

/// The end of what is recorded. A last line without newline is still being written.
fn whole(history: &History<'_>) -> StoreResult<Place> {
    let current = history.current();
    let offset = current.complete_offset;
    let mut lines = current.source.lines_rev(offset);
    let failed = |error| read_error(&current.source, offset, error);
    while let Some(event) = lines.next().map_err(failed)? {
        let LineEvent::Line { bytes, .. } = event else { continue };
        if let Ok(RolloutLine {
            ordinal: Some(ordinal), ..
        }) = RolloutLine::decode(bytes)
        {
            return Ok(Place {
                at: history.segments.len() - 1,
                ordinal: ordinal.saturating_add(1),
                offset,
            });
        }
    }
    Err(StoreError::Header {
        path: current.file.path.clone(),
        source: "no line has an ordinal that a history can be cut at".into(),
    })
}

/// Right behind the end of a turn, in the newest segment that has the turn.
fn behind_turn(history: &History<'_>, turn_id: &str) -> StoreResult<Place> {
    let (at, row) = found(history, turn_id, (0..history.segments.len()).rev())?;
    let thread_id = history.thread_id;
    let turn_id = turn_id.to_owned();
    let Some(end) = row.end else {
        return Err(StoreError::TurnInProgress { thread_id, turn_id });
    };
    let segment = &history.segments[at];
    let offset = line_end(&segment.rollout, end.span)?;
    if segment.cut.is_some_and(|cut| end.span.end() > cut) {
        return Err(StoreError::BeyondInheritedHistory { thread_id, turn_id });
    }
    Ok(Place {
        at,
        ordinal: end.ordinal.saturating_add(1),
        offset,
    })
}

/// Right before the start of a turn, in the oldest segment that has the turn.
fn before_turn(history: &History<'_>, turn_id: &str) -> StoreResult<Place> {
    let (at, row) = found(history, turn_id, 0..history.segments.len())?;
    let offset = row.key.offset();
    if row.end.is_some_and(|end| end.span.offset == offset) {
        return Err(StoreError::NoTurnStart {
            thread_id: history.thread_id,
            turn_id: turn_id.to_owned(),
        });
    }
    Ok(Place {
        at,
        ordinal: row.ordinal,
        offset,
    })
}

/// Finds a turn in the first of these segments that has it.
fn found(history: &History<'_>, turn_id: &str, segments: impl Iterator<Item = usize>) -> StoreResult<(usize, TurnRow)> {
    for at in segments {
        if let Some(row) = history.turn_row(at, turn_id)? {
            return Ok((at, row));
        }
    }
    Err(StoreError::TurnNotFound {
        thread_id: history.thread_id,
        turn_id: turn_id.to_owned(),
    })
}

/// Where a segment gives nothing but its header, the cut of the one before it says the same with one file less.
fn normalised(history: &History<'_>, place: Place) -> Option<Place> {
    let mut place = place;
    while place.ordinal <= history.segments[place.at].start_ordinal {
        let before = place.at.checked_sub(1)?;
        let (_, ordinal, offset) = history.segments[place.at].rollout.base.clone()?;
        place = Place {
            at: before,
            ordinal,
            offset,
        };
    }
    Some(place)
}

/// Returns the offset behind a line and its newline.
pub(super) fn line_end(rollout: &OpenRollout<'_>, span: Span) -> StoreResult<u64> {
    let mut lines = rollout.source.lines(span.offset);
    let event = lines
        .next()
        .map_err(|error| read_error(&rollout.source, span.offset, error))?;
    Ok(match event {
        Some(LineEvent::Line { end, .. } | LineEvent::Oversized { end, .. }) => end,
        None => span.end(),
    })
}

/// Returns the turn that a history is inside of at a place: its start is the last thing that began or ended before.
pub(super) fn cut_turn(history: &History<'_>, place: Place) -> StoreResult<Option<CutTurn>> {
    let mut place = place;
    loop {
        let segment = &history.segments[place.at];
        let range = KeyRange {
            low: RowKey(0),
            high: RowKey(place.offset << 1),
        };
        let wrap = |error| index_error(&segment.rollout.file.path, error);
        let rows = &segment.rollout.rows;
        let started = rows
            .turns(segment.set, range, Order::Descending, 1)
            .map_err(wrap)?
            .pop();
        let ended = rows
            .ended_turns(segment.set, range, Order::Descending, 1)
            .map_err(wrap)?
            .pop();
        let ended_at = ended.and_then(|row| row.end).map(|end| end.span.offset);
        let Some(started) = started else {
            let (None, Some(before)) = (ended_at, place.at.checked_sub(1)) else {
                return Ok(None);
            };
            let Some((_, ordinal, offset)) = segment.rollout.base.clone() else {
                return Ok(None);
            };
            place = Place {
                at: before,
                ordinal,
                offset,
            };
            continue;
        };
        let has_ended = started.end.is_some_and(|end| end.span.offset < place.offset);
        let is_inside = !has_ended && ended_at.is_none_or(|ended| ended < started.key.offset());
        return Ok(is_inside.then_some(CutTurn {
            turn_id: started.turn_id,
            root_turn_id: started.root_turn_id,
            started_at: started.started_at,
        }));
    }
}
