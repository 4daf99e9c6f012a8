//! A thread that another program archives or unarchives in the very moment of a list is in the list.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use codex_rollout::fs::{Fault, FaultFs, StdFs};
use codex_test_support::RolloutBuilder;
use codex_thread_store::{
    ArchivedFilter, Direction, GroupFilter, ListQuery, ListSort, LocalStore, LocalStoreOptions, ThreadStore, View,
};

use crate::support::LocalHome;

const STAYING: &str = "019cb354-0000-7000-8000-000000000001";
const MOVED: &str = "019cb354-0000-7000-8000-000000000002";

fn put(home: &Path, thread: &str) -> PathBuf {
    let mut rollout = RolloutBuilder::paginated(thread);
    rollout.start_turn().user("ask").agent("answer").complete_turn();
    rollout.file().write_to(home).expect("writable")
}

async fn threads(store: &LocalStore) -> Vec<String> {
    let query = ListQuery {
        view: View::Full,
        sort: ListSort::CreatedAt,
        direction: Direction::Ascending,
        limit: 10,
        anchor: None,
        archived: ArchivedFilter::Any,
        sources: None,
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
    };
    let page = store.list_threads(query).await.expect("a list");
    let mut threads: Vec<String> = page.threads.iter().map(|it| it.thread_id.to_string()).collect();
    threads.sort();
    threads
}

#[tokio::test]
async fn a_thread_that_is_moved_during_a_list_is_listed() {
    let home = LocalHome::new();
    put(home.path(), STAYING);
    let active = put(home.path(), MOVED);
    let folder = home.path().join("archived_sessions");
    std::fs::create_dir(&folder).expect("writable");
    let archived = folder.join(active.file_name().expect("a file"));
    let fs = FaultFs::new(Arc::new(StdFs));
    let options = LocalStoreOptions {
        fs: Arc::new(fs.clone()),
        ..home.options()
    };
    let store = LocalStore::open(options).expect("a home");
    assert_eq!(threads(&store).await, [STAYING, MOVED]);
    for (from, to) in [(&active, &archived), (&archived, &active)] {
        for at in 0.. {
            let action = {
                let (from, to) = (from.clone(), to.clone());
                Box::new(move || std::fs::rename(from, to).expect("moved"))
            };
            fs.add(Fault::Before {
                at: fs.operation_count() + at,
                action,
            });
            assert_eq!(threads(&store).await, [STAYING, MOVED], "before operation {at}");
            fs.heal();
            if !to.exists() {
                break;
            }
            assert_eq!(threads(&store).await, [STAYING, MOVED], "after operation {at}");
            std::fs::rename(to, from).expect("back");
            assert_eq!(threads(&store).await, [STAYING, MOVED]);
        }
        std::fs::rename(from, to).expect("moved");
    }
}
