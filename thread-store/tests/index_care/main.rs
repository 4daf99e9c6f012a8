//! The file of the index in bad days: where it cannot be kept, when it is spoilt, of another version, or written by others.
#![allow(clippy::disallowed_methods, reason = "tests prepare their own files")]

mod background;
mod compressed;
mod doctor;
mod file;
mod first_page;
mod moved;
mod place;
mod settled;
#[path = "../recording/split_fs.rs"]
mod split_fs;
#[path = "../support/mod.rs"]
mod support;
mod unread;
mod verify;

use std::sync::Arc;

use codex_thread_store::{
    ArchivedFilter, Direction, GroupFilter, IndexProgress, ListQuery, ListSort, LocalStore, SearchQuery, ThreadStore,
    View,
};

/// Threads that the default list of the fixture shows.
const LISTED: usize = 15;

/// A list of everything, oldest first.
fn any_query() -> ListQuery {
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

/// A search of all threads, oldest first.
fn search_query(term: &str) -> SearchQuery {
    SearchQuery {
        term: term.to_owned(),
        view: View::Full,
        sort: ListSort::CreatedAt,
        direction: Direction::Ascending,
        limit: 10,
        anchor: None,
        archived: ArchivedFilter::Any,
        sources: None,
        include_attached: true,
    }
}

/// Counts what the default list shows.
async fn listed(store: &LocalStore) -> usize {
    store.list_threads(any_query()).await.expect("a list").threads.len()
}

/// Indexes the whole home.
async fn index_all(store: &LocalStore) {
    let maintenance = store.maintenance().expect("kept");
    maintenance.index_all(Arc::new(NoProgress)).await.expect("indexed");
}

/// Makes the index anew.
async fn rebuild(store: &LocalStore) {
    let maintenance = store.maintenance().expect("kept");
    maintenance.rebuild(Arc::new(NoProgress)).await.expect("indexed");
}

struct NoProgress;

impl IndexProgress for NoProgress {
    fn advance(&self, _: u64, _: u64, _: u64, _: u64) {}
}
