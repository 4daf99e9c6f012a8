//! Two processes at the trash of one home, each acting between two operations of the other, or where it died.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

use codex_rollout::fs::{Crash, Fault, FsOp, LogFs as _, SimFs};
use codex_thread_store::{
    GitPatch, LocalStore, MetadataPatch, RestoreObstacle, StoreError, StoreResult, ThreadReadQuery, ThreadStore as _,
    ThreadTrash, TrashQuery, View,
};

use crate::agent::thread;
use crate::sim_home::SimHome;
use crate::world::{FORK, LEGACY, PLAIN, REVERTED, Seen, lifecycle, seen, world};

const TRASH: &str = "/home/codex-threads/trash";
const JOURNAL: &str = "/home/codex-threads/journal";
/// The clock of a machine that is up again starts later.
const LATER_MS: i64 = 3_600_000;
/// How long one process waits for the other.
const PATIENCE: Duration = Duration::from_secs(20);

fn copy(disk: &SimFs) -> SimHome {
    SimHome::new(disk.crash(Crash::Process), LATER_MS)
}

/// What a reader sees; of a copy, because the operations of a call are numbered from the opening of its home.
fn look(disk: &SimFs) -> BTreeMap<u32, Seen> {
    let home = copy(disk);
    let store = home.open().expect("a home");
    home.run(seen(&store))
}

/// Another process over the same disk.
fn beside(home: &SimHome) -> SimHome {
    SimHome::new(home.disk.clone(), 2 * LATER_MS)
}

fn trash(store: &LocalStore) -> &dyn ThreadTrash {
    store.trash().expect("a store that keeps what is deleted")
}

async fn put_away(store: &LocalStore, number: u32) -> StoreResult<()> {
    trash(store).trash_thread(thread(number)).await.map(|_| ())
}

async fn kept(store: &LocalStore) -> Vec<String> {
    let query = TrashQuery { after: None, limit: 10 };
    let page = trash(store).list_trash(query).await.expect("a page");
    page.entries.into_iter().map(|entry| entry.trash_id).collect()
}

async fn bring_back(store: &LocalStore) -> StoreResult<()> {
    let trash_id = kept(store).await.pop().expect("something to bring back");
    trash(store).restore_trash(&trash_id).await.map(|_| ())
}

fn in_trash(disk: &SimFs) -> Vec<PathBuf> {
    let files = disk.files().into_iter();
    files.filter(|path| path.starts_with(TRASH)).collect()
}

/// Opens a home on a copy of a disk, makes a call, and returns all operations.
fn rehearsed(disk: &SimFs, call: impl AsyncFn(&LocalStore)) -> Vec<(FsOp, PathBuf)> {
    let home = copy(disk);
    let store = home.open().expect("a home");
    home.run(call(&store));
    home.faults.operations()
}

/// Number of the first operation of a sort, on a path with a text in it, from some operation on.
fn first(operations: &[(FsOp, PathBuf)], from: usize, op: FsOp, part: &str) -> usize {
    let is_it = |(found, path): &(FsOp, PathBuf)| *found == op && path.to_string_lossy().contains(part);
    let at = operations.iter().skip(from).position(is_it);
    from + at.unwrap_or_else(|| panic!("no {op:?} of {part}: {operations:#?}"))
}

/// The last one of a sort before some operation.
fn last(operations: &[(FsOp, PathBuf)], before: usize, op: FsOp, part: &str) -> usize {
    let is_it = |(found, path): &(FsOp, PathBuf)| *found == op && path.to_string_lossy().contains(part);
    operations[..before].iter().rposition(is_it).expect("such an operation")
}

fn fail_at(home: &SimHome, at: usize) {
    home.faults.add(Fault::FailAt {
        at: at as u64,
        kind: ErrorKind::Other,
    });
}

fn before(home: &SimHome, at: usize, action: impl FnOnce() + Send + 'static) {
    home.faults.add(Fault::Before {
        at: at as u64,
        action: Box::new(action),
    });
}

/// Does something as another process does: on a thread of its own.
fn aside(work: impl FnOnce() + Send + 'static) {
    std::thread::spawn(work).join().expect("nothing to panic");
}

