//! The lock files of one home within one process.

use std::path::Path;
use std::sync::Arc;

use codex_protocol::ids::ThreadId;

use super::{LOCKS_FOLDER, LockError, WriterLocks, WriterProbe};
use crate::fs::{Fault, FaultFs, FsOp, LogFs, SimFs};

const HOME: &str = "/home";

fn id(n: u128) -> ThreadId {
    ThreadId(uuid::Uuid::from_u128(n))
}

fn locks(fs: &SimFs) -> WriterLocks {
    WriterLocks::new(Arc::new(fs.clone()), Path::new(HOME))
}

fn names(fs: &SimFs) -> Vec<String> {
    let entries = fs.read_dir(&Path::new(HOME).join(LOCKS_FOLDER)).unwrap();
    entries
        .into_iter()
        .map(|entry| entry.name.to_string_lossy().into_owned())
        .collect()
}

fn lock_name(n: u128) -> String {
    format!("{}.lock", id(n))
}

#[test]
fn a_thread_has_one_writer_in_one_process_too() {
    let fs = SimFs::new();
    let locks = locks(&fs);
    let lease = locks.acquire(id(1)).unwrap();
    assert!(locks.acquire(id(1)).unwrap_err().is_conflict());
    assert!(
        super::WriterLocks::new(Arc::new(fs.clone()), Path::new(HOME))
            .acquire(id(1))
            .unwrap_err()
            .is_conflict()
    );
    locks.acquire(id(2)).unwrap();
    drop(lease);
    locks.acquire(id(1)).unwrap();
}

#[test]
fn a_released_lock_leaves_only_the_coordination_file() {
    let fs = SimFs::new();
    let locks = locks(&fs);
    let lease = locks.acquire(id(1)).unwrap();
    assert_eq!(names(&fs), [".coordination.lock", &lock_name(1)]);
    assert_eq!(lease.thread_id(), id(1));
    lease.release().unwrap();
    assert_eq!(names(&fs), [".coordination.lock"]);
}

#[test]
fn stale_files_go_with_the_first_lease_and_others_stay() {
    let fs = SimFs::new();
    let held = locks(&fs).acquire(id(1)).unwrap();
    let folder = Path::new(HOME).join(LOCKS_FOLDER);
    fs.put(&folder.join(lock_name(2)), b"").unwrap();
    fs.put(&folder.join("notes.lock"), b"").unwrap();
    let locks = locks(&fs);
    let lease = locks.acquire(id(3)).unwrap();
    assert_eq!(
        names(&fs),
        [".coordination.lock", &lock_name(1), &lock_name(3), "notes.lock"]
    );
    // Once per coordinator: later ones are left for the next process.
    fs.put(&folder.join(lock_name(2)), b"").unwrap();
    drop(lease);
    let _lease = locks.acquire(id(3)).unwrap();
    assert!(names(&fs).contains(&lock_name(2)));
    drop(held);
}

#[test]
fn a_probe_tells_who_writes_and_leaves_nothing_behind() {
    let fs = SimFs::new();
    let (ours, theirs) = (locks(&fs), locks(&fs));
    assert_eq!(ours.probe(id(1)).unwrap(), WriterProbe::Free);
    assert!(fs.stat(Path::new(HOME)).is_err(), "not even the folder");
    let _own = ours.acquire(id(1)).unwrap();
    let _foreign = theirs.acquire(id(2)).unwrap();
    let probes = [1, 2, 3].map(|n| ours.probe(id(n)).unwrap());
    assert_eq!(probes, [WriterProbe::Here, WriterProbe::Elsewhere, WriterProbe::Free]);
    assert!(
        theirs.acquire(id(2)).unwrap_err().is_conflict(),
        "the writer keeps its lock"
    );
    assert_eq!(names(&fs), [".coordination.lock", &lock_name(1), &lock_name(2)]);
}

#[test]
fn a_folder_that_cannot_be_written_is_an_error_and_no_conflict() {
    let fs = FaultFs::new(Arc::new(SimFs::new())).with(Fault::FailAll {
        op: FsOp::TryLock,
        kind: std::io::ErrorKind::PermissionDenied,
    });
    let error = WriterLocks::new(Arc::new(fs), Path::new(HOME))
        .acquire(id(1))
        .unwrap_err();
    assert!(matches!(error, LockError::Io { action: "lock", .. }));
}
