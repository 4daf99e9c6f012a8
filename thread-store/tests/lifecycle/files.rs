//! What lies in the folders afterwards: names, forms, locks, traces. And what other programs do in the same home.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use codex_protocol::ids::ThreadId;
use codex_rollout::fs::{Fault, FaultFs, FsOp, StdFs};
use codex_rollout::locks::WriterLocks;
use codex_test_support::RolloutFile;
use codex_thread_store::{
    ForkCut, ForkRequest, HistoryMode, LocalStore, LocalStoreOptions, RestoreObstacle, StoreError, StoreErrorKind,
    StoreResult, ThreadReadQuery, ThreadRecord, ThreadStore as _, ThreadTrash, TrashQuery, TrashSelection, View,
};
use serde_json::{Value, json};

use crate::agent::thread;
use crate::support::LocalHome;
use crate::world::{lifecycle, record};

const MODES: [HistoryMode; 2] = [HistoryMode::Legacy, HistoryMode::Paginated];

/// Every file below the rollout folders and the name index, by path below the home.
fn tree(home: &LocalHome) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![home.path().to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).expect("folder") {
            let path = entry.expect("entry").path();
            let relative = path
                .strip_prefix(home.path())
                .expect("below")
                .to_string_lossy()
                .into_owned();
            if path.is_dir() {
                open.push(path);
            } else if !relative.starts_with("codex-threads/index") && !relative.ends_with(".lock") {
                found.insert(relative, fs::read(&path).expect("readable"));
            }
        }
    }
    found
}

fn files_of(home: &LocalHome, number: u32) -> Vec<String> {
    let id = format!("-{}", thread(number));
    let rollouts = tree(home).into_keys().filter(|path| path.contains(&id));
    rollouts.collect()
}

fn first_line(home: &LocalHome, relative: &str) -> Value {
    let bytes = fs::read(home.path().join(relative)).expect("a rollout");
    let line = bytes.split(|byte| *byte == b'\n').next().expect("a line");
    serde_json::from_slice(line).expect("a header")
}

async fn fork(store: &LocalStore, source: u32, number: u32, cut: ForkCut) -> StoreResult<ThreadRecord> {
    let request = ForkRequest {
        cut,
        ..ForkRequest::new(thread(source), thread(number))
    };
    lifecycle(store).fork_thread(request).await
}

async fn turns(store: &LocalStore, thread_id: ThreadId) -> Vec<String> {
    let query = ThreadReadQuery {
        thread_id,
        view: View::Full,
        turns: Some(codex_thread_store::ItemsView::Full),
    };
    let record = store.read_thread(query).await.expect("a thread");
    record.turns.into_iter().map(|turn| turn.turn_id).collect()
}

/// Puts the compressed form in place of a plain rollout, as a cold one has it.
fn compress(home: &LocalHome, relative: &str) -> PathBuf {
    let plain = home.path().join(relative);
    let file = RolloutFile {
        relative_path: relative.into(),
        bytes: fs::read(&plain).expect("readable"),
        modified_ms: 1_700_000_000_000,
    };
    let path = file.compressed().write_to(home.path()).expect("written");
    fs::remove_file(plain).expect("removed");
    path
}

fn modified(path: &Path) -> std::time::SystemTime {
    fs::metadata(path).and_then(|stat| stat.modified()).expect("a file")
}

#[tokio::test]
async fn a_compressed_source_is_made_plain_before_it_is_pointed_into() {
    let home = LocalHome::new();
    record(&home.store(), 1, MODES[1], &["a", "b"]).await;
    let source = files_of(&home, 1).remove(0);
    let compressed = compress(&home, &source);
    let before = modified(&compressed);
    fork(&home.store(), 1, 2, ForkCut::LastTurn("a".to_owned()))
        .await
        .expect("a fork");
    let whole = tree(&home);
    assert!(
        whole.contains_key(&source) && !compressed.exists(),
        "{:?}",
        whole.keys()
    );
    assert_eq!(modified(&home.path().join(&source)), before);
    let header = first_line(&home, &files_of(&home, 2)[0]);
    let base = &header["payload"]["history_base"];
    assert_eq!(base["thread_id"], thread(1).to_string());
    let cut = usize::try_from(base["end_byte_offset"].as_u64().expect("an offset")).expect("small");
    assert_eq!(whole[&source][cut - 1], b'\n', "the cut is a line's end");
    assert_eq!(header["ordinal"], base["end_ordinal_exclusive"]);
    assert_eq!(
        header["payload"]["forked_from_ordinal_exclusive"],
        base["end_ordinal_exclusive"]
    );
    assert_eq!(turns(&home.store(), thread(2)).await, ["a"]);
}

