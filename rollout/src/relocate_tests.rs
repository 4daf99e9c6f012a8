//! Moves are never half done, whatever the machine does.

use std::path::Path;
use std::sync::Arc;

use super::{move_file, remove_file};
use crate::fs::{Crash, Fault, FaultFs, LogFs, SimFs};

const HOME: &str = "/home";
const FROM: &str = "/home/sessions/2026/03/02/rollout-a.jsonl";
const TO: &str = "/home/archived_sessions/rollout-a.jsonl";

fn home() -> SimFs {
    let disk = SimFs::new();
    disk.put(Path::new(FROM), b"lines\n").expect("a file");
    disk
}

fn found(disk: &SimFs) -> (bool, bool) {
    let is = |path: &str| disk.bytes(Path::new(path)).is_ok_and(|bytes| bytes == b"lines\n");
    (is(FROM), is(TO))
}

#[test]
fn a_crash_leaves_a_moved_file_at_one_place_or_at_both() {
    for at in 0.. {
        let disk = home();
        let faulty = FaultFs::new(Arc::new(disk.clone())).with(Fault::FailFrom {
            at,
            kind: std::io::ErrorKind::Other,
        });
        let moved = move_file(&faulty, Path::new(HOME), Path::new(FROM), Path::new(TO)).is_ok();
        for crash in Crash::ALL {
            let after = disk.crash(crash);
            let (from, to) = found(&after);
            assert!(from || to, "lost at {at} by {crash:?}");
            assert!(!moved || (!from && to), "moved at {at} by {crash:?}");
            if from {
                move_file(&after, Path::new(HOME), Path::new(FROM), Path::new(TO)).expect("the move goes on");
            }
            assert_eq!(found(&after), (false, true));
        }
        if faulty.operation_count() <= at {
            return;
        }
    }
}

#[test]
fn a_move_that_fails_leaves_the_file_where_it_was() {
    for at in 0.. {
        let disk = home();
        let faulty = FaultFs::new(Arc::new(disk.clone())).with(Fault::FailAt {
            at,
            kind: std::io::ErrorKind::Other,
        });
        let moved = move_file(&faulty, Path::new(HOME), Path::new(FROM), Path::new(TO)).is_ok();
        assert_eq!(found(&disk), (!moved, moved), "operation {at}");
        if faulty.operation_count() <= at {
            return;
        }
    }
}

#[test]
fn another_file_is_never_replaced() {
    let disk = home();
    disk.put(Path::new(TO), b"other\n").expect("a file");
    let error = move_file(&disk, Path::new(HOME), Path::new(FROM), Path::new(TO)).expect_err("something is there");
    assert_eq!(error.to_string(), format!("move to {TO}"));
    assert_eq!(disk.bytes(Path::new(TO)).expect("still there"), b"other\n");
    assert_eq!(found(&disk), (true, false));
}

#[test]
fn removing_what_is_gone_is_done() {
    let disk = home();
    remove_file(&disk, Path::new(HOME), Path::new(FROM)).expect("removed");
    remove_file(&disk, Path::new(HOME), Path::new(FROM)).expect("is gone");
    remove_file(&disk, Path::new(HOME), Path::new("/home/none/here")).expect("never was");
    assert!(disk.stat(Path::new(FROM)).is_err());
}