/// A disk on which a call has died at an operation.
fn died(disk: &SimFs, at: usize, call: impl AsyncFn(&LocalStore)) -> SimFs {
    let home = copy(disk);
    let store = home.open().expect("a home");
    home.faults.add(Fault::FailFrom {
        at: at as u64,
        kind: ErrorKind::Other,
    });
    home.run(call(&store));
    home.disk.crash(Crash::Process)
}

/// A disk on which a thread lies in the trash.
fn with_trashed(number: u32) -> SimFs {
    let home = copy(&world());
    let store = home.open().expect("a home");
    home.run(put_away(&store, number)).expect("deleted");
    home.disk.crash(Crash::Process)
}

#[test]
fn a_restored_thread_that_has_moved_on_is_not_taken_back() {
    let disk = with_trashed(REVERTED);
    let restore = async |store: &LocalStore| bring_back(store).await.expect("restored");
    let at = first(&rehearsed(&disk, restore), 0, FsOp::Remove, "restoring.manifest");
    let home = copy(&disk);
    let second = beside(&home);
    let other = second.open().expect("a home");
    let store = home.open().expect("a home");
    fail_at(&home, at);
    home.run(bring_back(&store)).expect("restored");
    assert_eq!(in_trash(&home.disk).len(), 1, "the manifest stays behind");
    second.run(async {
        let archived = lifecycle(&other).archive_thread(thread(REVERTED)).await;
        archived.expect("nothing is wrong with it");
    });
    drop((store, other));
    let store = home.open().expect("a home");
    let (archived, name, turns) = home.run(seen(&store))[&REVERTED].clone();
    assert_eq!(
        (archived, name.as_deref(), turns.len()),
        (true, Some("reverted once"), 3)
    );
    assert_eq!(in_trash(&home.disk), Vec::<PathBuf>::new());
}

#[test]
fn a_thread_of_which_one_file_has_moved_on_gets_the_other_ones() {
    let disk = with_trashed(REVERTED);
    let restore = async |store: &LocalStore| bring_back(store).await.expect("restored");
    let operations = rehearsed(&disk, restore);
    let one = first(&operations, 0, FsOp::HardLink, "rollout-");
    let two = first(&operations, one + 1, FsOp::HardLink, "rollout-");
    let disk = died(&disk, two, async |store| {
        bring_back(store).await.expect_err("it died");
    });
    // Somebody archives the file that is back.
    let moved = operations[one].1.clone();
    let archived = Path::new("/home/archived_sessions").join(moved.file_name().expect("a name"));
    disk.put(&archived, &disk.bytes(&moved).expect("it is back"))
        .expect("in memory");
    disk.remove(&moved).expect("in memory");
    let home = copy(&disk);
    let store = home.open().expect("a home");
    assert_eq!(in_trash(&home.disk), Vec::<PathBuf>::new());
    let (_, name, turns) = home.run(seen(&store))[&REVERTED].clone();
    assert_eq!((name.as_deref(), turns.len()), (Some("reverted once"), 3));
}

#[test]
fn what_has_come_back_is_not_taken_back_because_the_rest_cannot_follow_yet() {
    let disk = with_trashed(REVERTED);
    let restore = async |store: &LocalStore| bring_back(store).await.expect("restored");
    let operations = rehearsed(&disk, restore);
    let one = first(&operations, 0, FsOp::HardLink, "rollout-");
    let two = first(&operations, one + 1, FsOp::HardLink, "rollout-");
    let disk = died(&disk, two, async |store| {
        bring_back(store).await.expect_err("it died");
    });
    let at = first(&rehearsed(&disk, async |_| {}), 0, FsOp::HardLink, "rollout-");
    let home = copy(&disk);
    // No second name, and no renaming in its place.
    for at in [at, at + 1] {
        fail_at(&home, at);
    }
    drop(home.open().expect("a home"));
    assert!(home.disk.bytes(&operations[one].1).is_ok(), "it stays where it is");
    let store = home.open().expect("a home");
    assert_eq!(home.run(seen(&store)), look(&world()));
    assert_eq!(in_trash(&home.disk), Vec::<PathBuf>::new());
}

