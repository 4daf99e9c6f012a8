//! Names in the trash lead back to where a file was.

use std::path::Path;

use super::{trash_name, trashed_name};

#[test]
fn every_path_comes_back() {
    for path in [
        "sessions/2026/03/02/rollout-a.jsonl",
        "archived_sessions/rollout-a.jsonl.zst",
        "sessions/rollout-a%2Fb.jsonl",
        "sessions/rollout-100%25.jsonl",
        "sessions/%/%2/%252F.jsonl",
    ] {
        let name = trash_name("op", Path::new(path)).expect("a name");
        assert!(!name.contains('/'), "{name}");
        assert_eq!(trashed_name(&name), Some(("op", Path::new(path).to_owned())), "{name}");
    }
}

#[test]
fn names_without_an_operation_are_not_ours() {
    assert_eq!(trashed_name("README"), None);
}

#[test]
fn names_that_lead_out_of_the_home_are_none_of_ours() {
    for name in [
        "op.sessions%2F..%2F..%2Fa.jsonl",
        "op.%2Fetc%2Fa.jsonl",
        "op..%2Fa.jsonl",
        "op.a%2F%2Fb",
    ] {
        assert_eq!(trashed_name(name), None, "{name}");
    }
}
