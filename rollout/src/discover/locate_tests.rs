//! Finding single rollouts.

use std::io;

use super::{Encoding, Location, Placement, find_rollout, find_thread, rollout_at};
use crate::fs::StdFs;

const THREAD: &str = "01a20235-994b-7d00-be10-0c5c1ecfe4fb";
const REVISION: &str = "01a20236-0df7-73b0-9076-184986bf2d16";
const OTHER: &str = "01a20236-1259-72f1-8430-f97f59a04d80";

fn home(paths: &[&str]) -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    for path in paths {
        let path = home.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "{}\n").unwrap();
    }
    home
}

fn found(home: &tempfile::TempDir, thread: &str) -> Vec<String> {
    let files = find_thread(&StdFs, home.path(), thread.parse().unwrap());
    files.into_iter().map(|file| file.relative).collect()
}

/// Edge case 45.
#[test]
fn edge_045_a_thread_with_only_a_compressed_file_is_found() {
    let plain = format!("sessions/2026/11/22/rollout-2026-11-22T07-43-16-{THREAD}.jsonl");
    let home = home(&[
        &format!("{plain}.zst"),
        &format!("{plain}.decompress.7.0.tmp"),
        &format!("sessions/2026/11/22/rollout-2026-11-22T07-43-16-{OTHER}.jsonl"),
    ]);
    assert_eq!(found(&home, THREAD), [plain]);
    let file = find_rollout(&StdFs, home.path(), THREAD.parse().unwrap()).unwrap();
    assert_eq!(file.encoding, Encoding::Zstd);
}

/// Edge case 46.
#[test]
fn edge_046_thread_id_finds_the_newer_revision_first_and_rollout_id_exactly_one_file() {
    let original = format!("sessions/2026/11/22/rollout-2026-11-22T07-43-16-{THREAD}.jsonl");
    let revision = format!("archived_sessions/rollout-2026-11-23T01-00-00-{THREAD}_{REVISION}.jsonl");
    let odd = format!("sessions/rollout-old-{THREAD}.jsonl");
    let home = home(&[&original, &revision]);
    assert_eq!(found(&home, THREAD), [revision.clone(), original.clone()]);
    for (id, expected) in [(THREAD, Some(&original)), (REVISION, Some(&revision)), (OTHER, None)] {
        let file = find_rollout(&StdFs, home.path(), id.parse().unwrap());
        assert_eq!(file.map(|file| file.relative).as_ref(), expected);
    }
    std::fs::remove_file(home.path().join(&original)).unwrap();
    std::fs::write(home.path().join(&odd), "{}\n").unwrap();
    assert_eq!(found(&home, THREAD), [revision, odd]);
}

/// Edge case 48.
#[test]
fn edge_048_a_path_with_another_name_is_accepted() {
    let home = home(&["sessions/2026/11/22/my thread.jsonl", "elsewhere/a.jsonl"]);
    let file = rollout_at(
        &StdFs,
        home.path(),
        &home.path().join("sessions/2026/11/22/my thread.jsonl"),
    )
    .unwrap();
    assert_eq!(
        (file.relative.as_str(), file.placement),
        ("sessions/2026/11/22/my thread.jsonl", Placement::Unusual)
    );
    let outside = tempfile::tempdir().unwrap();
    let path = outside.path().join("x.jsonl");
    std::fs::write(&path, "").unwrap();
    let file = rollout_at(&StdFs, home.path(), &path).unwrap();
    assert_eq!(
        (file.relative.as_str(), file.location),
        (path.to_str().unwrap(), Location::Active)
    );
}

/// Edge case 47: a stale path is not found, so the caller falls back to the folders.
#[test]
fn edge_047_a_stale_path_is_not_found_and_the_folders_still_have_the_thread() {
    let real = format!("archived_sessions/rollout-2026-11-22T07-43-16-{THREAD}.jsonl");
    let home = home(&[&real]);
    let stale = home.path().join(format!(
        "sessions/2026/11/22/rollout-2026-11-22T07-43-16-{THREAD}.jsonl"
    ));
    assert_eq!(
        rollout_at(&StdFs, home.path(), &stale).unwrap_err().kind(),
        io::ErrorKind::NotFound
    );
    assert_eq!(found(&home, THREAD), [real]);
}

#[test]
fn a_path_finds_the_form_that_exists_and_plain_wins() {
    let plain = format!("archived_sessions/rollout-2026-11-22T07-43-16-{THREAD}.jsonl");
    let compressed = format!("{plain}.zst");
    let home = home(&[&compressed]);
    let at = |path: &str| rollout_at(&StdFs, home.path(), &home.path().join(path)).unwrap();
    assert_eq!(
        (at(&plain).encoding, at(&compressed).encoding),
        (Encoding::Zstd, Encoding::Zstd)
    );
    assert_eq!(
        (at(&plain).location, at(&plain).placement),
        (Location::Archived, Placement::Canonical)
    );
    std::fs::write(home.path().join(&plain), "{}\n").unwrap();
    assert_eq!(
        (at(&plain).encoding, at(&compressed).encoding),
        (Encoding::Plain, Encoding::Plain)
    );
}

#[test]
fn a_directory_is_no_rollout() {
    let home = home(&["sessions/x.jsonl/file"]);
    let error = rollout_at(&StdFs, home.path(), &home.path().join("sessions/x.jsonl")).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::IsADirectory);
    let error = rollout_at(&StdFs, home.path(), std::path::Path::new("/")).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
}
