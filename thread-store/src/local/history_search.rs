//! Finds everything that was said or done (`history/search`): the word index proposes, the log decides.
//!
//! Walks the threads that can have hits, newest first, reads the items that can be hits, and asks the query of them. How
//! hits are scored and shown is `history_rank`'s.

use std::collections::HashMap;

use codex_state::db::Reader;
use codex_state::projector::RowReader;
use codex_state::query::{Evaluator, Outputs};
use codex_state::rows::{RowKey, TurnRow};
use codex_state::threads::{self, DefaultSources, ListFilter, Visibility};

use super::history::PlacedItem;
use super::item_contents::visit_whole_items;
use super::items::is_canonical;
use super::list::{anchor_after, archived_of as archived_rows, direction_of, selector_of, sort_of};
use super::open_rollout::index_error;
use super::segments::History;
use super::store::Inner;
use crate::error::{StoreError, StoreErrorKind, StoreResult};
use crate::history_filter::{accepts, archived_of, sources_of};
use crate::history_query::{HistoryIncomplete, HistoryPage, HistoryQuery};
use crate::history_rank::{Found, Gathered, match_entry, match_thread, page, time_of};
use crate::types::{Direction, ListSort, Position, ThreadRecord, View};

/// Threads that are taken from the list at once.
const BATCH_THREADS: usize = 128;
/// How long a search looks; then it answers what it has found, and says so.
const MAX_SEARCH_MS: i64 = 5_000;
/// Items that a search reads; then it answers what it has found, and says so.
const MAX_READ_ITEMS: usize = 20_000;

/// What a search looks for, and how much longer.
struct Hunt<'q> {
    query: &'q HistoryQuery,
    evaluator: Evaluator,
    ends_at_ms: i64,
    items_left: usize,
    incomplete: Option<HistoryIncomplete>,
}

impl Inner {
    /// Searches the visible histories of all threads.
    pub(super) fn search_history(&self, query: &HistoryQuery) -> StoreResult<HistoryPage> {
        let now_ms = self.clock.now_ms();
        let mut hunt = Hunt {
            query,
            evaluator: Evaluator::new(&query.query).map_err(|source| StoreError::Query { source })?,
            ends_at_ms: now_ms.saturating_add(MAX_SEARCH_MS),
            items_left: MAX_READ_ITEMS,
            incomplete: None,
        };
        self.bring_words_up_to_date()?;
        let index = self.index();
        let reader = index.reader().map_err(|error| self.index_error(error))?;
        let gathered = self.gather(&reader, &mut hunt)?;
        Ok(page(query, gathered, now_ms, hunt.incomplete))
    }

    fn gather(&self, reader: &Reader<'_>, hunt: &mut Hunt<'_>) -> StoreResult<Vec<Gathered>> {
        let mut filter = filter_of(hunt.query);
        let mut gathered = Vec::new();
        loop {
            let page = threads::list(reader.connection(), &filter).map_err(|error| self.index_error(error))?;
            for row in page.rows {
                filter.anchor = Some(anchor_after(&row, ListSort::UpdatedAt));
                let thread = self.stored_record(reader, row)?;
                if !accepts(&hunt.query.query.filters, &thread) {
                    continue;
                }
                if hunt.is_over(self.clock.now_ms()) {
                    return Ok(gathered);
                }
                let found = self.found_in(hunt, &thread)?;
                gathered.push(Gathered { thread, found });
            }
            if !page.has_more {
                return Ok(gathered);
            }
        }
    }

    /// Returns what matches in a thread; nothing of one that cannot be read.
    fn found_in(&self, hunt: &mut Hunt<'_>, thread: &ThreadRecord) -> StoreResult<Vec<Found>> {
        let mut found: Vec<Found> = match_thread(hunt.query, &hunt.evaluator, thread).into_iter().collect();
        let read = self.with_history(thread.thread_id, View::Full, |history| {
            let placed = all_items(history, hunt.items_left.saturating_add(1))?;
            Ok((placed.len(), found_among(history, hunt, thread, &placed)?))
        });
        match read {
            Ok((read, items)) => {
                hunt.took(read);
                found.extend(items);
                Ok(found)
            }
            // It keeps nobody from finding what is in the others; `doctor` names it.
            Err(error) if is_of_one_thread(&error) => {
                let error: &dyn std::error::Error = &error;
                tracing::warn!(error, thread_id = %thread.thread_id, "a thread could not be searched");
                Ok(found)
            }
            Err(error) => Err(error),
        }
    }
}