#[tokio::test]
async fn legacy_forks_copy_line_by_line_behind_their_own_header() {
    let home = LocalHome::new();
    record(&home.store(), 1, MODES[0], &["a", "b"]).await;
    let source = files_of(&home, 1).remove(0);
    let mut damaged = fs::read(home.path().join(&source)).expect("readable");
    let copied = damaged.clone();
    damaged.extend_from_slice(b"not a record\n\n{\"torn\":");
    fs::write(home.path().join(&source), &damaged).expect("written");
    fork(&home.store(), 1, 2, ForkCut::Whole).await.expect("a fork");
    let fork = files_of(&home, 2).remove(0);
    let bytes = fs::read(home.path().join(&fork)).expect("readable");
    let end = bytes.iter().position(|byte| *byte == b'\n').expect("a line") + 1;
    assert_eq!(String::from_utf8_lossy(&bytes[end..]), String::from_utf8_lossy(&copied));
    let header = first_line(&home, &fork);
    assert_eq!(header["payload"]["forked_from_id"], thread(1).to_string());
    assert_eq!(header["payload"]["history_base"], Value::Null);
    assert_eq!(header["ordinal"], Value::Null);
}

#[tokio::test]
async fn a_thread_that_somebody_else_writes_is_forked_and_nothing_else() {
    let home = LocalHome::new();
    for (number, mode) in [(1, MODES[0]), (2, MODES[1])] {
        record(&home.store(), number, mode, &["a", "b"]).await;
        let foreign = WriterLocks::new(Arc::new(StdFs), home.path());
        let lease = foreign.acquire(thread(number)).expect("free");
        fork(&home.store(), number, number + 10, ForkCut::Whole)
            .await
            .expect("a fork");
        assert_eq!(turns(&home.store(), thread(number + 10)).await, ["a", "b"]);
        let before = tree(&home);
        let store = home.store();
        let lifecycle = lifecycle(&store);
        for refused in [
            lifecycle.archive_thread(thread(number)).await.map(|_| ()),
            lifecycle.revert_thread(thread(number), "b").await.map(|_| ()),
        ] {
            assert_eq!(refused.expect_err("locked").kind(), StoreErrorKind::Conflict);
        }
        lifecycle
            .delete_thread(thread(number + 10))
            .await
            .expect("the fork is free");
        let deleted = lifecycle.delete_thread(thread(number)).await;
        assert_eq!(deleted.expect_err("locked").kind(), StoreErrorKind::Conflict);
        let mut after = tree(&home);
        after.retain(|path, _| !path.contains("journal"));
        let kept = before.into_iter().filter(|(path, _)| !path.contains("journal"));
        let kept = kept.filter(|(path, _)| !path.contains(&thread(number + 10).to_string()));
        assert_eq!(after, kept.collect(), "nothing has changed");
        drop(lease);
        lifecycle.delete_thread(thread(number)).await.expect("free");
    }
}

#[tokio::test]
async fn archiving_moves_files_as_they_are_and_back() {
    let home = LocalHome::new();
    let store = home.store();
    record(&store, 1, MODES[1], &["a", "b", "c"]).await;
    lifecycle(&store).revert_thread(thread(1), "b").await.expect("reverted");
    let before = tree(&home);
    let times: Vec<_> = files_of(&home, 1)
        .iter()
        .map(|path| modified(&home.path().join(path)))
        .collect();
    assert_eq!(times.len(), 2);
    lifecycle(&store).archive_thread(thread(1)).await.expect("archived");
    let archived = files_of(&home, 1);
    assert!(
        archived
            .iter()
            .all(|path| path.starts_with("archived_sessions/rollout-")),
        "{archived:?}"
    );
    let moved: Vec<_> = archived.iter().map(|path| modified(&home.path().join(path))).collect();
    assert_eq!(moved, times, "times stay");
    lifecycle(&store).unarchive_thread(thread(1)).await.expect("back");
    assert_eq!(tree(&home), before);
    let locks = fs::read_dir(home.path().join("thread-writer-locks")).expect("folder");
    let locks: Vec<_> = locks.map(|entry| entry.expect("entry").file_name()).collect();
    assert_eq!(locks, [".coordination.lock"], "no lock stays behind");
}

