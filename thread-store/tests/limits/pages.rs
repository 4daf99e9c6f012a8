//! Pages of lists and of found threads, whose previews are answered in full.

use std::sync::Arc;

use codex_test_support::RolloutBuilder;
use codex_thread_store::{
    ArchivedFilter, Direction, GroupFilter, ListQuery, ListSort, LocalStore, SearchQuery, ThreadAnchor, ThreadRecord,
    ThreadStore, View,
};

use super::open;
use super::support::LocalHome;

const THREADS: usize = 6;
const PREVIEW_BYTES: usize = 10_000;

fn write_threads(home: &LocalHome) {
    for number in 0..THREADS {
        let mut rollout = RolloutBuilder::legacy(&format!("019cb354-0000-7000-8000-{number:012}"));
        rollout
            .start_turn()
            .user(&format!("needle {}", "x".repeat(PREVIEW_BYTES - 7)))
            .agent("fine")
            .complete_turn();
        rollout.file().write_to(home.path()).expect("writable");
    }
}

pub(crate) fn list(limit: usize, direction: Direction, anchor: Option<ThreadAnchor>) -> ListQuery {
    ListQuery {
        view: View::Full,
        sort: ListSort::CreatedAt,
        direction,
        limit,
        anchor,
        archived: ArchivedFilter::Live,
        sources: None,
        providers: None,
        cwds: None,
        search_term: None,
        relation: None,
        section: GroupFilter::Any,
        project: GroupFilter::Any,
        include_attached: true,
        include_unpreviewed: true,
        excluded: Vec::new(),
        database_rows: false,
    }
}

fn search(anchor: Option<ThreadAnchor>) -> SearchQuery {
    SearchQuery {
        term: "needle".to_owned(),
        view: View::Full,
        sort: ListSort::CreatedAt,
        direction: Direction::Descending,
        limit: 100,
        anchor,
        archived: ArchivedFilter::Any,
        sources: None,
        include_attached: true,
    }
}

fn anchor_after(last: &ThreadRecord) -> ThreadAnchor {
    ThreadAnchor {
        time_ms: last.created_at_ms,
        thread_id: Some(last.thread_id),
    }
}

/// Walks through all pages; returns them.
async fn walk(store: &LocalStore, limit: usize, direction: Direction) -> Vec<Vec<ThreadRecord>> {
    let mut pages: Vec<Vec<ThreadRecord>> = Vec::new();
    loop {
        let anchor = pages.last().and_then(|page| page.last()).map(anchor_after);
        let page = store
            .list_threads(list(limit, direction, anchor))
            .await
            .expect("a page");
        assert!(!page.threads.is_empty(), "a page has a thread");
        pages.push(page.threads);
        if !page.has_more {
            return pages;
        }
    }
}

async fn walk_hits(store: &LocalStore) -> Vec<Vec<ThreadRecord>> {
    let mut pages: Vec<Vec<ThreadRecord>> = Vec::new();
    loop {
        let anchor = pages.last().and_then(|page| page.last()).map(anchor_after);
        let searching = store.search().expect("search");
        let page = searching.search_threads(search(anchor)).await.expect("a page");
        pages.push(page.hits.into_iter().map(|hit| hit.thread).collect());
        if !page.has_more {
            return pages;
        }
    }
}

fn lengths(pages: &[Vec<ThreadRecord>]) -> Vec<usize> {
    pages.iter().map(Vec::len).collect()
}

#[tokio::test]
async fn a_list_page_ends_at_its_bytes_and_the_next_one_goes_on_and_one_row_always_fits() {
    let home = LocalHome::new();
    write_threads(&home);
    for direction in [Direction::Ascending, Direction::Descending] {
        let whole = walk(&home.store(), 100, direction).await;
        assert_eq!(lengths(&whole), [THREADS], "within the real limit nothing changes");
        assert!(whole[0].iter().all(|thread| thread.preview.len() == PREVIEW_BYTES));
        let row_bytes = whole[0].iter().map(ThreadRecord::text_bytes).max().expect("rows");
        let cases = [
            (2 * row_bytes, vec![2, 2, 2]),
            (2 * row_bytes - 1, vec![1; THREADS]),
            (row_bytes, vec![1; THREADS]),
            (1, vec![1; THREADS]),
            (THREADS as u64 * row_bytes, vec![THREADS]),
        ];
        for (max_page_bytes, expected) in cases {
            let store: Arc<LocalStore> = open(&home, |options| options.limits.max_page_bytes = max_page_bytes);
            let pages = walk(&store, 100, direction).await;
            assert_eq!(lengths(&pages), expected, "{max_page_bytes}");
            assert_eq!(pages.concat(), whole[0]);
        }
        let store = open(&home, |options| options.limits.max_page_bytes = 4 * row_bytes);
        let by_rows = walk(&store, 3, direction).await;
        assert_eq!(lengths(&by_rows), [3, 3], "the limit of rows comes first");
    }
}

#[tokio::test]
async fn a_page_of_found_threads_ends_at_its_bytes_and_the_next_one_goes_on() {
    let home = LocalHome::new();
    write_threads(&home);
    let whole = walk_hits(&home.store()).await;
    assert_eq!(lengths(&whole), [THREADS]);
    let row_bytes = whole[0].iter().map(ThreadRecord::text_bytes).max().expect("rows");
    for (max_page_bytes, expected) in [(2 * row_bytes, vec![2, 2, 2]), (1, vec![1; THREADS])] {
        let store = open(&home, |options| options.limits.max_page_bytes = max_page_bytes);
        let pages = walk_hits(&store).await;
        assert_eq!(lengths(&pages), expected);
        assert_eq!(pages.concat(), whole[0]);
    }
}