/// Tells whether an error says something about one thread only.
fn is_of_one_thread(error: &StoreError) -> bool {
    let kind = error.kind();
    matches!(error, StoreError::Read { .. }) || matches!(kind, StoreErrorKind::Unreadable | StoreErrorKind::NotFound)
}

impl Hunt<'_> {
    /// Tells whether enough was looked at; then the answer says so.
    fn is_over(&mut self, now_ms: i64) -> bool {
        if self.incomplete.is_none() && now_ms > self.ends_at_ms {
            self.incomplete = Some(HistoryIncomplete::Time {
                limit_ms: MAX_SEARCH_MS.unsigned_abs(),
            });
        }
        self.incomplete.is_some()
    }

    /// Takes note of items that were read.
    fn took(&mut self, items: usize) {
        if items > self.items_left {
            self.incomplete = Some(HistoryIncomplete::Candidates {
                limit: MAX_READ_ITEMS as u64,
            });
        }
        self.items_left = self.items_left.saturating_sub(items);
    }
}

/// Returns the items of a history, newest first.
fn all_items(history: &History<'_>, limit: usize) -> StoreResult<Vec<PlacedItem>> {
    history.items(None, None, Direction::Descending, limit)
}

/// Asks the query of items.
fn found_among(
    history: &History<'_>,
    hunt: &Hunt<'_>,
    thread: &ThreadRecord,
    placed: &[PlacedItem],
) -> StoreResult<Vec<Found>> {
    let mut turns: HashMap<(usize, i64), Option<(Position, Option<i64>)>> = HashMap::new();
    for item in placed {
        let link = (item.at, item.row.turn_link);
        if let std::collections::hash_map::Entry::Vacant(entry) = turns.entry(link) {
            entry.insert(turn_of(history, item)?);
        }
    }
    let mut found = Vec::new();
    visit_whole_items(history, placed, |at, entry| {
        let item = &placed[at];
        let turn = turns[&(item.at, item.row.turn_link)];
        let time_ms = time_of(&entry.item, turn.and_then(|(_, started_at)| started_at), thread);
        let place = (turn.map(|(position, _)| position), time_ms);
        found.extend(match_entry(
            hunt.query,
            &hunt.evaluator,
            Outputs::Searched,
            &entry,
            place,
        ));
        true
    })?;
    Ok(found)
}

/// Returns where the turn of an item begins in the item's own segment, and when it started.
fn turn_of(history: &History<'_>, item: &PlacedItem) -> StoreResult<Option<(Position, Option<i64>)>> {
    let segment = &history.segments[item.at];
    let rows = &segment.rollout.rows;
    let link = item.row.turn_link;
    let row = if is_canonical(history) {
        rows.turn_by_id(link, segment.set)
    } else {
        rows.turn(RowKey(link.cast_unsigned()))
    };
    let row: Option<TurnRow> = row.map_err(|error| index_error(&segment.rollout.file.path, error))?;
    let row = row.filter(|row| segment.keys().contains(row.key));
    Ok(row.map(|row| (segment.position(row.key.offset(), row.ordinal), row.started_at)))
}

fn filter_of(query: &HistoryQuery) -> ListFilter {
    let filters = &query.query.filters;
    let sources = sources_of(filters);
    ListFilter {
        sort: sort_of(ListSort::UpdatedAt),
        direction: direction_of(Direction::Descending),
        limit: BATCH_THREADS,
        archived: archived_rows(archived_of(filters)),
        sources: sources.map(|sources| sources.into_iter().map(selector_of).collect()),
        attached: Visibility::Shown,
        unpreviewed: Visibility::Shown,
        codex_hidden: Visibility::Shown,
        default_sources: DefaultSources::Reachable,
        ..ListFilter::default()
    }
}