#[tokio::test]
async fn a_thread_that_another_program_moved_a_moment_ago_is_read() {
    let home = LocalHome::new();
    let store = home.store();
    record(&store, 1, MODES[1], &["a"]).await;
    let fork = ForkRequest::new(thread(1), thread(2));
    lifecycle(&store).fork_thread(fork).await.expect("forked");
    let other = home.store();
    // Neither looks at the folders again for a second.
    let seen = turns(&other, thread(2)).await;
    assert!(!seen.is_empty());
    for _ in 0..3 {
        lifecycle(&store).archive_thread(thread(1)).await.expect("archived");
        assert_eq!(turns(&other, thread(1)).await, seen);
        lifecycle(&store).unarchive_thread(thread(1)).await.expect("back");
        // It continues what was moved.
        assert_eq!(turns(&other, thread(2)).await, seen);
    }
}

#[tokio::test]
async fn a_file_that_is_moved_while_the_folders_are_walked_is_read() {
    let home = LocalHome::new();
    let store = home.store();
    record(&store, 1, MODES[1], &["a"]).await;
    let fork = ForkRequest::new(thread(1), thread(2));
    lifecycle(&store).fork_thread(fork).await.expect("forked");
    let active = home.path().join(&files_of(&home, 1)[0]);
    lifecycle(&store).archive_thread(thread(1)).await.expect("archived");
    let archived = home.path().join(&files_of(&home, 1)[0]);
    drop(store);

    let fs = FaultFs::new(Arc::new(StdFs));
    let options = LocalStoreOptions {
        fs: Arc::new(fs.clone()),
        ..home.options()
    };
    let store = LocalStore::open(options).expect("a home");
    let seen = turns(&store, thread(2)).await;
    let before = fs.operation_count();
    assert_eq!(turns(&store, thread(2)).await, seen);
    let folder = home.path().join("archived_sessions");
    let operations = fs.operations().split_off(usize::try_from(before).expect("few"));
    // The clock of these homes makes every look at the folders a new one; each is met.
    let walks: Vec<u64> = (0..)
        .zip(&operations)
        .filter(|(_, operation)| **operation == (FsOp::ReadDir, folder.clone()))
        .map(|(at, _)| at)
        .collect();
    assert!(!walks.is_empty(), "it walks through both folders");
    for walk in walks {
        let (from, to) = (archived.clone(), active.clone());
        fs.add(Fault::Before {
            at: fs.operation_count() + walk,
            // The active folder was seen without it, and the archive is.
            action: Box::new(move || std::fs::rename(from, to).expect("moved")),
        });
        assert_eq!(turns(&store, thread(2)).await, seen);
        assert!(active.exists(), "it was moved meanwhile");
        std::fs::rename(&active, &archived).expect("back");
        assert_eq!(turns(&store, thread(2)).await, seen);
    }
}

#[tokio::test]
async fn both_forms_of_a_file_move_together() {
    let home = LocalHome::new();
    record(&home.store(), 1, MODES[1], &["a"]).await;
    let plain = files_of(&home, 1).remove(0);
    let bytes = fs::read(home.path().join(&plain)).expect("readable");
    compress(&home, &plain);
    fs::write(home.path().join(&plain), bytes).expect("a change of form that was interrupted");
    let store = home.store();
    lifecycle(&store).archive_thread(thread(1)).await.expect("archived");
    let archived = files_of(&home, 1);
    assert_eq!(archived.len(), 2);
    assert!(
        archived.iter().all(|path| path.starts_with("archived_sessions/")),
        "{archived:?}"
    );
    lifecycle(&store).delete_thread(thread(1)).await.expect("deleted");
    assert_eq!(files_of(&home, 1), Vec::<String>::new());
}

