//! Limits of the log that are seen from outside only: names that are tried for temporary files.
#![allow(clippy::disallowed_methods, reason = "tests prepare their own files")]

use std::io;
use std::path::Path;
use std::sync::Arc;

use codex_rollout::compress::compress_file;
use codex_rollout::fs::{Fault, FaultFs, FsOp, LogFs, SimFs};
use codex_rollout::recorder::materialize;

const PLAIN: &str = "/home/sessions/2026/03/02/rollout-a.jsonl";
/// `MAX_TEMPORARY_NAMES`, which each maker of temporary files has of its own.
const NAMES: u64 = 1_000;

/// What is done with a rollout.
type Work = fn(&Arc<dyn LogFs>) -> bool;

fn plain() -> SimFs {
    let disk = SimFs::new();
    disk.put(Path::new(PLAIN), &b"{\"line\":\"of a rollout\"}\n".repeat(10))
        .expect("a file");
    disk
}

fn compressed() -> SimFs {
    let disk = plain();
    let seam: Arc<dyn LogFs> = Arc::new(disk.clone());
    compress_file(&seam, Path::new(PLAIN)).expect("compressed");
    disk
}

fn creations(fs: &FaultFs) -> Vec<u64> {
    let operations = fs.operations();
    let numbered = (0_u64..).zip(&operations);
    numbered
        .filter(|(_, (op, _))| *op == FsOp::Create)
        .map(|(at, _)| at)
        .collect()
}

#[test]
fn a_temporary_file_gets_the_last_name_that_is_tried_and_no_other() {
    let compress: Work = |fs| compress_file(fs, Path::new(PLAIN)).is_ok();
    let decompress: Work = |fs| materialize(fs, Path::new(PLAIN)).is_ok();
    for (disk, work) in [(plain as fn() -> SimFs, compress), (compressed, decompress)] {
        let free = FaultFs::new(Arc::new(disk()));
        assert!(work(&(Arc::new(free.clone()) as Arc<dyn LogFs>)));
        let first = creations(&free)[0];
        for (taken, is_done) in [(NAMES - 1, true), (NAMES, false)] {
            let fs = FaultFs::new(Arc::new(disk()));
            for at in first..first + taken {
                let kind = io::ErrorKind::AlreadyExists;
                fs.add(Fault::FailAt { at, kind });
            }
            assert_eq!(work(&(Arc::new(fs.clone()) as Arc<dyn LogFs>)), is_done);
            assert_eq!(creations(&fs).len() as u64, NAMES);
        }
    }
}
