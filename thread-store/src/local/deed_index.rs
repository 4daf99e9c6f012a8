//! Documents of what was done, for the word index: which lines or rows they are made of.
//!
//! A paginated rollout tells an item whole in each of its lines. Of a legacy one the rows say which lines make an item, so its
//! documents are made of rows, and made anew when a later line extends a row.

use std::collections::HashSet;

use codex_protocol::item::{ThreadItem, canonical_from_event, canonical_reasoning, rebuilt};
use codex_protocol::log::event::ItemCompletedEvent;
use codex_protocol::log::{BareLine, EventMsg, LineHead, PEEK_BYTES, ResponseItem, RolloutItem, peek};
use codex_rollout::discover::RolloutFile;
use codex_rollout::lines::LineEvent;
use codex_state::db::RolloutRow;
use codex_state::fold::{FoldContext, fold_item};
use codex_state::projector::{KeyRange, Mode, Order, RowReader};
use codex_state::query::{Outputs, fields_of};
use codex_state::rows::{ItemClass, ItemRow, RowKey, RowSet, id_hash};

use super::line_fetch::Lines;
use super::open_rollout::{OpenRollout, index_error, read_error};
use super::searchable::{is_message, item_kind};
use super::store::Inner;
use super::text_index::{Cutter, Document, Stretch, TextPart, TextStep};
use crate::error::StoreResult;

/// Rows that are looked at at once.
const BATCH_ROWS: usize = 256;
/// Bytes of lines that are read at once, unless a single item has more.
const PIECE_BYTES: u64 = 4 * 1024 * 1024;

impl Inner {
    /// Cuts what was done in one rollout into words, from its checkpoint to that of its positions.
    pub(super) fn read_deeds(
        &self,
        file: &RolloutFile,
        row: &RolloutRow,
        from: u64,
        cutter: &mut Cutter,
    ) -> StoreResult<()> {
        match row.checkpoint.mode {
            Mode::Paginated => {
                let part = TextPart::Done;
                self.read_lines(file, row, Stretch { part, from }, cutter, |cutter, offset, bytes| {
                    document(cutter, offset, &deed_of_line(bytes)?)
                })
            }
            Mode::Legacy | Mode::Bare => self.read_deeds_of_rows(file, row, from, cutter),
        }
    }

    fn read_deeds_of_rows(
        &self,
        file: &RolloutFile,
        row: &RolloutRow,
        mut from: u64,
        cutter: &mut Cutter,
    ) -> StoreResult<()> {
        let index = self.index();
        let reader = index.reader().map_err(|error| self.index_error(error))?;
        let open = self.open_rollout(&reader, file)?;
        let end = row.checkpoint.offset;
        let mut waiting = extended_rows(&open, from, end)?;
        while from < end && !cutter.is_unwanted {
            let mut rows = rows_between(&open, RowSet::Full, from, end, BATCH_ROWS + 1)?;
            let reached = match rows.get(BATCH_ROWS) {
                Some(next) => next.key.offset(),
                None => end,
            };
            rows.truncate(BATCH_ROWS);
            rows.append(&mut rows_between(&open, RowSet::Raw, from, reached, usize::MAX)?);
            rows.append(&mut waiting);
            let mut documents = Vec::new();
            rows.retain(|row| row.class == ItemClass::Other);
            let mut rest = &rows[..];
            while !rest.is_empty() {
                let (piece, later) = rest.split_at(piece_len(rest));
                documents.append(&mut documents_of_rows(&open, piece, cutter)?);
                rest = later;
            }
            cutter.add(TextStep {
                part: TextPart::Done,
                rollout: row.key,
                from,
                reached,
                documents,
            });
            from = reached;
        }
        Ok(())
    }
}

fn document(cutter: &mut Cutter, offset: u64, item: &ThreadItem) -> Option<Document> {
    let fields = fields_of(item, Outputs::Searched);
    (!fields.is_empty()).then(|| Document {
        offset,
        table: None,
        words: cutter.words_of_fields(&fields),
    })
}

/// Returns the item, other than a message, that a line of a paginated rollout tells.
fn deed_of_line(bytes: &[u8]) -> Option<ThreadItem> {
    let prefix = peek(&bytes[..bytes.len().min(PEEK_BYTES)]);
    if let Some(prefix) = prefix
        && (prefix.kind != "event_msg" || prefix.payload_tag.is_some_and(|tag| tag != "item_completed"))
    {
        return None;
    }
    if item_kind(bytes).is_some_and(is_message) {
        return None;
    }
    let item = ThreadItem::from(completed(bytes)?.item);
    let is_message = matches!(item, ThreadItem::UserMessage(_) | ThreadItem::AgentMessage(_));
    (!is_message).then_some(item)
}

fn completed(bytes: &[u8]) -> Option<ItemCompletedEvent> {
    if let Some(completed) = ItemCompletedEvent::decode_line(bytes) {
        return Some(completed);
    }
    match decode(bytes)? {
        Decoded::Event(event) => match *event {
            EventMsg::ItemCompleted(completed) => Some(completed),
            _ => None,
        },
        Decoded::Response(_) => None,
    }
}

enum Decoded {
    Event(Box<EventMsg>),
    Response(Box<ResponseItem>),
}