#[test]
fn what_is_gone_from_the_trash_cannot_be_restored_and_stays_listed() {
    let disk = with_trashed(REVERTED);
    let rollout = in_trash(&disk)
        .into_iter()
        .find(|path| path.extension().is_some_and(|end| end == "jsonl"));
    disk.remove(&rollout.expect("a rollout")).expect("in memory");
    let home = copy(&disk);
    let store = home.open().expect("a home");
    home.run(bring_back(&store)).expect_err("a file is gone");
    assert_eq!(home.run(kept(&store)).len(), 1);
}

#[test]
fn a_fork_does_not_come_back_without_its_base() {
    let disk = with_trashed(FORK);
    let restore = async |store: &LocalStore| bring_back(store).await.expect("restored");
    let at = first(&rehearsed(&disk, restore), 0, FsOp::HardLink, "rollout-");
    let home = copy(&disk);
    let store = home.open().expect("a home");
    let second = beside(&home);
    before(&home, at, move || {
        aside(move || {
            let store = second.open().expect("a home");
            let deleted = second.run(lifecycle(&store).delete_thread(thread(PLAIN)));
            deleted.expect("nothing in the home needs it");
        });
    });
    let refused = home.run(bring_back(&store)).expect_err("its base is gone");
    assert!(
        matches!(
            refused,
            StoreError::RestoreBlocked {
                obstacle: RestoreObstacle::MissingBase { .. },
                ..
            }
        ),
        "{refused:?}"
    );
    let found = home.run(seen(&store));
    assert!(!found.contains_key(&FORK) && !found.contains_key(&PLAIN));
    assert_eq!(home.run(kept(&store)).len(), 1, "it stays in the trash");
}

#[test]
fn a_recovery_leaves_what_was_kept_after_it_had_listed_the_trash() {
    let disk = world();
    let delete = async |store: &LocalStore| put_away(store, REVERTED).await.expect("deleted");
    let operations = rehearsed(&disk, delete);
    let written = first(&operations, 0, FsOp::Create, "manifest.tmp");
    let undecided = last(&operations, written, FsOp::Lock, "facts.lock");
    let home = copy(&disk);
    let store = home.open().expect("a home");
    let as_it_was = look(&disk);
    let (listed, has_listed) = mpsc::channel();
    let (decided, has_decided) = mpsc::channel::<()>();
    let (recovering, recovery) = mpsc::channel();
    let second = beside(&home);
    before(&home, undecided, move || {
        let operations = rehearsed(&second.disk, async |_| {});
        let looked = first(&operations, 0, FsOp::ReadDir, TRASH);
        let locked = first(&operations, looked, FsOp::Lock, "");
        before(&second, locked, move || {
            listed.send(()).expect("somebody waits");
            has_decided.recv_timeout(PATIENCE).expect("it is decided");
        });
        let thread = std::thread::spawn(move || drop(second.open().expect("a home")));
        has_listed.recv_timeout(PATIENCE).expect("it is listed");
        recovering.send(thread).expect("somebody waits");
    });
    home.run(put_away(&store, REVERTED)).expect("deleted");
    decided.send(()).expect("somebody waits");
    let recovery = recovery.recv().expect("it has begun");
    recovery.join().expect("nothing to panic");
    home.run(bring_back(&store)).expect("all of it was kept");
    assert_eq!(home.run(seen(&store)), as_it_was);
}

#[test]
fn a_recovery_that_read_a_manifest_too_early_deletes_nothing_again() {
    let delete = async |store: &LocalStore| put_away(store, REVERTED).await.expect("it is decided");
    let disk = world();
    let at = first(&rehearsed(&disk, delete), 0, FsOp::Rename, "deleting.manifest");
    let disk = died(&disk, at, delete);
    let operations = rehearsed(&disk, async |_| {});
    let read = first(&operations, 0, FsOp::Open, "deleting.manifest");
    let locked = first(&operations, read, FsOp::Lock, "");
    let home = copy(&disk);
    let second = beside(&home);
    before(&home, locked, move || {
        aside(move || {
            let store = second.open().expect("a home");
            second.run(async {
                bring_back(&store).await.expect("restored");
                let named = MetadataPatch {
                    name: Some("named since".to_owned()),
                    ..MetadataPatch::default()
                };
                let writes = store.writes().expect("a store that records");
                writes.update_metadata(thread(REVERTED), named).await.expect("named");
            });
        });
    });
    let store = home.open().expect("a home");
    let (_, name, turns) = home.run(seen(&store))[&REVERTED].clone();
    assert_eq!((name.as_deref(), turns.len()), (Some("named since"), 3));
}

