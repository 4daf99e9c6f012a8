//! When copies are made, what they look like, and what happens when the folder fails.

use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::{CACHE_SUFFIX, RolloutSource, SeekCache};
use crate::discover::rollout_at;
use crate::fs::{Fault, FaultFs, FsOp, LogFs, StdFs};
use crate::test_files::{zstd, zstd_frames};

const NAME: &str = "rollout-2026-11-22T07-43-16-01a20235-994b-7d00-be10-0c5c1ecfe4fb.jsonl.zst";

struct Home {
    dir: tempfile::TempDir,
    plain: Vec<u8>,
}

impl Home {
    /// A home with one compressed rollout of 5 MiB.
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let plain = (0..5 * 1024 * 1024_u32)
            .map(|n| (n % 251) as u8 ^ (n >> 12) as u8)
            .collect();
        let home = Self { dir, plain };
        home.write(NAME);
        home
    }

    fn write(&self, name: &str) {
        std::fs::write(self.dir.path().join(name), zstd(&self.plain)).unwrap();
    }

    fn cache_dir(&self) -> PathBuf {
        self.dir.path().join("a/cache")
    }

    fn open(&self, fs: Arc<dyn LogFs>, name: &str, cache: &SeekCache) -> RolloutSource {
        let file = rollout_at(&StdFs, self.dir.path(), &self.dir.path().join(name)).unwrap();
        RolloutSource::open(fs, &file, Some(cache)).unwrap()
    }

    /// One page request far from the start.
    fn request(&self, fs: &Arc<dyn LogFs>, name: &str, cache: &SeekCache) {
        let source = self.open(Arc::clone(fs), name, cache);
        assert_eq!(
            source.read_at(3_000_000, 1000).unwrap(),
            self.plain[3_000_000..3_001_000]
        );
    }

    fn copies(&self) -> Vec<PathBuf> {
        let Ok(entries) = std::fs::read_dir(self.cache_dir()) else {
            return Vec::new();
        };
        let mut copies: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        copies.sort();
        copies
    }
}

