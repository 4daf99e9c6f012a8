//! Reads what items say: the lines at a row's spans, folded.
//!
//! Memory for a large page is taken before its lines are read, and kept until the answer is sent. A row whose lines do not
//! decode to it belongs to other bytes: the caller rebuilds that rollout.

use std::collections::HashMap;

use codex_rollout::lines::LineHold;
use codex_state::StateError;
use codex_state::fold::{FoldContext, FoldedItem, fold_item};
use codex_state::rows::Span;

use super::history::PlacedItem;
use super::items::turn_id_of;
use super::line_fetch::Lines;
use super::open_rollout::index_error;
use super::parallel::map_in_parallel;
use super::segments::{History, Segment};
use crate::answer_room::AnswerRoom;
use crate::error::StoreResult;
use crate::types::ItemEntry;

/// Copies that are made of an item on its way out: the item, and the encoded answer.
const ANSWER_COPIES: u64 = 2;
/// Pages that need no more memory than this do not ask for it.
const SMALL_PAGE_BYTES: u64 = 256 * 1024;
/// Bytes of lines of the items that are read at a time where not all have to be there at once, unless a single item has more.
const PIECE_BYTES: u64 = 4 * 1024 * 1024;

/// Bytes of the lines of an item.
fn line_bytes(item: &PlacedItem) -> u64 {
    item.row.spans.iter().map(|span| u64::from(span.len)).sum()
}

/// Bytes of an item as it is shown: a larger one is cut down to the limit.
pub(super) fn shown_bytes(item: &PlacedItem, max_item_bytes: u64) -> u64 {
    line_bytes(item).min(max_item_bytes)
}

/// Reads the contents of items for an answer, in the order given; of what is larger than an item may be long texts are cut.
pub(super) fn read_items(history: &History<'_>, placed: &[PlacedItem]) -> StoreResult<Vec<ItemEntry>> {
    let Some(rules) = history.segments.last().map(|segment| segment.rollout.source.rules()) else {
        return Ok(Vec::new());
    };
    let kept_bytes = placed
        .iter()
        .map(|item| shown_bytes(item, rules.max_item_bytes))
        .sum::<u64>()
        * ANSWER_COPIES;
    let longest = placed
        .iter()
        .map(line_bytes)
        .filter(|bytes| *bytes > rules.max_item_bytes)
        .max();
    let need = kept_bytes + longest.unwrap_or(0);
    let hold = rules
        .budget
        .as_ref()
        .filter(|_| need > SMALL_PAGE_BYTES)
        .map(|budget| budget.hold(need));
    let entries = read(history, placed, rules.max_item_bytes)?;
    if let Some(mut kept) = hold.map(LineHold::keep) {
        kept.shrink_to(kept_bytes);
        AnswerRoom::keep(kept);
    }
    Ok(entries)
}

/// Reads the contents of items for an answer and hands each one over, in the order given; cuts as [`read_items`] does.
///
/// Only a piece of them is in memory at a time. What is held for the answer afterwards is one copy of it.
pub(super) fn visit_items(
    history: &History<'_>,
    placed: &[PlacedItem],
    visit: &mut dyn FnMut(ItemEntry),
) -> StoreResult<()> {
    let Some(rules) = history.segments.last().map(|segment| segment.rollout.source.rules()) else {
        return Ok(());
    };
    let shown = |item: &PlacedItem| shown_bytes(item, rules.max_item_bytes);
    let answer_bytes = placed.iter().map(shown).sum::<u64>();
    let largest = placed.iter().map(line_bytes).max().unwrap_or(0);
    let piece_bytes = answer_bytes.min(PIECE_BYTES.max(largest)) * ANSWER_COPIES;
    let need = answer_bytes + piece_bytes + largest;
    let hold = rules
        .budget
        .as_ref()
        .filter(|_| need > SMALL_PAGE_BYTES)
        .map(|budget| budget.hold(need));
    let mut from = 0;
    while from < placed.len() {
        let to = from + piece_len(&placed[from..], shown);
        read(history, &placed[from..to], rules.max_item_bytes)?
            .into_iter()
            .for_each(&mut *visit);
        from = to;
    }
    if let Some(mut kept) = hold.map(LineHold::keep) {
        kept.shrink_to(answer_bytes);
        AnswerRoom::keep(kept);
    }
    Ok(())
}

/// Returns how many items make up the next piece: at least one.
fn piece_len(placed: &[PlacedItem], bytes_of: impl Fn(&PlacedItem) -> u64) -> usize {
    let mut bytes = 0;
    let fits = placed.iter().take_while(|item| {
        bytes += bytes_of(item);
        bytes <= PIECE_BYTES
    });
    fits.count().max(1)
}

