//! Indexing behind the answers: what clients are told of it.
#![allow(clippy::disallowed_methods, reason = "tests prepare their own files")]

mod support;

use std::sync::Arc;

use codex_test_support::{Header, Mode, RolloutBuilder};
use codex_thread_store::{LocalStore, LocalStoreOptions, View};
use serde_json::{Value, json};
use support::{Wire, request};

/// More than one step takes.
const THREADS: u32 = 262;

fn home() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for number in 1..=THREADS {
        let thread = format!("019cb354-0000-7000-8000-{number:012}");
        let mut rollout = RolloutBuilder::new(Header::new(Mode::Paginated, &thread));
        rollout.start_turn().user("ask").agent("answer").complete_turn();
        rollout.file().write_to(folder.path()).expect("writable");
    }
    folder
}

/// Indexes behind a connection; returns what `index/state` says before and after, and all that was told meanwhile.
async fn indexed(view: View) -> (Value, Value, Vec<Value>) {
    let home = home();
    let store = LocalStore::open(LocalStoreOptions::new(home.path())).expect("a home");
    let server = support::server(store, view);
    let mut wire = Wire::initialized(Arc::clone(&server), true).await;
    let before = wire.result("index/state", json!({})).await;
    server.index_behind().await;
    wire.send(&request(7, "index/state", json!({}))).await;
    let mut told = Vec::new();
    loop {
        let message = wire.receive().await;
        if message["id"] == 7 {
            return (before, message["result"].clone(), told);
        }
        told.push(message);
    }
}

#[tokio::test]
async fn progress_is_told_until_it_is_done() {
    let (before, after, told) = indexed(View::Full).await;
    let nothing = |state: &str| json!({"state": state, "rolloutsLeft": null, "bytesLeft": null});
    assert_eq!(before, nothing("idle"));
    assert_eq!(after, nothing("done"));
    let progress: Vec<&Value> = told
        .iter()
        .filter(|message| message["method"] == "index/progress")
        .collect();
    let (first, last) = (&progress[0]["params"], &progress[progress.len() - 1]["params"]);
    assert_eq!(first["state"], "indexing");
    assert_eq!(first["rolloutsLeft"], 6, "the first step took 256 of 262");
    assert_eq!(*last, nothing("done"));
}

#[tokio::test]
async fn clients_of_the_exact_view_are_told_nothing_that_codex_does_not_tell() {
    let (_, after, told) = indexed(View::Codex).await;
    assert_eq!(after["state"], "done");
    assert!(
        told.iter().all(|message| message["method"] != "index/progress"),
        "{told:?}"
    );
}
