//! A file that cannot be read any more: lists and searches go on without it, and it is named.

use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use codex_rollout::fs::{Fault, FaultFs, StdFs};
use codex_test_support::RolloutBuilder;
use codex_thread_store::{ItemsView, LocalStore, LocalStoreOptions, StoreError, ThreadReadQuery, ThreadStore, View};

const SOUND: &str = "019cb354-0000-7000-8000-000000000001";
const DAMAGED: &str = "019cb354-0000-7000-8000-000000000002";

fn put(home: &Path, thread: &str) -> std::path::PathBuf {
    let mut rollout = RolloutBuilder::paginated(thread);
    rollout
        .start_turn()
        .user("ask for a needle")
        .agent("found")
        .complete_turn();
    rollout.file().write_to(home).expect("writable")
}

async fn found(store: &LocalStore) -> Vec<String> {
    let query = crate::search_query("needle");
    let page = store.search().expect("searchable").search_threads(query).await;
    let hits = page.expect("searched").hits;
    hits.into_iter().map(|hit| hit.thread.thread_id.to_string()).collect()
}

#[tokio::test]
async fn a_damaged_disk_keeps_nobody_from_finding_what_is_elsewhere() {
    let home = tempfile::tempdir().expect("a folder");
    put(home.path(), SOUND);
    let damaged = put(home.path(), DAMAGED);
    let fs = FaultFs::new(Arc::new(StdFs));
    let options = LocalStoreOptions {
        fs: Arc::new(fs.clone()),
        ..LocalStoreOptions::new(home.path())
    };
    let store = LocalStore::open(options).expect("a home");
    // Positions are indexed, texts are not.
    assert_eq!(crate::listed(&store).await, 2);
    fs.add(Fault::FailBelow {
        path: damaged.clone(),
        kind: ErrorKind::Other,
    });
    assert_eq!(found(&store).await, [SOUND]);
    assert_eq!(crate::listed(&store).await, 2, "what is known of it is listed");
    let query = ThreadReadQuery {
        thread_id: DAMAGED.parse().expect("an id"),
        view: View::Full,
        turns: Some(ItemsView::Full),
    };
    let error = store.read_thread(query).await.expect_err("it cannot be read");
    assert!(
        matches!(&error, StoreError::Read { path, .. } if *path == damaged),
        "{error:?}"
    );
    fs.heal();
    assert_eq!(found(&store).await, [SOUND, DAMAGED], "a disk that works again");
}
