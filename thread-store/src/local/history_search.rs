//! Finds everything that was said or done (`history/search`): the word index proposes, the log decides.
//!
//! Walks the threads that can have hits, newest first, reads the items that can be hits, and asks the query of them. How
//! hits are scored and shown is `history_rank`'s.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use codex_state::db::Reader;
use codex_state::projector::{Order, RowReader};
use codex_state::query::{Evaluator, Field, FieldKind, Outputs, Query};
use codex_state::rows::{ItemRow, RowKey, RowSet, TurnRow};
use codex_state::threads::{self, DefaultSources, ListFilter, Visibility};
use codex_state::words::{self, Narrowing, Plan, deeds};

use super::deed_index::extended_rows;
use super::history::PlacedItem;
use super::item_contents::visit_whole_items;
use super::items::is_canonical;
use super::list::{anchor_after, archived_of as archived_rows, direction_of, selector_of, sort_of};
use super::open_rollout::index_error;
use super::segments::{History, Segment};
use super::shortlist::rows_of_line;
use super::store::Inner;
use super::text_index::TextPart;
use crate::clock::Clock;
use crate::error::{StoreError, StoreErrorKind, StoreResult};
use crate::history_filter::{accepts, archived_of, sources_of};
use crate::history_query::{HistoryIncomplete, HistoryPage, HistoryQuery};
use crate::history_rank::{Found, Gathered, match_entry, match_thread, page, time_of};
use crate::types::{Direction, ListSort, Position, ThreadRecord, View};

/// Threads that are taken from the list at once.
const BATCH_THREADS: usize = 128;
/// How long a search looks; then it answers what it has found, and says so.
const MAX_SEARCH_MS: i64 = 5_000;
/// Threads that are looked at between two looks at the clock.
const THREADS_PER_LOOK: usize = 32;
/// Items that a search reads; then it answers what it has found, and says so.
const MAX_READ_ITEMS: usize = 20_000;

/// Documents of each table that are looked up, the newest ones.
const MAX_DOCUMENTS: usize = 50_000;
/// Rollouts that are named to the list of threads; of more, the list is walked.
const MAX_NAMED_ROLLOUTS: usize = 2_000;

/// Names of this length can have been cut when they were stored: their threads are looked at.
const LONG_NAME_BYTES: usize = 4_000;

/// What a search looks for, and how much longer.
struct Hunt<'q> {
    query: &'q HistoryQuery,
    evaluator: Evaluator,
    sought: Sought,
    ends_at_ms: i64,
    items_left: usize,
    incomplete: Option<HistoryIncomplete>,
    is_over: bool,
    /// Threads that were looked at.
    looked: usize,
}

impl Inner {
    /// Searches the visible histories of all threads.
    pub(super) fn search_history(&self, query: &HistoryQuery) -> StoreResult<HistoryPage> {
        let now_ms = self.clock.now_ms();
        let evaluator = Evaluator::new(&query.query).map_err(|source| StoreError::Query { source })?;
        // What cannot be indexed is looked for in the log.
        for part in [TextPart::Said, TextPart::Done] {
            self.bring_words_up_to_date(part)?;
        }
        let index = self.index();
        let reader = index.reader().map_err(|error| self.index_error(error))?;
        let sought = Sought::new(&reader, &query.query).map_err(|error| self.index_error(error))?;
        let mut hunt = Hunt {
            query,
            evaluator,
            incomplete: sought.has_more.then_some(HistoryIncomplete::Candidates {
                limit: MAX_DOCUMENTS as u64,
            }),
            sought,
            ends_at_ms: now_ms.saturating_add(MAX_SEARCH_MS),
            items_left: MAX_READ_ITEMS,
            is_over: false,
            looked: 0,
        };
        let gathered = self.gather(&reader, &mut hunt)?;
        Ok(page(query, gathered, now_ms, hunt.incomplete))
    }

    fn gather(&self, reader: &Reader<'_>, hunt: &mut Hunt<'_>) -> StoreResult<Vec<Gathered>> {
        let mut filter = filter_of(hunt.query);
        filter.rollouts = self.history_reach(reader, hunt)?;
        let mut gathered = Vec::new();
        loop {
            let page = threads::list(reader.connection(), &filter).map_err(|error| self.index_error(error))?;
            for row in page.rows {
                filter.anchor = Some(anchor_after(&row, ListSort::UpdatedAt));
                let thread = self.stored_record(reader, row)?;
                if !accepts(&hunt.query.query.filters, &thread) {
                    continue;
                }
                if hunt.is_over(&self.clock) {
                    return Ok(gathered);
                }
                let found = self.found_in(reader, hunt, &thread)?;
                gathered.push(Gathered { thread, found });
            }
            if !page.has_more {
                return Ok(gathered);
            }
        }
    }

    /// Names the only rollouts whose threads can have hits, if they are few.
    fn history_reach(&self, reader: &Reader<'_>, hunt: &Hunt<'_>) -> StoreResult<Option<BTreeSet<i64>>> {
        let Some(mut rollouts) = hunt.sought.rollouts() else {
            return Ok(None);
        };
        let conn = reader.connection();
        let failed = |error| self.index_error(error);
        rollouts.extend(deeds::unindexed(conn).map_err(failed)?);
        for (rollout_key, name) in threads::named_threads(conn).map_err(failed)? {
            let is_cut = name.len() >= LONG_NAME_BYTES;
            if is_cut || hunt.evaluator.evaluate(&[Field::new(FieldKind::Name, name)]).is_some() {
                rollouts.push(rollout_key);
            }
        }
        words::with_heirs(conn, rollouts, MAX_NAMED_ROLLOUTS).map_err(failed)
    }