#[tokio::test]
async fn deletion_leaves_no_trace_but_its_decision() {
    let home = LocalHome::new();
    let store = home.store();
    record(&store, 1, MODES[1], &["a", "b"]).await;
    record(&store, 2, MODES[0], &["a"]).await;
    for (number, name) in [(1, "one"), (2, "two"), (1, "again")] {
        home.set_name(thread(number), name);
    }
    lifecycle(&store).revert_thread(thread(1), "b").await.expect("reverted");
    lifecycle(&store).delete_thread(thread(1)).await.expect("deleted");
    let id = thread(1).to_string();
    for (path, bytes) in tree(&home) {
        let is_journal = path.starts_with("codex-threads/journal");
        assert!(!path.contains(&id), "{path}");
        assert!(is_journal || !String::from_utf8_lossy(&bytes).contains(&id), "{path}");
    }
    let names = fs::read_to_string(home.path().join("session_index.jsonl")).expect("names");
    assert_eq!(names.lines().count(), 1, "{names}");
    home.reopen();
    assert_eq!(turns(&home.store(), thread(2)).await, ["a"]);
}

#[tokio::test]
async fn a_reverted_thread_is_the_same_without_its_index() {
    let home = LocalHome::new();
    record(&home.store(), 1, MODES[1], &["a", "b", "c"]).await;
    for before in ["c", "b"] {
        lifecycle(&home.store())
            .revert_thread(thread(1), before)
            .await
            .expect("reverted");
    }
    home.with_closed_store(|index| fs::remove_file(index).expect("removed"));
    assert_eq!(turns(&home.store(), thread(1)).await, ["a"]);
    let revisions = files_of(&home, 1);
    assert_eq!(revisions.len(), 3);
    let newest = first_line(&home, revisions.iter().max().expect("three"));
    assert_eq!(newest["payload"]["id"], thread(1).to_string());
    assert_eq!(newest["payload"]["forked_from_id"], Value::Null);
    assert_eq!(
        newest["payload"]["history_base"]["thread_id"],
        thread(1).to_string(),
        "the first file, not the second"
    );
}

#[tokio::test]
async fn something_in_the_way_stops_a_move_before_it_begins() {
    let home = LocalHome::new();
    let store = home.store();
    record(&store, 1, MODES[1], &["a", "b"]).await;
    lifecycle(&store).revert_thread(thread(1), "b").await.expect("reverted");
    let newest = files_of(&home, 1).pop().expect("two");
    let name = Path::new(&newest).file_name().expect("a name").to_owned();
    fs::create_dir_all(home.path().join("archived_sessions").join(name)).expect("in the way");
    let before = tree(&home);
    let error = lifecycle(&store)
        .archive_thread(thread(1))
        .await
        .expect_err("in the way");
    assert_eq!(error.kind(), StoreErrorKind::Internal);
    assert_eq!(tree(&home), before, "what had moved is back");
    assert_eq!(turns(&store, thread(1)).await, ["a"]);
}

/// Long before the clock of these homes.
const COLD_SECONDS: u64 = 1_700_000_000;
/// When the clock of these homes begins.
const NOW_SECONDS: u64 = 1_800_000_000;

/// Sets the times of the rollouts whose names contain a text.
fn set_times(home: &LocalHome, part: &str, seconds: u64) {
    for relative in tree(home)
        .into_keys()
        .filter(|path| path.contains(part) && path.ends_with(".jsonl"))
    {
        let file = fs::OpenOptions::new()
            .append(true)
            .open(home.path().join(relative))
            .expect("a file");
        let then = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(seconds);
        file.set_modified(then).expect("a time");
    }
}

fn rollouts_ending(home: &LocalHome, end: &str) -> usize {
    let rollouts = tree(home).into_keys().filter(|path| path.contains("rollout-"));
    rollouts.filter(|path| path.ends_with(end)).count()
}