#[test]
fn a_file_that_is_stuck_in_the_trash_stops_nothing_else() {
    let delete = async |store: &LocalStore| {
        let _died = lifecycle(store).delete_thread(thread(LEGACY)).await;
    };
    let disk = world();
    let operations = rehearsed(&disk, delete);
    let moved = first(&operations, 0, FsOp::HardLink, TRASH);
    let at = first(&operations, moved, FsOp::Write, JOURNAL);
    let disk = died(&disk, at, delete);
    let stuck = in_trash(&disk);
    let [in_the_trash] = stuck.as_slice() else {
        panic!("one file: {stuck:?}")
    };
    let name = in_the_trash.file_name().expect("a name").to_string_lossy();
    let (_, path) = name.split_once('.').expect("a path");
    let original = Path::new("/home").join(path.replace("%2F", "/"));
    let bytes = disk.bytes(in_the_trash).expect("a file");
    disk.put(&original, &bytes).expect("from a backup");
    let home = copy(&disk);
    let store = home.open().expect("a home");
    home.run(async {
        lifecycle(&store).delete_thread(thread(FORK)).await.expect("deleted");
        put_away(&store, PLAIN).await.expect("deleted");
        bring_back(&store).await.expect("restored");
        trash(&store)
            .empty_trash(codex_thread_store::TrashSelection::All)
            .await
            .expect("emptied");
    });
    let found = home.run(seen(&store));
    assert!(found.contains_key(&LEGACY) && found.contains_key(&PLAIN) && !found.contains_key(&FORK));
    assert_eq!(in_trash(&home.disk), stuck, "it waits there");
}

#[test]
fn a_manifest_for_which_there_was_no_room_is_removed() {
    let disk = world();
    let delete = async |store: &LocalStore| put_away(store, REVERTED).await.expect("deleted");
    let at = first(&rehearsed(&disk, delete), 0, FsOp::Write, "manifest.tmp");
    let home = copy(&disk);
    let store = home.open().expect("a home");
    let as_it_was = look(&disk);
    home.faults.add(Fault::FullFrom { at: at as u64 });
    home.run(put_away(&store, REVERTED)).expect_err("no room");
    home.faults.heal();
    assert_eq!(in_trash(&home.disk), Vec::<PathBuf>::new());
    assert_eq!(home.run(seen(&store)), as_it_was);
    drop(store);
    // A writer that died left it.
    let disk = died(&disk, at, async |store| {
        put_away(store, REVERTED).await.expect_err("it died");
    });
    assert!(
        in_trash(&disk)
            .iter()
            .any(|path| path.to_string_lossy().ends_with("manifest.tmp"))
    );
    let home = copy(&disk);
    let store = home.open().expect("a home");
    assert_eq!(in_trash(&home.disk), Vec::<PathBuf>::new());
    assert_eq!(home.run(seen(&store)), as_it_was);
}

#[test]
fn a_refused_deletion_does_not_come_back_with_the_power() {
    let disk = with_branch();
    let branch = Some("only the journal knows it");
    for what in ["delete", "trash"] {
        let operations = rehearsed(&disk, async |store| remove(store, what).await.expect("deleted"));
        let moved = first(&operations, 0, FsOp::HardLink, TRASH);
        let written = first(&operations, moved, FsOp::Write, JOURNAL);
        let synced = first(&operations, written, FsOp::SyncDir, JOURNAL);
        let as_it_was = look(&disk);
        // What was appended is cut off, or that cannot be synced, either.
        for also_failing in [None, Some(synced + 1), Some(synced + 2)] {
            let home = copy(&disk);
            let store = home.open().expect("a home");
            fail_at(&home, synced);
            if let Some(at) = also_failing {
                fail_at(&home, at);
            }
            home.run(remove(&store, what)).expect_err("the folder was not synced");
            drop(store);
            for crash in Crash::ALL {
                let up = SimHome::new(home.disk.crash(crash), 2 * LATER_MS);
                let store = up.open().expect("a home");
                let found = up.run(seen(&store));
                let is_gone = !found.contains_key(&REVERTED);
                if !is_gone {
                    let known = up.run(branch_of(&store));
                    assert_eq!(known.as_deref(), branch, "{what}, {also_failing:?}, {crash:?}");
                }
                assert!(
                    found == as_it_was || is_gone && also_failing.is_some(),
                    "{what}, {also_failing:?}, {crash:?}: {found:#?}"
                );
                if is_gone && what == "trash" {
                    up.run(bring_back(&store)).expect("kept");
                    assert_eq!(up.run(seen(&store)), as_it_was, "{also_failing:?}, {crash:?}");
                    let known = up.run(branch_of(&store));
                    assert_eq!(known.as_deref(), branch, "{also_failing:?}, {crash:?}");
                }
                assert_eq!(in_trash(&up.disk), Vec::<PathBuf>::new(), "{what}, {crash:?}");
            }
        }
    }
}

