//! The machine goes down, or one operation fails, at every operation of a fork, revert, archive and deletion.
//!
//! Afterwards each thread is as it was or as it was to be; all others read as before; and the same call gets through.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use codex_rollout::fs::{Crash, Fault, FsOp, LogFs as _, SimFs, SurvivingBytes, SurvivingNames};
use codex_test_support::agent::Form;
use codex_thread_store::live::LiveThread;
use codex_thread_store::{
    ForkCut, ForkRequest, HistoryMode, LocalStore, MetadataPatch, NewThread, StoreErrorKind, StoreResult, ThreadStore,
    ThreadTrash, TrashQuery, TrashSelection,
};
use serde_json::json;

use crate::agent::{new_thread, options, thread, turn_batches};
use crate::sim_home::SimHome;
use crate::world::{ARCHIVED, FORK, LEGACY, NEW, PLAIN, REVERTED, Seen, lifecycle, record, seen, seen_of, world};

/// Set to try every way to go down at every operation; it takes minutes.
const EVERYTHING: &str = "CRASH_EVERYTHING";
/// How many ways to go down are tried at an operation that changes the disk, in turn; other ones matter less.
const WAYS_OF_A_CHANGE: usize = 1;
const STRIDE_OF_READS: u64 = 31;
/// The clock of a machine that is up again starts later.
const LATER_MS: i64 = 3_600_000;

