//! How much an answer lists one by one, and how often a request looks again.

use std::io;
use std::sync::Arc;

use codex_rollout::fs::{Fault, FaultFs, FsOp, StdFs};
use codex_test_support::RolloutBuilder;
use codex_thread_store::{StoreError, ThreadSelector, ThreadStore, View};

use super::support::LocalHome;
use super::{THREAD, items, open};

#[tokio::test]
async fn candidates_of_a_selector_are_named_up_to_the_limit() {
    const MAX_CANDIDATES: usize = 20;
    for threads in [MAX_CANDIDATES - 1, MAX_CANDIDATES, MAX_CANDIDATES + 1] {
        let home = LocalHome::new();
        for number in 0..threads {
            let mut rollout = RolloutBuilder::paginated(&format!("019cb354-0000-7000-8000-{number:012}"));
            rollout.start_turn().user("ask").complete_turn();
            rollout.file().write_to(home.path()).expect("writable");
        }
        let selector = ThreadSelector::Text("019cb354".to_owned());
        let found = home.store().resolve(&selector).await.expect("candidates");
        assert_eq!(found.len(), threads.min(MAX_CANDIDATES));
    }
}

#[tokio::test]
async fn damaged_lines_are_listed_up_to_the_limit_and_what_follows_them_is_read() {
    const MAX_LISTED_DAMAGE: usize = 1_000;
    for lines in [MAX_LISTED_DAMAGE, MAX_LISTED_DAMAGE + 1] {
        let home = LocalHome::new();
        let mut rollout = RolloutBuilder::paginated(THREAD);
        rollout.start_turn();
        for _ in 0..lines {
            rollout.garbage_line();
        }
        rollout.user("behind");
        rollout.file().write_to(home.path()).expect("writable");
        let store = home.store();
        assert_eq!(
            store
                .list_items(items(THREAD, View::Full, 10))
                .await
                .expect("items")
                .items
                .len(),
            1
        );
        let state = store.index_state(THREAD.parse().expect("id")).await.expect("state");
        assert_eq!(state.damage.len(), MAX_LISTED_DAMAGE);
    }
}

#[tokio::test]
async fn a_file_that_is_never_where_it_was_seen_is_an_error_after_the_last_look() {
    const MAX_MOVES_SEEN: usize = 3;
    let home = LocalHome::new();
    let mut rollout = RolloutBuilder::paginated(THREAD);
    rollout.start_turn().user("ask").complete_turn();
    rollout.file().write_to(home.path()).expect("writable");
    let fs = FaultFs::new(Arc::new(StdFs));
    let store = open(&home, |options| options.fs = Arc::new(fs.clone()));
    store.list_items(items(THREAD, View::Full, 10)).await.expect("items");
    let looks = |fs: &FaultFs| {
        let operations = fs.operations();
        let opened = operations
            .iter()
            .filter(|(op, path)| *op == FsOp::Open && path.extension().is_some_and(|extension| extension == "zst"));
        opened.count()
    };
    let before = looks(&fs);
    fs.add(Fault::FailAll {
        op: FsOp::Open,
        kind: io::ErrorKind::NotFound,
    });
    let error = store.list_items(items(THREAD, View::Full, 10)).await.expect_err("gone");
    assert!(matches!(error, StoreError::Read { .. }), "{error}");
    assert_eq!(looks(&fs) - before, MAX_MOVES_SEEN + 1);
    fs.heal();
    store.list_items(items(THREAD, View::Full, 10)).await.expect("back");
}
