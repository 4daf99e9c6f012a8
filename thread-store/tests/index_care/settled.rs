//! What is settled in the index is not looked at again by the next process, unless what it depends on has changed.

use std::io::ErrorKind;
use std::sync::Arc;

use codex_rollout::fs::{Fault, FaultFs, FsOp, StdFs};
use codex_test_support::{Header, HomeBuilder, Mode, RolloutBuilder};
use codex_thread_store::{ListPage, LocalStore, LocalStoreOptions, ThreadStore};

use crate::support::LocalHome;
use crate::{any_query, index_all};

const THREADS: u64 = 5;
/// Long before the index is written: a power loss can have taken nothing of these files.
const CREATED_MS: i64 = 1_772_442_000_000;

fn id(number: u64) -> String {
    format!("019cb354-0000-7000-8000-{number:012}")
}

fn home() -> LocalHome {
    let home = LocalHome::new();
    let mut files = HomeBuilder::new();
    for number in 0..THREADS {
        let mut rollout = RolloutBuilder::new(Header::new(Mode::Bare, &id(number)).created_at(CREATED_MS));
        rollout.start_turn().user("ask").agent("answer").complete_turn();
        files.session(&rollout).name(&id(number), "first name", CREATED_MS);
    }
    files.write_to(home.path()).expect("writable");
    home
}

async fn list(options: LocalStoreOptions) -> ListPage {
    let store = LocalStore::open(options).expect("a home");
    store.list_threads(any_query()).await.expect("a list")
}

#[tokio::test]
async fn the_next_process_reads_no_rollout_to_list_them() {
    let home = home();
    index_all(&home.store()).await;
    std::fs::remove_file(home.path().join("session_index.jsonl")).expect("there is one");
    let expected = list(home.options()).await;
    let fs = FaultFs::new(Arc::new(StdFs)).with(Fault::FailAll {
        op: FsOp::ReadAt,
        kind: ErrorKind::Other,
    });
    let options = LocalStoreOptions {
        fs: Arc::new(fs),
        ..home.options()
    };
    assert_eq!(list(options).await, expected);
    assert_eq!(expected.threads.len() as u64, THREADS);
}

#[tokio::test]
async fn another_provider_for_threads_without_one_makes_their_rows_anew() {
    let home = home();
    index_all(&home.store()).await;
    let options = LocalStoreOptions {
        default_provider: "another".to_owned(),
        ..home.options()
    };
    let found = list(options).await;
    assert!(found.threads.iter().all(|thread| thread.model_provider == "another"));
}

#[tokio::test]
async fn a_name_that_was_given_meanwhile_is_listed() {
    let home = home();
    index_all(&home.store()).await;
    let mut names = HomeBuilder::new();
    names.name(&id(2), "second name", CREATED_MS + 1_000);
    names.write_to(home.path()).expect("writable");
    let found = list(home.options()).await;
    let named = |name: &str| {
        found
            .threads
            .iter()
            .filter(|thread| thread.name.as_deref() == Some(name))
            .count()
    };
    assert_eq!(named("second name"), 1);
}

/// A file that cannot be looked at is not gone, and what changes meanwhile is made good: in the same process and in the next.
#[tokio::test]
async fn a_file_that_cannot_be_looked_at_for_a_moment_is_listed_with_what_changed_meanwhile() {
    for next_process in [false, true] {
        let home = home();
        index_all(&home.store()).await;
        let path = home.store().list_threads(any_query()).await.expect("a list").threads[2]
            .path
            .clone();
        let fs = FaultFs::new(Arc::new(StdFs));
        let options = LocalStoreOptions {
            fs: Arc::new(fs.clone()),
            ..home.options()
        };
        let store = LocalStore::open(options).expect("a home");
        assert_eq!(
            store.list_threads(any_query()).await.expect("a list").threads.len() as u64,
            THREADS
        );
        fs.add(Fault::FailBelow {
            path,
            kind: ErrorKind::Other,
        });
        let mut names = HomeBuilder::new();
        names.name(&id(2), "second name", CREATED_MS + 1_000);
        names.write_to(home.path()).expect("writable");
        assert_eq!(
            store.list_threads(any_query()).await.expect("a list").threads.len() as u64,
            THREADS
        );
        fs.heal();
        let found = match next_process {
            false => store.list_threads(any_query()).await.expect("a list"),
            true => list(home.options()).await,
        };
        let names: Vec<_> = found.threads.iter().map(|thread| thread.name.as_deref()).collect();
        assert_eq!(
            names,
            [None, None, Some("second name"), None, None],
            "in the next process: {next_process}"
        );
    }
}