/// The world, with a fact of the reverted thread that is in no file of Codex.
fn with_branch() -> SimFs {
    let home = copy(&world());
    let store = home.open().expect("a home");
    let git = GitPatch {
        branch: Some(Some("only the journal knows it".to_owned())),
        ..GitPatch::default()
    };
    let patch = MetadataPatch {
        git,
        ..MetadataPatch::default()
    };
    let writes = store.writes().expect("a store that records");
    home.run(writes.update_metadata(thread(REVERTED), patch))
        .expect("patched");
    home.disk.crash(Crash::Process)
}

async fn branch_of(store: &LocalStore) -> Option<String> {
    let query = ThreadReadQuery {
        thread_id: thread(REVERTED),
        view: View::Full,
        turns: None,
    };
    store.read_thread(query).await.expect("a thread").git?.branch
}

#[test]
fn a_deletion_in_doubt_is_settled_before_its_files_move_again() {
    let disk = with_branch();
    let operations = rehearsed(&disk, async |store| remove(store, "delete").await.expect("deleted"));
    let moved = first(&operations, 0, FsOp::HardLink, TRASH);
    let written = first(&operations, moved, FsOp::Write, JOURNAL);
    let synced = first(&operations, written, FsOp::SyncDir, JOURNAL);
    let home = copy(&disk);
    let store = home.open().expect("a home");
    // The fact is synced, its folder is not; it is cut off, and that is not synced.
    for at in [synced, synced + 2] {
        fail_at(&home, at);
    }
    home.run(remove(&store, "delete"))
        .expect_err("the folder was not synced");
    drop(store);
    drop(home.open().expect("the files go back"));
    for crash in Crash::ALL {
        let up = SimHome::new(home.disk.crash(crash), 2 * LATER_MS);
        let store = up.open().expect("a home");
        let known = up.run(branch_of(&store));
        assert_eq!(known.as_deref(), Some("only the journal knows it"), "{crash:?}");
    }
}

/// Deletes the reverted thread in one of the two ways.
async fn remove(store: &LocalStore, what: &str) -> StoreResult<()> {
    match what {
        "trash" => put_away(store, REVERTED).await,
        _ => lifecycle(store).delete_thread(thread(REVERTED)).await.map(|_| ()),
    }
}

#[test]
fn a_deletion_that_cannot_be_read_back_is_decided_and_keeps_what_was_known() {
    let disk = with_branch();
    let delete = async |store: &LocalStore| put_away(store, REVERTED).await.expect("deleted");
    let operations = rehearsed(&disk, delete);
    let turned = first(&operations, 0, FsOp::Rename, "deleting.manifest");
    let at = last(&operations, turned, FsOp::Open, "facts.jsonl");
    let home = copy(&disk);
    let store = home.open().expect("a home");
    let as_it_was = look(&disk);
    fail_at(&home, at);
    home.run(put_away(&store, REVERTED)).expect("deleted");
    assert!(!home.run(seen(&store)).contains_key(&REVERTED));
    home.run(bring_back(&store)).expect("restored");
    assert_eq!(home.run(seen(&store)), as_it_was);
    let known = home.run(branch_of(&store));
    assert_eq!(known.as_deref(), Some("only the journal knows it"));
}
