//! Finds the occurrences of a text in the messages of one thread, oldest first (`app-server-api.md` 6.2).
//!
//! Messages only: every user message, and of each turn the final agent message and partial answers. The word index names
//! those that can say the text where they are few; every one is read in the log.

use std::collections::HashMap;

use codex_protocol::item::{MessagePhase, ThreadItem, UserInput};
use codex_state::projector::{KeyRange, Order, RowReader};
use codex_state::rows::{ItemClass, ItemRow, RowKey};
use codex_state::text::{LowercaseMatcher, markdown_to_plain, occurrence_snippet};
use codex_state::words::{self, Candidates, WordScope};

use super::history::{PlacedItem, PlacedTurn};
use super::item_contents::visit_whole_items;
use super::items::{is_canonical, require_paginated};
use super::open_rollout::index_error;
use super::segments::{History, RowKind};
use super::shortlist::shortlist;
use super::store::Inner;
use super::turns::summary_at;
use crate::error::StoreResult;
use crate::types::{ItemEntry, Occurrence, OccurrenceAnchor, OccurrencePage, OccurrenceQuery, Position};

/// Messages that are read at once: few at first, because often they fill a page.
const FIRST_BATCH_MESSAGES: usize = 32;
const MAX_BATCH_MESSAGES: usize = 128;
/// Lines that the word index may name before the messages are walked, and once a batch of those did not fill the page.
const FEW_DOCUMENTS: usize = 256;
const MANY_DOCUMENTS: usize = 8_192;

impl Inner {
    /// Finds occurrences.
    pub(super) fn occurrences(&self, query: &OccurrenceQuery) -> StoreResult<OccurrencePage> {
        let operation = "thread/searchOccurrences";
        self.require_items(query.thread_id, query.view, operation)?;
        self.with_history(query.thread_id, query.view, |history| {
            require_paginated(history, operation)?;
            Walk::new(history, query)?.run()
        })
    }
}

/// One walk over the messages of a history.
struct Walk<'h, 'r> {
    history: &'h History<'r>,
    query: &'h OccurrenceQuery,
    matcher: LowercaseMatcher,
    candidates: Candidates,
    turns: HashMap<(usize, i64), Option<TurnSummary>>,
    found: Vec<Occurrence>,
    next: Option<OccurrenceAnchor>,
}

#[derive(Clone, Copy)]
struct TurnSummary {
    position: Position,
    final_agent: Option<RowKey>,
}

impl<'h, 'r> Walk<'h, 'r> {
    fn new(history: &'h History<'r>, query: &'h OccurrenceQuery) -> StoreResult<Self> {
        let matcher = LowercaseMatcher::new(&query.term);
        let candidates = words::candidates(history.reader.connection(), &query.term, WordScope::Said)
            .map_err(|error| index_error(&history.current().file.path, error))?;
        Ok(Self {
            history,
            query,
            matcher,
            candidates,
            turns: HashMap::new(),
            found: Vec::new(),
            next: None,
        })
    }

    fn run(mut self) -> StoreResult<OccurrencePage> {
        let (first, low) = match self.query.anchor {
            Some(anchor) => self.history.locate(anchor.position, RowKind::Items, false)?,
            None => (0, RowKey(0)),
        };
        for at in first..self.history.segments.len() {
            let mut range = self.history.segments[at].keys();
            if at == first {
                range.low = low;
            }
            if !self.search_segment(at, range)? {
                break;
            }
        }
        let history_mode = self.history.mode();
        Ok(OccurrencePage {
            occurrences: self.found,
            next: self.next,
            history_mode,
        })
    }

    /// Searches the messages of a segment; false once the page is full and the next one is known.
    fn search_segment(&mut self, at: usize, mut range: KeyRange) -> StoreResult<bool> {
        let segment = &self.history.segments[at];
        let mut tried = [FEW_DOCUMENTS, MANY_DOCUMENTS].into_iter();
        let mut batch_messages = FIRST_BATCH_MESSAGES;
        loop {
            if let (Candidates::Rows(candidates), Some(max_documents)) = (&self.candidates, tried.next())
                && let Some(rows) = shortlist(self.history.reader, segment, candidates, range, max_documents)?
            {
                return self.search_rows(at, rows);
            }
            let rows = segment
                .rollout
                .rows
                .messages(segment.set, range, Order::Ascending, batch_messages)
                .map_err(|error| index_error(&segment.rollout.file.path, error))?;
            let Some(last) = rows.last() else { return Ok(true) };
            range.low = RowKey(last.key.0 + 1);
            if !self.search_rows(at, rows)? {
                return Ok(false);
            }
            batch_messages = MAX_BATCH_MESSAGES;
        }
    }

