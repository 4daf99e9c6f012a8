//! What another process, or the thread's own agent, does in the middle of a fork, a revert or a deletion.

use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, mpsc};

use codex_rollout::fs::FsOp;
use codex_test_support::RolloutFile;
use codex_test_support::agent::Form;
use codex_thread_store::live::LiveThread;
use codex_thread_store::{
    ForkRequest, HistoryMode, ItemsView, LocalStore, LocalStoreOptions, StoreErrorKind, StoreResult, ThreadReadQuery,
    ThreadStore, TrashQuery, TrashSelection, View,
};
use tokio::runtime::Handle;

use crate::agent::{options, thread, turn_batches};
use crate::hook_fs::HookFs;
use crate::support::LocalHome;
use crate::world::{lifecycle, record};

/// A store of another process in the same home, with a hook.
fn hooked(home: &LocalHome) -> (HookFs, Arc<LocalStore>) {
    let fs = HookFs::default();
    let options = LocalStoreOptions {
        fs: Arc::new(fs.clone()),
        ..home.options()
    };
    (fs, LocalStore::open(options).expect("a home"))
}

/// The files of a thread, of both forms.
fn files_of(home: &LocalHome, number: u32) -> Vec<PathBuf> {
    let id = format!("-{}.jsonl", thread(number));
    let (mut found, mut open) = (Vec::new(), vec![home.path().to_owned()]);
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).expect("folder") {
            let path = entry.expect("entry").path();
            if path.is_dir() {
                open.push(path);
            } else if path.to_string_lossy().contains(&id) {
                found.push(path);
            }
        }
    }
    found
}

/// Records a thread whose rollout is compressed, as a cold one is.
async fn compressed_home() -> LocalHome {
    let home = LocalHome::new();
    record(&home.store(), 1, HistoryMode::Paginated, &["a", "b"]).await;
    let plain = files_of(&home, 1).remove(0);
    let file = RolloutFile {
        relative_path: plain.strip_prefix(home.path()).expect("below").to_owned(),
        bytes: fs::read(&plain).expect("readable"),
        modified_ms: 1_700_000_000_000,
    };
    file.compressed().write_to(home.path()).expect("written");
    fs::remove_file(plain).expect("removed");
    home
}

async fn turns(store: &LocalStore, number: u32) -> StoreResult<Vec<String>> {
    let query = ThreadReadQuery {
        thread_id: thread(number),
        view: View::Full,
        turns: Some(ItemsView::Full),
    };
    let record = store.read_thread(query).await?;
    Ok(record.turns.into_iter().map(|turn| turn.turn_id).collect())
}

fn kind<T>(result: StoreResult<T>) -> Option<StoreErrorKind> {
    result.err().map(|error| error.kind())
}

#[tokio::test]
async fn a_source_that_becomes_plain_is_not_deleted_meanwhile() {
    let home = compressed_home().await;
    let (fs, forking) = hooked(&home);
    let (handle, deleting) = (Handle::current(), home.store());
    let (told, deleted) = mpsc::channel();
    // Both forms are there.
    fs.before(FsOp::Remove, ".jsonl.zst", 0, move || {
        let deleted = handle.block_on(lifecycle(&deleting).delete_thread(thread(1)));
        told.send(kind(deleted)).expect("the test waits");
    });
    let forked = lifecycle(&forking).fork_thread(ForkRequest::new(thread(1), thread(2)));
    assert_eq!(kind(forked.await), None);
    let deleted = deleted.try_recv().expect("the source was made plain");
    assert_eq!(deleted, Some(StoreErrorKind::Conflict));
    for number in [1, 2] {
        assert_eq!(turns(&home.store(), number).await.expect("a thread"), ["a", "b"]);
    }
    assert_eq!(files_of(&home, 1).len(), 1, "one form is left");
}