#[derive(Debug, Clone, Copy)]
enum Call {
    Fork(u32, &'static str),
    Revert(u32, &'static str),
    Archive(u32),
    Unarchive(u32),
    Delete(u32),
    Trash(u32),
    Restore(u32),
}

impl Call {
    async fn run(self, store: &LocalStore) -> StoreResult<()> {
        let lifecycle = lifecycle(store);
        match self {
            Self::Fork(source, last) => {
                let request = ForkRequest {
                    cut: ForkCut::LastTurn(last.to_owned()),
                    ..ForkRequest::new(thread(source), thread(NEW))
                };
                lifecycle.fork_thread(request).await.map(|_| ())
            }
            Self::Revert(number, before) => lifecycle.revert_thread(thread(number), before).await.map(|_| ()),
            Self::Archive(number) => lifecycle.archive_thread(thread(number)).await.map(|_| ()),
            Self::Unarchive(number) => lifecycle.unarchive_thread(thread(number)).await.map(|_| ()),
            Self::Delete(number) => lifecycle.delete_thread(thread(number)).await.map(|_| ()),
            Self::Trash(number) => trash(store).trash_thread(thread(number)).await.map(|_| ()),
            Self::Restore(number) => {
                let page = trash(store).list_trash(ALL_OF_THE_TRASH).await?;
                let found = page.entries.iter().find(|entry| entry.thread_id == thread(number));
                let trash_id = found.map_or("nothing", |entry| &entry.trash_id);
                trash(store).restore_trash(trash_id).await.map(|_| ())
            }
        }
    }
}

/// A thread that spawned another one.
const ROOT: u32 = 7;
/// The one that it spawned.
const CHILD: u32 = 8;
/// The power loss that leaves nothing but what was synced.
const LOSES_MOST: Crash = Crash::Power {
    names: SurvivingNames::Synced,
    bytes: SurvivingBytes::Synced,
};

const ALL_OF_THE_TRASH: TrashQuery = TrashQuery {
    after: None,
    limit: 100,
};

fn trash(store: &LocalStore) -> &dyn ThreadTrash {
    store.trash().expect("a store that keeps what is deleted")
}

fn look(home: &SimHome) -> BTreeMap<u32, Seen> {
    let store = home.open().expect("a home");
    home.run(seen(&store))
}

fn copy(disk: &SimFs) -> SimHome {
    SimHome::new(disk.crash(Crash::Process), LATER_MS)
}

fn changes(op: FsOp) -> bool {
    !matches!(
        op,
        FsOp::Open
            | FsOp::ReadDir
            | FsOp::Stat
            | FsOp::ReadAt
            | FsOp::FileStat
            | FsOp::OpenAppend
            | FsOp::Lock
            | FsOp::TryLock
    )
}

fn sweep(call: Call) {
    sweep_from(&world(), call);
}

fn sweep_from(prepared: &SimFs, call: Call) {
    let before = look(&copy(prepared));
    let (after, operations, opened) = {
        let home = copy(prepared);
        let store = home.open().expect("a home");
        let opened = home.faults.operation_count();
        home.run(call.run(&store)).expect("a healthy machine");
        let operations = home.faults.operations();
        (home.run(seen(&store)), operations, opened)
    };
    assert_ne!(before, after, "{call:?} changes something");
    let mut crashes = Crash::ALL.into_iter().cycle();
    for at in opened..operations.len() as u64 {
        let (op, path) = &operations[usize::try_from(at).expect("small")];
        let ways = match changes(*op) {
            _ if std::env::var_os(EVERYTHING).is_some() => Crash::ALL.len(),
            true => WAYS_OF_A_CHANGE,
            false if at % STRIDE_OF_READS == 0 => 1,
            false => continue,
        };
        let what = format!("{call:?}, operation {at} ({op:?} {})", path.display());
        let kind = ErrorKind::Other;
        let home = copy(prepared);
        let store = home.open().expect("a home");
        home.faults.add(Fault::FailFrom { at, kind });
        let done = home.run(call.run(&store)).is_ok();
        drop(store);
        for (way, crash) in crashes.by_ref().take(ways).enumerate() {
            let up = SimHome::new(home.disk.crash(crash), 2 * LATER_MS);
            let found = look(&up);
            assert!(found == before || found == after, "{what}, {crash:?}:\n{found:#?}");
            assert!(!done || found == after, "acknowledged: {what}, {crash:?}");
            if way == 0 {
                check_again(&up, call, &found, &before, &after, &what);
            }
        }
        fails_once(prepared, call, at, &before, &after, &what);
    }
}

/// The same call gets through, or finds everything done.
fn check_again(
    home: &SimHome,
    call: Call,
    found: &BTreeMap<u32, Seen>,
    before: &BTreeMap<u32, Seen>,
    after: &BTreeMap<u32, Seen>,
    what: &str,
) {
    if found != before {
        return;
    }
    let store = home.open().expect("a home");
    home.run(call.run(&store))
        .unwrap_or_else(|error| panic!("again: {what}: {error:?}"));
    assert_eq!(&home.run(seen(&store)), after, "again: {what}");
}

/// One failing operation: whatever the call reports, nothing is half done; a refusal has changed nothing.
fn fails_once(
    prepared: &SimFs,
    call: Call,
    at: u64,
    before: &BTreeMap<u32, Seen>,
    after: &BTreeMap<u32, Seen>,
    what: &str,
) {
    let home = copy(prepared);
    let store = home.open().expect("a home");
    let kind = ErrorKind::Other;
    home.faults.add(Fault::FailAt { at, kind });
    let outcome = home.run(call.run(&store));
    // A folder that could not be read is looked at again a second later, or by the next process.
    drop(store);
    let store = home.open().expect("a home");
    let found = home.run(seen(&store));
    match outcome {
        Ok(()) => assert_eq!(&found, after, "succeeded all the same: {what}"),
        // Also when the thread could not be read once it was changed.
        Err(error) if matches!(error.kind(), StoreErrorKind::Internal | StoreErrorKind::Unreadable) => {
            assert!(
                found == *before || found == *after,
                "one failure: {what}: {error:?}\n{found:#?}"
            );
        }
        Err(error) => assert_eq!(&found, before, "one failure: {what}: {error:?}"),
    }
}

#[test]
fn a_crash_during_a_fork_by_reference() {
    sweep(Call::Fork(REVERTED, "b"));
}

#[test]
fn a_crash_during_a_fork_by_copy() {
    sweep(Call::Fork(LEGACY, "b"));
}

#[test]
fn a_crash_during_a_revert() {
    sweep(Call::Revert(REVERTED, "b"));
}

#[test]
fn a_crash_during_a_revert_of_a_legacy_thread() {
    sweep(Call::Revert(LEGACY, "c"));
}

#[test]
fn a_crash_while_a_thread_of_two_files_is_archived() {
    sweep(Call::Archive(REVERTED));
}

#[test]
fn a_crash_while_a_thread_of_two_files_comes_back() {
    sweep(Call::Unarchive(ARCHIVED));
}

#[test]
fn a_crash_while_a_thread_of_two_files_is_deleted() {
    sweep(Call::Delete(REVERTED));
}

#[test]
fn a_crash_while_a_fork_is_deleted() {
    sweep(Call::Delete(FORK));
}

/// A home with a root and a thread that it spawned, both with names.
fn family() -> SimFs {
    let home = SimHome::new(SimFs::new(), 0);
    let store = home.open().expect("a home");
    home.run(async {
        record(&store, ROOT, HistoryMode::Paginated, &["a"]).await;
        let spawn = json!({ "parent_thread_id": thread(ROOT).to_string(), "depth": 1 });
        let source = json!({ "subagent": { "thread_spawn": spawn } });
        let child = NewThread {
            source: serde_json::from_value(source).expect("a source"),
            ..new_thread(thread(CHILD), HistoryMode::Paginated)
        };
        let shared: Arc<dyn ThreadStore> = store.clone();
        let live = LiveThread::create(shared, child, options(Form::Canonical)).await;
        let live = live.expect("a new thread");
        for batch in turn_batches(thread(CHILD), "a") {
            live.append(&batch, None).await.expect("recorded");
        }
        live.close().await.expect("closed");
        for number in [ROOT, CHILD] {
            let named = MetadataPatch {
                name: Some(format!("number {number}")),
                ..MetadataPatch::default()
            };
            let writes = store.writes().expect("a store that records");
            writes.update_metadata(thread(number), named).await.expect("named");
        }
    });
    home.disk.crash(Crash::Process)
}

#[test]
fn a_power_loss_while_a_family_is_deleted_leaves_all_of_it_or_nothing() {
    let prepared = family();
    let look = |home: &SimHome| {
        let store = home.open().expect("a home");
        let [root, child] = [ROOT, CHILD].map(|number| home.run(seen_of(&store, number)).expect("readable"));
        (root, child)
    };
    let as_it_was = look(&copy(&prepared));
    assert!(as_it_was.0.is_some() && as_it_was.1.is_some());
    for call in [Call::Delete(ROOT), Call::Trash(ROOT)] {
        let (operations, opened) = {
            let home = copy(&prepared);
            let store = home.open().expect("a home");
            let opened = home.faults.operation_count();
            home.run(call.run(&store)).expect("a healthy machine");
            (home.faults.operations(), opened)
        };
        for at in opened..operations.len() as u64 {
            let (op, path) = &operations[usize::try_from(at).expect("small")];
            // The files are in the trash; it is being decided.
            if !changes(*op) || !path.starts_with("/home/codex-threads/journal") {
                continue;
            }
            let home = copy(&prepared);
            let store = home.open().expect("a home");
            let kind = ErrorKind::Other;
            home.faults.add(Fault::FailFrom { at, kind });
            let done = home.run(call.run(&store)).is_ok();
            drop(store);
            for crash in Crash::ALL {
                let up = SimHome::new(home.disk.crash(crash), 2 * LATER_MS);
                let found = look(&up);
                let what = format!("{call:?}, operation {at} ({op:?} {}), {crash:?}", path.display());
                assert!(
                    found == (None, None) || !done && found == as_it_was,
                    "{what}: {found:#?}"
                );
                // The names, too, are there or not, and a second power loss changes nothing.
                assert_eq!(
                    look(&SimHome::new(up.disk.crash(LOSES_MOST), 3 * LATER_MS)),
                    found,
                    "again: {what}"
                );
            }
        }
    }
}

#[test]
fn a_crash_while_a_thread_of_two_files_goes_into_the_trash() {
    sweep(Call::Trash(REVERTED));
}

#[test]
fn a_crash_while_a_thread_of_two_files_comes_back_from_the_trash() {
    let home = copy(&world());
    let store = home.open().expect("a home");
    home.run(Call::Trash(REVERTED).run(&store)).expect("deleted");
    drop(store);
    sweep_from(&home.disk.crash(Crash::Process), Call::Restore(REVERTED));
}

#[test]
fn a_crash_while_the_trash_is_emptied_keeps_all_or_nothing() {
    let home = copy(&world());
    let store = home.open().expect("a home");
    home.run(Call::Trash(REVERTED).run(&store)).expect("deleted");
    drop(store);
    let prepared = home.disk.crash(Crash::Process);
    let empty = |home: &SimHome| {
        let store = home.open().expect("a home");
        let at = home.faults.operation_count();
        (home.run(trash(&store).empty_trash(TrashSelection::All)), at)
    };
    let healthy = copy(&prepared);
    let first = empty(&healthy).1;
    for at in first..healthy.faults.operation_count() {
        let home = copy(&prepared);
        let kind = ErrorKind::Other;
        home.faults.add(Fault::FailFrom { at, kind });
        let done = empty(&home).0.is_ok();
        let up = SimHome::new(home.disk.crash(Crash::Process), 2 * LATER_MS);
        let store = up.open().expect("a home");
        let page = up.run(trash(&store).list_trash(ALL_OF_THE_TRASH)).expect("a page");
        assert!(!done || page.entries.is_empty(), "acknowledged: operation {at}");
        let restored = page
            .entries
            .first()
            .map(|entry| up.run(trash(&store).restore_trash(&entry.trash_id)));
        let left = up
            .disk
            .read_dir(Path::new("/home/codex-threads/trash"))
            .expect("folder");
        assert!(left.is_empty(), "operation {at}: {left:?}");
        assert!(
            restored.is_none_or(|restored| restored.is_ok()),
            "operation {at}: kept whole"
        );
    }
}

#[test]
fn a_refused_deletion_changes_nothing() {
    let home = copy(&world());
    let store = home.open().expect("a home");
    let before = home.run(seen(&store));
    let files = home.faults.operations().len();
    let error = home.run(Call::Delete(PLAIN).run(&store)).expect_err("a fork needs it");
    assert_eq!(error.kind(), StoreErrorKind::Referenced);
    let moved = home.faults.operations().into_iter().skip(files);
    let moved: Vec<_> = moved
        .filter(|(op, path)| matches!(op, FsOp::HardLink | FsOp::Rename) && !path.starts_with("/home/codex-threads"))
        .collect();
    assert_eq!(moved, [], "nothing was moved");
    assert_eq!(home.run(seen(&store)), before);
}