/// Reads the contents of items in full, some at a time, and hands each one over until told to stop; returns whether it was not.
pub(super) fn visit_whole_items(
    history: &History<'_>,
    placed: &[PlacedItem],
    mut visit: impl FnMut(usize, ItemEntry) -> bool,
) -> StoreResult<bool> {
    let mut from = 0;
    while from < placed.len() {
        let to = from + piece_len(&placed[from..], line_bytes);
        let bytes = placed[from..to].iter().map(line_bytes).sum();
        let source = &history.segments[placed[from].at].rollout.source;
        let _hold = source.rules().hold_once(bytes);
        for (at, entry) in read(history, &placed[from..to], u64::MAX)?.into_iter().enumerate() {
            if !visit(from + at, entry) {
                return Ok(false);
            }
        }
        from = to;
    }
    Ok(true)
}

fn read(history: &History<'_>, placed: &[PlacedItem], max_item_bytes: u64) -> StoreResult<Vec<ItemEntry>> {
    let mut spans: HashMap<usize, Vec<Span>> = HashMap::new();
    for item in placed.iter().filter(|item| line_bytes(item) <= max_item_bytes) {
        spans.entry(item.at).or_default().extend(visible(history, item));
    }
    let mut lines = HashMap::new();
    for (at, spans) in spans {
        lines.insert(
            at,
            Lines::fetch_cut(&history.segments[at].rollout.source, spans, u64::MAX)?,
        );
    }
    let folding: Vec<Folding<'_>> = history.segments.iter().map(Folding::of).collect();
    let folded = map_in_parallel(placed, |item| {
        let lines = lines.get(&item.at).filter(|_| line_bytes(item) <= max_item_bytes)?;
        Some(folding[item.at].fold(item, lines))
    });
    let mut turn_ids: HashMap<(usize, i64), String> = HashMap::new();
    placed
        .iter()
        .zip(folded)
        .map(|(item, folded)| {
            let segment = &history.segments[item.at];
            let folded = match folded {
                Some(folded) => folded,
                None => fold_large(history, item, max_item_bytes)?,
            };
            let folded = folded.map_err(|error| index_error(&segment.rollout.file.path, error))?;
            let turn_id = match folded.turn_id {
                Some(id) => id,
                None => turn_id_of(history, item, &mut turn_ids)?,
            };
            let position = segment.position(item.row.key.offset(), item.row.ordinal);
            Ok(ItemEntry {
                turn_id,
                position,
                item: folded.item,
            })
        })
        .collect()
}

/// Spans of an item that lie before the cut of its segment.
fn visible(history: &History<'_>, item: &PlacedItem) -> Vec<Span> {
    let cut = history.segments[item.at].cut;
    let spans = item.row.spans.iter();
    spans
        .filter(|span| cut.is_none_or(|cut| span.end() <= cut))
        .copied()
        .collect()
}

/// Folds an item of which only cuts of its lines are kept.
fn fold_large(
    history: &History<'_>,
    item: &PlacedItem,
    max_item_bytes: u64,
) -> StoreResult<Result<FoldedItem, StateError>> {
    let source = &history.segments[item.at].rollout.source;
    let spans = visible(history, item);
    let share = max_item_bytes / (spans.len() as u64).max(1);
    let lines = Lines::fetch_cut(source, spans.clone(), share)?;
    let folding = Folding::of(&history.segments[item.at]);
    let folded = folding.fold(item, &lines);
    if folded.is_ok() {
        return Ok(folded);
    }
    // The cut took what the item is known by: it is answered whole.
    let lines = Lines::fetch_cut(source, spans, u64::MAX)?;
    Ok(folding.fold(item, &lines))
}

/// What the items of a segment are folded with: no rows, so that several threads can fold.
struct Folding<'h> {
    context: FoldContext<'h>,
    cut: Option<u64>,
}

impl<'h> Folding<'h> {
    fn of(segment: &'h Segment<'_>) -> Self {
        let rollout = &segment.rollout;
        let meta = &rollout.meta;
        let context = FoldContext {
            rollout_id: rollout.rollout_id,
            set: segment.set,
            cwd: meta.cwd.as_deref().or(meta.raw_cwd.as_deref()).unwrap_or_default(),
            thread_id: &rollout.thread_id,
        };
        Self {
            context,
            cut: segment.cut,
        }
    }

    fn fold(&self, item: &PlacedItem, lines: &Lines) -> Result<FoldedItem, StateError> {
        fold_item(&item.row, self.context, &lines.of(&item.row.spans, self.cut))
    }
}
