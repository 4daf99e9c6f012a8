//! What `verify` finds although no row of the index shows it.

use std::fs;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::Arc;

use codex_test_support::RolloutBuilder;
use codex_thread_store::{IndexProgress, LocalStore, ThreadStore as _, VerifyReport};

use crate::support::LocalHome;

const THREAD: &str = "019cb354-0000-7000-8000-000000000001";

struct Silent;

impl IndexProgress for Silent {
    fn advance(&self, _: u64, _: u64, _: u64, _: u64) {}
}

async fn verify(store: &LocalStore) -> VerifyReport {
    let maintenance = store.maintenance().expect("kept");
    maintenance.verify(Arc::new(Silent)).await.expect("compared")
}

/// A rollout of several chunks, with a line that is no JSON and a blank one.
fn rollout(turns: usize) -> RolloutBuilder {
    let mut rollout = RolloutBuilder::paginated(THREAD);
    for turn in 0..turns {
        rollout
            .start_turn()
            .user(&format!("question {turn}"))
            .agent(&format!("answer {turn}"))
            .complete_turn();
    }
    rollout
}

/// Writes other bytes of the same length into a file and leaves its times.
fn overwrite(path: &Path, old: &str, new: &str) {
    assert_eq!(old.len(), new.len());
    let bytes = fs::read(path).expect("readable");
    let modified = fs::metadata(path).and_then(|stat| stat.modified()).expect("a file");
    let text = String::from_utf8(bytes).expect("text");
    let file = fs::OpenOptions::new().write(true).open(path).expect("writable");
    for (at, _) in text.match_indices(old) {
        file.write_all_at(new.as_bytes(), at as u64).expect("written");
    }
    file.set_modified(modified).expect("set");
}

#[tokio::test]
async fn bytes_that_changed_behind_the_index_are_told_although_every_row_agrees() {
    let home = LocalHome::new();
    let path = rollout(40).file().write_to(home.path()).expect("writable");
    assert_eq!(crate::listed(&home.store()).await, 1);
    assert_eq!(verify(&home.store()).await.differing, []);
    // Neither the first line nor the last 4 KiB, which every reader compares.
    overwrite(&path, "answer 7\"", "answer X\"");
    assert_eq!(crate::listed(&home.store()).await, 1);
    let report = verify(&home.store()).await;
    let [(differing, reason)] = report.differing.as_slice() else {
        panic!("{report:?}");
    };
    assert_eq!(*differing, path);
    for told in [THREAD, "no longer those that were indexed", "rebuild"] {
        assert!(reason.contains(told), "{reason}");
    }
    crate::rebuild(&home.store()).await;
    assert_eq!(crate::listed(&home.store()).await, 1);
    assert_eq!(verify(&home.store()).await.differing, []);
}

#[tokio::test]
async fn a_log_that_grows_in_any_pieces_has_the_checksum_of_one_that_came_at_once() {
    let mut bytes = rollout(12).build();
    bytes.extend_from_slice(b"no record\n\n \r\n");
    bytes.extend_from_slice(&rollout(3).build());
    for piece in [1_usize, 97, 1_000, 5_000] {
        let home = LocalHome::new();
        let path = rollout(1).file().write_to(home.path()).expect("writable");
        fs::write(&path, b"").expect("writable");
        // The header first: without one there is nothing to index.
        let mut len = bytes.iter().position(|byte| *byte == b'\n').expect("a line") + 1;
        while len < bytes.len() {
            // Single bytes only where a line ends.
            let step = if piece == 1 {
                bytes[len..]
                    .iter()
                    .position(|byte| *byte == b'\n')
                    .map_or(1, |at| at + 1)
            } else {
                piece
            };
            len = (len + step).min(bytes.len());
            fs::write(&path, &bytes[..len]).expect("writable");
            crate::listed(&home.store()).await;
        }
        let report = verify(&home.store()).await;
        assert_eq!(
            (report.rollouts, report.differing),
            (1, Vec::new()),
            "pieces of {piece}"
        );
    }
}
