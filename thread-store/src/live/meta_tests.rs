//! Copies of session metadata against format section 9.5.

use codex_protocol::ids::ThreadId;
use codex_protocol::log::{HistoryMode, SessionMeta};

use super::{LatestMeta, patched_meta, session_meta};
use crate::types::GitInfo;
use crate::writes::{GitPatch, MemoryMode, MetadataPatch, NewThread};

const THREAD: &str = "01a20235-994b-7d00-be10-0c5c1ecfe4fb";

fn on(branch: &str) -> GitInfo {
    GitInfo {
        branch: Some(branch.to_owned()),
        ..GitInfo::default()
    }
}

fn head(git: Option<GitInfo>) -> SessionMeta {
    let thread_id: ThreadId = THREAD.parse().expect("an id");
    let new = NewThread {
        git,
        ..NewThread::new(thread_id, HistoryMode::Legacy, "/repo")
    };
    session_meta(&new, 0).expect("a time that can be written")
}

/// Patches the metadata of a thread and returns what the copy says of the repository.
fn check(recorded: Option<&str>, known: Option<&str>, branch: Option<Option<&str>>, expected: &str) {
    let patch = MetadataPatch {
        git: GitPatch {
            branch: branch.map(|branch| branch.map(str::to_owned)),
            ..GitPatch::default()
        },
        memory_mode: Some(MemoryMode::Disabled),
        ..MetadataPatch::default()
    };
    let known = LatestMeta {
        git: known.map(on).unwrap_or_default(),
        memory_mode: None,
    };
    let copy = patched_meta(head(recorded.map(on)), &known, &patch);
    let said = serde_json::to_value(&copy).expect("serialises");
    assert_eq!(said.get("git").map(ToString::to_string).unwrap_or_default(), expected);
    assert_eq!(said["memory_mode"], "disabled");
}

#[test]
fn a_copy_says_of_the_repository_what_is_known_after_the_patch() {
    check(None, None, None, "");
    check(Some("a"), Some("a"), None, r#"{"branch":"a"}"#);
    check(Some("a"), Some("b"), None, r#"{"branch":"b"}"#);
    check(None, None, Some(Some("c")), r#"{"branch":"c"}"#);
    check(Some("a"), Some("a"), Some(None), "{}");
}

#[test]
fn a_copy_does_not_bring_back_what_was_cleared() {
    check(Some("a"), None, None, "");
}

#[test]
fn a_time_that_cannot_be_written_is_an_error() {
    let thread_id: ThreadId = THREAD.parse().expect("an id");
    let new = NewThread::new(thread_id, HistoryMode::Legacy, "/repo");
    assert!(session_meta(&new, i64::MAX).is_err());
}

#[test]
fn a_copy_keeps_the_memory_mode_that_was_said_last() {
    let recorded = SessionMeta {
        memory_mode: Some("disabled".to_owned()),
        ..head(None)
    };
    let patch = MetadataPatch {
        git: GitPatch {
            branch: Some(Some("main".to_owned())),
            ..GitPatch::default()
        },
        ..MetadataPatch::default()
    };
    for said in [None, Some("disabled".to_owned()), Some("polluted".to_owned())] {
        let known = LatestMeta {
            memory_mode: said.clone(),
            ..LatestMeta::default()
        };
        assert_eq!(patched_meta(recorded.clone(), &known, &patch).memory_mode, said);
    }
}
