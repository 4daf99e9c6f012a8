//! Pages through turns, with as many items as the view asks for.
//!
//! What a turn is told by records beyond a cut does not exist for the child.

use codex_protocol::item::{TurnError, TurnStatus};
use codex_rollout::Limits;
use codex_state::fold::{TurnFacts, fold_turn, turn_error};
use codex_state::projector::{KeyRange, Order, RowReader};
use codex_state::rows::{ItemRow, RowKey, RowSet, Span, TurnState};

use super::cut::{SummaryKeys, open_summary};
use super::history::{PlacedItem, PlacedTurn};
use super::item_contents::{read_items, shown_bytes, visit_items};
use super::items::is_canonical;
use super::line_fetch::Lines;
use super::open_rollout::index_error;
use super::segments::History;
use super::store::Inner;
use crate::error::{StoreError, StoreResult};
use crate::types::{Anchor, ItemsView, Position, TurnAnchor, TurnPage, TurnPageQuery, TurnRecord};

impl Inner {
    /// Pages through turns.
    pub(super) fn turn_page(&self, query: &TurnPageQuery) -> StoreResult<TurnPage> {
        self.with_history(query.thread_id, query.view, |history| {
            super::read::require_header(history)?;
            let start = match &query.anchor {
                None => None,
                Some(Anchor::Including(anchor)) => Some(Anchor::Including(turn_position(history, anchor)?)),
                Some(Anchor::Excluding(anchor)) => Some(Anchor::Excluding(turn_position(history, anchor)?)),
            };
            let placed = history.turns(start, query.direction, query.limit + 1)?;
            let has_more = placed.len() > query.limit;
            let shown = &placed[..placed.len().min(query.limit)];
            let (turns, complete) = read_turns(
                history,
                shown,
                query.items_view,
                (&self.limits, self.limits.max_page_bytes),
            )?;
            Ok(TurnPage {
                turns,
                has_more: has_more || !complete,
                history_mode: history.mode(),
            })
        })
    }
}

fn turn_position(history: &History<'_>, anchor: &TurnAnchor) -> StoreResult<Position> {
    match anchor {
        TurnAnchor::Position(position) => Ok(*position),
        TurnAnchor::Turn(id) => {
            let turn = history.find_turn(id)?.ok_or(StoreError::AnchorTurnMissing)?;
            Ok(history.segments[turn.at].position(turn.row.key.offset(), turn.row.ordinal))
        }
    }
}

/// Reads turns with their items; stops early, but never before the first turn, when the page grows too large.
///
/// Returns whether all turns were read. A single turn that is larger than an answer may be is an error.
pub(super) fn read_turns(
    history: &History<'_>,
    placed: &[PlacedTurn],
    view: ItemsView,
    (limits, max_bytes): (&Limits, u64),
) -> StoreResult<(Vec<TurnRecord>, bool)> {
    let Positions { items, counts } = positions_of(history, placed, view, (limits, max_bytes))?;
    // Before the items: once an answer holds memory, nothing else is read for it.
    let records = placed.iter().take(counts.len()).map(|turn| turn_record(history, turn));
    let mut turns = records.collect::<StoreResult<Vec<TurnRecord>>>()?;
    let mut entries = read_items(history, &items)?.into_iter();
    for (record, count) in turns.iter_mut().zip(&counts) {
        record.items = entries.by_ref().take(*count).map(|entry| entry.item).collect();
        record.items_view = view;
    }
    let complete = turns.len() == placed.len();
    Ok((turns, complete))
}

/// The items of turns, in the order of the turns.
pub(super) struct Positions {
    items: Vec<PlacedItem>,
    /// How many of them each turn has; of fewer turns than asked for when the others do not fit.
    pub(super) counts: Vec<usize>,
}

/// Finds the items of turns, as far as they fit; the first turn always does.
///
/// A single turn that is larger than an answer may be is an error.
pub(super) fn positions_of(
    history: &History<'_>,
    placed: &[PlacedTurn],
    view: ItemsView,
    (limits, max_bytes): (&Limits, u64),
) -> StoreResult<Positions> {
    let mut bytes = 0u64;
    let mut items = Vec::new();
    let mut counts = Vec::new();
    for turn in placed {
        let own = items_of(history, turn, view)?;
        let own_bytes = own
            .iter()
            .map(|item| shown_bytes(item, limits.max_item_bytes))
            .sum::<u64>();
        if own_bytes > limits.max_answer_bytes && counts.is_empty() {
            return Err(StoreError::TooLarge {
                limit_bytes: limits.max_answer_bytes,
                paged_method: "thread/items/list",
            });
        }
        if bytes + own_bytes > max_bytes && !counts.is_empty() {
            break;
        }
        bytes += own_bytes;
        counts.push(own.len());
        items.extend(own);
    }
    Ok(Positions { items, counts })
}