    /// Searches messages of a segment, batch by batch; false once the page is full and the next one is known.
    fn search_rows(&mut self, at: usize, rows: Vec<ItemRow>) -> StoreResult<bool> {
        let placed: Vec<PlacedItem> = rows.into_iter().map(|row| PlacedItem { at, row }).collect();
        for batch in placed.chunks(FIRST_BATCH_MESSAGES) {
            if !self.search_batch(batch)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Searches some messages; false once the page is full and the next one is known.
    fn search_batch(&mut self, placed: &[PlacedItem]) -> StoreResult<bool> {
        let mut wanted = Vec::new();
        for item in placed {
            if let Some(summary) = self.summary_of(item)?
                && self.may_be_searched(item, summary)
            {
                wanted.push((item.clone(), summary));
            }
        }
        let items: Vec<PlacedItem> = wanted.iter().map(|(item, _)| item.clone()).collect();
        let history = self.history;
        visit_whole_items(history, &items, |at, entry| {
            let (item, summary) = &wanted[at];
            let is_final = summary.final_agent == Some(item.row.key);
            !is_searched(&entry.item.item, is_final) || self.search_item(&entry, *summary)
        })
    }

    /// Rules out by its row what need not be read; an item that changed behind a cut may have been anything before.
    fn may_be_searched(&self, item: &PlacedItem, summary: TurnSummary) -> bool {
        let cut = self.history.segments[item.at].cut;
        let changed_later = item
            .row
            .spans
            .iter()
            .any(|span| cut.is_some_and(|cut| span.end() > cut));
        match item.row.class {
            ItemClass::User | ItemClass::AgentPartial => true,
            ItemClass::AgentFinal | ItemClass::AgentPlain | ItemClass::AgentOther => {
                changed_later || summary.final_agent == Some(item.row.key)
            }
            ItemClass::Other => false,
        }
    }

    fn search_item(&mut self, entry: &ItemEntry, summary: TurnSummary) -> bool {
        let Some(text) = searched_text(&entry.item.item) else {
            return true;
        };
        let skip = match self.query.anchor {
            Some(anchor) if same_place(anchor.position, entry.position) => anchor.index,
            _ => 0,
        };
        for (index, range) in self.matcher.find_all(&text).into_iter().enumerate().skip(skip) {
            if self.found.len() == self.query.limit {
                self.next = Some(OccurrenceAnchor {
                    position: entry.position,
                    index,
                });
                return false;
            }
            let snippet = occurrence_snippet(&text, range);
            self.found.push(Occurrence {
                turn_id: entry.turn_id.clone(),
                item_id: entry.item.item.id().to_owned(),
                snippet: snippet.text,
                match_start: snippet.match_start_utf16,
                match_end: snippet.match_end_utf16,
                turn_position: summary.position,
            });
        }
        true
    }

    /// Returns where an item's turn begins and which item is its final agent message; `None` without a turn row.
    fn summary_of(&mut self, item: &PlacedItem) -> StoreResult<Option<TurnSummary>> {
        let place = (item.at, item.row.turn_link);
        if let Some(known) = self.turns.get(&place) {
            return Ok(*known);
        }
        let segment = &self.history.segments[item.at];
        let wrap = |error| index_error(&segment.rollout.file.path, error);
        let row = if is_canonical(self.history) {
            segment
                .rollout
                .rows
                .turn_by_id(item.row.turn_link, segment.set)
                .map_err(wrap)?
        } else {
            segment
                .rollout
                .rows
                .turn(RowKey(item.row.turn_link.cast_unsigned()))
                .map_err(wrap)?
        };
        let summary = match row.filter(|row| segment.keys().contains(row.key)) {
            None => None,
            Some(row) => {
                let position = segment.position(row.key.offset(), row.ordinal);
                let turn = PlacedTurn { at: item.at, row };
                let final_agent = summary_at(self.history, &turn)?.1;
                Some(TurnSummary { position, final_agent })
            }
        };
        self.turns.insert(place, summary);
        Ok(summary)
    }
}

fn same_place(anchor: Position, item: Position) -> bool {
    match anchor.offset {
        Some(offset) => item.offset == Some(offset),
        None => item.ordinal == anchor.ordinal,
    }
}

/// Every user message, the final agent message and partial answers are searched.
fn is_searched(item: &ThreadItem, is_final: bool) -> bool {
    match item {
        ThreadItem::AgentMessage(message) => is_final || message.phase == Some(MessagePhase::PartialAnswer),
        _ => true,
    }
}

/// User texts are searched as written, agent texts as a reader of the rendered Markdown sees them.
fn searched_text(item: &ThreadItem) -> Option<String> {
    match item {
        ThreadItem::UserMessage(message) => {
            let parts = message.content.iter().filter_map(|part| match part {
                UserInput::Text(text) => Some(text.text.as_str()),
                _ => None,
            });
            Some(parts.collect())
        }
        ThreadItem::AgentMessage(message) => Some(markdown_to_plain(&message.text)),
        _ => None,
    }
}
