//! What discovery finds, in which order, and what it reports.

use std::io;
use std::ops::ControlFlow;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;

use super::{Discovery, Encoding, HomeKind, Location, MAX_FOLDER_DEPTH, Placement, discover, visit};
use crate::fs::{Fault, FaultFs, FsOp, StdFs};

fn name(day_second: u32, id: u32) -> String {
    format!("rollout-2026-11-22T07-43-{day_second:02}-01a20235-994b-7d00-be10-{id:012}.jsonl")
}

/// Makes files with these paths below a new home.
fn home(paths: &[String]) -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    for path in paths {
        let path = home.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "{}\n").unwrap();
    }
    home
}

fn relatives(found: &Discovery) -> Vec<&str> {
    found.files.iter().map(|file| file.relative.as_str()).collect()
}

fn check(paths: &[String], expected: &[String]) -> (tempfile::TempDir, Discovery) {
    let home = home(paths);
    let found = discover(&StdFs, home.path());
    assert_eq!(relatives(&found), expected);
    (home, found)
}

#[test]
fn newest_folder_first_then_newest_name_then_archived() {
    let expected = [
        format!("sessions/2027/01/02/{}", name(3, 7)),
        format!("sessions/2026/11/22/{}", name(9, 1)),
        format!("sessions/2026/11/22/{}", name(8, 3)),
        format!("sessions/2026/11/22/{}", name(8, 2)),
        format!("sessions/2026/9/30/{}", name(1, 4)),
        format!("archived_sessions/{}", name(7, 6)),
        format!("archived_sessions/{}", name(6, 5)),
    ];
    let mut shuffled = expected.to_vec();
    shuffled.reverse();
    let (_home, found) = check(&shuffled, &expected);
    assert_eq!(found.home_kind, HomeKind::Home);
    assert!(found.problems.is_empty() && found.shadowed.is_empty());
    assert!(found.files.iter().all(|file| file.placement == Placement::Canonical));
    assert_eq!(found.files[6].location, Location::Archived);
}

/// Edge case 43.
#[test]
fn edge_043_plain_wins_over_zst_and_hides_it() {
    let plain = format!("sessions/2026/11/22/{}", name(1, 1));
    let only_zst = format!("sessions/2026/11/22/{}", name(0, 2));
    let paths = [format!("{plain}.zst"), plain.clone(), format!("{only_zst}.zst")];
    let (home, found) = check(&paths, &[plain.clone(), only_zst.clone()]);
    assert_eq!(
        (found.files[0].encoding, found.files[1].encoding),
        (Encoding::Plain, Encoding::Zstd)
    );
    assert_eq!(found.files[1].path, home.path().join(format!("{only_zst}.zst")));
    assert_eq!(found.files[1].logical_path(), home.path().join(only_zst));
    assert_eq!(found.shadowed.len(), 1);
    assert_eq!(found.shadowed[0].file.encoding, Encoding::Zstd);
    assert_eq!(found.shadowed[0].by, home.path().join(plain));
}

/// Edge case 58, the part about duplicates.
#[test]
fn edge_058_active_wins_over_archived_with_the_same_rollout_id() {
    let active = format!("sessions/2026/11/22/{}", name(1, 1));
    let archived = format!("archived_sessions/{}", name(1, 1));
    let (home, found) = check(&[archived.clone(), active.clone()], std::slice::from_ref(&active));
    assert_eq!(found.shadowed[0].file.path, home.path().join(archived));
    assert_eq!(found.shadowed[0].by, home.path().join(active));
}

#[test]
fn revisions_of_one_thread_are_two_rollouts() {
    let first = format!("sessions/2026/11/22/{}", name(1, 1));
    let revision = first.replace(".jsonl", "_01a20236-0df7-73b0-9076-184986bf2d16.jsonl");
    check(&[first.clone(), revision.clone()], &[revision, first]);
}