fn decode(bytes: &[u8]) -> Option<Decoded> {
    let Ok(head) = LineHead::parse(bytes) else {
        let Ok(BareLine::Item(item)) = BareLine::decode(bytes) else {
            return None;
        };
        return Some(Decoded::Response(Box::new(item)));
    };
    match RolloutItem::decode(&head.kind, head.payload, head.metadata).ok()? {
        RolloutItem::EventMsg(event) => Some(Decoded::Event(event)),
        RolloutItem::ResponseItem(line) => Some(Decoded::Response(Box::new(line.item))),
        _ => None,
    }
}

fn rows_between(open: &OpenRollout<'_>, set: RowSet, from: u64, end: u64, limit: usize) -> StoreResult<Vec<ItemRow>> {
    let range = KeyRange {
        low: RowKey(from << 1),
        high: RowKey(end << 1),
    };
    open.rows
        .items(set, None, range, Order::Ascending, limit)
        .map_err(|error| index_error(&open.file.path, error))
}

/// Returns how many rows to read at once: lines are held in memory.
fn piece_len(rows: &[ItemRow]) -> usize {
    let mut bytes = 0;
    let fits = rows.iter().take_while(|row| {
        bytes += row.spans.iter().map(|span| u64::from(span.len)).sum::<u64>();
        bytes <= PIECE_BYTES
    });
    fits.count().max(1)
}

fn documents_of_rows(open: &OpenRollout<'_>, rows: &[ItemRow], cutter: &mut Cutter) -> StoreResult<Vec<Document>> {
    let spans = rows.iter().flat_map(|row| row.spans.iter().copied()).collect();
    let lines = Lines::fetch_cut(&open.source, spans, u64::MAX)?;
    let mut documents = Vec::new();
    for row in rows {
        let context = FoldContext {
            rollout_id: open.rollout_id,
            set: if row.sets.contains(RowSet::Raw) {
                RowSet::Raw
            } else {
                RowSet::Full
            },
            cwd: open
                .meta
                .cwd
                .as_deref()
                .or(open.meta.raw_cwd.as_deref())
                .unwrap_or_default(),
            thread_id: &open.thread_id,
        };
        let folded = fold_item(row, context, &lines.of(&row.spans, None));
        let folded = folded.map_err(|error| index_error(&open.file.path, error))?;
        documents.extend(document(cutter, row.key.offset(), &folded.item.item));
    }
    Ok(documents)
}

/// Returns the rows that were made before `from` and that lines from there up to `end` extend.
///
/// Rows are found by the ids of their items. A line whose item has another id, or none, belongs to one of the newest rows.
pub(super) fn extended_rows(open: &OpenRollout<'_>, from: u64, end: u64) -> StoreResult<Vec<ItemRow>> {
    let failed = |error| index_error(&open.file.path, error);
    let mut extended: Vec<ItemRow> = Vec::new();
    let mut unplaced: HashSet<u64> = HashSet::new();
    if from == 0 {
        return Ok(extended);
    }
    let mut lines = open.source.lines(from).until(end);
    loop {
        let at = lines.offset();
        let Some(event) = lines.next().map_err(|error| read_error(&open.source, at, error))? else {
            break;
        };
        let LineEvent::Line { offset, bytes, .. } = event else {
            continue;
        };
        let Some(id) = extending_id(bytes) else { continue };
        let rows = match id {
            Some(id) => open.rows.items_by_id(id_hash(&id)).map_err(failed)?,
            None => Vec::new(),
        };
        if rows.is_empty() {
            unplaced.insert(offset);
        }
        let is_extended = |row: &ItemRow| row.key.offset() < from && row.spans.iter().any(|span| span.offset == offset);
        extended.extend(rows.into_iter().filter(is_extended));
    }
    for set in [RowSet::Full, RowSet::Raw] {
        place(open, set, from, &mut unplaced, &mut extended)?;
    }
    extended.sort_by_key(|row| row.key);
    extended.dedup_by_key(|row| row.key);
    Ok(extended)
}

/// Looks for the rows that have the unplaced lines, from the newest one on.
fn place(
    open: &OpenRollout<'_>,
    set: RowSet,
    from: u64,
    unplaced: &mut HashSet<u64>,
    extended: &mut Vec<ItemRow>,
) -> StoreResult<()> {
    let mut range = KeyRange::ALL;
    while !unplaced.is_empty() {
        let rows = open
            .rows
            .items(set, None, range, Order::Descending, BATCH_ROWS)
            .map_err(|error| index_error(&open.file.path, error))?;
        let Some(last) = rows.last() else { break };
        range.high = last.key;
        for row in rows {
            let has_any = row.spans.iter().any(|span| unplaced.contains(&span.offset));
            if has_any {
                row.spans.iter().for_each(|span| {
                    unplaced.remove(&span.offset);
                });
                if row.key.offset() < from {
                    extended.push(row);
                }
            }
        }
    }
    Ok(())
}

/// Returns the id of the item that a line can extend, if it tells one; `None` for a line that extends none.
fn extending_id(bytes: &[u8]) -> Option<Option<String>> {
    match decode(bytes)? {
        Decoded::Response(item) => {
            let extends = rebuilt::is_output(&item) || rebuilt::continued_session(&item).is_some();
            extends.then(|| rebuilt::call_key(&item).map(str::to_owned))
        }
        Decoded::Event(event) => match event.as_ref() {
            EventMsg::ItemCompleted(completed) => Some(Some(completed.item.id().to_owned())),
            event if canonical_reasoning(event).is_some() => Some(None),
            event => Some(Some(canonical_from_event(event)?.item.id().to_owned()).filter(|id| !id.is_empty())),
        },
    }
}