#[tokio::test]
async fn a_thread_that_is_deleted_leaves_no_other_form_to_a_fork() {
    let home = compressed_home().await;
    let (fork_fs, forking) = hooked(&home);
    let (delete_fs, deleting) = hooked(&home);
    let (told, happened) = mpsc::channel();
    let (go_on, deleted) = mpsc::channel();
    let published = told.clone();
    fork_fs.before(FsOp::Remove, ".jsonl.zst", 0, move || {
        published.send("published").expect("the deletion waits");
        deleted.recv().expect("the test tells");
    });
    let handle = Handle::current();
    let (begun, fork) = mpsc::channel();
    // The deletion knows the files that it moves by now.
    delete_fs.before(FsOp::HardLink, ".jsonl.zst", 0, move || {
        let fork = std::thread::spawn(move || {
            let request = ForkRequest::new(thread(1), thread(2));
            let forked = kind(handle.block_on(lifecycle(&forking).fork_thread(request)));
            // Whoever waited for the other news has them already.
            told.send("over").ok();
            forked
        });
        begun.send(fork).expect("the test waits");
        happened.recv().expect("the fork tells");
    });
    let gone = lifecycle(&deleting).delete_thread(thread(1)).await;
    go_on.send(()).ok();
    let fork = fork.try_recv().expect("it has begun");
    let forked = tokio::task::spawn_blocking(move || fork.join().expect("no panic"));
    let forked = forked.await.expect("no panic");
    assert_eq!(gone.expect("deleted"), [thread(1)]);
    assert_eq!(files_of(&home, 1), [] as [PathBuf; 0], "deleted is deleted");
    assert_eq!(forked, Some(StoreErrorKind::Conflict));
    assert_eq!(kind(turns(&home.store(), 2).await), Some(StoreErrorKind::NotFound));
}

/// An agent begins a turn at any moment of a revert that somebody else asked for.
#[tokio::test]
async fn a_turn_that_begins_during_a_revert_brings_none_back() {
    for passing in 0.. {
        let home = LocalHome::new();
        record(&home.store(), 1, HistoryMode::Legacy, &["a", "b", "c"]).await;
        let (fs, store) = hooked(&home);
        let shared: Arc<dyn ThreadStore> = store.clone();
        let live = LiveThread::resume(shared, thread(1), options(Form::Canonical)).await;
        let live = Arc::new(live.expect("opened"));
        assert_eq!(turns(&store, 1).await.expect("a thread"), ["a", "b", "c"]);
        let (agent, handle) = (Arc::clone(&live), Handle::current());
        let (told, begun) = mpsc::channel();
        fs.before(FsOp::ReadAt, &thread(1).to_string(), passing, move || {
            let begun = handle.block_on(agent.append(&turn_batches(thread(1), "d")[0], None));
            told.send(begun.is_ok()).expect("the test waits");
        });
        lifecycle(&store).revert_thread(thread(1), "b").await.expect("reverted");
        if fs.remove_hook() {
            assert!(passing > 1, "it reads the rollout");
            return;
        }
        let left = turns(&store, 1).await.expect("a thread");
        let begun = begun.recv().expect("it has acted");
        // It goes with the others, or was too late, or comes after them.
        assert!(left == ["a"] || (begun && left == ["a", "d"]), "{passing}: {left:?}");
        live.append(&turn_batches(thread(1), "e")[0], None).await.ok();
        let went_on = live.append(&turn_batches(thread(1), "f")[0], None).await;
        went_on.expect("the thread stays open");
    }
}

#[tokio::test]
async fn what_is_gone_from_the_trash_is_told_although_something_else_cannot_go() {
    let home = LocalHome::new();
    let (fs, store) = hooked(&home);
    let trash = |store: &Arc<LocalStore>| Arc::clone(store) as Arc<dyn ThreadStore>;
    let mut ids = Vec::new();
    for number in 1..=3 {
        record(&home.store(), number, HistoryMode::Paginated, &["a"]).await;
        let kept = trash(&store);
        let kept = kept.trash().expect("a trash").trash_thread(thread(number)).await;
        ids.push(kept.expect("deleted").trash_id.expect("kept"));
    }
    let (handle, other, second) = (Handle::current(), trash(&home.store()), ids[1].clone());
    fs.before(FsOp::Rename, &format!("{second}.kept.manifest"), 0, move || {
        let restored = handle.block_on(other.trash().expect("a trash").restore_trash(&second));
        assert_eq!(restored.expect("nobody else is at it"), [thread(2)]);
    });
    let (store, query) = (trash(&store), TrashQuery { after: None, limit: 10 });
    let store = store.trash().expect("a trash");
    let emptied = store.empty_trash(TrashSelection::All).await;
    assert_eq!(emptied.expect("two are gone"), [ids[2].clone(), ids[0].clone()]);
    assert!(!fs.remove_hook(), "it was at hand");
    assert_eq!(store.list_trash(query).await.expect("a page").entries, []);
    assert_eq!(turns(&home.store(), 2).await.expect("it is back"), ["a"]);
}