#[test]
fn nothing_that_passes_the_weak_test_is_invisible() {
    let expected = [
        format!("sessions/2026/11/22/{}", name(1, 1)),
        format!("sessions/2026/notes/{}", name(1, 6)),
        format!("sessions/{}", name(2, 3)),
        format!("archived_sessions/2026/11/{}", name(1, 4)),
        "sessions/2026/11/22/rollout-odd.jsonl".to_owned(),
        "sessions/backup/rollout-copy-01a20235-994b-7d00-be10-000000000009.jsonl".to_owned(),
    ];
    let (_home, found) = check(&expected, &expected);
    let placements: Vec<Placement> = found.files.iter().map(|file| file.placement).collect();
    let (canonical, unusual) = (Placement::Canonical, Placement::Unusual);
    assert_eq!(placements, [canonical, unusual, unusual, canonical, unusual, unusual]);
    assert_eq!(found.files[4].weak_id, None);
    assert!(found.files[5].weak_id.is_some() && found.files[5].name.is_none());
}

#[test]
fn an_oddly_named_copy_never_hides_the_real_file() {
    let real = format!("sessions/2026/11/22/{}", name(1, 1));
    let copy = "sessions/2027/01/01/rollout-copy-01a20235-994b-7d00-be10-000000000001.jsonl".to_owned();
    let (home, found) = check(&[copy.clone(), real.clone()], &[real]);
    assert_eq!(found.shadowed[0].file.path, home.path().join(copy));
}

/// Edge case 45, the part about leftovers.
#[test]
fn edge_045_temporary_names_and_other_files_are_ignored() {
    let base = name(1, 1);
    let noise = [
        format!("sessions/2026/11/22/.{base}.paginated.tmp"),
        format!("sessions/2026/11/22/{base}.decompress.12.0.tmp"),
        format!("sessions/2026/11/22/.{base}.decompressed.tmp"),
        "sessions/2026/11/22/rollout-compress-abc.tmp".to_owned(),
        "sessions/2026/11/22/session.jsonl".to_owned(),
        "sessions/2026/11/22/rollout-2025-04-01.json".to_owned(),
        "history.jsonl".to_owned(),
    ];
    check(&noise, &[]);
}

#[test]
fn homes_that_are_none_are_told_apart() {
    let home = home(&["file".to_owned(), "other/x".to_owned()]);
    let kind = |path: &Path| discover(&StdFs, path).home_kind;
    assert_eq!(kind(&home.path().join("missing")), HomeKind::Missing);
    assert_eq!(kind(&home.path().join("file")), HomeKind::NotADirectory);
    assert_eq!(kind(&home.path().join("file/below")), HomeKind::NotADirectory);
    assert_eq!(kind(&home.path().join("other")), HomeKind::NoRolloutFolders);
    let faulty = FaultFs::new(Arc::new(StdFs)).with(Fault::FailAt {
        at: 0,
        kind: io::ErrorKind::PermissionDenied,
    });
    let found = discover(&faulty, home.path());
    assert_eq!((found.home_kind, found.problems.len()), (HomeKind::Unreadable, 1));
}

#[test]
fn a_file_in_place_of_the_sessions_folder_is_a_problem() {
    let archived = format!("archived_sessions/{}", name(1, 1));
    let (home, found) = check(&["sessions".to_owned(), archived.clone()], &[archived]);
    assert_eq!(found.problems.len(), 1);
    assert_eq!(found.problems[0].path, home.path().join("sessions"));
}

#[test]
fn an_unreadable_folder_is_a_problem_and_the_rest_is_found() {
    let paths: Vec<String> = (1..=3)
        .map(|n| format!("sessions/2026/11/0{n}/{}", name(n, n)))
        .collect();
    let home = home(&paths);
    let closed = home.path().join("sessions/2026/11/02");
    // Root reads everything, so the failure is injected where permissions do not bite.
    let number_of_the_listing = {
        let counting = FaultFs::new(Arc::new(StdFs));
        discover(&counting, home.path());
        let operations = counting.operations();
        operations
            .iter()
            .position(|(op, path)| *op == FsOp::ReadDir && *path == closed)
            .unwrap() as u64
    };
    let fault = Fault::FailAt {
        at: number_of_the_listing,
        kind: io::ErrorKind::PermissionDenied,
    };
    let found = discover(&FaultFs::new(Arc::new(StdFs)).with(fault), home.path());
    assert_eq!(relatives(&found), [paths[2].as_str(), paths[0].as_str()]);
    assert_eq!(found.problems.len(), 1);
    assert_eq!(found.problems[0].path, closed);
}

