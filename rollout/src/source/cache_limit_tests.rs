//! How many compressed rollouts a cache remembers the requests of.

use std::path::PathBuf;
use std::sync::Arc;

use super::SeekCache;
use super::cache::MAX_REMEMBERED_ROLLOUTS;
use crate::fs::{FileStat, LogFile, SimFs};
use crate::test_files::MemFile;

fn rollout(number: usize) -> FileStat {
    let mut stat = MemFile(Vec::new()).stat().expect("memory");
    stat.fingerprint.ino = number as u64;
    stat
}

#[test]
fn requests_are_remembered_up_to_the_limit_and_then_all_forgotten() {
    for (others, is_due) in [
        (MAX_REMEMBERED_ROLLOUTS - 2, true),
        (MAX_REMEMBERED_ROLLOUTS - 1, false),
    ] {
        let cache = SeekCache::new(Arc::new(SimFs::new()), PathBuf::from("/cache"), 1);
        assert!(!cache.copy_is_due(&rollout(0)), "the first request");
        for number in 1..=others {
            assert!(!cache.copy_is_due(&rollout(number)));
        }
        assert_eq!(cache.copy_is_due(&rollout(0)), is_due, "the second one");
    }
}