    /// Returns what matches in a thread; nothing of one that cannot be read.
    fn found_in(&self, reader: &Reader<'_>, hunt: &mut Hunt<'_>, thread: &ThreadRecord) -> StoreResult<Vec<Found>> {
        let mut found: Vec<Found> = match_thread(hunt.query, &hunt.evaluator, thread).into_iter().collect();
        let read = self.with_history(thread.thread_id, View::Full, |history| {
            let placed = hunt.sought.items(reader, history, hunt.items_left.saturating_add(1))?;
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
    fn is_over(&mut self, clock: &Clock) -> bool {
        self.looked += 1;
        let is_asked = self.looked.is_multiple_of(THREADS_PER_LOOK);
        if !self.is_over && is_asked && clock.now_ms() > self.ends_at_ms {
            self.is_over = true;
            self.incomplete = Some(HistoryIncomplete::Time {
                limit_ms: MAX_SEARCH_MS.unsigned_abs(),
            });
        }
        self.is_over
    }

    /// Takes note of items that were read.
    fn took(&mut self, items: usize) {
        if items > self.items_left {
            self.is_over = true;
            self.incomplete = Some(HistoryIncomplete::Candidates {
                limit: MAX_READ_ITEMS as u64,
            });
        }
        self.items_left = self.items_left.saturating_sub(items);
    }
}

/// Offsets of documents, by rollout.
type Documents = HashMap<i64, Vec<u64>>;

/// Where hits can be, as far as the index knows.
struct Sought {
    /// Documents that can match; `None` if any item can.
    documents: Option<Documents>,
    /// Documents of raw messages that can match.
    raw: Documents,
    /// Whether there are more documents than were looked up.
    has_more: bool,
}

impl Sought {
    fn new(reader: &Reader<'_>, query: &Query) -> Result<Self, codex_state::StateError> {
        let conn = reader.connection();
        let plan = Plan::new(conn, query)?;
        if plan.said == Narrowing::All || plan.done == Narrowing::All {
            return Ok(Self {
                documents: None,
                raw: Documents::new(),
                has_more: false,
            });
        }
        let found = plan.documents(conn, MAX_DOCUMENTS)?;
        Ok(Self {
            documents: Some(by_rollout(found.places)),
            raw: by_rollout(found.raw_places),
            has_more: found.has_more,
        })
    }

    /// Returns the rollouts with documents; `None` if any can have hits.
    fn rollouts(&self) -> Option<Vec<i64>> {
        let documents = self.documents.as_ref()?;
        Some(documents.keys().chain(self.raw.keys()).copied().collect())
    }

    /// Returns the items of a history that can be hits, the newest ones.
    fn items(&self, reader: &Reader<'_>, history: &History<'_>, limit: usize) -> StoreResult<Vec<PlacedItem>> {
        let Some(documents) = &self.documents else {
            return history.items(None, None, Direction::Descending, limit);
        };
        let mut placed = Vec::new();
        for (at, segment) in history.segments.iter().enumerate().rev() {
            let raw = (segment.set == RowSet::Raw).then_some(&self.raw);
            let rows = rows_of(reader, segment, &[Some(documents), raw])?;
            placed.extend(rows.into_values().rev().map(|row| PlacedItem { at, row }));
            if placed.len() >= limit {
                break;
            }
        }
        placed.truncate(limit);
        Ok(placed)
    }
}

fn by_rollout(places: Vec<(i64, u64)>) -> Documents {
    let mut documents = Documents::new();
    for (rollout_key, offset) in places {
        documents.entry(rollout_key).or_default().push(offset);
    }
    documents
}

/// Returns the rows of a segment that can be hits: those with documents, and those of lines that have none.
fn rows_of(
    reader: &Reader<'_>,
    segment: &Segment<'_>,
    documents: &[Option<&Documents>],
) -> StoreResult<BTreeMap<RowKey, ItemRow>> {
    let rollout = &segment.rollout;
    let failed = |error| index_error(&rollout.file.path, error);
    let end = segment.cut.unwrap_or(rollout.plain_len);
    // As of when the documents were looked up: those that were added since are not among them.
    let indexed_end = match rollout.key {
        Some(key) => deeds::indexed_end(reader.connection(), key).map_err(failed)?,
        None => 0,
    };
    let mut rows = Vec::new();
    let documents = documents.iter().flatten();
    let named = documents.filter_map(|documents| documents.get(&rollout.key?));
    for offset in named.flatten().filter(|offset| **offset < end) {
        rows.extend(rows_of_line(segment, *offset)?);
    }
    if indexed_end < end {
        let mut range = segment.keys();
        range.low = RowKey(indexed_end << 1);
        let suffix = rollout
            .rows
            .items(segment.set, None, range, Order::Ascending, usize::MAX);
        rows.extend(suffix.map_err(failed)?);
        rows.extend(extended_rows(rollout, indexed_end, end)?);
    }
    let is_shown =
        |row: &ItemRow| row.sets.contains(segment.set) && row.removed_at.is_none() && segment.keys().contains(row.key);
    let shown = rows.into_iter().filter(is_shown);
    Ok(shown.map(|row| (row.key, row)).collect())
}

/// Where a turn begins, and when it started.
type TurnStart = (Position, Option<i64>);

/// Asks the query of items.
fn found_among(
    history: &History<'_>,
    hunt: &Hunt<'_>,
    thread: &ThreadRecord,
    placed: &[PlacedItem],
) -> StoreResult<Vec<Found>> {
    let mut turns: HashMap<(usize, i64), Option<TurnStart>> = HashMap::new();
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
fn turn_of(history: &History<'_>, item: &PlacedItem) -> StoreResult<Option<TurnStart>> {
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
