//! Several processes over one home, an index from before, and a journal that was compacted.

use std::path::Path;
use std::sync::Arc;

use codex_protocol::log::RawJson;
use codex_rollout::fs::StdFs;
use codex_rollout::journal::Journal;
use codex_thread_store::organise::{Attachments, Identity, PINNED_SECTION_ID};
use codex_thread_store::{LocalStore, LocalStoreOptions, ThreadStore};

use crate::agent::thread;
use crate::support::{LocalHome, block_on};
use crate::world::{Seen, assign, new_project, projects, put, record, sections, seen};

/// Another process over the home, with an index of its own.
fn other_process(home: &LocalHome, index: &Path) -> Arc<LocalStore> {
    let options = LocalStoreOptions {
        index_dir: Some(index.to_owned()),
        ..home.options()
    };
    LocalStore::open(options).expect("a home")
}

async fn organise(store: Arc<dyn ThreadStore>) {
    record(&store).await;
    for number in [2, 1] {
        put(&*store, number, None).await;
    }
    projects(&*store)
        .create(new_project("a", &[1, 3]))
        .await
        .expect("creates");
    assign(&*store, 4, Some("a")).await;
}

fn expected() -> Seen {
    Seen {
        pinned: [2, 1].map(thread).to_vec(),
        unsectioned: [3, 4].map(thread).to_vec(),
        projects: vec![("a".to_owned(), [1, 3, 4].map(thread).to_vec())],
        unassigned: vec![thread(2)],
    }
}

#[test]
fn an_index_follows_what_was_taken_back_while_nobody_listed() {
    let home = LocalHome::new();
    block_on(organise(home.store()));
    assert_eq!(block_on(seen(&*home.store())), expected());
    // The index of the first process knows all of it, and is closed.
    home.with_closed_store(|_| {
        let index = tempfile::tempdir().expect("temporary folder");
        let other = other_process(&home, index.path());
        block_on(async {
            let out = codex_thread_store::organise::SectionMove::Out;
            sections(&*other).move_thread(thread(2), out).await.expect("moves");
            projects(&*other).delete("a").await.expect("deletes");
        });
    });
    let found = block_on(seen(&*home.store()));
    let after = Seen {
        pinned: vec![thread(1)],
        unsectioned: [2, 3, 4].map(thread).to_vec(),
        projects: Vec::new(),
        unassigned: [1, 2, 3, 4].map(thread).to_vec(),
    };
    assert_eq!(found, after);
}

#[test]
fn two_processes_put_threads_into_one_order() {
    let home = LocalHome::new();
    block_on(organise(home.store()));
    let index = tempfile::tempdir().expect("temporary folder");
    let (one, other) = (home.store(), other_process(&home, index.path()));
    block_on(async {
        put(&*other, 3, Some(1)).await;
        put(&*one, 4, Some(3)).await;
        put(&*other, 2, None).await;
        projects(&*other).create(new_project("b", &[2])).await.expect("creates");
        projects(&*one).move_before("b", Some("a")).await.expect("moves");
    });
    let after = Seen {
        pinned: [4, 3, 1, 2].map(thread).to_vec(),
        unsectioned: Vec::new(),
        projects: vec![
            ("b".to_owned(), vec![thread(2)]),
            ("a".to_owned(), [1, 3, 4].map(thread).to_vec()),
        ],
        unassigned: Vec::new(),
    };
    assert_eq!(block_on(seen(&*one)), after);
    assert_eq!(block_on(seen(&*other)), after);
}

#[test]
fn a_compacted_journal_says_the_same() {
    let home = LocalHome::new();
    let store = home.store();
    block_on(organise(store.clone()));
    // A founder leaves, and the fact that names it as one is replaced by a later one.
    block_on(async {
        assign(&*store, 3, None).await;
        projects(&*store).create(new_project("b", &[2])).await.expect("creates");
        projects(&*store).move_before("b", Some("a")).await.expect("moves");
        projects(&*store).move_before("a", Some("b")).await.expect("moves");
        projects(&*store)
            .create(new_project("gone", &[]))
            .await
            .expect("creates");
        projects(&*store).delete("gone").await.expect("deletes");
        put(&*store, 1, Some(2)).await;
    });
    let before = block_on(seen(&*store));
    assert_eq!(before.projects[0], ("a".to_owned(), [1, 4].map(thread).to_vec()));
    let dropped = Journal::new(Arc::new(StdFs), home.path()).compact().expect("compacts");
    assert!(dropped > 0, "something was said twice");
    assert_eq!(block_on(seen(&*store)), before);
    home.reopen();
    let store = home.store();
    assert_eq!(block_on(seen(&*store)), before);
    let again = block_on(projects(&*store).create(new_project("gone", &[])));
    assert!(again.is_err(), "its key is remembered");
    assert_eq!(before.pinned, [1, 2].map(thread));
    assert!(block_on(sections(&*store).list(None, 9)).expect("lists").sections[0].id == PINNED_SECTION_ID);
}

#[test]
fn a_journal_that_says_the_same_again_and_again_stays_small() {
    let home = LocalHome::new();
    let store = home.store();
    let attachments = Attachments::of(store.facts().expect("a store that keeps facts"));
    let identity = Identity {
        attachment_type: "page".to_owned(),
        identity_key: "the same".to_owned(),
    };
    let payload = RawJson::string(&"x".repeat(60_000));
    for round in 0..200 {
        let added = attachments.add(thread(1), identity.clone(), payload.clone(), format!("id {round}"));
        block_on(added).expect("adds");
        let removed = attachments.remove(thread(1), identity.clone());
        assert!(block_on(removed).expect("removes").is_some());
    }
    block_on(attachments.add(thread(1), identity, payload, "last".to_owned())).expect("adds");
    let journal = home.path().join("codex-threads/journal/facts.jsonl");
    let len = std::fs::metadata(journal).expect("a journal").len();
    assert!(len < 5 * 1024 * 1024, "{len} bytes after 12 MB of facts");
    home.reopen();
    let attachments = home.store();
    let attachments = Attachments::of(attachments.facts().expect("a store that keeps facts"));
    let left = block_on(attachments.list(thread(1))).expect("lists");
    assert_eq!(left.iter().map(|left| left.id.as_str()).collect::<Vec<_>>(), ["last"]);
}
