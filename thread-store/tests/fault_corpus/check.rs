//! What must hold of every home, whatever was planted.

use std::fs;

use codex_protocol::ids::ThreadId;
use codex_protocol::item::{ThreadItem, UserInput};
use codex_thread_store::{
    Anchor, ArchivedFilter, DamageKind, Direction, IndexProgress, ItemsView, ListSort, SearchQuery, SourceFilter,
    StoreError, ThreadReadQuery, ThreadStore, TurnAnchor, TurnPageQuery, TurnRecord, View,
};

use crate::support::LocalHome;

/// What a thread shows.
pub(crate) struct Shown<'a> {
    pub(crate) thread: &'a str,
    /// Texts of users and agents, in order.
    pub(crate) texts: &'a [&'a str],
    /// Kinds of damage, in file order.
    pub(crate) damage: &'a [DamageKind],
}

impl<'a> Shown<'a> {
    pub(crate) fn sound(thread: &'a str, texts: &'a [&'a str]) -> Self {
        Self {
            thread,
            texts,
            damage: &[],
        }
    }
}

struct NoProgress;

impl IndexProgress for NoProgress {
    fn advance(&self, _: u64, _: u64, _: u64, _: u64) {}
}

pub(crate) fn id(thread: &str) -> ThreadId {
    thread.parse().expect("an id")
}

/// Checks a home as it is, after a restart, and with an index made anew.
pub(crate) async fn shows(home: &LocalHome, expected: &[Shown<'_>]) {
    once(home, expected).await;
    home.reopen();
    once(home, expected).await;
    home.with_closed_store(|index| {
        fs::remove_file(index).expect("removable");
        for side in ["sqlite-wal", "sqlite-shm"] {
            let _absent = fs::remove_file(index.with_extension(side));
        }
    });
    once(home, expected).await;
}

/// Checks a home as it is.
pub(crate) async fn once(home: &LocalHome, expected: &[Shown<'_>]) {
    let store = home.store();
    for shown in expected {
        let thread = shown.thread;
        let whole = read(&*store, thread).await.expect("readable");
        assert_eq!(texts(&whole), shown.texts, "{thread}");
        for direction in [Direction::Ascending, Direction::Descending] {
            let mut paged = pages(&*store, thread, direction).await;
            if direction == Direction::Descending {
                paged.reverse();
            }
            assert_eq!(paged, whole, "{thread} {direction:?}");
        }
        if let Some(last) = shown.texts.last() {
            let found = found(&*store, last).await;
            assert!(found.contains(&id(thread)), "`{last}` of {thread} is found");
        }
        let state = store.index_state(id(thread)).await.expect("a state");
        let kinds: Vec<DamageKind> = state.damage.iter().map(|damage| damage.kind).collect();
        assert_eq!(kinds, shown.damage, "{thread}");
        explained(&*store, shown).await;
    }
    let maintenance = store.maintenance().expect("kept");
    let verified = maintenance
        .verify(std::sync::Arc::new(NoProgress))
        .await
        .expect("verified");
    assert_eq!(verified.differing, [], "index and log agree");
}

/// The doctor tells each kind of damage, with the place of the first line of it.
async fn explained(store: &dyn ThreadStore, shown: &Shown<'_>) {
    let thread = shown.thread;
    let state = store.index_state(id(thread)).await.expect("a state");
    let report = store
        .maintenance()
        .expect("kept")
        .doctor(thread)
        .await
        .expect("a report");
    let mut told = Vec::new();
    for damage in state.damage {
        if told.contains(&damage.kind) {
            continue;
        }
        told.push(damage.kind);
        let place = format!("byte {}", damage.offset);
        let mut wrong = report.findings.iter().filter(|finding| !finding.ok);
        assert!(
            wrong.any(|finding| finding.detail.contains(&place)),
            "{damage:?} is told in {report:?}"
        );
    }
}

pub(crate) async fn read(store: &dyn ThreadStore, thread: &str) -> Result<Vec<TurnRecord>, StoreError> {
    let query = ThreadReadQuery {
        thread_id: id(thread),
        view: View::Full,
        turns: Some(ItemsView::Full),
    };
    Ok(store.read_thread(query).await?.turns)
}

/// Reads all turns, one to a page.
async fn pages(store: &dyn ThreadStore, thread: &str, direction: Direction) -> Vec<TurnRecord> {
    let mut turns: Vec<TurnRecord> = Vec::new();
    let mut anchor = None;
    loop {
        let query = TurnPageQuery {
            thread_id: id(thread),
            view: View::Full,
            anchor,
            limit: 1,
            direction,
            items_view: ItemsView::Full,
        };
        let page = store.list_turns(query).await.expect("a page");
        turns.extend(page.turns);
        assert!(turns.len() < 100, "pages end");
        match (page.has_more, turns.last()) {
            (true, Some(last)) => anchor = Some(Anchor::Excluding(TurnAnchor::Position(last.position))),
            _ => return turns,
        }
    }
}

/// Texts of users and agents.
pub(crate) fn texts(turns: &[TurnRecord]) -> Vec<String> {
    let items = turns.iter().flat_map(|turn| &turn.items);
    items
        .filter_map(|timed| match &timed.item {
            ThreadItem::UserMessage(message) => {
                let parts = message.content.iter().filter_map(|part| match part {
                    UserInput::Text(text) => Some(text.text.as_str()),
                    _ => None,
                });
                Some(parts.collect())
            }
            ThreadItem::AgentMessage(message) => Some(message.text.clone()),
            _ => None,
        })
        .collect()
}

async fn found(store: &dyn ThreadStore, term: &str) -> Vec<ThreadId> {
    let query = SearchQuery {
        term: term.chars().take(100).collect(),
        view: View::Full,
        sort: ListSort::CreatedAt,
        direction: Direction::Ascending,
        limit: 100,
        anchor: None,
        archived: ArchivedFilter::Any,
        sources: Some(vec![SourceFilter::Vscode, SourceFilter::Unknown]),
        include_attached: true,
    };
    let page = store.search().expect("searchable").search_threads(query).await;
    let hits = page.expect("searched").hits;
    hits.into_iter().map(|hit| hit.thread.thread_id).collect()
}
