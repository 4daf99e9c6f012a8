//! A small home with threads of both modes, and what a reader sees of all of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use codex_protocol::ids::ThreadId;
use codex_rollout::fs::{Crash, SimFs};
use codex_test_support::agent::Form;
use codex_thread_store::live::LiveThread;
use codex_thread_store::{
    ArchivedFilter, Direction, ForkRequest, GroupFilter, HistoryMode, ItemsView, ListQuery, ListSort, LocalStore,
    MetadataPatch, SourceFilter, StoreErrorKind, StoreResult, ThreadLifecycle, ThreadReadQuery, ThreadStore, View,
};

use crate::agent::{new_thread, options, thread, turn_batches};
use crate::sim_home::SimHome;

/// The legacy thread.
pub(crate) const LEGACY: u32 = 1;
/// A paginated thread that was reverted once.
pub(crate) const REVERTED: u32 = 2;
/// A paginated thread.
pub(crate) const PLAIN: u32 = 3;
/// A fork of [`PLAIN`].
pub(crate) const FORK: u32 = 4;
/// An archived paginated thread that was reverted once.
pub(crate) const ARCHIVED: u32 = 5;
/// The fork that a test makes.
pub(crate) const NEW: u32 = 9;

/// What a reader sees of one thread: archived or not, its name, its turns.
pub(crate) type Seen = (bool, Option<String>, Vec<String>);

pub(crate) fn lifecycle(store: &LocalStore) -> &dyn ThreadLifecycle {
    store.lifecycle().expect("a store that forks")
}

/// Records turns into a thread, which is made first if it has to be.
pub(crate) async fn record(store: &Arc<LocalStore>, number: u32, mode: HistoryMode, turns: &[&str]) {
    let (id, options) = (thread(number), options(Form::Canonical));
    let shared: Arc<dyn ThreadStore> = Arc::clone(store) as Arc<dyn ThreadStore>;
    let live = match LiveThread::resume(Arc::clone(&shared), id, options.clone()).await {
        Ok(live) => live,
        Err(_) => LiveThread::create(shared, new_thread(id, mode), options)
            .await
            .expect("a new thread"),
    };
    for turn in turns {
        for batch in turn_batches(id, turn) {
            live.append(&batch, None).await.expect("recorded");
        }
    }
    live.close().await.expect("closed");
}

/// Makes the home.
pub(crate) fn world() -> SimFs {
    let home = SimHome::new(SimFs::new(), 0);
    let store = home.open().expect("a home");
    home.run(async {
        record(&store, LEGACY, HistoryMode::Legacy, &["a", "b", "c"]).await;
        for number in [REVERTED, PLAIN, ARCHIVED] {
            record(&store, number, HistoryMode::Paginated, &["a", "b", "c"]).await;
        }
        for number in [REVERTED, ARCHIVED] {
            lifecycle(&store)
                .revert_thread(thread(number), "c")
                .await
                .expect("reverted");
            record(&store, number, HistoryMode::Paginated, &["d"]).await;
        }
        let name = MetadataPatch {
            name: Some("reverted once".to_owned()),
            ..MetadataPatch::default()
        };
        let writes = store.writes().expect("a store that records");
        writes.update_metadata(thread(REVERTED), name).await.expect("named");
        let fork = ForkRequest::new(thread(PLAIN), thread(FORK));
        lifecycle(&store).fork_thread(fork).await.expect("forked");
        lifecycle(&store)
            .archive_thread(thread(ARCHIVED))
            .await
            .expect("archived");
    });
    home.disk.crash(Crash::Process)
}

/// Asks for all threads of an agent, hidden ones included, oldest first.
pub(crate) fn list_query(archived: ArchivedFilter) -> ListQuery {
    ListQuery {
        view: View::Full,
        sort: ListSort::CreatedAt,
        direction: Direction::Ascending,
        limit: 100,
        anchor: None,
        archived,
        sources: Some(vec![SourceFilter::Exec]),
        providers: None,
        cwds: None,
        search_term: None,
        relation: None,
        section: GroupFilter::Any,
        project: GroupFilter::Any,
        include_attached: true,
        excluded: Vec::new(),
        include_unpreviewed: true,
        database_rows: false,
    }
}

/// Reads all threads; each may be listed once at most, and exactly if it can be read.
pub(crate) async fn seen(store: &LocalStore) -> BTreeMap<u32, Seen> {
    let page = store
        .list_threads(list_query(ArchivedFilter::Any))
        .await
        .expect("a list");
    let mut listed: Vec<ThreadId> = page.threads.iter().map(|record| record.thread_id).collect();
    listed.sort_by_key(ToString::to_string);
    let mut seen = BTreeMap::new();
    for number in [LEGACY, REVERTED, PLAIN, FORK, ARCHIVED, NEW] {
        if let Some(thread) = seen_of(store, number).await.expect("a readable thread") {
            seen.insert(number, thread);
        }
    }
    let readable: Vec<ThreadId> = seen.keys().map(|number| thread(*number)).collect();
    assert_eq!(listed, readable, "each thread is listed once");
    for record in &page.threads {
        let number = (1..10)
            .find(|number| thread(*number) == record.thread_id)
            .expect("one of ours");
        assert_eq!(
            (record.archived, record.name.clone()),
            (seen[&number].0, seen[&number].1.clone())
        );
    }
    seen
}

/// Reads one thread; `None` if there is none.
pub(crate) async fn seen_of(store: &LocalStore, number: u32) -> StoreResult<Option<Seen>> {
    let query = ThreadReadQuery {
        thread_id: thread(number),
        view: View::Full,
        turns: Some(ItemsView::Full),
    };
    match store.read_thread(query).await {
        Ok(record) => {
            let turns = record
                .turns
                .iter()
                .map(|turn| format!("{} {}", turn.turn_id, turn.items.len()));
            Ok(Some((record.archived, record.name, turns.collect())))
        }
        Err(error) if error.kind() == StoreErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
