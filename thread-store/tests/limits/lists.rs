//! How much an answer lists one by one, and how often a request looks again.

use std::io;
use std::sync::Arc;

use codex_rollout::fs::{Fault, FaultFs, FsOp, StdFs};
use codex_test_support::{Header, Mode, RolloutBuilder};
use codex_thread_store::{Direction, IndexProgress, StoreError, StoreMaintenance, ThreadSelector, ThreadStore, View};

use super::pages::list;
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

struct Quiet;

impl IndexProgress for Quiet {
    fn advance(&self, _: u64, _: u64, _: u64, _: u64) {}
}

/// Writes a thread of its own time of creation, with so many turns.
fn put(home: &LocalHome, number: usize, turns: usize) {
    let created_ms = 1_772_442_000_000 + number as i64 * 60_000;
    let header = Header::new(Mode::Paginated, &format!("019cb354-0000-7000-8000-{number:012}"));
    let mut rollout = RolloutBuilder::new(header.created_at(created_ms));
    for _ in 0..turns {
        rollout.start_turn().user("ask").complete_turn();
    }
    rollout.file().write_to(home.path()).expect("writable");
}

#[tokio::test]
async fn a_first_list_reads_a_part_of_the_home_unless_more_files_than_the_limit_have_changed() {
    const MAX_CHANGED_FILES: usize = 256;
    const NEW_FILES: usize = 400;
    for (changed, reads_all) in [(MAX_CHANGED_FILES, false), (MAX_CHANGED_FILES + 1, true)] {
        let home = LocalHome::new();
        (0..changed).for_each(|number| put(&home, number, 1));
        home.store().index_all(Arc::new(Quiet)).await.expect("indexed");
        (0..changed).for_each(|number| put(&home, number, 2));
        (changed..changed + NEW_FILES).for_each(|number| put(&home, number, 1));
        home.reopen();
        let page = home.store().list_threads(list(1, Direction::Descending, None)).await;
        assert_eq!(page.expect("a page").threads.len(), 1);
        let index = codex_state::db::Index::open(&home.index_path()).expect("the index");
        let indexed = index.reader().and_then(|reader| reader.files()).expect("rows").len();
        assert_eq!(indexed == changed + NEW_FILES, reads_all, "{indexed} files");
    }
}

#[tokio::test]
async fn a_first_list_whose_page_ends_at_its_bytes_reads_a_part_of_the_home() {
    const FILES: usize = 400;
    let home = LocalHome::new();
    (0..FILES).for_each(|number| put(&home, number, 1));
    let store = open(&home, |options| {
        options.index_dir = None;
        options.limits.max_page_bytes = 1;
    });
    let page = store.list_threads(list(100, Direction::Descending, None)).await;
    let page = page.expect("a page");
    assert_eq!((page.threads.len(), page.has_more), (1, true));
    let index = codex_state::db::Index::open(&home.index_path()).expect("the index");
    let indexed = index.reader().and_then(|reader| reader.files()).expect("rows").len();
    assert!(indexed < FILES, "{indexed} files");
}