#[tokio::test]
async fn cold_rollouts_that_stand_alone_are_compressed_and_read_as_before() {
    for mode in MODES {
        let home = LocalHome::new();
        let store = home.store();
        for number in 1..=3 {
            record(&store, number, mode, &["t1", "t2"]).await;
        }
        fork(&store, 1, 4, ForkCut::Whole).await.expect("forks");
        lifecycle(&store).archive_thread(thread(3)).await.expect("archives");
        let before = [
            turns(&store, thread(1)).await,
            turns(&store, thread(2)).await,
            turns(&store, thread(3)).await,
        ];
        set_times(&home, "rollout-", COLD_SECONDS);
        home.reopen();
        let store = home.store();
        let maintenance = store.maintenance().expect("a store that is maintained");
        let report = maintenance.compress().await.expect("runs");
        assert!(report.ran && report.problems.is_empty(), "{report:?}");
        // Forks of paginated threads need their source, those of legacy threads have a copy.
        let alone = if mode == HistoryMode::Paginated { 2 } else { 4 };
        assert_eq!((report.compressed, report.left_plain), (alone, 4 - alone), "{mode:?}");
        assert_eq!(rollouts_ending(&home, ".jsonl.zst") as u64, alone);
        assert!(report.stored_bytes < report.plain_bytes);
        let after = [
            turns(&store, thread(1)).await,
            turns(&store, thread(2)).await,
            turns(&store, thread(3)).await,
        ];
        assert_eq!(after, before);
    }
}

#[tokio::test]
async fn rollouts_in_use_and_young_ones_stay_plain() {
    let home = LocalHome::new();
    let store = home.store();
    for number in 1..=3 {
        record(&store, number, HistoryMode::Paginated, &["t1"]).await;
    }
    set_times(&home, "rollout-", COLD_SECONDS);
    set_times(&home, &thread(3).to_string(), NOW_SECONDS);
    let foreign = WriterLocks::new(Arc::new(StdFs), home.path());
    let _writing = foreign.acquire(thread(1)).expect("nobody writes");
    let maintenance = store.maintenance().expect("a store that is maintained");
    let report = maintenance.compress().await.expect("runs");
    assert_eq!((report.compressed, report.left_plain), (1, 2), "{report:?}");
    assert!(files_of(&home, 2).iter().all(|path| path.ends_with(".zst")));
}

fn trash(store: &LocalStore) -> &dyn ThreadTrash {
    store.trash().expect("a store that keeps what is deleted")
}

async fn put_away(store: &LocalStore, number: u32) -> String {
    let trashed = trash(store).trash_thread(thread(number)).await.expect("deleted");
    trashed.trash_id.expect("something to keep")
}

/// Everything but the journal, which says what happened.
fn without_journal(home: &LocalHome) -> BTreeMap<String, Vec<u8>> {
    let mut found = tree(home);
    found.retain(|path, _| !path.starts_with("codex-threads/"));
    found
}

#[tokio::test]
async fn what_comes_back_from_the_trash_lies_where_it_was_byte_for_byte() {
    let home = LocalHome::new();
    let store = home.store();
    record(&store, 1, MODES[1], &["a", "b"]).await;
    record(&store, 2, MODES[0], &["a"]).await;
    home.set_name(thread(1), "one");
    lifecycle(&store).revert_thread(thread(1), "b").await.expect("reverted");
    lifecycle(&store).archive_thread(thread(2)).await.expect("archived");
    compress(&home, &files_of(&home, 2)[0]);
    drop(store);
    home.reopen();
    let (before, times) = (without_journal(&home), times_of(&home));
    for number in [1, 2] {
        let trash_id = put_away(&home.store(), number).await;
        let left = without_journal(&home);
        assert!(left.keys().all(|path| !path.contains(&thread(number).to_string())));
        home.reopen();
        trash(&home.store()).restore_trash(&trash_id).await.expect("restored");
        assert_eq!(without_journal(&home), before);
        assert_eq!(times_of(&home), times, "times stay");
    }
    let kept = fs::read_dir(home.path().join("codex-threads/trash")).expect("folder");
    assert_eq!(kept.count(), 0);
    assert_eq!(turns(&home.store(), thread(1)).await, ["a"]);
}

fn times_of(home: &LocalHome) -> Vec<std::time::SystemTime> {
    let rollouts = without_journal(home)
        .into_keys()
        .filter(|path| path.contains("rollout-"));
    rollouts.map(|path| modified(&home.path().join(path))).collect()
}

#[tokio::test]
async fn nothing_is_put_over_a_file_that_is_in_the_way() {
    let home = LocalHome::new();
    let store = home.store();
    record(&store, 1, MODES[1], &["a"]).await;
    let path = files_of(&home, 1).remove(0);
    let trash_id = put_away(&store, 1).await;
    let in_the_way = home.path().join(&path);
    fs::create_dir_all(&in_the_way).expect("a folder of this name");
    let blocked = trash(&store).restore_trash(&trash_id).await.expect_err("blocked");
    assert!(
        matches!(&blocked, StoreError::RestoreBlocked { obstacle: RestoreObstacle::FileInTheWay { path: found }, .. } if *found == path),
        "{blocked:?}"
    );
    fs::remove_dir(&in_the_way).expect("removed");
    trash(&store).restore_trash(&trash_id).await.expect("there is room");
    assert_eq!(turns(&store, thread(1)).await, ["a"]);
}