#[test]
fn every_failing_operation_is_reported_and_hides_nothing_else() {
    let mut paths: Vec<String> = (1..=3)
        .map(|n| format!("sessions/2026/11/0{n}/{}", name(n, n)))
        .collect();
    paths.push(format!("archived_sessions/{}.zst", name(7, 7)));
    let home = home(&paths);
    let all = discover(&StdFs, home.path()).files;
    let mut at = 0;
    loop {
        let fs = FaultFs::new(Arc::new(StdFs)).with(Fault::FailAt {
            at,
            kind: io::ErrorKind::PermissionDenied,
        });
        let found = discover(&fs, home.path());
        if fs.operation_count() <= at {
            assert_eq!(found.files, all);
            break;
        }
        assert_eq!(found.problems.len(), 1, "operation {at}");
        let missing: Vec<_> = all.iter().filter(|file| !found.files.contains(file)).collect();
        let below = &found.problems[0].path;
        assert!(
            missing.iter().all(|file| file.path.starts_with(below)),
            "operation {at} hid {missing:?}"
        );
        at += 1;
    }
    assert!(at > 15, "{at}");
}

#[test]
fn a_file_that_is_compressed_between_listing_and_stat_is_found_in_its_new_form() {
    let plain = format!("sessions/2026/11/22/{}", name(1, 1));
    let home = home(std::slice::from_ref(&plain));
    let counting = FaultFs::new(Arc::new(StdFs));
    discover(&counting, home.path());
    let stat = counting
        .operations()
        .iter()
        .position(|(_, path)| path.ends_with(name(1, 1)))
        .unwrap() as u64;
    let (from, to) = (home.path().join(&plain), home.path().join(format!("{plain}.zst")));
    let action = Box::new(move || std::fs::rename(from, to).unwrap());
    let found = discover(
        &FaultFs::new(Arc::new(StdFs)).with(Fault::Before { at: stat, action }),
        home.path(),
    );
    assert_eq!(relatives(&found), [plain.as_str()]);
    assert_eq!(found.files[0].encoding, Encoding::Zstd);
}

/// Moves a file before each operation of a walk in turn; it is found all the same, once.
fn check_moved(from: &str, to: &str, others: &[String]) {
    let mut at = 0;
    loop {
        let home = home(others);
        let (source, target) = (home.path().join(from), home.path().join(to));
        for path in [&source, &target] {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        }
        std::fs::write(&source, "{}\n").unwrap();
        let action = Box::new(move || std::fs::rename(source, target).unwrap());
        let fs = FaultFs::new(Arc::new(StdFs)).with(Fault::Before { at, action });
        let found = discover(&fs, home.path());
        assert!(found.problems.is_empty(), "operation {at}: {:?}", found.problems);
        let mut files = relatives(&found);
        files.retain(|file| !others.iter().any(|other| other == file));
        assert_eq!(found.files.len(), others.len() + 1, "operation {at}: {files:?}");
        if fs.operation_count() <= at {
            assert_eq!(files, [from]);
            return;
        }
        assert!(files == [from] || files == [to], "operation {at}: {files:?}");
        at += 1;
    }
}

