//! An index that breaks before a change of what threads there are: the change is made, and made once.

use std::fs;
use std::sync::Arc;

use codex_test_support::agent::Form;
use codex_thread_store::live::LiveThread;
use codex_thread_store::{
    ArchivedFilter, ForkCut, ForkRequest, HistoryMode, ItemsView, LocalStore, MetadataPatch, ThreadReadQuery,
    ThreadStore, View,
};

use crate::agent::{options, thread, turn_batches};
use crate::support::LocalHome;
use crate::world::{lifecycle, list_query, record};

const MODES: [HistoryMode; 2] = [HistoryMode::Legacy, HistoryMode::Paginated];

/// Fills the index with something else while a store has it open.
fn spoil(home: &LocalHome) {
    for suffix in ["", "-wal"] {
        let mut path = home.index_path().into_os_string();
        path.push(suffix);
        if let Ok(bytes) = fs::read(&path) {
            fs::write(&path, vec![0x55; bytes.len()]).expect("writable");
        }
    }
}

async fn turns(store: &LocalStore, number: u32) -> Vec<String> {
    let query = ThreadReadQuery {
        thread_id: thread(number),
        view: View::Full,
        turns: Some(ItemsView::NotLoaded),
    };
    let record = store.read_thread(query).await.expect("a thread");
    record.turns.into_iter().map(|turn| turn.turn_id).collect()
}

async fn listed(store: &LocalStore, archived: ArchivedFilter) -> usize {
    let page = store.list_threads(list_query(archived)).await.expect("a list");
    page.threads.len()
}

#[tokio::test]
async fn a_broken_index_fails_no_change() {
    for mode in MODES {
        let home = LocalHome::new();
        let store = home.store();
        record(&store, 1, mode, &["a", "b", "c"]).await;
        spoil(&home);
        let fork = ForkRequest {
            cut: ForkCut::LastTurn("b".to_owned()),
            ..ForkRequest::new(thread(1), thread(2))
        };
        lifecycle(&store).fork_thread(fork).await.expect("forked");
        assert_eq!(turns(&store, 2).await, ["a", "b"]);
        spoil(&home);
        lifecycle(&store).revert_thread(thread(1), "b").await.expect("reverted");
        assert_eq!(turns(&store, 1).await, ["a"]);
        spoil(&home);
        let archived = lifecycle(&store).archive_thread(thread(1)).await;
        assert_eq!(archived.expect("archived"), [thread(1)]);
        assert_eq!(listed(&store, ArchivedFilter::Archived).await, 1);
        spoil(&home);
        let back = lifecycle(&store).unarchive_thread(thread(1)).await;
        assert_eq!(back.expect("unarchived"), [thread(1)]);
        spoil(&home);
        let name = MetadataPatch {
            name: Some("named".to_owned()),
            ..MetadataPatch::default()
        };
        let writes = store.writes().expect("a store that records");
        writes.update_metadata(thread(1), name).await.expect("named");
        spoil(&home);
        assert_eq!(
            lifecycle(&store).delete_thread(thread(2)).await.expect("deleted"),
            [thread(2)]
        );
        assert_eq!(listed(&store, ArchivedFilter::Any).await, 1, "{mode:?}");
    }
}

#[tokio::test]
async fn an_open_thread_is_reverted_once_whatever_the_index_is() {
    for mode in MODES {
        let home = LocalHome::new();
        let store = home.store();
        record(&store, 1, mode, &["a", "b", "c"]).await;
        let shared: Arc<dyn ThreadStore> = store.clone();
        let live = LiveThread::resume(shared, thread(1), options(Form::Canonical)).await;
        let live = live.expect("opened");
        spoil(&home);
        lifecycle(&store).revert_thread(thread(1), "b").await.expect("reverted");
        for batch in turn_batches(thread(1), "d") {
            live.append(&batch, None).await.expect("goes on");
        }
        live.close().await.expect("closed");
        assert_eq!(turns(&store, 1).await, ["a", "d"], "{mode:?}");
    }
}