/// What lies in a folder, by name.
fn names_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("folder");
    let names = entries.map(|entry| entry.expect("entry").file_name().to_string_lossy().into_owned());
    names.collect()
}

#[tokio::test]
async fn a_manifest_that_leads_out_of_the_home_touches_nothing_there() {
    let home = LocalHome::new();
    let store = home.store();
    record(&store, 1, MODES[1], &["a"]).await;
    put_away(&store, 1).await;
    drop(store);
    let outside = tempfile::tempdir().expect("temporary folder");
    fs::write(outside.path().join("notes.txt"), "mine").expect("written");
    let beside = outside.path().file_name().expect("a name").to_string_lossy();
    let folder = home.path().join("codex-threads/trash");
    let lay = |name: &str, operation: &str, paths: &[String]| {
        let files: Vec<_> = paths.iter().map(|path| json!({ "path": path, "bytes": 4 })).collect();
        let header = json!({
            "trash_format": 1, "operation": operation, "threadId": thread(2), "threads": [thread(2)],
            "deletedAtMs": 1, "name": null, "preview": "", "files": files, "needs": [], "names": [],
        });
        fs::write(folder.join(name), format!("{header}\n")).expect("written");
    };
    let notes = outside.path().join("notes");
    for state in ["deleting", "emptying", "restoring"] {
        lay(
            &format!("{state}.{state}.manifest"),
            &notes.to_string_lossy(),
            &["txt".to_owned()],
        );
    }
    for (operation, file) in [
        ("one", "x.desktop".to_owned()),
        ("two", format!("rollout-{}.jsonl", thread(2))),
    ] {
        let path = format!("../{beside}/{file}");
        fs::write(folder.join(format!("{operation}.{}", path.replace('/', "%2F"))), "evil").expect("written");
        lay(&format!("{operation}.restoring.manifest"), operation, &[path]);
        lay(
            &format!("{operation}-kept.kept.manifest"),
            &format!("{operation}-kept"),
            &[format!("../{beside}/notes.txt")],
        );
    }
    home.reopen();
    let store = home.store();
    for operation in ["one-kept", "two-kept"] {
        trash(&store)
            .restore_trash(operation)
            .await
            .expect_err("it leads out of the home");
    }
    trash(&store).empty_trash(TrashSelection::All).await.expect("emptied");
    home.reopen();
    assert_eq!(names_in(outside.path()), ["notes.txt"]);
    assert_eq!(fs::read(outside.path().join("notes.txt")).expect("readable"), b"mine");
    assert!(!names_in(&folder).iter().any(|name| name.ends_with("kept.manifest")));
}

#[tokio::test]
async fn a_damaged_manifest_hides_no_other_and_can_be_emptied() {
    let home = LocalHome::new();
    let store = home.store();
    for number in [1, 2] {
        record(&store, number, MODES[1], &["a"]).await;
    }
    let (damaged, whole) = (put_away(&store, 1).await, put_away(&store, 2).await);
    let folder = home.path().join("codex-threads/trash");
    fs::write(folder.join(format!("{damaged}.kept.manifest")), b"not a manifest\n").expect("written");
    let query = TrashQuery { after: None, limit: 10 };
    let page = trash(&store).list_trash(query).await.expect("a page");
    let listed: Vec<_> = page.entries.into_iter().map(|entry| entry.trash_id).collect();
    assert_eq!(listed.as_slice(), std::slice::from_ref(&whole));
    let unreadable = trash(&store).restore_trash(&damaged).await.expect_err("unreadable");
    assert_eq!(unreadable.kind(), StoreErrorKind::Internal);
    home.reopen();
    let emptied = trash(&home.store())
        .empty_trash(TrashSelection::All)
        .await
        .expect("emptied");
    assert_eq!(emptied, [whole, damaged]);
    assert_eq!(fs::read_dir(&folder).expect("folder").count(), 0);
}
