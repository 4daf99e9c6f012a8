//! A compressed rollout that takes several steps to index, of which the last one fails.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use codex_rollout::compress::{Compressed, compress_file};
use codex_rollout::fs::{LogFs, StdFs};
use codex_test_support::RolloutBuilder;
use codex_thread_store::{LocalStore, ThreadStore};

use crate::support::LocalHome;

const THREAD: &str = "019cb354-0000-7000-8000-000000000001";
/// More than a step of 20,000 rows.
const ITEMS: usize = 25_000;

/// Writes a compressed rollout.
fn put(home: &LocalHome) -> PathBuf {
    let mut rollout = RolloutBuilder::paginated(THREAD);
    rollout.start_turn();
    // Without a pattern, so that the file is large enough to be read in steps.
    let mut noise = 1_u128;
    for _ in 0..ITEMS {
        let mut answer = String::new();
        for _ in 0..8 {
            noise = noise
                .wrapping_mul(0x2360_ed05_1fc6_5da4_4385_df64_9fcc_f645)
                .wrapping_add(1);
            answer += &format!("{:016x}", noise >> 64);
        }
        rollout.agent(&answer);
    }
    rollout.complete_turn();
    let file = rollout.file();
    file.write_to(home.path()).expect("writable");
    let path = home.path().join(&file.relative_path);
    let fs: Arc<dyn LogFs> = Arc::new(StdFs);
    let done = compress_file(&fs, &path).expect("compresses");
    assert!(matches!(done, Compressed::Done { .. }), "{done:?}");
    path.with_extension("jsonl.zst")
}

/// Breaks the last frame, in front of the table of frames.
fn break_the_end(path: &Path) {
    let mut bytes = std::fs::read(path).expect("readable");
    let end = bytes.len() - 1_000;
    bytes[end - 500..end].iter_mut().for_each(|byte| *byte ^= 0xff);
    std::fs::write(path, bytes).expect("writable");
    // Long before it is indexed: what was written a moment ago is compared by content.
    let file = std::fs::File::options().write(true).open(path).expect("a file");
    file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1_772_442_000))
        .expect("a time");
}

async fn unreadable(store: &LocalStore) -> usize {
    let report = store
        .maintenance()
        .expect("kept")
        .doctor_home()
        .await
        .expect("examined");
    let told = report
        .findings
        .iter()
        .filter(|finding| !finding.ok && finding.check == "unreadable");
    told.count()
}

/// Only the length of a plain file tells that its index ends in the middle.
#[tokio::test]
async fn a_rollout_that_could_be_indexed_in_part_only_stays_unread() {
    let home = LocalHome::new();
    break_the_end(&put(&home));
    for look in 0..3 {
        let store = home.store();
        crate::listed(&store).await;
        assert_eq!(unreadable(&store).await, 1, "look {look}");
        home.reopen();
    }
}
