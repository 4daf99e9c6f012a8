//! Finds everything that was said or done by reading everything: no index, no candidates, no limits.

use codex_state::query::{Evaluator, Outputs};

use super::history::History;
use super::home::Home;
use super::list::matching;
use crate::error::{StoreError, StoreErrorKind, StoreResult};
use crate::history_filter::{accepts, archived_of, sources_of};
use crate::history_query::{HistoryPage, HistoryQuery};
use crate::history_rank::{Gathered, match_entry, match_thread, page, time_of};
use crate::types::{Direction, GroupFilter, ListQuery, ListSort, View};

/// Searches the visible histories of all threads.
pub(super) fn search(home: &Home, query: &HistoryQuery, now_ms: i64) -> StoreResult<HistoryPage> {
    let evaluator = Evaluator::new(&query.query).map_err(|source| StoreError::Query { source })?;
    let filters = &query.query.filters;
    let list = ListQuery {
        view: View::Full,
        sort: ListSort::UpdatedAt,
        direction: Direction::Descending,
        limit: usize::MAX,
        anchor: None,
        archived: archived_of(filters),
        sources: sources_of(filters),
        providers: None,
        cwds: None,
        search_term: None,
        relation: None,
        section: GroupFilter::Any,
        project: GroupFilter::Any,
        include_attached: true,
        excluded: Vec::new(),
        include_unpreviewed: false,
        database_rows: false,
    };
    let mut gathered = Vec::new();
    for listed in matching(home, &list)? {
        let thread = listed.record;
        if !accepts(filters, &thread) {
            continue;
        }
        let mut found: Vec<_> = match_thread(query, &evaluator, &thread).into_iter().collect();
        let history = match History::open(home, thread.thread_id, View::Full) {
            Err(error) if error.kind() == StoreErrorKind::Unreadable => None,
            opened => Some(opened?),
        };
        for item in history.iter().flat_map(History::items) {
            let turn = history.as_ref().and_then(|history| history.own_turn(item));
            let started_at = turn.as_ref().and_then(|turn| turn.row.started_at);
            let place = (
                turn.map(|turn| turn.position),
                time_of(&item.entry.item, started_at, &thread),
            );
            found.extend(match_entry(query, &evaluator, Outputs::Searched, &item.entry, place));
        }
        gathered.push(Gathered { thread, found });
    }
    Ok(page(query, gathered, now_ms, None))
}
