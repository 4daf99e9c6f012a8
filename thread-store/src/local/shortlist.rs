//! Names the messages of a rollout that can say a term, so that a search in one thread need not read all of them.
//!
//! Answers are a superset, in the order of the rows; whoever reads the messages decides. Where naming them would cost more
//! than reading, it names none.

use std::collections::BTreeMap;

use codex_protocol::log::{EventMsg, LineHead, RolloutItem};
use codex_rollout::lines::LineEvent;
use codex_state::db::Reader;
use codex_state::projector::{KeyRange, Mode, RowReader};
use codex_state::rows::{ItemClass, ItemRow, RowKey, RowSet, RowSets, id_hash};
use codex_state::words::{CandidateRows, WordTable};

use super::open_rollout::{index_error, read_error};
use super::searchable::document_of;
use super::segments::Segment;
use crate::error::StoreResult;

/// Bytes without documents that are looked through; behind more of them there is no short list.
const MAX_SUFFIX_BYTES: u64 = 1024 * 1024;

/// Returns the messages in a range of a segment that can say the term, ascending; `None` if that is not known cheaply, or
/// more than `max_documents` lines can.
pub(super) fn shortlist(
    reader: &Reader<'_>,
    segment: &Segment<'_>,
    candidates: &CandidateRows,
    range: KeyRange,
    max_documents: usize,
) -> StoreResult<Option<Vec<ItemRow>>> {
    let rollout = &segment.rollout;
    // What raw items say is joined in one way for the word index and in another for the message.
    if segment.set == RowSet::Raw || rollout.checkpoint.mode == Mode::Bare {
        return Ok(None);
    }
    let end = segment.cut.unwrap_or(rollout.plain_len);
    let indexed_end = rollout.text_offset.min(end);
    if end - indexed_end > MAX_SUFFIX_BYTES {
        return Ok(None);
    }
    // No line of an item lies before the one that made it.
    let first = range.low.offset();
    let mut offsets = match rollout.key {
        Some(key) if first < indexed_end => candidates
            .offsets(
                reader.connection(),
                key,
                first..indexed_end,
                max_documents.saturating_add(1),
            )
            .map_err(|error| index_error(&rollout.file.path, error))?,
        _ => Vec::new(),
    };
    if offsets.len() > max_documents {
        return Ok(None);
    }
    let suffix = unindexed_messages(segment, indexed_end, end)?;
    offsets.extend(suffix.into_iter().filter(|offset| *offset >= first));
    let mut rows = BTreeMap::new();
    for offset in offsets {
        for row in rows_of_line(segment, offset)? {
            rows.insert(row.key, row);
        }
    }
    let shown = |row: &ItemRow| {
        range.contains(row.key)
            && row.class != ItemClass::Other
            && row.sets.contains(segment.set)
            && row.removed_at.is_none()
    };
    Ok(Some(rows.into_values().filter(shown).collect()))
}

/// Returns the offsets of all lines that say something, from the first one that has no document.
fn unindexed_messages(segment: &Segment<'_>, from: u64, end: u64) -> StoreResult<Vec<u64>> {
    let source = &segment.rollout.source;
    let mut found = Vec::new();
    if from >= end {
        return Ok(found);
    }
    let mut lines = source.lines(from).until(end);
    loop {
        let at = lines.offset();
        let Some(event) = lines.next().map_err(|error| read_error(source, at, error))? else {
            return Ok(found);
        };
        if let LineEvent::Line { offset, bytes, .. } = event
            && document_of(bytes, segment.rollout.checkpoint.mode).is_some_and(|said| said.table == WordTable::Said)
        {
            found.push(offset);
        }
    }
}

/// Returns the rows that a line belongs to: the one that it made, or, for a later snapshot, those of its item.
pub(super) fn rows_of_line(segment: &Segment<'_>, offset: u64) -> StoreResult<Vec<ItemRow>> {
    let rollout = &segment.rollout;
    let failed = |error| index_error(&rollout.file.path, error);
    let sets = if segment.set == RowSet::Raw {
        RowSets::RAW
    } else {
        RowSets::BOTH
    };
    let made = rollout.rows.item(RowKey::new(offset, sets)).map_err(failed)?;
    // Only canonical items have several snapshots.
    if made.is_some() || rollout.checkpoint.mode != Mode::Paginated {
        return Ok(made.into_iter().collect());
    }
    let mut lines = rollout.source.lines(offset);
    let event = lines
        .next()
        .map_err(|error| read_error(&rollout.source, offset, error))?;
    let Some(LineEvent::Line { bytes, .. }) = event else {
        return Ok(Vec::new());
    };
    let Some(item_id) = canonical_id(bytes) else {
        return Ok(Vec::new());
    };
    let mut rows = rollout.rows.items_by_id(id_hash(&item_id)).map_err(failed)?;
    rows.retain(|row| row.spans.iter().any(|span| span.offset == offset));
    Ok(rows)
}

fn canonical_id(bytes: &[u8]) -> Option<String> {
    let head = LineHead::parse(bytes).ok()?;
    match RolloutItem::decode(&head.kind, head.payload, head.metadata).ok()? {
        RolloutItem::EventMsg(event) => match *event {
            EventMsg::ItemCompleted(completed) => Some(completed.item.id().to_owned()),
            _ => None,
        },
        _ => None,
    }
}