fn std_fs() -> Arc<dyn LogFs> {
    Arc::new(StdFs)
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn the_second_page_request_makes_one_private_copy() {
    let home = Home::new();
    let cache = SeekCache::new(std_fs(), home.cache_dir(), 100 << 20);
    home.request(&std_fs(), NAME, &cache);
    assert_eq!(home.copies(), Vec::<PathBuf>::new());
    home.request(&std_fs(), NAME, &cache);
    let copies = home.copies();
    assert_eq!(copies.len(), 1);
    assert!(copies[0].to_str().unwrap().ends_with(CACHE_SUFFIX));
    assert_eq!((mode(&copies[0]), mode(&home.cache_dir())), (0o600, 0o700));
    assert_eq!(mode(home.cache_dir().parent().unwrap()), 0o700);
    assert!(std::fs::read(&copies[0]).unwrap().starts_with(&home.plain));
}

#[test]
fn a_copy_is_found_by_another_process_and_gives_the_length_for_free() {
    let home = Home::new();
    let cache = SeekCache::new(std_fs(), home.cache_dir(), 100 << 20);
    home.request(&std_fs(), NAME, &cache);
    home.request(&std_fs(), NAME, &cache);
    let fs = FaultFs::new(std_fs());
    let other = SeekCache::new(std_fs(), home.cache_dir(), 100 << 20);
    let source = home.open(Arc::new(fs.clone()), NAME, &other);
    assert_eq!(source.plain_len().unwrap(), home.plain.len() as u64);
    assert_eq!(source.read_at(0, home.plain.len() as u64).unwrap(), home.plain);
    let compressed_reads = fs.operations().iter().filter(|(op, _)| *op == FsOp::ReadAt).count();
    assert_eq!(compressed_reads, 0);
}

#[test]
fn a_rollout_that_changed_does_not_use_the_old_copy() {
    let mut home = Home::new();
    let cache = SeekCache::new(std_fs(), home.cache_dir(), 100 << 20);
    home.request(&std_fs(), NAME, &cache);
    home.request(&std_fs(), NAME, &cache);
    home.plain.reverse();
    home.write(NAME);
    home.request(&std_fs(), NAME, &cache);
}

#[test]
fn the_least_recently_used_copy_goes_first() {
    let home = Home::new();
    let names: Vec<String> = (0..3)
        .map(|n| NAME.replace("07-43-16", &format!("07-43-0{n}")))
        .collect();
    // Room for two copies and a half.
    let cache = SeekCache::new(std_fs(), home.cache_dir(), 12 << 20);
    let mut ages = Vec::new();
    for name in &names[..2] {
        home.write(name);
        home.request(&std_fs(), name, &cache);
        home.request(&std_fs(), name, &cache);
        ages.push(home.copies().into_iter().find(|path| !ages.contains(path)).unwrap());
    }
    let long_ago = SystemTime::now() - Duration::from_secs(7200);
    for path in &ages {
        std::fs::File::options()
            .append(true)
            .open(path)
            .unwrap()
            .set_modified(long_ago)
            .unwrap();
    }
    // A use makes the first one the most recent.
    home.request(&std_fs(), &names[0], &cache);
    std::fs::write(home.cache_dir().join("not ours.txt"), "kept").unwrap();
    home.write(&names[2]);
    home.request(&std_fs(), &names[2], &cache);
    home.request(&std_fs(), &names[2], &cache);
    let left = home.copies();
    assert_eq!(
        (left.contains(&ages[0]), left.contains(&ages[1]), left.len()),
        (true, false, 3)
    );
}

#[test]
fn unfinished_copies_of_dead_processes_are_removed_and_fresh_ones_are_not() {
    let home = Home::new();
    std::fs::create_dir_all(home.cache_dir()).unwrap();
    let (stale, fresh) = (
        home.cache_dir().join("stale.1.0.tmp"),
        home.cache_dir().join("fresh.1.0.tmp"),
    );
    std::fs::write(&fresh, "x").unwrap();
    std::fs::write(&stale, "x").unwrap();
    let long_ago = SystemTime::now() - Duration::from_secs(7200);
    std::fs::File::options()
        .append(true)
        .open(&stale)
        .unwrap()
        .set_modified(long_ago)
        .unwrap();
    let cache = SeekCache::new(std_fs(), home.cache_dir(), 100 << 20);
    home.request(&std_fs(), NAME, &cache);
    home.request(&std_fs(), NAME, &cache);
    assert_eq!((stale.exists(), fresh.exists(), home.copies().len()), (false, true, 2));
}

#[test]
fn a_copy_larger_than_the_folder_is_never_kept_and_never_tried_again() {
    let home = Home::new();
    for (max_bytes, expected) in [(home.plain.len() as u64 + 79, 0), (home.plain.len() as u64 + 80, 1)] {
        let fs = FaultFs::new(std_fs());
        let cache = SeekCache::new(Arc::new(fs.clone()), home.cache_dir(), max_bytes);
        for _ in 0..4 {
            home.request(&std_fs(), NAME, &cache);
        }
        assert_eq!(home.copies().len(), expected);
        let created = fs.operations().iter().filter(|(op, _)| *op == FsOp::Create).count();
        assert_eq!(created, 1, "with room for {max_bytes} bytes");
    }
}

#[test]
fn a_damaged_copy_is_replaced() {
    let home = Home::new();
    let cache = SeekCache::new(std_fs(), home.cache_dir(), 100 << 20);
    home.request(&std_fs(), NAME, &cache);
    home.request(&std_fs(), NAME, &cache);
    let copy = home.copies().remove(0);
    let len = std::fs::metadata(&copy).unwrap().len();
    std::fs::File::options()
        .write(true)
        .open(&copy)
        .unwrap()
        .set_len(len - 1)
        .unwrap();
    home.request(&std_fs(), NAME, &cache);
    assert_eq!(std::fs::metadata(&copy).unwrap().len(), len);
}

#[test]
fn a_copy_that_is_cut_while_it_is_used_falls_back_to_streaming() {
    let home = Home::new();
    let cache = SeekCache::new(std_fs(), home.cache_dir(), 100 << 20);
    home.request(&std_fs(), NAME, &cache);
    home.request(&std_fs(), NAME, &cache);
    let source = home.open(std_fs(), NAME, &cache);
    let mut lines = source.lines(0);
    std::fs::File::options()
        .write(true)
        .open(&home.copies()[0])
        .unwrap()
        .set_len(10)
        .unwrap();
    assert_eq!(
        source.read_at(3_000_000, 1000).unwrap(),
        home.plain[3_000_000..3_001_000]
    );
    let mut total = 0;
    while let Some(event) = lines.next().unwrap() {
        total = event.end();
    }
    assert_eq!(total, home.plain.len() as u64);
}

#[test]
fn whatever_fails_in_the_folder_the_answers_stay_right() {
    let home = Home::new();
    let mut at = 0;
    loop {
        let _ = std::fs::remove_dir_all(home.cache_dir());
        let fs = FaultFs::new(std_fs()).with(Fault::FailAt {
            at,
            kind: io::ErrorKind::StorageFull,
        });
        let cache = SeekCache::new(Arc::new(fs.clone()), home.cache_dir(), 100 << 20);
        for _ in 0..3 {
            home.request(&std_fs(), NAME, &cache);
        }
        let source = home.open(std_fs(), NAME, &cache);
        let mut backward = source.lines_rev(home.plain.len() as u64);
        let mut last = home.plain.len() as u64;
        while let Some(event) = backward.next().unwrap() {
            assert_eq!(event.end(), last);
            last = event.offset();
        }
        assert_eq!(last, 0);
        assert!(
            home.copies()
                .iter()
                .all(|path| path.to_str().unwrap().ends_with(CACHE_SUFFIX)),
            "at {at}"
        );
        if fs.operation_count() <= at {
            break;
        }
        at += 1;
    }
    assert!(at > 10, "{at} operations is too few to have made a copy");
}

#[test]
fn a_read_only_home_is_read_by_streaming() {
    let home = Home::new();
    let fs = FaultFs::new(std_fs())
        .with(Fault::FailAll {
            op: FsOp::CreateDirAll,
            kind: io::ErrorKind::PermissionDenied,
        })
        .with(Fault::FailAll {
            op: FsOp::Create,
            kind: io::ErrorKind::PermissionDenied,
        });
    let cache = SeekCache::new(Arc::new(fs), home.cache_dir(), 100 << 20);
    for _ in 0..3 {
        home.request(&std_fs(), NAME, &cache);
    }
}

#[test]
fn a_temporary_name_that_a_dead_process_left_is_passed() {
    let home = Home::new();
    let file = rollout_at(&StdFs, home.dir.path(), &home.dir.path().join(NAME)).unwrap();
    let stat = RolloutSource::open(std_fs(), &file, None).unwrap().stat().fingerprint;
    std::fs::create_dir_all(home.cache_dir()).unwrap();
    let left = home
        .cache_dir()
        .join(format!("{}.{}.0.tmp", super::cache::key_of(&stat), std::process::id()));
    std::fs::write(&left, "half").unwrap();
    let cache = SeekCache::new(std_fs(), home.cache_dir(), 100 << 20);
    home.request(&std_fs(), NAME, &cache);
    home.request(&std_fs(), NAME, &cache);
    assert_eq!(
        (home.copies().len(), std::fs::read(left).unwrap()),
        (2, b"half".to_vec())
    );
}

#[test]
fn a_copy_that_grows_makes_room_while_it_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("cache");
    // Three copies of 20 MiB in room for two: the first one goes before the third one is whole.
    let plain = vec![b'\n'; 20 << 20];
    let fs = FaultFs::new(std_fs());
    let cache = SeekCache::new(Arc::new(fs.clone()), &folder, 45 << 20);
    for n in 0..3 {
        let path = dir.path().join(NAME.replace("07-43-16", &format!("07-43-0{n}")));
        std::fs::write(&path, zstd(&plain)).unwrap();
        let file = rollout_at(&StdFs, dir.path(), &path).unwrap();
        for _ in 0..2 {
            let source = RolloutSource::open(std_fs(), &file, Some(&cache)).unwrap();
            assert_eq!(source.read_at(19 << 20, 3).unwrap(), b"\n\n\n");
        }
    }
    let operations = fs.operations();
    let of = |wanted: FsOp| operations.iter().rposition(|(op, _)| *op == wanted).unwrap();
    assert!(of(FsOp::Remove) < of(FsOp::Sync), "{operations:?}");
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 2);
}

