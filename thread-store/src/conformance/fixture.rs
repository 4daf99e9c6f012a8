//! What a store brings along to be held to the suite, and the questions that the promises ask it.
//!
//! Answers are reduced to what a promise is about: ids and texts.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use codex_protocol::ids::ThreadId;
use codex_protocol::item::{ThreadItem, UserInput};

use super::log::Log;
use crate::error::StoreResult;
use crate::memory::MemoryRollout;
use crate::store::{SharedTurnSink, ThreadSearch, ThreadStore, TurnSink};
use crate::types::{
    Anchor, ArchivedFilter, Direction, GroupFilter, ItemAnchor, ItemEntry, ItemPageQuery, ItemsView, ListQuery,
    ListSort, SearchQuery, ThreadReadQuery, ThreadRecord, TimelineAnchor, TimelineEntry, TimelineEntryKind,
    TimelineQuery, TurnAnchor, TurnPageQuery, TurnRecord, View,
};

/// A fresh, empty place for rollouts, and a store over it.
///
/// What was put, appended or named before a call is in the store's next answer. Each promise gets a fixture of its own.
#[async_trait]
pub trait StoreFixture: Send + Sync {
    /// Adds a rollout, or replaces the one with the same name and place.
    async fn put(&self, rollout: &MemoryRollout);

    /// Appends bytes to the rollout with this name and sets the time of its last change.
    async fn append(&self, file_name: &str, bytes: &[u8], mtime_ms: i64);

    /// Gives a thread a name.
    async fn set_name(&self, thread_id: ThreadId, name: &str);

    /// Returns the store.
    fn store(&self) -> Arc<dyn ThreadStore>;

    /// Returns a store over the same place that has forgotten all that can be derived: a new process without an index.
    fn reopened(&self) -> Arc<dyn ThreadStore>;
}

/// Yields the store, and then one that has forgotten all that can be derived.
pub(super) fn warm_and_anew(fixture: &dyn StoreFixture) -> impl Iterator<Item = Arc<dyn ThreadStore>> + '_ {
    [false, true].into_iter().map(|anew| match anew {
        false => fixture.store(),
        true => fixture.reopened(),
    })
}

/// Puts several rollouts.
pub(super) async fn put_all(fixture: &dyn StoreFixture, logs: &[&Log]) {
    for log in logs {
        fixture.put(&log.file()).await;
    }
}

/// Appends to a log, here and in the store.
pub(super) async fn append(fixture: &dyn StoreFixture, log: &mut Log, write: impl FnOnce(&mut Log)) {
    let before = log.file();
    write(log);
    let after = log.file();
    let more = &after.bytes[before.bytes.len()..];
    fixture.append(&after.file_name, more, after.mtime_ms).await;
}

/// Reads a thread with all its turns; handed over one by one they are the same.
pub(super) async fn read(store: &dyn ThreadStore, thread_id: ThreadId, view: View) -> StoreResult<ThreadRecord> {
    let turns = Some(ItemsView::Full);
    let query = ThreadReadQuery { thread_id, view, turns };
    let record = store.read_thread(query).await?;
    let taken = Arc::new(Mutex::new(Taken::default()));
    let sink: SharedTurnSink = Arc::<Mutex<Taken>>::clone(&taken);
    let told = store.read_thread_into(query, sink).await?;
    let turns = taken.lock().expect("nobody panics with it").0.take();
    assert_eq!((turns.as_ref(), told.turns), (Some(&record.turns), Vec::new()));
    Ok(record)
}

/// What a sink took; nothing before it was told to begin.
#[derive(Default)]
struct Taken(Option<Vec<TurnRecord>>);

impl TurnSink for Taken {
    fn begin(&mut self) {
        self.0 = Some(Vec::new());
    }

    fn take(&mut self, turn: TurnRecord) {
        self.0.as_mut().expect("begun").push(turn);
    }
}

/// Returns the turns of a thread in the full view.
pub(super) async fn turns(store: &dyn ThreadStore, thread_id: ThreadId) -> Vec<TurnRecord> {
    read(store, thread_id, View::Full)
        .await
        .expect("a readable thread")
        .turns
}

/// Returns the ids of turns.
pub(super) fn turn_ids(turns: &[TurnRecord]) -> Vec<&str> {
    turns.iter().map(|turn| turn.turn_id.as_str()).collect()
}

/// Returns what the messages of turns say.
pub(super) fn turn_texts(turns: &[TurnRecord]) -> Vec<String> {
    turns
        .iter()
        .flat_map(|turn| &turn.items)
        .map(|item| text_of(&item.item))
        .collect()
}

/// Returns what an item says: the text of a message, the id of anything else.
pub(super) fn text_of(item: &ThreadItem) -> String {
    match item {
        ThreadItem::UserMessage(message) => {
            let parts = message.content.iter().filter_map(|part| match part {
                UserInput::Text(text) => Some(text.text.as_str()),
                _ => None,
            });
            parts.collect()
        }
        ThreadItem::AgentMessage(message) => message.text.clone(),
        other => format!("<{}>", other.id()),
    }
}

/// Asks for pages of turns.
pub(super) fn turn_query(thread_id: ThreadId, direction: Direction, limit: usize) -> TurnPageQuery {
    TurnPageQuery {
        thread_id,
        view: View::Full,
        anchor: None,
        limit,
        direction,
        items_view: ItemsView::NotLoaded,
    }
}