/// Reads the turns at `positions` and hands each over; only a few of them are in memory at a time.
pub(super) fn visit_turns(
    history: &History<'_>,
    placed: &[PlacedTurn],
    view: ItemsView,
    positions: &Positions,
    visit: &mut dyn FnMut(TurnRecord),
) -> StoreResult<()> {
    // Before the items: once an answer holds memory, nothing else is read for it.
    let records = placed.iter().map(|turn| turn_record(history, turn));
    let records = records.collect::<StoreResult<Vec<TurnRecord>>>()?;
    let mut waiting = records.into_iter().zip(&positions.counts);
    // Hands over what has no items, up to the turn whose items come next.
    let mut next_with_items = |visit: &mut dyn FnMut(TurnRecord)| {
        for (mut record, count) in waiting.by_ref() {
            record.items_view = view;
            if *count > 0 {
                record.items.reserve_exact(*count);
                return Some((record, *count));
            }
            visit(record);
        }
        None
    };
    let mut filling = next_with_items(visit);
    visit_items(history, &positions.items, &mut |entry| {
        let Some((mut record, count)) = filling.take() else {
            return;
        };
        record.items.push(entry.item);
        if record.items.len() < count {
            filling = Some((record, count));
            return;
        }
        visit(record);
        filling = next_with_items(visit);
    })
}

/// Makes the record of a turn, without items.
pub(super) fn turn_record(history: &History<'_>, turn: &PlacedTurn) -> StoreResult<TurnRecord> {
    let segment = &history.segments[turn.at];
    let row = &turn.row;
    let facts = turn_facts(history, turn)?;
    let status = match facts.state {
        TurnState::Completed => TurnStatus::Completed,
        TurnState::InProgress if history.has_writer && is_newest_turn(history, turn)? => TurnStatus::InProgress,
        // Nobody is left to end the turn (7.1, 11).
        TurnState::Interrupted | TurnState::InProgress => TurnStatus::Interrupted,
        TurnState::Failed => TurnStatus::Failed,
    };
    let mut facts = facts;
    if segment.set == RowSet::Raw && facts.completed_at.is_none() && is_last_turn(history, turn)? {
        // The file's own time stands for the end of the last turn (12).
        let seconds = segment.rollout.file.stat.mtime_ns.div_euclid(1_000_000_000);
        facts.completed_at = i64::try_from(seconds).ok();
    }
    Ok(TurnRecord {
        turn_id: history.shown_turn_id(row),
        root_turn_id: facts.root_turn_id,
        position: segment.position(row.key.offset(), row.ordinal),
        status,
        error: facts.error,
        started_at: facts.started_at,
        completed_at: facts.completed_at,
        duration_ms: facts.duration_ms,
        items: Vec::new(),
        items_view: ItemsView::NotLoaded,
    })
}

fn is_newest_turn(history: &History<'_>, turn: &PlacedTurn) -> StoreResult<bool> {
    Ok(turn.at + 1 == history.segments.len() && is_last_turn(history, turn)?)
}

fn is_last_turn(history: &History<'_>, turn: &PlacedTurn) -> StoreResult<bool> {
    let segment = &history.segments[turn.at];
    let later = KeyRange {
        low: RowKey(turn.row.key.0 + 1),
        high: segment.keys().high,
    };
    let rows = segment.rollout.rows.turns(segment.set, later, Order::Ascending, 1);
    Ok(rows
        .map_err(|error| index_error(&segment.rollout.file.path, error))?
        .is_empty())
}

