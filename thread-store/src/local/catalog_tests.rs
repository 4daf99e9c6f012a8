//! Tests of `catalog.rs`: what one sweep takes over from another, and which files carry a thread's id.
#![allow(clippy::disallowed_methods, reason = "tests prepare their own files")]

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use codex_rollout::discover::visit;
use codex_rollout::fs::StdFs;
use uuid::Uuid;

use super::Sweep;

const THREAD: &str = "01a20235-994b-7d00-be10-000000000001";
const REVISION: &str = "01a20235-994b-7d00-be10-000000000002";
const OTHER: &str = "01a20235-994b-7d00-be10-000000000003";

fn write(home: &Path, second: u32, ids: &str, text: &str) {
    let folder = home.join("sessions/2026/11/22");
    std::fs::create_dir_all(&folder).unwrap();
    let name = format!("rollout-2026-11-22T07-43-{second:02}-{ids}.jsonl");
    std::fs::write(folder.join(name), text).unwrap();
}

fn sweep(home: &Path, before: &Sweep) -> Sweep {
    let mut sweep = Sweep::default();
    visit(&StdFs, home, &mut |file| {
        sweep.add(file, before);
        ControlFlow::Continue(())
    });
    sweep
}

fn id(text: &str) -> Uuid {
    text.parse().unwrap()
}

#[test]
fn a_file_that_is_as_it_was_is_shared_with_the_sweep_before() {
    let home = tempfile::tempdir().unwrap();
    write(home.path(), 1, THREAD, "{}\n");
    write(home.path(), 2, OTHER, "{}\n");
    let first = sweep(home.path(), &Sweep::default());
    write(home.path(), 2, OTHER, "{}\n{}\n");
    let second = sweep(home.path(), &first);
    let is_shared = |text| Arc::ptr_eq(first.shared(id(text)).unwrap(), second.shared(id(text)).unwrap());
    assert!(is_shared(THREAD));
    assert!(!is_shared(OTHER));
    assert_eq!(second.rollout(id(OTHER)).unwrap().stat.len, 6);
}

#[test]
fn all_revisions_carry_the_id_of_their_thread() {
    let home = tempfile::tempdir().unwrap();
    write(home.path(), 1, THREAD, "{}\n");
    write(home.path(), 2, OTHER, "{}\n");
    write(home.path(), 3, &format!("{THREAD}_{REVISION}"), "{}\n");
    let sweep = sweep(home.path(), &Sweep::default());
    let named = |text| {
        let files = sweep.named(id(text)).into_iter();
        files
            .map(|file| file.weak_id.unwrap().0.to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(named(THREAD), [REVISION, THREAD], "newest name first");
    assert_eq!(named(OTHER), [OTHER]);
    assert!(
        named(REVISION).is_empty(),
        "the id of a rollout is not that of its thread"
    );
    assert!(sweep.rollout(id(REVISION)).is_some());
}