/// Walks pages of turns to the end; no turn may come twice.
pub(super) async fn walk_turns(store: &dyn ThreadStore, mut query: TurnPageQuery) -> Vec<TurnRecord> {
    let mut all = Vec::new();
    loop {
        let page = store.list_turns(query.clone()).await.expect("a page of turns");
        assert!(
            page.turns.len() <= query.limit,
            "a page holds at most what was asked for"
        );
        all.extend(page.turns);
        if !page.has_more {
            return all;
        }
        let last = all.last().expect("more follows only behind a row");
        query.anchor = Some(Anchor::Excluding(TurnAnchor::Position(last.position)));
        assert!(all.len() < 10_000, "pages of turns loop");
    }
}

/// Asks for pages of items.
pub(super) fn item_query(thread_id: ThreadId, direction: Direction, limit: usize) -> ItemPageQuery {
    ItemPageQuery {
        thread_id,
        view: View::Full,
        turn_id: None,
        anchor: None,
        limit,
        direction,
    }
}

/// Walks pages of items to the end.
pub(super) async fn walk_items(store: &dyn ThreadStore, mut query: ItemPageQuery) -> Vec<ItemEntry> {
    let mut all = Vec::new();
    loop {
        let page = store.list_items(query.clone()).await.expect("a page of items");
        assert!(
            page.items.len() <= query.limit,
            "a page holds at most what was asked for"
        );
        all.extend(page.items);
        if !page.has_more {
            return all;
        }
        let last: &ItemEntry = all.last().expect("more follows only behind a row");
        query.anchor = Some(Anchor::Excluding(ItemAnchor::Position(last.position)));
        assert!(all.len() < 10_000, "pages of items loop");
    }
}

/// Returns what all items of a thread say, in order.
pub(super) async fn item_texts(store: &dyn ThreadStore, thread_id: ThreadId) -> Vec<String> {
    let items = walk_items(store, item_query(thread_id, Direction::Ascending, 100)).await;
    items.iter().map(|entry| text_of(&entry.item.item)).collect()
}

/// Walks a timeline from its newest page back and returns all entries, oldest first.
pub(super) async fn walk_timeline(store: &dyn ThreadStore, thread_id: ThreadId, limit: usize) -> Vec<TimelineEntry> {
    let view = View::Full;
    let mut query = TimelineQuery {
        thread_id,
        view,
        before: None,
        limit,
    };
    let mut all: Vec<TimelineEntry> = Vec::new();
    loop {
        let page = store
            .list_timeline(query.clone())
            .await
            .expect("a page of the timeline");
        assert!(page.entries.len() <= limit, "a page holds at most what was asked for");
        query.before = page.entries.first().map(anchor_of);
        all.splice(0..0, page.entries);
        if !page.has_more {
            return all;
        }
        assert!(all.len() < 10_000, "pages of the timeline loop");
    }
}

fn anchor_of(entry: &TimelineEntry) -> TimelineAnchor {
    let (position, kind) = match entry {
        TimelineEntry::TurnStarted { position, .. } => (*position, TimelineEntryKind::TurnStarted),
        TimelineEntry::Item(entry) => (entry.position, TimelineEntryKind::Item),
        TimelineEntry::TurnCompleted { position, .. } => (*position, TimelineEntryKind::TurnCompleted),
    };
    TimelineAnchor { position, kind }
}

/// Asks for all threads in the full view, oldest first.
pub(super) fn list_query() -> ListQuery {
    ListQuery {
        view: View::Full,
        sort: ListSort::CreatedAt,
        direction: Direction::Ascending,
        limit: 100,
        anchor: None,
        archived: ArchivedFilter::Live,
        sources: None,
        providers: None,
        cwds: None,
        search_term: None,
        relation: None,
        section: GroupFilter::Any,
        project: GroupFilter::Any,
        include_attached: false,
        excluded: Vec::new(),
        include_unpreviewed: false,
        database_rows: false,
    }
}

/// Returns the ids of the threads that a list shows.
pub(super) async fn listed(store: &dyn ThreadStore, query: ListQuery) -> Vec<ThreadId> {
    let page = store.list_threads(query).await.expect("a page of threads");
    page.threads.iter().map(|thread| thread.thread_id).collect()
}

/// Asks for all threads that say a text, oldest first.
pub(super) fn search_query(term: &str, view: View) -> SearchQuery {
    SearchQuery {
        term: term.to_owned(),
        view,
        sort: ListSort::CreatedAt,
        direction: Direction::Ascending,
        limit: 100,
        anchor: None,
        archived: ArchivedFilter::Live,
        sources: None,
        include_attached: false,
    }
}

/// Returns the search capability; the suite asks only stores that have it.
pub(super) fn searching(store: &dyn ThreadStore) -> &dyn ThreadSearch {
    store.search().expect("a store that can search")
}

/// Returns the ids of the threads that say a text.
pub(super) async fn found(store: &dyn ThreadStore, term: &str, view: View) -> Vec<ThreadId> {
    let page = searching(store)
        .search_threads(search_query(term, view))
        .await
        .expect("a page of hits");
    page.hits.iter().map(|hit| hit.thread.thread_id).collect()
}