fn turn_facts(history: &History<'_>, turn: &PlacedTurn) -> StoreResult<TurnFacts> {
    let segment = &history.segments[turn.at];
    let row = &turn.row;
    let wrap = |error| index_error(&segment.rollout.file.path, error);
    let cut = segment.cut;
    if cut.is_some_and(|cut| row.records.iter().any(|span| span.end() > cut)) {
        let visible: Vec<Span> = row
            .records
            .iter()
            .filter(|span| Some(span.end()) <= cut)
            .copied()
            .collect();
        let lines = Lines::fetch(&segment.rollout.source, visible.clone())?;
        return fold_turn(&lines.of(&visible, cut)).map_err(wrap);
    }
    let mut facts = TurnFacts {
        state: row.state,
        started_at: row.started_at,
        completed_at: row.completed_at,
        duration_ms: row.duration_ms,
        root_turn_id: row.root_turn_id.clone(),
        error: None,
    };
    let told = row.error_event.filter(|_| segment.set == RowSet::Full);
    if let Some(span) = told {
        facts.state = TurnState::Failed;
        facts.error = error_of(history, turn, &[span])?;
    } else if row.state == TurnState::Failed {
        facts.error = error_of(history, turn, &row.records)?;
    }
    Ok(facts)
}

fn error_of(history: &History<'_>, turn: &PlacedTurn, spans: &[Span]) -> StoreResult<Option<TurnError>> {
    let rollout = &history.segments[turn.at].rollout;
    let lines = Lines::fetch(&rollout.source, spans.to_vec())?;
    turn_error(&lines.of(spans, None)).map_err(|error| index_error(&rollout.file.path, error))
}

/// Returns the items that a view shows of a turn, in stored order.
fn items_of(history: &History<'_>, turn: &PlacedTurn, view: ItemsView) -> StoreResult<Vec<PlacedItem>> {
    match view {
        ItemsView::NotLoaded => Ok(Vec::new()),
        ItemsView::Summary => summary_items(history, turn),
        ItemsView::Full if is_canonical(history) => history.items(
            Some(&turn.row.turn_id),
            None,
            crate::types::Direction::Ascending,
            usize::MAX,
        ),
        ItemsView::Full => Ok(visible_items(history, turn.at, turn.row.link)?
            .into_iter()
            .map(|row| PlacedItem { at: turn.at, row })
            .collect()),
    }
}

fn visible_items(history: &History<'_>, at: usize, link: i64) -> StoreResult<Vec<ItemRow>> {
    let segment = &history.segments[at];
    let rows = &segment.rollout.rows;
    rows.items(segment.set, Some(link), segment.keys(), Order::Ascending, usize::MAX)
        .map_err(|error| index_error(&segment.rollout.file.path, error))
}

/// The first user message and the final agent message (`app-server-api.md` 4.4).
fn summary_items(history: &History<'_>, turn: &PlacedTurn) -> StoreResult<Vec<PlacedItem>> {
    let mut summary = summary_at(history, turn)?;
    let boundary = turn.row.state == TurnState::Interrupted && summary == (None, None);
    let mut at = turn.at;
    if boundary && is_canonical(history) {
        // A fork boundary borrows from the earliest segment that holds the turn (8.4).
        for earlier in 0..turn.at {
            if let Some(row) = history.turn_row(earlier, &turn.row.turn_id)? {
                summary = summary_at(history, &PlacedTurn { at: earlier, row })?;
                at = earlier;
                break;
            }
        }
    }
    let mut keys: Vec<RowKey> = summary.0.into_iter().chain(summary.1).collect();
    keys.sort_unstable();
    // Snapshots of one item can make it both.
    keys.dedup();
    let rollout = &history.segments[at].rollout;
    let mut items = Vec::new();
    for key in keys {
        let row = rollout
            .rows
            .item(key)
            .map_err(|error| index_error(&rollout.file.path, error))?;
        items.extend(row.map(|row| PlacedItem { at, row }));
    }
    Ok(items)
}

/// Returns the keys of the summary items that are visible through the segment's cut.
pub(super) fn summary_at(history: &History<'_>, turn: &PlacedTurn) -> StoreResult<SummaryKeys> {
    let segment = &history.segments[turn.at];
    let row = &turn.row;
    let ended_before = |cut: u64| row.end.is_some_and(|end| end.span.end() <= cut);
    match segment.cut {
        // Once a turn has ended its summary never changes; only paginated segments are cut.
        Some(cut) if !ended_before(cut) => {
            let items = visible_items(history, turn.at, row.link)?;
            open_summary(&segment.rollout.source, cut, row, &items)
        }
        _ => Ok((row.first_user, row.final_agent)),
    }
}

/// All keys of a segment that lie before `high`.
pub(super) fn keys_before(history: &History<'_>, at: usize, high: RowKey) -> KeyRange {
    let mut range = history.segments[at].keys();
    range.high = range.high.min(high);
    range
}