#[test]
fn processes_that_copy_and_evict_at_once_give_right_answers_and_stay_within_the_limit() {
    const LIMIT_BYTES: u64 = 12 << 20;
    let home = Home::new();
    let names: Vec<String> = (0..4)
        .map(|n| NAME.replace("07-43-16", &format!("07-43-0{n}")))
        .collect();
    names.iter().for_each(|name| home.write(name));
    std::thread::scope(|scope| {
        for first in 0..2 {
            let (home, names) = (&home, &names);
            scope.spawn(move || {
                // What a process of its own has: nothing shared but the folder.
                let cache = SeekCache::new(std_fs(), home.cache_dir(), LIMIT_BYTES);
                for round in 0..6 {
                    let name = &names[(first + round) % names.len()];
                    home.request(&std_fs(), name, &cache);
                    home.request(&std_fs(), name, &cache);
                }
            });
        }
    });
    let copies = home.copies();
    let bytes: u64 = copies.iter().map(|path| std::fs::metadata(path).unwrap().len()).sum();
    assert!(bytes > 0 && bytes <= LIMIT_BYTES, "{copies:?}");
    assert!(
        copies.iter().all(|path| path.to_str().unwrap().ends_with(CACHE_SUFFIX)),
        "{copies:?}"
    );
}

#[test]
fn a_file_with_a_seek_table_needs_no_copy() {
    let home = Home::new();
    let path = home.dir.path().join(NAME);
    std::fs::write(&path, zstd_frames(&home.plain, 256 << 10).0).unwrap();
    let cache = SeekCache::new(std_fs(), home.cache_dir(), 100 << 20);
    for _ in 0..4 {
        home.request(&std_fs(), NAME, &cache);
    }
    assert_eq!(home.copies(), Vec::<PathBuf>::new());
    assert_eq!(cache.frames().size().0, 1);
}