#[test]
fn a_file_that_is_moved_between_the_trees_during_a_walk_is_found() {
    let active = format!("sessions/2026/11/22/{}", name(5, 5));
    let elsewhere = format!("sessions/2025/{}", name(5, 5));
    let archived = format!("archived_sessions/{}", name(5, 5));
    let deep = format!("archived_sessions/old/{}", name(5, 5));
    let others = [
        format!("sessions/2026/11/22/{}", name(1, 1)),
        format!("sessions/2026/10/01/{}", name(2, 2)),
        format!("archived_sessions/{}", name(3, 3)),
        format!("archived_sessions/old/{}", name(4, 4)),
    ];
    for (from, to) in [
        (&active, &archived),
        (&archived, &active),
        (&deep, &elsewhere),
        (&elsewhere, &deep),
    ] {
        check_moved(from, to, &others);
        check_moved(from, to, &[]);
    }
    let weak = "rollout-copy-01a20235-994b-7d00-be10-000000000009.jsonl";
    check_moved(
        &format!("archived_sessions/{weak}"),
        &format!("sessions/{weak}"),
        &others,
    );
}

#[test]
fn a_home_in_which_nothing_moves_is_walked_once() {
    let paths = [
        format!("sessions/2026/11/22/{}", name(1, 1)),
        format!("archived_sessions/{}", name(2, 2)),
        format!("archived_sessions/{}.zst", name(2, 2)),
        format!("archived_sessions/old/rollout-copy-{}", &name(1, 1)[28..]),
    ];
    let home = home(&paths);
    std::fs::create_dir(home.path().join("archived_sessions").join(name(3, 3))).unwrap();
    symlink("nowhere", home.path().join("archived_sessions").join(name(4, 4))).unwrap();
    let fs = FaultFs::new(Arc::new(StdFs));
    assert_eq!(discover(&fs, home.path()).files.len(), 2);
    let count = |op: FsOp, path: &str| {
        let path = home.path().join(path);
        let operations = fs.operations();
        operations
            .iter()
            .filter(|operation| **operation == (op, path.clone()))
            .count()
    };
    assert_eq!(count(FsOp::ReadDir, "sessions/2026/11/22"), 1);
    assert_eq!(
        count(FsOp::ReadDir, "archived_sessions"),
        2,
        "names before, files after"
    );
    for path in &paths {
        assert_eq!(count(FsOp::Stat, path), 1, "{path}");
    }
}

#[test]
fn linked_folders_are_followed_once_and_loops_end() {
    let inside = format!("sessions/2026/11/22/{}", name(1, 1));
    let home = home(std::slice::from_ref(&inside));
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join(name(2, 2)), "{}\n").unwrap();
    symlink(home.path().join("sessions"), home.path().join("sessions/2026/loop")).unwrap();
    symlink(outside.path(), home.path().join("sessions/2027")).unwrap();
    symlink("nowhere", home.path().join("sessions/2026/11/22").join(name(3, 3))).unwrap();
    let found = discover(&StdFs, home.path());
    assert_eq!(
        relatives(&found),
        [format!("sessions/2027/{}", name(2, 2)).as_str(), &inside]
    );
    assert_eq!(found.problems.len(), 1, "{:?}", found.problems);
}

#[test]
fn folders_are_visited_down_to_the_named_depth() {
    let at_limit = format!("sessions/{}{}", "d/".repeat(MAX_FOLDER_DEPTH), name(1, 1));
    let (_home, found) = check(std::slice::from_ref(&at_limit), std::slice::from_ref(&at_limit));
    assert!(found.problems.is_empty());
    let deeper = format!("sessions/{}{}", "d/".repeat(MAX_FOLDER_DEPTH + 1), name(1, 1));
    let (_home, found) = check(&[deeper], &[]);
    assert_eq!(found.problems.len(), 1);
}

#[test]
fn a_visit_stops_when_the_visitor_breaks() {
    let paths: Vec<String> = (1..=3)
        .map(|n| format!("sessions/2026/11/0{n}/{}", name(n, n)))
        .collect();
    let home = home(&paths);
    let fs = FaultFs::new(Arc::new(StdFs));
    let mut seen = Vec::new();
    let report = visit(&fs, home.path(), &mut |file| {
        seen.push(file.relative.clone());
        ControlFlow::Break(())
    });
    assert_eq!((seen, report.home_kind), (vec![paths[2].clone()], HomeKind::Home));
    assert!(!fs.operations().iter().any(|(_, path)| path.ends_with("01")));
}
