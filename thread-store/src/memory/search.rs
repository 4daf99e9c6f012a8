//! Finds text by reading everything: no words, no candidates.
//!
//! The full view searches the messages of the visible history; the exact view all lines of the thread's own file.

use codex_protocol::item::{MessagePhase, ThreadItem, UserInput};
use codex_protocol::log::{LineHead, RolloutItem};
use codex_state::messages::said;
use codex_state::text::{LiteralMatcher, LowercaseMatcher, MAX_TERM_BYTES, markdown_to_plain, occurrence_snippet};

use super::history::History;
use super::home::Home;
use super::list::matching;
use crate::error::{StoreError, StoreResult};
use crate::types::{
    GroupFilter, ListQuery, Occurrence, OccurrenceAnchor, OccurrencePage, OccurrenceQuery, SearchHit, SearchPage,
    SearchQuery, View,
};

/// Finds threads.
pub(super) fn threads(home: &Home, query: &SearchQuery) -> StoreResult<SearchPage> {
    let list = ListQuery {
        view: query.view,
        sort: query.sort,
        direction: query.direction,
        limit: usize::MAX,
        anchor: query.anchor,
        archived: query.archived,
        sources: query.sources.clone(),
        providers: None,
        cwds: None,
        search_term: None,
        relation: None,
        section: GroupFilter::Any,
        project: GroupFilter::Any,
        include_attached: query.include_attached,
        excluded: Vec::new(),
        include_unpreviewed: false,
        database_rows: false,
    };
    let matcher = match query.view {
        View::Full => LiteralMatcher::folding(&query.term),
        View::Codex => LiteralMatcher::exact_view(&query.term),
    };
    let (bytes, limit_bytes) = (query.term.len(), MAX_TERM_BYTES);
    let matcher = matcher.map_err(|_| StoreError::TermTooLong { bytes, limit_bytes })?;
    let mut hits = Vec::new();
    for thread in matching(home, &list)? {
        let history = History::open_for_search(home, thread.record.thread_id, query.view)?;
        let snippet = match query.view {
            View::Full => messages(&history).iter().find_map(|text| matcher.snippet(text)),
            View::Codex => snippet_in_lines(&history, &matcher),
        };
        if let Some(snippet) = snippet {
            hits.push(SearchHit {
                thread: thread.record,
                snippet,
            });
        }
    }
    let has_more = hits.len() > query.limit;
    hits.truncate(query.limit);
    Ok(SearchPage { hits, has_more })
}

/// Returns the texts of all visible messages, in the order in which they took their present form.
fn messages(history: &History) -> Vec<String> {
    let mut items: Vec<_> = history.items().iter().collect();
    items.sort_by_key(|item| (item.at, item.row.spans.last().map(|span| span.offset)));
    let texts = items.into_iter().filter_map(|item| match &item.entry.item.item {
        ThreadItem::UserMessage(message) => Some(user_text(&message.content)),
        ThreadItem::AgentMessage(message) => Some(message.text.clone()),
        _ => None,
    });
    texts.collect()
}

fn user_text(content: &[UserInput]) -> String {
    let parts = content.iter().filter_map(|part| match part {
        UserInput::Text(text) => Some(text.text.as_str()),
        _ => None,
    });
    parts.collect()
}

fn snippet_in_lines(history: &History, matcher: &LiteralMatcher) -> Option<String> {
    let lines: Vec<&[u8]> = history.current().file.bytes.split(|byte| *byte == b'\n').collect();
    let text = |line: &&[u8]| {
        let head = LineHead::parse(line).ok()?;
        let item = RolloutItem::decode(&head.kind, head.payload, head.metadata).ok()?;
        said(&item).map(|(_, text)| text)
    };
    let snippet = lines.iter().filter_map(text).find_map(|text| matcher.snippet(&text));
    snippet.filter(|_| lines.iter().any(|line| matcher.raw_line_matches(line)))
}

/// Finds occurrences in one thread.
pub(super) fn occurrences(home: &Home, query: &OccurrenceQuery) -> StoreResult<OccurrencePage> {
    let history = History::open_for_items(home, query.thread_id, query.view, "thread/searchOccurrences")?;
    let matcher = LowercaseMatcher::new(&query.term);
    let mut all = Vec::new();
    for item in history.items() {
        let Some((turn_position, final_agent)) = history.turn_of(item) else {
            continue;
        };
        let text = match &item.entry.item.item {
            ThreadItem::UserMessage(message) => user_text(&message.content),
            ThreadItem::AgentMessage(message) => {
                let partial = message.phase == Some(MessagePhase::PartialAnswer);
                if !partial && final_agent != Some(item.row.key) {
                    continue;
                }
                markdown_to_plain(&message.text)
            }
            _ => continue,
        };
        for (index, range) in matcher.find_all(&text).into_iter().enumerate() {
            let snippet = occurrence_snippet(&text, range);
            let occurrence = Occurrence {
                turn_id: item.entry.turn_id.clone(),
                item_id: item.entry.item.item.id().to_owned(),
                snippet: snippet.text,
                match_start: snippet.match_start_utf16,
                match_end: snippet.match_end_utf16,
                turn_position,
            };
            all.push((
                item.at,
                OccurrenceAnchor {
                    position: item.entry.position,
                    index,
                },
                occurrence,
            ));
        }
    }
    if let Some(anchor) = query.anchor {
        let compare = history.comparison(anchor.position)?;
        all.retain(|(at, place, _)| {
            compare((*at, place.position))
                .then(place.index.cmp(&anchor.index))
                .is_ge()
        });
    }
    let next = all.get(query.limit).map(|(_, place, _)| *place);
    all.truncate(query.limit);
    let occurrences = all.into_iter().map(|(_, _, occurrence)| occurrence).collect();
    Ok(OccurrencePage {
        occurrences,
        next,
        history_mode: history.mode(),
    })
}
